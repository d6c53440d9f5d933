//! Origins that are not web sites: pages inside hybrid apps, desktop apps and browser extensions.

use harness::{
    Answer, Http, Server, Tokens,
    apps::{SPA_EMBEDDED, SPA_STRICT, User},
    http,
};
use reqwest::Method;
use serde_json::json;

/// `allowed_origins` of [`SPA_STRICT`] in the tenant file of the tests.
const LISTED: [&str; 4] = [
    "capacitor://localhost",
    "ionic://localhost",
    "tauri://localhost",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
];
/// Similar to those, but not listed.
const UNLISTED: [&str; 7] = [
    "capacitor://localhost:8080",
    "capacitor://LOCALHOST",
    "capacitor://localhost/",
    "capacitor://",
    "app://localhost",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnoq",
    "null",
];
/// `web_origins` of [`SPA_EMBEDDED`].
const WEB_LISTED: &str = "capacitor://localhost";

async fn post(http: &Http, path: &str, origin: &str, form: &[(&str, &str)]) -> Answer {
    let request = http.request(Method::POST, path).header("origin", origin);
    http::send(request.form(form)).await
}

fn allowed(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[harness::test]
async fn a_page_of_an_app_refreshes_from_a_listed_origin() {
    let server = Server::shared();
    let mut token = server.login(&SPA_STRICT).refresh_token().await;
    for origin in LISTED {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", SPA_STRICT.id),
            ("refresh_token", token.as_str()),
        ];
        let answer = post(&server.http(), "/oauth/token", origin, &form).await;
        assert_eq!(allowed(&answer), Some(origin), "{answer}");
        token = Tokens::expect(answer).refresh_token();
    }
}

#[harness::test]
async fn every_endpoint_that_pages_call_answers_a_listed_origin_and_no_other() {
    let server = Server::shared();
    let form = [("client_id", SPA_STRICT.id), ("token", "rt1_none")];
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/device/code"] {
        for origin in LISTED {
            let answer = post(&server.http(), path, origin, &form).await;
            assert_eq!(allowed(&answer), Some(origin), "{answer}");
        }
        for origin in UNLISTED {
            let answer = post(&server.http(), path, origin, &form).await;
            assert_eq!(allowed(&answer), None, "{answer}");
        }
    }
}

#[harness::test]
async fn an_app_logs_in_across_origins_from_a_listed_web_origin() {
    let server = Server::shared();
    let ada = User::ada();
    let body = json!({
        "client_id": SPA_EMBEDDED.id, "username": ada.email, "password": ada.password,
        "credential_type": "password",
    });
    let ask = async |origin: &str| {
        let http = server.http();
        let request = http.request(Method::POST, "/co/authenticate");
        http::send(request.header("origin", origin).json(&body)).await
    };
    let answer = ask(WEB_LISTED).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(allowed(&answer), Some(WEB_LISTED), "{answer}");
    for origin in UNLISTED.into_iter().chain(["ionic://localhost"]) {
        let answer = ask(origin).await;
        assert_eq!(answer.status, 403, "{answer}");
        assert_eq!(allowed(&answer), None, "{answer}");
    }
}

#[harness::test]
async fn a_message_is_posted_to_the_origin_of_an_apps_page() {
    let callback = "capacitor://localhost/callback";
    let ask = |callback: &str| {
        let login = Server::shared().login(&SPA_EMBEDDED);
        login
            .with("redirect_uri", callback)
            .with("prompt", "none")
            .with("response_mode", "web_message")
    };
    let page = ask(callback).open().await.page();
    assert_eq!(page.status, 200, "{page}");
    assert!(
        page.text().contains(r#", "capacitor://localhost");"#),
        "{page}"
    );
    let page = ask("ionic://localhost/callback").open().await.page();
    assert_eq!(page.status, 400, "{page}");
}
