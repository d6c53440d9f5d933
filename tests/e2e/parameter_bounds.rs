//! Upper limits of a request: a hundred parameters, a hundred scopes, four kilobytes of scopes.

use std::fmt::Write as _;

use harness::{
    Answer, Server,
    apps::{API, M2M, PW_NATIVE, SPA_STRICT, TV, User},
    assert_error_page, assert_oauth_error,
};
use reqwest::Method;
use serde_json::{Map, Value};

const FORM: &str = "application/x-www-form-urlencoded";
const TOO_MANY: &str = "Too many parameters: a request may have 100";
const TOO_WIDE: &str = "Too many scopes: a request may name 100, of 4096 bytes in all";

/// Distinct parameters that no endpoint reads.
fn filling(number: usize) -> String {
    let mut text = String::new();
    for n in 0..number {
        write!(text, "&p{n}=x").expect("a text grows");
    }
    text
}

/// Distinct scopes, separated by blanks.
fn scopes(number: usize) -> String {
    let names: Vec<_> = (0..number).map(|n| format!("s{n}")).collect();
    names.join(" ")
}

async fn post(path: &str, body: &str) -> Answer {
    let http = Server::shared().http();
    http.post_bytes(path, FORM, body.to_owned()).await
}

#[harness::test]
async fn the_hundredth_parameter_is_read_and_the_next_is_refused() {
    let server = Server::shared();
    let user = User::ada();
    let body = format!(
        "grant_type=password&client_id={}&username={}&password={}",
        PW_NATIVE.id,
        user.email,
        user.password.replace(' ', "+")
    );
    let good = post("/oauth/token", &format!("{body}{}", filling(96))).await;
    assert_eq!(good.status, 200, "{good}");
    for number in [97, 8_000] {
        let refused = post("/oauth/token", &format!("{body}{}", filling(number))).await;
        assert_oauth_error(&refused, 400, "invalid_request", TOO_MANY);
    }
    let members: Map<_, _> = (0..101).map(|n| (format!("p{n}"), Value::Null)).collect();
    let json = Value::from(members);
    let refused = server.http().post_json("/oauth/token", &json).await;
    assert_oauth_error(&refused, 400, "invalid_request", TOO_MANY);
}

#[harness::test]
async fn every_endpoint_that_reads_parameters_counts_them() {
    let server = Server::shared();
    let rest = filling(101);
    for path in [
        "/oauth/token",
        "/oauth/device/code",
        "/oauth/revoke",
        "/delegation",
    ] {
        let answer = post(path, &format!("client_id={}{rest}", SPA_STRICT.id)).await;
        assert_oauth_error(&answer, 400, "invalid_request", TOO_MANY);
    }
    for (method, path) in [
        (Method::GET, "/authorize"),
        (Method::POST, "/authorize"),
        (Method::GET, "/v2/logout"),
        (Method::GET, "/oidc/logout"),
        (Method::GET, "/activate"),
    ] {
        let request = match method {
            Method::POST => server
                .http()
                .request(method, path)
                .header("content-type", FORM)
                .body(rest.clone()),
            _ => server.http().request(method, &format!("{path}?{rest}")),
        };
        let answer = harness::http::send(request.header("accept", "text/html")).await;
        assert_error_page(&answer, TOO_MANY);
    }
}

#[harness::test]
async fn a_hundred_scopes_are_read_and_more_are_refused() {
    let server = Server::shared();
    let ask = |scope: String| async move {
        let form = [
            ("grant_type", "client_credentials"),
            ("audience", API),
            ("scope", &scope),
        ];
        server.token(&M2M, &form).await
    };
    let ungranted = ask(scopes(100)).await;
    assert_eq!(ungranted.status, 403, "{ungranted}");
    let repeated = ask("x ".repeat(15_000)).await;
    assert_oauth_error(&repeated, 400, "invalid_scope", TOO_WIDE);
    for number in [101, 10_000] {
        assert_oauth_error(&ask(scopes(number)).await, 400, "invalid_scope", TOO_WIDE);
    }
    let long = format!("{} {}", "x".repeat(2_048), "y".repeat(2_048));
    assert_oauth_error(&ask(long).await, 400, "invalid_scope", TOO_WIDE);
}

#[harness::test]
async fn scopes_are_bounded_wherever_they_are_asked_for() {
    let server = Server::shared();
    let scope = scopes(101);
    let more = [("scope", scope.as_str())];
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let refresh = server.refresh_with(&SPA_STRICT, &token, &more).await;
    assert_oauth_error(&refresh, 400, "invalid_scope", TOO_WIDE);
    // The token is still valid.
    server.rotated(&SPA_STRICT, &token).await;

    let body = format!("client_id={}&scope={}", TV.id, scope.replace(' ', "+"));
    let device = post("/oauth/device/code", &body).await;
    assert_oauth_error(&device, 400, "invalid_scope", TOO_WIDE);

    let login = server
        .login(&SPA_STRICT)
        .with("state", "kept")
        .scope(&scope);
    let callback = server.browser().open(&login.path()).await.callback();
    callback.assert_error("invalid_scope", TOO_WIDE);
    assert_eq!(callback.get("state").as_deref(), Some("kept"));

    let user = User::ada();
    let form = [
        ("grant_type", "password"),
        ("username", user.email.as_str()),
        ("password", user.password),
        ("scope", &scope),
    ];
    let password = server.token(&PW_NATIVE, &form).await;
    assert_oauth_error(&password, 400, "invalid_scope", TOO_WIDE);
}
