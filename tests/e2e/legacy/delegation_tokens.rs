//! The refresh tokens and ID tokens that `/delegation` accepts.

use harness::{
    Launch, Server,
    apps::{API, App, LEGACY_KIOSK, LEGACY_KIOSK_SECRET, LEGACY_SPA, LEGACY_WEB, OTHER_KEY, User},
    assert_oauth_error, assert_unknown_refresh_token, jwt, tenant,
};
use serde_json::{Value, json};

use super::delegation::{delegate, delegated, log_in, only_id_token};

#[harness::test]
async fn a_foreign_or_forged_refresh_token_is_refused() {
    let server = Server::shared();
    let token = log_in(server, &LEGACY_SPA, &server.fresh_user()).await;
    let token = token.refresh_token();
    for (app, token) in [
        (LEGACY_KIOSK, token.as_str()),
        (LEGACY_SPA, "rt1_nonsense"),
        (LEGACY_SPA, &token[..token.len() - 2]),
    ] {
        let answer = delegate(server, &app, &[("refresh_token", token)]).await;
        assert_unknown_refresh_token(&answer);
    }
}

#[harness::test]
async fn a_revoked_refresh_token_yields_nothing() {
    let server = Server::shared();
    let tokens = log_in(server, &LEGACY_SPA, &server.fresh_user()).await;
    let token = tokens.refresh_token();
    server.revoke(&LEGACY_SPA, &token).await;
    let answer = delegate(server, &LEGACY_SPA, &[("refresh_token", &token)]).await;
    assert_unknown_refresh_token(&answer);
    // Earlier delegated tokens and the ID token of the login live until they expire.
    let answer = delegate(server, &LEGACY_SPA, &[("id_token", &tokens.id_token())]).await;
    delegated(server, &answer, &LEGACY_SPA).await;
}

#[harness::test]
async fn a_refresh_token_of_the_conformant_pipeline_is_refused_and_stays_good() {
    let server = Server::shared();
    let user = server.fresh_user();
    let login = server.login(&LEGACY_SPA).user(&user).audience(API);
    let token = login.refresh_token().await;
    let answer = delegate(server, &LEGACY_SPA, &[("refresh_token", &token)]).await;
    let words =
        "The refresh token was issued to an OIDC conformant request: use it at /oauth/token";
    assert_oauth_error(&answer, 400, "invalid_request", words);
    let successor = server.rotated(&LEGACY_SPA, &token).await;
    // A superseded token at any endpoint means that a copy is in the wrong hands.
    let answer = delegate(server, &LEGACY_SPA, &[("refresh_token", &token)]).await;
    assert_unknown_refresh_token(&answer);
    assert_unknown_refresh_token(&server.refresh(&LEGACY_SPA, &successor).await);
}

/// Delegation requires no secret, so that the token alone does not prove that the client itself has presented it.
#[harness::test]
async fn a_superseded_token_of_a_confidential_client_ends_its_family_with_the_secret_alone() {
    // Rotation is the default of this application type.
    let file = tenant::client_changed(&LEGACY_WEB, &[("app_type: regular_web", "app_type: spa")]);
    let server = Launch::new().start("changes a live client");
    server.import_tenant(file).await;
    let token = server
        .login(&LEGACY_WEB)
        .audience(API)
        .refresh_token()
        .await;
    let successor = server.rotated(&LEGACY_WEB, &token).await;
    let superseded = ("refresh_token", token.as_str());
    let answer = delegate(&server, &LEGACY_WEB, &[superseded]).await;
    assert_unknown_refresh_token(&answer);
    let successor = server.rotated(&LEGACY_WEB, &successor).await;

    let secret = ("client_secret", LEGACY_WEB.secret());
    let answer = delegate(&server, &LEGACY_WEB, &[superseded, secret]).await;
    assert_unknown_refresh_token(&answer);
    assert_unknown_refresh_token(&server.refresh(&LEGACY_WEB, &successor).await);
}

