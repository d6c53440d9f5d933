//! Codes, their tokens and their refresh tokens, in both pipelines.

use harness::{
    Launch, Server, Tokens,
    apps::{
        API, App, LEGACY_KIOSK, LEGACY_PHONE, LEGACY_SPA, LEGACY_WEB, M2M, SPA_STRICT, THIRD_PARTY,
        User, WEB_CLASSIC,
    },
    assert_oauth_error, assert_unknown_refresh_token,
    flow::Login,
    jwt, scopes, tenant,
};
use jsonwebtoken::Algorithm::RS256;
use serde_json::{Value, json};

/// A request for a code without an audience, by a user with a full profile.
fn ask(app: &App, scope: &str) -> Login<'static> {
    ask_at(Server::shared(), app, scope)
}

fn ask_at<'a>(server: &'a Server, app: &App, scope: &str) -> Login<'a> {
    let login = server.login(app).user(&User::grace());
    login.without("audience").scope(scope)
}

fn claims(tokens: &Tokens) -> Value {
    jwt::peek(&tokens.id_token()).1
}

async fn userinfo(server: &Server, token: &str) -> Value {
    let answer = server.http().get_with_bearer("/userinfo", token).await;
    assert_eq!(answer.status, 200, "{answer}");
    answer.json()
}

#[harness::test]
async fn a_refresh_token_takes_offline_access_and_in_the_legacy_pipeline_a_device() {
    let offline = "openid offline_access";
    let legacy = ask(&LEGACY_SPA, offline).with("device", "phone");
    assert!(legacy.tokens().await.has("refresh_token"));
    for none in [
        ask(&LEGACY_SPA, offline),
        ask(&LEGACY_SPA, "openid").with("device", "phone"),
    ] {
        let tokens = none.tokens().await;
        assert!(!tokens.has("refresh_token"), "{}", tokens.body);
        assert_eq!(tokens.scope(), scopes("openid"));
    }
    let issuer = Server::shared().issuer();
    for audience in [API.to_owned(), format!("{issuer}userinfo")] {
        let opted_in = ask(&LEGACY_SPA, offline).audience(&audience);
        assert!(opted_in.tokens().await.has("refresh_token"), "{audience}");
    }
    let conformant = ask(&SPA_STRICT, offline).with("device", "ignored");
    assert!(conformant.tokens().await.has("refresh_token"));
}

#[harness::test]
async fn a_legacy_access_token_is_opaque_and_an_audience_makes_it_a_jwt() {
    let tokens = ask(&LEGACY_SPA, "openid").tokens().await;
    assert!(!jwt::is_jws(&tokens.access_token()));
    assert_eq!(tokens.body["expires_in"], 86_400);
    assert_eq!(tokens.body["token_type"], "Bearer");
    let opted_in = ask(&LEGACY_SPA, "openid").audience(API).tokens().await;
    assert!(jwt::is_jws(&opted_in.access_token()));
}

#[harness::test]
async fn an_id_token_is_signed_as_configured_but_for_public_clients() {
    let server = Server::shared();
    let tokens = ask(&LEGACY_WEB, "openid").tokens().await;
    let token = tokens.id_token();
    jwt::verify_hs256(server, &token, LEGACY_WEB.id, LEGACY_WEB.secret());
    let tokens = ask(&LEGACY_KIOSK, "openid").tokens().await;
    jwt::verify(server, &tokens.id_token(), LEGACY_KIOSK.id, RS256).await;
}

#[harness::test]
async fn any_attribute_is_a_scope_in_the_legacy_pipeline_alone() {
    let scope = "openid favorite_color app_metadata user_id identities roles";
    let tokens = ask(&LEGACY_SPA, scope).tokens().await;
    assert_eq!(tokens.scope(), scopes(scope));
    let id_claims = claims(&tokens);
    assert_eq!(id_claims["sub"], "auth0|grace");
    assert_eq!(id_claims["favorite_color"], "navy");
    assert_eq!(id_claims["app_metadata"]["plan"], "gold");
    assert_eq!(id_claims["user_id"], "auth0|grace");
    assert_eq!(id_claims["roles"], json!(["admiral"]));
    let identity = json!({
        "connection": "Username-Password-Authentication", "provider": "auth0", "user_id": "grace",
        "isSocial": false,
    });
    assert_eq!(id_claims["identities"], json!([identity]));
    assert_eq!(
        (id_claims.get("name"), id_claims.get("email")),
        (None, None),
        "{id_claims}"
    );

    let issuer = Server::shared().issuer();
    for conformant in [
        ask(&SPA_STRICT, scope),
        ask(&LEGACY_SPA, scope).audience(&format!("{issuer}userinfo")),
        ask(&LEGACY_SPA, scope).audience(API),
    ] {
        let tokens = conformant.tokens().await;
        assert_eq!(tokens.scope(), scopes("openid"));
        let id_claims = claims(&tokens);
        for name in [
            "favorite_color",
            "app_metadata",
            "user_id",
            "identities",
            "roles",
        ] {
            assert_eq!(id_claims.get(name), None, "{id_claims}");
        }
    }
}

