//! `POST /oauth/revoke` (RFC 7009), with both settings of `revoke_refresh_token_grant`.

use harness::{
    Answer, Launch, Server,
    apps::{
        RFC9068_API, SPA_LEEWAY, SPA_STRICT, THIRD_PARTY, User, WEB_BASIC, WEB_CLASSIC, WEB_POST,
    },
    assert_oauth_error, assert_unknown_refresh_token, tenant,
};
use serde_json::json;

#[track_caller]
fn assert_done(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, ""),
        "{answer}"
    );
    assert_eq!(answer.challenge(), None, "{answer}");
}

/// A server on which revoking a token revokes its consent.
fn with_grants_revoked() -> Server {
    let from = "revoke_refresh_token_grant: false";
    let file = tenant::changed(from, "revoke_refresh_token_grant: true");
    Launch::new().tenant(file).start("changes a tenant setting")
}

#[harness::test]
async fn a_revoked_token_is_refused() {
    let server = Server::shared();
    for app in [SPA_STRICT, SPA_LEEWAY, WEB_POST, WEB_BASIC, WEB_CLASSIC] {
        let token = server.login(&app).refresh_token().await;
        assert_done(&server.revoke(&app, &token).await);
        assert_unknown_refresh_token(&server.refresh(&app, &token).await);
    }
}

#[harness::test]
async fn revoking_a_rotated_token_ends_its_family() {
    let server = Server::shared();
    let first = server.login(&SPA_LEEWAY).refresh_token().await;
    let second = server.rotated(&SPA_LEEWAY, &first).await;
    assert_done(&server.revoke(&SPA_LEEWAY, &second).await);
    for token in [&first, &second] {
        assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, token).await);
    }
}

#[harness::test]
async fn revoking_the_token_before_the_last_ends_the_family_too() {
    let server = Server::shared();
    let first = server.login(&SPA_LEEWAY).refresh_token().await;
    let second = server.rotated(&SPA_LEEWAY, &first).await;
    assert_done(&server.revoke(&SPA_LEEWAY, &first).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &second).await);
}

#[harness::test]
async fn json_and_a_hint_are_accepted() {
    let server = Server::shared();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let body = json!({
        "client_id": SPA_STRICT.id, "token": token, "token_type_hint": "refresh_token",
    });
    assert_done(&server.http().post_json("/oauth/revoke", &body).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &token).await);
}

#[harness::test]
async fn an_unknown_token_is_no_error() {
    let server = Server::shared();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let cut = &token[..token.len() - 1];
    for token in ["nonsense", "rt1_", "rt1_AAAA", cut, "ü"] {
        assert_done(&server.revoke(&SPA_STRICT, token).await);
    }
    assert_done(&server.revoke(&SPA_STRICT, &token).await);
    assert_done(&server.revoke(&SPA_STRICT, &token).await);
}

#[harness::test]
async fn an_expired_token_is_no_error() {
    let server = Server::start("moves the clock");
    let token = server
        .login(&harness::apps::SPA_SHORT)
        .refresh_token()
        .await;
    server.advance(10_000).await;
    assert_done(&server.revoke(&harness::apps::SPA_SHORT, &token).await);
}

#[harness::test]
async fn another_clients_token_is_left_alone() {
    let server = Server::shared();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    for app in [SPA_LEEWAY, WEB_POST] {
        assert_done(&server.revoke(&app, &token).await);
    }
    server.rotated(&SPA_STRICT, &token).await;
}

#[harness::test]
async fn an_access_token_cannot_be_used_to_revoke() {
    let server = Server::shared();
    let tokens = server.login(&SPA_STRICT).tokens().await;
    for token in [tokens.access_token(), tokens.id_token()] {
        assert_done(&server.revoke(&SPA_STRICT, &token).await);
    }
    server.rotated(&SPA_STRICT, &tokens.refresh_token()).await;
}

