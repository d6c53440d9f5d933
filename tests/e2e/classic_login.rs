//! `POST /usernamepassword/login`: auth0.js on Auth0's classic login page.

use harness::{
    Answer, Browser, Server,
    apps::{API, SPA_EMBEDDED, User},
    assert_error_page, html, http,
};
use reqwest::Method;
use serde_json::{Value, json};

/// The body that auth0.js sends from the page.
fn login(user: &User) -> Value {
    json!({
        "client_id": SPA_EMBEDDED.id, "redirect_uri": SPA_EMBEDDED.callback, "tenant": "tests",
        "response_type": "token id_token", "scope": "openid email read:orders", "audience": API,
        "state": "the client's", "nonce": "fresh", "_csrf": "anything", "_intstate": "deprecated",
        "connection": "Username-Password-Authentication", "username": user.email,
        "password": user.password,
    })
}

async fn post(browser: &Browser, origin: Option<&str>, body: &Value) -> Answer {
    let request = browser
        .http()
        .request(Method::POST, "/usernamepassword/login");
    let request = match origin {
        Some(origin) => request.header("origin", origin),
        None => request,
    };
    http::send(request.json(body)).await
}

/// The form that the answer to a successful login contains.
async fn form(server: &Server, browser: &Browser, user: &User) -> Vec<(String, String)> {
    let own = server.issuer().trim_end_matches('/');
    let answer = post(browser, Some(own), &login(user)).await;
    assert_eq!(answer.status, 200, "{answer}");
    let kind = answer.header("content-type").unwrap_or_default();
    assert!(kind.starts_with("text/html"), "{answer}");
    let text = answer.text();
    // auth0.js submits the first child.
    assert!(text.starts_with("<form"), "{answer}");
    let attributes = html::tag(&text, "form");
    assert_eq!(attributes["action"], server.url("login/callback"));
    assert_eq!(attributes["method"], "post");
    html::hidden_fields(&text)
}

async fn submit(browser: &Browser, fields: &[(String, String)]) -> Answer {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.http().post_form("/login/callback", &fields).await
}

#[track_caller]
fn assert_classic_error(answer: &Answer, status: u16, code: &str, description: &str) {
    let body = answer.json();
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(body["code"], code, "{answer}");
    assert_eq!(body["description"], description, "{answer}");
    assert_eq!(body["statusCode"], status, "{answer}");
    assert!(body["name"].is_string(), "{answer}");
}

#[harness::test]
async fn the_form_leads_to_the_application() {
    let server = Server::shared();
    let (browser, ada) = (server.browser(), User::ada());
    let fields = form(server, &browser, &ada).await;
    let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["wa", "wresult", "wctx"]);
    assert_eq!(fields[0].1, "wsignin1.0");
    let context: Value = serde_json::from_str(&fields[2].1).expect("JSON");
    assert_eq!(context["client_id"], SPA_EMBEDDED.id);

    let answer = submit(&browser, &fields).await;
    assert_eq!(answer.status, 303, "{answer}");
    let callback = browser.follow(answer).await.callback();
    assert_eq!(callback.target(), SPA_EMBEDDED.callback);
    assert_eq!(callback.get("state").as_deref(), Some("the client's"));
    let token = callback.get("id_token").expect("an ID token");
    let claims = harness::jwt::peek(&token).1;
    assert_eq!(
        (&claims["sub"], &claims["nonce"]),
        (&json!(ada.id), &json!("fresh"))
    );
    let silent = server
        .login(&SPA_EMBEDDED)
        .browser(&browser)
        .with("prompt", "none");
    silent.callback().await.code();
}