#[harness::test]
async fn profile_opens_the_whole_profile_in_the_legacy_pipeline_alone() {
    let whole = [
        "name",
        "nickname",
        "email",
        "email_verified",
        "favorite_color",
        "app_metadata",
        "user_metadata",
        "user_id",
        "identities",
        "created_at",
        "updated_at",
    ];
    let id_claims = claims(&ask(&LEGACY_SPA, "openid profile").tokens().await);
    for name in whole {
        assert!(id_claims.get(name).is_some(), "{name} in {id_claims}");
    }
    assert_eq!(id_claims["iss"], Server::shared().issuer());
    let id_claims = claims(&ask(&SPA_STRICT, "openid profile").tokens().await);
    assert_eq!(id_claims["name"], "Grace Hopper");
    for name in [
        "favorite_color",
        "app_metadata",
        "user_id",
        "identities",
        "email",
    ] {
        assert_eq!(id_claims.get(name), None, "{id_claims}");
    }
}

#[harness::test]
async fn user_metadata_is_no_attribute() {
    let id_claims = claims(&ask(&LEGACY_SPA, "openid admin theme").tokens().await);
    assert_eq!(
        (id_claims.get("admin"), id_claims.get("theme")),
        (None, None)
    );
}

#[harness::test]
async fn userinfo_returns_the_whole_profile_to_legacy_tokens_only() {
    let server = Server::shared();
    for scope in ["openid", "email", "favorite_color"] {
        let token = ask(&LEGACY_SPA, scope).tokens().await.access_token();
        let profile = userinfo(server, &token).await;
        assert_eq!(profile["sub"], "auth0|grace", "{profile}");
        assert_eq!(profile["favorite_color"], "navy", "{profile}");
        assert_eq!(profile["identities"][0]["user_id"], "grace", "{profile}");
        assert_eq!(profile["app_metadata"]["plan"], "gold", "{profile}");
    }
    let userinfo_audience = format!("{}userinfo", server.issuer());
    for conformant in [
        ask(&SPA_STRICT, "openid"),
        ask(&LEGACY_SPA, "openid").audience(&userinfo_audience),
        ask(&LEGACY_SPA, "openid").audience(API),
    ] {
        let token = conformant.tokens().await.access_token();
        let profile = userinfo(server, &token).await;
        assert_eq!(profile, json!({"sub": "auth0|grace"}));
    }
}

#[harness::test]
async fn the_tenant_can_take_the_whole_profile_away() {
    let file = tenant::changed(
        "revoke_refresh_token_grant: false",
        "enable_legacy_profile: false",
    );
    let launch = Launch::new().tenant(file);
    let server = launch.start("has another tenant flag");
    let tokens = ask_at(&server, &LEGACY_SPA, "openid email favorite_color")
        .tokens()
        .await;
    let id_claims = claims(&tokens);
    assert_eq!(
        (&id_claims["email"], id_claims.get("favorite_color")),
        (&json!("grace@example.com"), None)
    );
    let profile = userinfo(&server, &tokens.access_token()).await;
    let expected =
        json!({"sub": "auth0|grace", "email": "grace@example.com", "email_verified": true});
    assert_eq!(profile, expected);
}

#[harness::test]
async fn a_default_audience_makes_every_request_conformant() {
    let file = tenant::changed(
        "  default_directory:",
        "  default_audience: https://api.example.com\n  default_directory:",
    );
    let launch = Launch::new().tenant(file);
    let server = launch.start("has another default audience");
    let tokens = ask_at(&server, &LEGACY_SPA, "openid offline_access favorite_color")
        .tokens()
        .await;
    assert!(jwt::is_jws(&tokens.access_token()));
    assert!(tokens.has("refresh_token"), "{}", tokens.body);
    assert_eq!(claims(&tokens).get("favorite_color"), None);
}

