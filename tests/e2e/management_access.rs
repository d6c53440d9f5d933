//! `POST /api/v2/users/{id}/revoke-access` of the Management API: ends a user's sessions and refresh tokens.

use harness::{
    Answer, Browser, Server, Tokens,
    apps::{OPERATOR, SPA_STRICT, User, WEB_POST},
    assert_unknown_refresh_token, jwt,
    management::{assert_body_error, assert_empty, assert_inexistent, of_user},
};
use reqwest::Method;
use serde_json::{Value, json};

async fn revoke_access(server: &Server, user: &User, body: &Value) -> Answer {
    let path = of_user(user, "/revoke-access");
    server
        .manage_with(&OPERATOR, Method::POST, &path, body)
        .await
}

async fn log_in(server: &Server, user: &User) -> (Browser, Tokens) {
    let browser = server.browser();
    let login = server.login(&SPA_STRICT).user(user).browser(&browser);
    let tokens = login.tokens().await;
    (browser, tokens)
}

fn sid(tokens: &Tokens) -> String {
    let (_, claims) = jwt::peek(&tokens.id_token());
    claims["sid"].as_str().expect("`sid` is a text").to_owned()
}

#[harness::test]
async fn everything_that_a_user_holds_ends() {
    let server = Server::shared();
    let (user, other) = (server.fresh_user(), server.fresh_user());
    let (here, first) = log_in(server, &user).await;
    let (there, second) = log_in(server, &user).await;
    let shop = server.login(&WEB_POST).user(&user).refresh_token().await;
    let (elsewhere, others) = log_in(server, &other).await;
    assert_empty(&revoke_access(server, &user, &json!({})).await, 202);

    for browser in [&here, &there] {
        assert!(!server.is_logged_in(browser).await);
    }
    for tokens in [first, second] {
        let answer = server.refresh(&SPA_STRICT, &tokens.refresh_token()).await;
        assert_unknown_refresh_token(&answer);
    }
    assert_unknown_refresh_token(&server.refresh(&WEB_POST, &shop).await);
    assert!(server.is_logged_in(&elsewhere).await);
    server.rotated(&SPA_STRICT, &others.refresh_token()).await;
    // The user can log in again.
    let (_, again) = log_in(server, &user).await;
    server.rotated(&SPA_STRICT, &again.refresh_token()).await;
}

#[harness::test]
async fn a_body_is_not_needed() {
    let server = Server::shared();
    let user = server.fresh_user();
    let (browser, _) = log_in(server, &user).await;
    let path = of_user(&user, "/revoke-access");
    assert_empty(&server.manage(&OPERATOR, Method::POST, &path).await, 202);
    assert!(!server.is_logged_in(&browser).await);
}

#[harness::test]
async fn refresh_tokens_may_be_preserved() {
    let server = Server::shared();
    let user = server.fresh_user();
    let (browser, tokens) = log_in(server, &user).await;
    let body = json!({ "preserve_refresh_tokens": true });
    assert_empty(&revoke_access(server, &user, &body).await, 202);
    assert!(!server.is_logged_in(&browser).await);
    server.rotated(&SPA_STRICT, &tokens.refresh_token()).await;
}

#[harness::test]
async fn one_session_may_be_named() {
    let server = Server::shared();
    let user = server.fresh_user();
    for preserved in [false, true] {
        let (gone, of_gone) = log_in(server, &user).await;
        let (stays, of_stays) = log_in(server, &user).await;
        let body = json!({ "session_id": sid(&of_gone), "preserve_refresh_tokens": preserved });
        assert_empty(&revoke_access(server, &user, &body).await, 202);
        assert!(!server.is_logged_in(&gone).await);
        assert!(server.is_logged_in(&stays).await);
        server.rotated(&SPA_STRICT, &of_stays.refresh_token()).await;
        let token = of_gone.refresh_token();
        if preserved {
            server.rotated(&SPA_STRICT, &token).await;
        } else {
            assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &token).await);
        }
    }
}

#[harness::test]
async fn a_wrong_body_is_refused_and_ends_nothing() {
    let server = Server::shared();
    let (user, other) = (server.fresh_user(), server.fresh_user());
    let (browser, tokens) = log_in(server, &user).await;
    let (elsewhere, others) = log_in(server, &other).await;
    let theirs = sid(&others);
    for (body, reason) in [
        (
            json!({ "session": "x" }),
            "it is not what this endpoint takes",
        ),
        (
            json!({ "preserve_refresh_tokens": "yes" }),
            "it is not what this endpoint takes",
        ),
        (json!([]), "it is not what this endpoint takes"),
        (
            json!({ "session_id": "x" }),
            "session_id is none of the user's",
        ),
        (
            json!({ "session_id": theirs }),
            "session_id is none of the user's",
        ),
    ] {
        assert_body_error(&revoke_access(server, &user, &body).await, reason);
    }
    assert!(server.is_logged_in(&browser).await);
    assert!(server.is_logged_in(&elsewhere).await);
    server.rotated(&SPA_STRICT, &tokens.refresh_token()).await;
}

#[harness::test]
async fn an_unknown_user_is_reported_as_inexistent() {
    let server = Server::shared();
    let unknown = User {
        id: "auth0|mistyped".to_owned(),
        ..User::ada()
    };
    let answer = revoke_access(server, &unknown, &json!({})).await;
    assert_inexistent(&answer, "user");
}