#[harness::test]
async fn a_missing_token_is_named() {
    let server = Server::shared();
    for form in [
        [("client_id", SPA_STRICT.id)].as_slice(),
        &[("client_id", SPA_STRICT.id), ("token", "")],
    ] {
        let answer = server.http().post_form("/oauth/revoke", form).await;
        assert_oauth_error(
            &answer,
            400,
            "invalid_request",
            "Missing required parameter: token",
        );
    }
}

#[harness::test]
async fn a_request_without_client_is_refused() {
    let server = Server::shared();
    let answer = server
        .http()
        .post_form("/oauth/revoke", &[("token", "rt1_none")])
        .await;
    let description = "Missing required parameter: client_id";
    assert_oauth_error(&answer, 400, "invalid_request", description);
}

#[harness::test]
async fn bad_credentials_are_an_invalid_client() {
    let server = Server::shared();
    let token = server.login(&WEB_POST).refresh_token().await;
    for credentials in [
        vec![("client_id", WEB_POST.id)],
        vec![("client_id", WEB_POST.id), ("client_secret", "wrong")],
        vec![("client_id", "no-such-client"), ("client_secret", "wrong")],
        vec![("client_id", "no-such-client")],
    ] {
        let mut form = vec![("token", token.as_str())];
        form.extend(credentials);
        let answer = server.http().post_form("/oauth/revoke", &form).await;
        assert_oauth_error(&answer, 401, "invalid_client", "Unauthorized");
    }
    server.rotated(&WEB_POST, &token).await;
}

#[harness::test]
async fn without_the_flag_other_tokens_and_the_grant_stay() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let login = || server.login(&THIRD_PARTY).user(&user).browser(&browser);
    let first = login().refresh_token().await;
    let second = login().refresh_token().await;
    assert_done(&server.revoke(&THIRD_PARTY, &first).await);

    assert_unknown_refresh_token(&server.refresh(&THIRD_PARTY, &first).await);
    server.rotated(&THIRD_PARTY, &second).await;
    login()
        .with("prompt", "none")
        .open()
        .await
        .callback()
        .code();
}

#[harness::test]
async fn with_the_flag_every_token_of_the_grant_ends() {
    let server = with_grants_revoked();
    let (ada, zoe) = (User::ada(), User::zoe());
    let browser = server.browser();
    let login = || server.login(&THIRD_PARTY).user(&ada).browser(&browser);
    let first = login().refresh_token().await;
    let second = login().refresh_token().await;
    let other_api = login().audience(RFC9068_API).refresh_token().await;
    let other_user = server.login(&THIRD_PARTY).user(&zoe).refresh_token().await;
    let other_client = server.login(&SPA_STRICT).refresh_token().await;
    assert_done(&server.revoke(&THIRD_PARTY, &first).await);

    assert_unknown_refresh_token(&server.refresh(&THIRD_PARTY, &first).await);
    assert_unknown_refresh_token(&server.refresh(&THIRD_PARTY, &second).await);
    server.rotated(&THIRD_PARTY, &other_api).await;
    server.rotated(&THIRD_PARTY, &other_user).await;
    server.rotated(&SPA_STRICT, &other_client).await;
    let silent = login().with("prompt", "none").open().await.callback();
    silent.assert_error("consent_required", "Consent required");
}

#[harness::test]
async fn with_the_flag_a_new_login_starts_afresh() {
    let server = with_grants_revoked();
    let first = server.login(&WEB_POST).refresh_token().await;
    assert_done(&server.revoke(&WEB_POST, &first).await);
    let second = server.login(&WEB_POST).refresh_token().await;
    server.rotated(&WEB_POST, &second).await;
}

#[harness::test]
async fn only_post_revokes() {
    let server = Server::shared();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let path = format!("/oauth/revoke?client_id={}&token={token}", SPA_STRICT.id);
    let answer = server.http().get(&path).await;
    assert!(matches!(answer.status, 404 | 405), "{answer}");
    server.rotated(&SPA_STRICT, &token).await;
}
