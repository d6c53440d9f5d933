//! Errors of the token endpoint for requests that lack a parameter or name something unknown.

use harness::{
    Server,
    apps::{M2M, SPA_CODE_ONLY, SPA_STRICT, WEB_POST},
    assert_oauth_error, assert_refused,
};
use reqwest::Method;
use serde_json::json;

#[harness::test]
async fn a_missing_parameter_is_named() {
    let server = Server::shared();
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[], "grant_type"),
        (&[("grant_type", "")], "grant_type"),
        (&[("grant_type", "refresh_token")], "refresh_token"),
        (
            &[("grant_type", "refresh_token"), ("refresh_token", "")],
            "refresh_token",
        ),
        (&[("grant_type", "authorization_code")], "code"),
    ];
    for (form, missing) in cases {
        let answer = server.token(&SPA_STRICT, form).await;
        let description = format!("Missing required parameter: {missing}");
        assert_oauth_error(&answer, 400, "invalid_request", &description);
    }
}

#[harness::test]
async fn null_is_missing() {
    let server = Server::shared();
    let body = json!({
        "grant_type": "refresh_token", "client_id": SPA_STRICT.id, "refresh_token": null,
    });
    let answer = server.http().post_json("/oauth/token", &body).await;
    let description = "Missing required parameter: refresh_token";
    assert_oauth_error(&answer, 400, "invalid_request", description);
}

#[harness::test]
async fn a_request_without_client_is_refused() {
    let server = Server::shared();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "rt1_none"),
    ];
    let answer = server.http().post_form("/oauth/token", &form).await;
    let description = "Missing required parameter: client_id";
    assert_oauth_error(&answer, 400, "invalid_request", description);
}

#[harness::test]
async fn an_unknown_grant_type_is_named() {
    let server = Server::shared();
    let answer = server
        .token(&SPA_STRICT, &[("grant_type", "telepathy")])
        .await;
    let description = "Unsupported grant type: telepathy";
    assert_oauth_error(&answer, 403, "unsupported_grant_type", description);
}

#[harness::test]
async fn a_grant_type_that_the_client_lacks_is_named() {
    let server = Server::shared();
    let code = server.login(&SPA_STRICT).code().await;
    let cases = [
        (M2M, "authorization_code", vec![("code", "nonsense")]),
        (M2M, "refresh_token", vec![("refresh_token", "rt1_none")]),
        (
            SPA_CODE_ONLY,
            "refresh_token",
            vec![("refresh_token", "rt1_none")],
        ),
        (M2M, "authorization_code", code.form().split_off(1)),
    ];
    for (app, grant, more) in cases {
        let mut form = vec![("grant_type", grant)];
        form.extend(more);
        let answer = server.token(&app, &form).await;
        let description = format!("Grant type '{grant}' not allowed for the client.");
        assert_oauth_error(&answer, 403, "unauthorized_client", &description);
    }
}

#[harness::test]
async fn only_post_is_answered_with_tokens() {
    let server = Server::shared();
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let path = "/oauth/token?grant_type=client_credentials";
        let answer = harness::http::send(server.http().request(method.clone(), path)).await;
        assert!(matches!(answer.status, 404 | 405), "{method}: {answer}");
    }
}

#[harness::test]
async fn parameters_in_the_query_do_not_count() {
    let server = Server::shared();
    let token = server.login(&WEB_POST).refresh_token().await;
    let path = format!(
        "/oauth/token?grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={token}",
        WEB_POST.id,
        WEB_POST.secret()
    );
    assert_refused(&server.http().post_form(&path, &[]).await);
    server.rotated(&WEB_POST, &token).await;
}

#[harness::test]
async fn an_unknown_path_is_not_found() {
    let server = Server::shared_behind_front("asks for unknown paths");
    for path in [
        "/nowhere",
        "/oauth",
        "/oauth/token/more",
        "/oauth/introspect",
    ] {
        let answer = server
            .http()
            .post_form(path, &[("grant_type", "refresh_token")])
            .await;
        assert_eq!(answer.status, 404, "{answer}");
        harness::assertions::assert_discreet(&answer);
    }
}
