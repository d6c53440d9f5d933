//! `POST /co/authenticate`: the application's own page asks for the password.

use harness::{
    Answer, Browser, Server, Tokens,
    apps::{App, SPA_EMBEDDED, SPA_STRICT, User},
    html, http,
};
use reqwest::Method;
use serde_json::{Value, json};

pub(super) const ORIGIN: &str = "https://embedded.example.com";
const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";
const DATABASE: &str = "Username-Password-Authentication";

/// The body that auth0.js sends.
pub(super) fn login(app: &App, user: &User) -> Value {
    json!({
        "client_id": app.id, "username": user.email, "password": user.password, "realm": DATABASE,
        "credential_type": REALM,
    })
}

pub(super) async fn authenticate(browser: &Browser, origin: Option<&str>, body: &Value) -> Answer {
    let mut request = browser.http().request(Method::POST, "/co/authenticate");
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    http::send(request.json(body)).await
}

/// A login ticket for a user in a browser.
async fn ticket(browser: &Browser, user: &User) -> String {
    let answer = authenticate(browser, Some(ORIGIN), &login(&SPA_EMBEDDED, user)).await;
    assert_eq!(answer.status, 200, "{answer}");
    let body = answer.json();
    let ticket = body["login_ticket"].as_str();
    ticket
        .unwrap_or_else(|| panic!("no ticket: {answer}"))
        .to_owned()
}

#[track_caller]
pub(super) fn assert_readable(answer: &Answer) {
    let header = |name| answer.header(name);
    assert_eq!(
        header("access-control-allow-origin"),
        Some(ORIGIN),
        "{answer}"
    );
    assert_eq!(
        header("access-control-allow-credentials"),
        Some("true"),
        "{answer}"
    );
}

#[harness::test]
async fn a_password_gives_a_ticket_and_the_ticket_a_session_without_a_page() {
    let server = Server::shared();
    let (browser, ada) = (server.browser(), User::ada());
    let answer = authenticate(&browser, Some(ORIGIN), &login(&SPA_EMBEDDED, &ada)).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert_readable(&answer);
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
    let body = answer.json();
    let names: Vec<_> = body.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["co_id", "co_verifier", "login_ticket"]);
    let cookies = answer.set_cookies();
    assert!(
        cookies.iter().all(|cookie| cookie.contains("HttpOnly")),
        "{answer}"
    );
    assert_eq!(cookies.len(), 1, "{answer}");

    let ticket = body["login_ticket"].as_str().expect("a text");
    let code = server
        .login(&SPA_EMBEDDED)
        .browser(&browser)
        .with("login_ticket", ticket)
        .with("realm", DATABASE)
        .open()
        .await
        .callback()
        .code();
    assert!(code.starts_with("ac1_"));
    let silent = server
        .login(&SPA_STRICT)
        .browser(&browser)
        .with("prompt", "none");
    silent.callback().await.code();
}

#[harness::test]
async fn a_ticket_gives_the_tokens_that_were_asked_for() {
    let server = Server::shared();
    let (browser, ada) = (server.browser(), User::ada());
    let ticket = ticket(&browser, &ada).await;
    let asked = server.login(&SPA_EMBEDDED).browser(&browser);
    let tokens = asked.with("login_ticket", &ticket).tokens().await;
    assert_eq!(harness::jwt::peek(&tokens.id_token()).1["sub"], ada.id);
    Tokens::expect(server.refresh(&SPA_EMBEDDED, &tokens.refresh_token()).await);

    let again = self::ticket(&browser, &ada).await;
    let callback = server
        .login(&SPA_EMBEDDED)
        .browser(&browser)
        .without_pkce()
        .with("response_type", "token id_token")
        .with("login_ticket", &again)
        .open()
        .await
        .callback();
    assert!(
        callback.in_fragment() && callback.get("id_token").is_some(),
        "{}",
        callback.url
    );
}

#[harness::test]
async fn without_a_realm_it_is_the_default_directory() {
    let server = Server::shared();
    let mut body = login(&SPA_EMBEDDED, &User::ada());
    let members = body.as_object_mut().expect("an object");
    members.remove("realm");
    members["credential_type"] = "password".into();
    let answer = authenticate(&server.browser(), Some(ORIGIN), &body).await;
    assert_eq!(answer.status, 200, "{answer}");
}

