//! Every refusal of `/co/authenticate`.

use harness::{
    Server,
    apps::{SPA_EMBEDDED, SPA_STRICT, User},
    assert_oauth_error,
};
use serde_json::Value;

use super::cross_origin::{ORIGIN, assert_readable, authenticate, login};

const BODY: &str = "Invalid request body. All and only of client_id, credential_type, username, otp, \
                    realm are required.";

#[harness::test]
async fn a_page_of_another_origin_is_refused_in_plain_text() {
    let server = Server::shared();
    let body = login(&SPA_EMBEDDED, &User::ada());
    for (origin, said) in [
        (Some("https://evil.example.com"), "https://evil.example.com"),
        (
            Some("http://embedded.example.com"),
            "http://embedded.example.com",
        ),
        (Some("null"), "null"),
        (None, "null"),
    ] {
        let answer = authenticate(&server.browser(), origin, &body).await;
        assert_eq!(answer.status, 403, "{answer}");
        let kind = answer.header("content-type").unwrap_or_default();
        assert!(kind.starts_with("text/plain"), "{answer}");
        assert_eq!(answer.text(), format!("Origin {said} is not allowed."));
        assert_eq!(
            answer.header("access-control-allow-origin"),
            None,
            "{answer}"
        );
        assert!(answer.set_cookies().is_empty(), "{answer}");
    }
}

#[harness::test]
async fn a_client_has_to_be_made_for_it() {
    let server = Server::shared();
    let answer = authenticate(
        &server.browser(),
        Some("https://app.example.com"),
        &login(&SPA_STRICT, &User::ada()),
    )
    .await;
    let text = "Cross origin login not allowed.";
    assert_oauth_error(&answer, 401, "unauthorized_client", text);
    let mut body = login(&SPA_STRICT, &User::ada());
    body["client_id"] = "unknown".into();
    let answer = authenticate(&server.browser(), Some(ORIGIN), &body).await;
    assert_oauth_error(&answer, 401, "unauthorized_client", text);
}

#[harness::test]
async fn the_older_name_of_the_switch_counts() {
    let server = Server::start("changes a client");
    for (from, to, status) in [
        (
            "cross_origin_authentication: true",
            "cross_origin_auth: true",
            200,
        ),
        (
            "cross_origin_authentication: true",
            "cross_origin_auth: false",
            401,
        ),
    ] {
        let file = harness::tenant::client_changed(&SPA_EMBEDDED, &[(from, to)]);
        server.import_tenant(file).await;
        let body = login(&SPA_EMBEDDED, &User::ada());
        let answer = authenticate(&server.browser(), Some(ORIGIN), &body).await;
        assert_eq!(answer.status, status, "{answer}");
    }
}

#[harness::test]
async fn the_body_has_its_members_and_no_others() {
    let server = Server::shared();
    let good = login(&SPA_EMBEDDED, &User::ada());
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let without = |name: &str| {
        let mut body = good.clone();
        body.as_object_mut().expect("an object").remove(name);
        body
    };
    for body in [
        with("scope", "openid".into()),
        with("otp", "123456".into()),
        with("username", 5.into()),
        with("username", "".into()),
        without("username"),
        without("password"),
        without("realm"),
        without("client_id"),
        without("credential_type"),
        with("credential_type", "password".into()),
    ] {
        let answer = authenticate(&server.browser(), Some(ORIGIN), &body).await;
        assert_oauth_error(&answer, 400, "invalid_request", BODY);
    }
    let form = [
        ("client_id", SPA_EMBEDDED.id),
        ("username", "ada@example.com"),
    ];
    let answer = server.http().post_form("/co/authenticate", &form).await;
    assert_oauth_error(&answer, 400, "invalid_request", BODY);
    let answer = server.http().get("/co/authenticate").await;
    assert_eq!(answer.status, 405, "{answer}");
}

#[harness::test]
async fn every_refusal_has_its_words_and_can_be_read_by_the_page() {
    let server = Server::shared();
    let user = server.fresh_user();
    let with = |name: &str, value: &str| {
        let mut body = login(&SPA_EMBEDDED, &user);
        body[name] = value.into();
        body
    };
    let otp = "http://auth0.com/oauth/grant-type/passwordless/otp";
    let blocked = login(&SPA_EMBEDDED, &User::blocked());
    for (body, status, error, text) in [
        (
            with("credential_type", otp),
            400,
            "unsupported_credential_type",
            "Unknown credential type parameter.",
        ),
        (
            with("realm", "Nowhere"),
            400,
            "invalid_request",
            "Unknown realm Nowhere.",
        ),
        (
            with("realm", "Staff"),
            403,
            "unauthorized_client",
            "The connection is not enabled for this client",
        ),
        (
            with("password", "wrong"),
            403,
            "access_denied",
            "Wrong email or password.",
        ),
        (
            with("username", "unknown"),
            403,
            "access_denied",
            "Wrong email or password.",
        ),
        (blocked, 403, "blocked_user", "Blocked user"),
    ] {
        let answer = authenticate(&server.browser(), Some(ORIGIN), &body).await;
        assert_oauth_error(&answer, status, error, text);
        assert_readable(&answer);
        assert!(answer.set_cookies().is_empty(), "{answer}");
    }
    for _ in 0..9 {
        authenticate(&server.browser(), Some(ORIGIN), &with("password", "wrong")).await;
    }
    let good = login(&SPA_EMBEDDED, &user);
    let answer = authenticate(&server.browser(), Some(ORIGIN), &good).await;
    let text = "Your account has been blocked after multiple consecutive login attempts. Please \
                contact the administrator.";
    assert_oauth_error(&answer, 429, "too_many_attempts", text);
    assert_readable(&answer);
}