#[harness::test]
async fn the_form_is_good_once_and_in_its_browser_alone() {
    let server = Server::shared();
    let (browser, other) = (server.browser(), server.browser());
    let fields = form(server, &browser, &User::ada()).await;
    assert_logs_no_user_in(server, &other, &fields).await;
    form(server, &other, &User::zoe()).await;
    assert_logs_no_user_in(server, &other, &fields).await;
    let answer = submit(&browser, &fields).await;
    let location = answer.location().expect("a redirect");
    assert_eq!(location.path(), "/authorize/resume");
    let again = submit(&browser, &fields).await;
    let location = again.location().expect("a redirect");
    assert_eq!(location.path(), "/u/login");

    let stranger = server.browser();
    let mut spoilt = form(server, &stranger, &User::ada()).await;
    spoilt[1].1.push('A');
    assert_logs_no_user_in(server, &stranger, &spoilt).await;
    for context in ["", "{}", "nonsense", r#"{"state":"tx1_AAAA"}"#] {
        spoilt[2].1 = context.to_owned();
        assert_error_page(&submit(&browser, &spoilt).await, "invalid_request");
    }
    let answer = browser.http().get("/login/callback").await;
    assert_eq!(answer.status, 405, "{answer}");
}

/// The request continues at the hosted login page, which asks for a password.
async fn assert_logs_no_user_in(server: &Server, browser: &Browser, fields: &[(String, String)]) {
    let answer = submit(browser, fields).await;
    browser.follow(answer).await.page_at("/u/login");
    let login = server.login(&SPA_EMBEDDED).browser(browser);
    login.assert_logged_out().await;
}

#[harness::test]
async fn a_page_of_another_origin_may_not_send_passwords() {
    let server = Server::shared();
    for origin in [
        "https://evil.example.com",
        "https://embedded.example.com",
        "null",
    ] {
        let answer = post(&server.browser(), Some(origin), &login(&User::ada())).await;
        let text = format!("Origin {origin} is not allowed.");
        assert_classic_error(&answer, 403, "access_denied", &text);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            None,
            "{answer}"
        );
        assert!(answer.set_cookies().is_empty(), "{answer}");
    }
    // A form crosses origins without a preflight; the endpoint rejects it.
    let ada = User::ada();
    let body = [("client_id", SPA_EMBEDDED.id), ("username", &ada.email)];
    let answer = server
        .http()
        .post_form("/usernamepassword/login", &body)
        .await;
    assert_eq!(answer.status, 400, "{answer}");
}

#[harness::test]
async fn every_refusal_has_auth0s_shape() {
    let server = Server::shared();
    let user = server.fresh_user();
    let with = |name: &str, value: &str| {
        let mut body = login(&user);
        body[name] = value.into();
        body
    };
    let wrong = ("invalid_user_password", "Wrong email or password.");
    for (body, status, (code, text)) in [
        (with("password", "wrong"), 401, wrong),
        (with("username", "unknown"), 401, wrong),
        (
            login(&User::blocked()),
            401,
            ("unauthorized", "user is blocked"),
        ),
        (
            with("password", ""),
            400,
            ("invalid_request", "Missing required parameter: password"),
        ),
        (
            with("nonce", ""),
            400,
            ("invalid_request", "Missing required parameter: nonce"),
        ),
        (
            with("connection", "Nowhere"),
            400,
            ("invalid_request", "Unknown realm"),
        ),
        (
            with("client_id", "unknown"),
            403,
            ("invalid_request", "Unknown client"),
        ),
    ] {
        let answer = post(&server.browser(), None, &body).await;
        assert_classic_error(&answer, status, code, text);
    }
    for _ in 0..9 {
        post(&server.browser(), None, &with("password", "wrong")).await;
    }
    let answer = post(&server.browser(), None, &login(&user)).await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (429, Some("too_many_attempts"))
    );
}

#[harness::test]
async fn no_captcha_is_required_and_sso_data_names_no_user() {
    let server = Server::shared();
    let challenge = json!({ "state": "x" });
    let http = server.http();
    let answer = http
        .post_json("/usernamepassword/challenge", &challenge)
        .await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "required": false }))
    );
    let answer = http.get("/user/ssodata").await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "sso": false }))
    );
    for path in ["/usernamepassword/challenge", "/usernamepassword/login"] {
        assert_eq!(http.get(path).await.status, 405);
    }
}
