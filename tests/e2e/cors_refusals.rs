//! Errors that are decided before the client is authenticated: a page of the client that the request names can still
//! read them.

use harness::{
    Answer, Server,
    apps::{SPA_EMBEDDED, SPA_STRICT},
    http,
};
use reqwest::Method;

const OWN: &str = "https://app.example.com";
const FOREIGN: &str = "https://evil.example";
const EMBEDDED: &str = "https://embedded.example.com";
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const PATHS: [&str; 5] = [
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/device/code",
    "/delegation",
    "/oauth/ro",
];

async fn post(path: &str, origin: &str, content_type: &str, body: &str) -> Answer {
    let http = Server::shared().http();
    let request = http
        .request(Method::POST, path)
        .header("origin", origin)
        .header("content-type", content_type);
    http::send(request.body(body.to_owned())).await
}

#[track_caller]
fn assert_allowed(answer: &Answer, origin: Option<&str>) {
    assert!((400..500).contains(&answer.status), "{answer}");
    assert_eq!(
        answer.header("access-control-allow-origin"),
        origin,
        "{answer}"
    );
}

/// Bodies that no endpoint can parse, and that name a client.
fn unreadable(client_id: &str) -> [(&'static str, String); 8] {
    let part = |name: &str, value: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts = part("grant_type", "refresh_token") + &part("client_id", client_id) + "--x--\r\n";
    [
        (
            JSON,
            format!(r#"{{"client_id":"{client_id}","grant_type":"#),
        ),
        (
            JSON,
            format!(r#"{{"grant_type":"refresh_token","client_id":"{client_id}",}}"#),
        ),
        (JSON, format!("client_id={client_id}")),
        (FORM, format!("x=1&client_id={client_id}&x=2")),
        (FORM, format!("client_id={client_id}&client_id={client_id}")),
        (FORM, format!("client_id={client_id}&token=%ff")),
        (
            "text/plain;charset=UTF-8",
            format!(r#"{{"client_id":"{client_id}"}}"#),
        ),
        ("multipart/form-data; boundary=x", parts),
    ]
}

#[harness::test]
async fn a_page_reads_the_refusal_of_a_body_that_names_its_client() {
    for path in PATHS {
        for (content_type, body) in unreadable(SPA_STRICT.id) {
            let answer = post(path, OWN, content_type, &body).await;
            assert_allowed(&answer, Some(OWN));
            let answer = post(path, FOREIGN, content_type, &body).await;
            assert_allowed(&answer, None);
        }
    }
}

#[harness::test]
async fn a_page_reads_that_parameters_are_missing_or_of_the_wrong_type() {
    for path in PATHS {
        for (content_type, body) in [
            (FORM, "client_id=spa-strict"),
            (JSON, r#"{"client_id":"spa-strict","client_secret":1}"#),
            (JSON, r#"{"client_id":"spa-strict","grant_type":[]}"#),
        ] {
            let answer = post(path, OWN, content_type, body).await;
            assert!(answer.status >= 400 || path == "/oauth/device/code");
            assert_eq!(
                answer.header("access-control-allow-origin"),
                Some(OWN),
                "{answer}"
            );
        }
    }
}

#[harness::test]
async fn a_page_reads_that_its_body_is_too_large() {
    let padding = "x".repeat(70_000);
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/device/code"] {
        for (content_type, body) in [
            (FORM, format!("client_id=spa-strict&x={padding}")),
            (
                JSON,
                format!(r#"{{"client_id":"spa-strict","x":"{padding}"}}"#),
            ),
        ] {
            let answer = post(path, OWN, content_type, &body).await;
            assert_eq!(answer.status, 413, "{answer}");
            assert_allowed(&answer, Some(OWN));
        }
    }
}

#[harness::test]
async fn a_page_reads_that_the_method_is_wrong() {
    let http = Server::shared().http();
    for path in PATHS {
        let request = http.request(Method::GET, &format!("{path}?client_id=spa-strict"));
        let answer = http::send(request.header("origin", OWN)).await;
        assert_eq!(answer.status, 405, "{answer}");
        assert_allowed(&answer, Some(OWN));
    }
}

#[harness::test]
async fn a_basic_header_names_the_client_too() {
    let http = Server::shared().http();
    for path in PATHS {
        let request = http
            .request(Method::POST, path)
            .basic_auth(SPA_STRICT.id, Some(""))
            .header("origin", OWN)
            .header("content-type", JSON);
        let answer = http::send(request.body("{")).await;
        assert_allowed(&answer, Some(OWN));
    }
}

#[harness::test]
async fn a_refusal_that_names_no_client_of_the_page_is_not_shared() {
    for path in PATHS {
        for body in [
            "{",
            "",
            r#"{"client_id":"no-such-client""#,
            r#"{"client_id":7"#,
        ] {
            assert_allowed(&post(path, OWN, JSON, body).await, None);
        }
        let (content_type, body) = &unreadable(SPA_STRICT.id)[0];
        for origin in [
            "null",
            "http://app.example.com",
            "https://app.example.com:8443",
        ] {
            assert_allowed(&post(path, origin, content_type, body).await, None);
        }
    }
}

#[harness::test]
async fn a_cross_origin_login_reads_its_refusal_with_credentials() {
    for (content_type, body) in unreadable(SPA_EMBEDDED.id) {
        let answer = post("/co/authenticate", EMBEDDED, content_type, &body).await;
        assert_allowed(&answer, Some(EMBEDDED));
        assert_eq!(
            answer.header("access-control-allow-credentials"),
            Some("true"),
            "{answer}"
        );
        let answer = post("/co/authenticate", FOREIGN, content_type, &body).await;
        assert_allowed(&answer, None);
    }
}

#[harness::test]
async fn userinfo_shares_every_refusal_because_it_reads_no_cookie() {
    for (content_type, body) in unreadable(SPA_STRICT.id) {
        let answer = post("/userinfo", FOREIGN, content_type, &body).await;
        assert_allowed(&answer, Some("*"));
    }
}