#[harness::test]
async fn an_id_token_that_is_not_the_callers_own_is_refused() {
    let server = Server::shared();
    let user = server.fresh_user();
    let tokens = log_in(server, &LEGACY_SPA, &user).await;
    let other = log_in(server, &LEGACY_KIOSK, &user).await.id_token();
    let (_, claims) = jwt::peek(&tokens.id_token());
    for token in [
        other,
        tokens.access_token(),
        tokens.refresh_token(),
        "nonsense".to_owned(),
        jwt::tampered(&tokens.id_token()),
        jwt::unsigned(&claims),
        jwt::sign(&claims, OTHER_KEY),
    ] {
        let answer = delegate(server, &LEGACY_SPA, &[("id_token", &token)]).await;
        assert_oauth_error(&answer, 401, "invalid_token", "The id_token is not valid");
    }
}

#[harness::test]
async fn a_public_client_set_to_hs256_cannot_show_its_own_id_token() {
    let server = Server::shared();
    let tokens = log_in(server, &LEGACY_KIOSK, &server.fresh_user()).await;
    // The token endpoint was forced to sign with RS256; delegation expects the configured algorithm.
    let answer = delegate(server, &LEGACY_KIOSK, &[("id_token", &tokens.id_token())]).await;
    assert_oauth_error(&answer, 401, "invalid_token", "The id_token is not valid");
    // Delegation itself signs with the configured algorithm.
    let token = tokens.refresh_token();
    let answer = delegate(server, &LEGACY_KIOSK, &[("refresh_token", &token)]).await;
    let id_token = only_id_token(&answer, 36_000);
    jwt::verify_hs256(server, &id_token, LEGACY_KIOSK.id, LEGACY_KIOSK_SECRET);
    let answer = delegate(server, &LEGACY_KIOSK, &[("id_token", &id_token)]).await;
    only_id_token(&answer, 36_000);
    // A confidential client set to HS256 is not affected.
    let id_token = log_in(server, &LEGACY_WEB, &server.fresh_user())
        .await
        .id_token();
    let answer = delegate(server, &LEGACY_WEB, &[("id_token", &id_token)]).await;
    only_id_token(&answer, 3_600);
}

#[harness::test]
async fn a_blocked_or_deleted_user_gets_nothing() {
    let server = Server::shared_local("blocks and deletes a user");
    let user = server.fresh_user();
    let tokens = log_in(server, &LEGACY_SPA, &user).await;
    let (refresh_token, id_token) = (tokens.refresh_token(), tokens.id_token());
    let by_refresh_token = [("refresh_token", refresh_token.as_str())];
    let by_id_token = [("id_token", id_token.as_str())];
    server.set_blocked(&user, true).await;
    for more in [&by_refresh_token, &by_id_token] {
        let answer = delegate(server, &LEGACY_SPA, more).await;
        assert_oauth_error(&answer, 403, "invalid_grant", "user is blocked");
    }
    server.set_blocked(&user, false).await;
    only_id_token(
        &delegate(server, &LEGACY_SPA, &by_refresh_token).await,
        36_000,
    );
    server.delete_user(&user).await;
    let answer = delegate(server, &LEGACY_SPA, &by_id_token).await;
    assert_oauth_error(&answer, 401, "invalid_token", "The user does not exist");
    let answer = delegate(server, &LEGACY_SPA, &by_refresh_token).await;
    assert!(
        (answer.status, &answer.json()["error"]) == (403, &json!("invalid_grant")),
        "{answer}"
    );
}

/// An ID token of any user, forged by the client with its shared secret.
fn made_by_client(server: &Server, app: &App, user: &User) -> String {
    let now = server.now();
    let claims = json!({
        "iss": server.issuer(), "sub": user.id, "aud": app.id, "iat": now, "exp": now + 3600,
    });
    jwt::sign_hs256(&claims, app.secret())
}