#[harness::test]
async fn a_ticket_is_good_once_soon_and_in_its_browser_alone() {
    let server = Server::start("moves the clock");
    let ada = User::ada();
    let present = async |browser: &Browser, app: &App, ticket: &str| {
        let request = server.login(app).browser(browser);
        request.with("login_ticket", ticket).open().await.callback()
    };
    let refused = ("login_required", "Login required");

    let browser = server.browser();
    let good = ticket(&browser, &ada).await;
    let flipped = harness::jwt::tampered(&format!("a.b.{good}"));
    for bad in [flipped.as_str(), "nonsense", "lt1_"] {
        present(&browser, &SPA_EMBEDDED, bad)
            .await
            .assert_error(refused.0, refused.1);
    }
    // From another browser, without and with its own ticket, and for another client.
    let other = server.browser();
    present(&other, &SPA_EMBEDDED, &good)
        .await
        .assert_error(refused.0, refused.1);
    ticket(&other, &User::zoe()).await;
    present(&other, &SPA_EMBEDDED, &good)
        .await
        .assert_error(refused.0, refused.1);
    present(&browser, &SPA_STRICT, &good)
        .await
        .assert_error(refused.0, refused.1);

    present(&browser, &SPA_EMBEDDED, &good).await.code();
    // The browser has a session now, but it may be another user's.
    present(&browser, &SPA_EMBEDDED, &good)
        .await
        .assert_error(refused.0, refused.1);

    let late = ticket(&browser, &ada).await;
    server.advance(61).await;
    present(&browser, &SPA_EMBEDDED, &late)
        .await
        .assert_error(refused.0, refused.1);
}

#[harness::test]
async fn a_login_ticket_ends_the_session_of_another_user() {
    let server = Server::shared();
    let (browser, zoe) = (server.browser(), User::zoe());
    server
        .login(&SPA_EMBEDDED)
        .browser(&browser)
        .callback()
        .await;
    let ticket = ticket(&browser, &zoe).await;
    let asked = server.login(&SPA_EMBEDDED).browser(&browser);
    let tokens = asked.with("login_ticket", &ticket).tokens().await;
    assert_eq!(harness::jwt::peek(&tokens.id_token()).1["sub"], zoe.id);
}

#[harness::test]
async fn a_preflight_lets_cookies_through() {
    let server = Server::shared();
    let request = server.http().request(Method::OPTIONS, "/co/authenticate");
    let request = request
        .header("origin", ORIGIN)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "content-type, auth0-client",
        );
    let answer = http::send(request).await;
    assert_eq!(answer.status, 204, "{answer}");
    assert_readable(&answer);
    let headers = answer
        .header("access-control-allow-headers")
        .unwrap_or_default();
    assert!(
        headers.contains("Content-Type") && headers.contains("Auth0-Client"),
        "{answer}"
    );
}

#[harness::test]
async fn cross_origin_logins_are_in_the_log_without_passwords() {
    let server = Server::start("reads the server's log");
    let (browser, ada) = (server.browser(), User::ada());
    let ticket = ticket(&browser, &ada).await;
    authenticate(
        &browser,
        Some("https://evil.example.com"),
        &login(&SPA_EMBEDDED, &ada),
    )
    .await;
    let mut wrong = login(&SPA_EMBEDDED, &ada);
    wrong["password"] = "a-wrong-password".into();
    authenticate(&browser, Some(ORIGIN), &wrong).await;
    let log = server.stop();
    for code in ["scoa", "fco", "fcoa"] {
        assert!(log.contains(code), "no `{code}` in {log}");
    }
    for secret in [ada.password, "a-wrong-password", &ticket] {
        assert!(!log.contains(secret), "`{secret}` in {log}");
    }
}

#[harness::test]
async fn a_connection_can_be_chosen_at_authorize() {
    let server = Server::shared();
    let (browser, ada) = (server.browser(), User::ada());
    let login = server.login(&SPA_EMBEDDED).browser(&browser);
    let page = login
        .with("connection", DATABASE)
        .open()
        .await
        .page_at("/u/login");
    assert!(!html::hidden_fields(&page.text()).is_empty());
    let answer = browser.log_in(&page, &ada.email, ada.password).await;
    browser.follow(answer).await.callback().code();
    for (connection, error, text) in [
        ("Nowhere", "invalid_request", "Unknown realm"),
        (
            "Staff",
            "unauthorized_client",
            "The connection is not enabled for this client",
        ),
    ] {
        let login = server.login(&SPA_EMBEDDED).with("connection", connection);
        login.open().await.callback().assert_error(error, text);
    }
}

#[harness::test]
async fn a_ticket_from_before_a_log_out_everywhere_begins_no_session() {
    let server = Server::start("logs a user out");
    let (browser, ada) = (server.browser(), User::ada());
    let ticket = ticket(&browser, &ada).await;
    server.log_out_everywhere(&ada).await;
    let asked = server.login(&SPA_EMBEDDED).browser(&browser);
    let callback = asked.with("login_ticket", &ticket).open().await.callback();
    callback.assert_error("login_required", "Login required");
}
