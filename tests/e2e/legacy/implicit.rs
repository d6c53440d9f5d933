//! Tokens directly from `/authorize`, in both pipelines.

use harness::{
    Callback, Server,
    apps::{API, App, LEGACY_CLOSED, LEGACY_KIOSK, LEGACY_SPA, LEGACY_WEB, SPA_HYBRID, User},
    flow::Login,
    jwt,
};
use jsonwebtoken::Algorithm::RS256;
use serde_json::Value;

/// An implicit request without an audience.
fn ask(app: &App, response_type: &str) -> Login<'static> {
    Server::shared()
        .login(app)
        .without("audience")
        .without_pkce()
        .scope("openid")
        .with("response_type", response_type)
}

async fn id_token(callback: &Callback, app: &App) -> Value {
    let token = callback.get("id_token").expect("an ID token");
    jwt::verify(Server::shared(), &token, app.id, RS256)
        .await
        .claims
}

#[harness::test]
async fn an_access_token_with_openid_brings_an_id_token_in_the_legacy_pipeline_alone() {
    let callback = ask(&LEGACY_SPA, "token").callback().await;
    assert!(callback.in_fragment(), "{}", callback.url);
    assert_eq!(
        callback.names().join(" "),
        "access_token expires_in token_type scope id_token state"
    );
    assert!(id_token(&callback, &LEGACY_SPA).await["at_hash"].is_string());

    let without = ask(&LEGACY_SPA, "token").scope("profile").callback().await;
    assert_eq!(without.get("id_token"), None);
    let conformant = ask(&SPA_HYBRID, "token").callback().await;
    assert_eq!(conformant.get("id_token"), None);
    let issuer = Server::shared().issuer();
    for audience in [API.to_owned(), format!("{issuer}userinfo")] {
        let opted_in = ask(&LEGACY_SPA, "token").audience(&audience);
        assert_eq!(
            opted_in.callback().await.get("id_token"),
            None,
            "{audience}"
        );
    }
}

#[harness::test]
async fn a_nonce_is_optional_in_the_legacy_pipeline_and_required_in_the_other() {
    for response_type in ["id_token", "token id_token"] {
        let without = |app| ask(app, response_type).without("nonce");
        let callback = without(&LEGACY_SPA).callback().await;
        let claims = id_token(&callback, &LEGACY_SPA).await;
        assert_eq!(claims.get("nonce"), None, "{claims}");
        for conformant in [without(&SPA_HYBRID), without(&LEGACY_SPA).audience(API)] {
            let callback = conformant.callback().await;
            callback.assert_error("invalid_request", "Missing required parameter: nonce");
        }
    }
    let callback = ask(&LEGACY_SPA, "id_token")
        .with("nonce", "n")
        .callback()
        .await;
    assert_eq!(id_token(&callback, &LEGACY_SPA).await["nonce"], "n");
}

#[harness::test]
async fn offline_access_on_a_named_device_gives_a_refresh_token_in_the_legacy_pipeline_alone() {
    let server = Server::shared();
    for response_type in ["token", "id_token", "token id_token"] {
        let offline = |app| {
            let login = ask(app, response_type).scope("openid offline_access");
            login.with("device", "phone")
        };
        let callback = offline(&LEGACY_SPA).callback().await;
        assert!(callback.in_fragment());
        let token = callback.get("refresh_token").expect("a refresh token");
        server.refreshed(&LEGACY_SPA, &token).await;

        for none in [
            offline(&LEGACY_SPA).without("device"),
            offline(&LEGACY_SPA).scope("openid"),
            offline(&LEGACY_SPA).audience(API),
            offline(&SPA_HYBRID),
        ] {
            let callback = none.callback().await;
            assert_eq!(callback.get("error"), None, "{}", callback.url);
            assert_eq!(callback.get("refresh_token"), None, "{}", callback.url);
            let scope = callback.get("scope").unwrap_or_default();
            assert!(!scope.contains("offline_access"), "{scope}");
        }
    }
}

#[harness::test]
async fn a_hybrid_answer_leaves_the_refresh_token_to_its_code() {
    let server = Server::shared();
    let login = ask(&LEGACY_WEB, "code token").scope("openid offline_access");
    let callback = login.with("device", "desk").callback().await;
    assert_eq!(callback.get("refresh_token"), None);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &callback.code()),
        ("redirect_uri", LEGACY_WEB.callback),
    ];
    let tokens = harness::Tokens::expect(server.token(&LEGACY_WEB, &form).await);
    assert!(tokens.has("refresh_token"), "{}", tokens.body);
}

#[harness::test]
async fn an_implicit_id_token_is_signed_as_configured_in_the_legacy_pipeline() {
    let server = Server::shared();
    let callback = ask(&LEGACY_WEB, "token id_token").callback().await;
    let token = callback.get("id_token").unwrap();
    jwt::verify_hs256(server, &token, LEGACY_WEB.id, LEGACY_WEB.secret());

    let conformant = ask(&LEGACY_WEB, "token id_token").audience(API);
    id_token(&conformant.callback().await, &LEGACY_WEB).await;
    let public = ask(&LEGACY_KIOSK, "token id_token").callback().await;
    id_token(&public, &LEGACY_KIOSK).await;
}

#[harness::test]
async fn a_legacy_access_token_is_opaque_and_opens_userinfo_for_two_hours() {
    let server = Server::shared();
    let callback = ask(&LEGACY_SPA, "token")
        .user(&User::grace())
        .callback()
        .await;
    assert_eq!(callback.get("expires_in").as_deref(), Some("7200"));
    let token = callback.get("access_token").unwrap();
    assert!(!jwt::is_jws(&token));
    let profile = server.http().get_with_bearer("/userinfo", &token).await;
    assert_eq!(profile.json()["favorite_color"], "navy", "{profile}");
}

#[harness::test]
async fn errors_of_the_legacy_pipeline_are_reported_to_the_application() {
    let login = ask(&LEGACY_SPA, "token").with("device", &"x".repeat(101));
    login.callback().await.assert_error(
        "invalid_request",
        "Parameter device must be 1 to 100 bytes without control characters",
    );
    let login = ask(&LEGACY_SPA, "token").scope(&format!("openid {}", "x".repeat(300)));
    login
        .callback()
        .await
        .assert_error("invalid_scope", "Scope must not be longer than 300 bytes");
    // The conformant pipeline ignores both.
    let login = ask(&SPA_HYBRID, "token").with("device", &"x".repeat(101));
    let login = login.scope(&format!("openid {}", "x".repeat(300)));
    assert!(login.callback().await.get("access_token").is_some());
}

#[harness::test]
async fn without_single_sign_on_every_legacy_request_asks_for_the_password() {
    let server = Server::shared();
    let browser = server.browser();
    ask(&LEGACY_SPA, "token").browser(&browser).callback().await;
    let again = |app| ask(app, "token").browser(&browser);
    assert!(again(&LEGACY_SPA).open().await.callback().in_fragment());
    again(&LEGACY_CLOSED).open().await.page_at("/u/login");
    again(&LEGACY_CLOSED).assert_logged_out().await;
    // The conformant pipeline always uses the session.
    let conformant = again(&LEGACY_CLOSED).audience(API);
    conformant.open().await.callback();
}