#[harness::test]
async fn a_token_under_a_shared_secret_is_good_for_its_own_client_alone() {
    let server = Server::shared();
    let user = server.fresh_user();
    let own = log_in(server, &LEGACY_WEB, &user).await.id_token();
    for token in [&own, &made_by_client(server, &LEGACY_WEB, &user)] {
        let more = [("id_token", token.as_str()), ("target", LEGACY_SPA.id)];
        let answer = delegate(server, &LEGACY_WEB, &more).await;
        let words = "Client is not allowed to request a delegation token for legacy-spa";
        assert_oauth_error(&answer, 403, "unauthorized_client", words);
        let answer = delegate(server, &LEGACY_WEB, &[("id_token", token)]).await;
        let token = only_id_token(&answer, 3_600);
        jwt::verify_hs256(server, &token, LEGACY_WEB.id, LEGACY_WEB.secret());
    }
    // A refresh token is always the server's own, whichever algorithm signs the client's ID tokens.
    let token = log_in(server, &LEGACY_WEB, &user).await.refresh_token();
    let more = [("refresh_token", token.as_str()), ("target", LEGACY_SPA.id)];
    let answer = delegate(server, &LEGACY_WEB, &more).await;
    delegated(server, &answer, &LEGACY_SPA).await;
}

#[harness::test]
async fn a_jwt_with_critical_parameters_of_another_type_or_from_the_future_is_refused() {
    let server = Server::shared();
    let user = server.fresh_user();
    let own = log_in(server, &LEGACY_SPA, &user).await.id_token();
    let (_, claims) = jwt::peek(&own);
    let now = server.now();
    let secret = LEGACY_WEB.secret();
    let forged = |changes: Value| {
        let mut claims = json!({
            "iss": server.issuer(), "sub": user.id, "aud": LEGACY_WEB.id, "iat": now,
            "exp": now + 3600,
        });
        let changes = changes.as_object().expect("an object").clone();
        claims.as_object_mut().expect("an object").extend(changes);
        jwt::sign_hs256(&claims, secret)
    };
    for changes in [
        json!({ "aud": [LEGACY_WEB.id, LEGACY_SPA.id] }),
        json!({ "iat": now + 3600 }),
        json!({ "iat": now, "orig_iat": now + 3600 }),
        json!({ "iat": null }),
        json!({ "scope": "openid" }),
    ] {
        let token = forged(changes.clone());
        let answer = delegate(server, &LEGACY_WEB, &[("id_token", &token)]).await;
        let error = (answer.status, answer.json()["error"].clone());
        assert_eq!(error, (401, json!("invalid_token")), "{changes}: {answer}");
    }
    let answer = delegate(server, &LEGACY_WEB, &[("id_token", &forged(json!({})))]).await;
    only_id_token(&answer, 3_600);
    assert_eq!(claims.get("orig_iat"), None, "{claims}");
}

#[harness::test]
async fn tokens_from_before_a_log_out_everywhere_give_nothing() {
    let server = Server::start("logs a user out");
    let user = User::zoe();
    let tokens = log_in(&server, &LEGACY_SPA, &user).await;
    server.advance(1).await;
    server.log_out_everywhere(&user).await;
    let refresh_token = [("refresh_token", &*tokens.refresh_token())];
    let refused = delegate(&server, &LEGACY_SPA, &refresh_token).await;
    assert_unknown_refresh_token(&refused);
    let id_token = [("id_token", &*tokens.id_token())];
    let refused = delegate(&server, &LEGACY_SPA, &id_token).await;
    assert_oauth_error(&refused, 401, "invalid_token", "The user was logged out");
    server.advance(1).await;
    let id_token = log_in(&server, &LEGACY_SPA, &user).await.id_token();
    let answer = delegate(&server, &LEGACY_SPA, &[("id_token", &id_token)]).await;
    only_id_token(&answer, 36_000);
}