#[harness::test]
async fn a_legacy_refresh_gives_an_access_token_for_userinfo_and_nothing_else() {
    let server = Server::shared();
    let login = ask(&LEGACY_SPA, "openid profile offline_access").with("device", "phone");
    let token = login.refresh_token().await;
    for _ in 0..3 {
        let tokens = server.refreshed(&LEGACY_SPA, &token).await;
        assert!(!tokens.has("id_token"), "{}", tokens.body);
        assert!(
            !tokens.has("refresh_token"),
            "it does not rotate: {}",
            tokens.body
        );
        assert!(!jwt::is_jws(&tokens.access_token()));
        let profile = userinfo(server, &tokens.access_token()).await;
        assert_eq!(profile["favorite_color"], "navy", "{profile}");
    }
    // A conformant request of the same client gets all tokens, and rotates.
    let conformant = ask(&LEGACY_SPA, "openid offline_access").audience(API);
    let tokens = server
        .refreshed(&LEGACY_SPA, &conformant.refresh_token().await)
        .await;
    assert!(
        tokens.has("id_token") && tokens.has("refresh_token"),
        "{}",
        tokens.body
    );
    // A conformant client also gets an ID token; it keeps its refresh token if it does not rotate.
    let classic = ask(&WEB_CLASSIC, "openid offline_access")
        .refresh_token()
        .await;
    assert!(
        server
            .refreshed(&WEB_CLASSIC, &classic)
            .await
            .has("id_token")
    );
}

#[harness::test]
async fn a_legacy_refresh_token_can_be_revoked() {
    let server = Server::shared();
    let login = ask(&LEGACY_SPA, "openid offline_access").with("device", "phone");
    let token = login.refresh_token().await;
    assert_eq!(server.revoke(&LEGACY_SPA, &token).await.status, 200);
    assert_unknown_refresh_token(&server.refresh(&LEGACY_SPA, &token).await);
}

#[harness::test]
async fn an_audience_on_a_legacy_refresh_changes_nothing() {
    let server = Server::shared();
    let login = ask(&LEGACY_SPA, "openid offline_access").with("device", "phone");
    let token = login.refresh_token().await;
    let more = [("audience", API)];
    let answer = server.refresh_with(&LEGACY_SPA, &token, &more).await;
    assert!(!jwt::is_jws(&Tokens::expect(answer).access_token()));
}

#[harness::test]
async fn rotation_is_not_for_legacy_clients() {
    let server = Server::start("imports a tenant that is refused");
    let rotation = ("rotation_type: non-rotating", "rotation_type: rotating");
    let file = tenant::client_changed(&LEGACY_PHONE, &[rotation]);
    let answer = server
        .http()
        .post_bytes("/test/tenant", "application/yaml", file)
        .await;
    assert_eq!(answer.status, 400, "{answer}");
    assert!(
        answer
            .text()
            .contains("`rotating` requires `oidc_conformant: true`"),
        "{answer}"
    );
}

#[harness::test]
async fn the_legacy_pipeline_does_not_ask_for_consent() {
    let server = Server::shared();
    let user = server.fresh_user();
    let asked = ask(&LEGACY_SPA, "openid everything").user(&user);
    let browser = server.browser();
    asked.browser(&browser).callback().await;
    let again = |prompt| {
        let login = ask(&LEGACY_SPA, "openid more").user(&user);
        login.browser(&browser).with("prompt", prompt)
    };
    again("consent").open().await.callback().code();
    again("none").open().await.callback().code();
    let conformant = again("consent").audience(API);
    conformant.open().await.page_at("/u/consent");
}

#[harness::test]
async fn a_third_party_application_is_always_oidc_conformant() {
    let server = Server::start("changes a client");
    let legacy = ("oidc_conformant: true\n", "oidc_conformant: false\n");
    let rotating = ("rotation_type: rotating", "rotation_type: non-rotating");
    server
        .import_tenant(tenant::client_changed(&THIRD_PARTY, &[legacy, rotating]))
        .await;
    let login = ask_at(&server, &THIRD_PARTY, "openid favorite_color");
    let landing = login.browser(&server.browser());
    let tokens = landing.tokens().await;
    assert_eq!(tokens.scope(), scopes("openid"));
    assert_eq!(claims(&tokens).get("favorite_color"), None);
}

#[harness::test]
async fn client_credentials_are_conformant() {
    let server = Server::shared();
    let form = [("grant_type", "client_credentials")];
    assert_oauth_error(
        &server.token(&LEGACY_WEB, &form).await,
        403,
        "access_denied",
        "No audience parameter was provided, and no default audience has been configured",
    );
    let form = [("grant_type", "client_credentials"), ("audience", API)];
    let tokens = Tokens::expect(server.token(&M2M, &form).await);
    assert!(jwt::is_jws(&tokens.access_token()));
}
