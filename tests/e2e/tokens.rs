//! The contents of the tokens, verified as an API or an application would.

use harness::{
    Server, Tokens,
    apps::{
        API, App, HS256_API, HS256_API_SECRET, M2M, PS256_API, RFC9068_API, SPA_HS256, SPA_STRICT,
        User, WEB_ES256, WEB_HS256, WEB_POST, WEB_PS256,
    },
    jwt::{self, verify, verify_hs256},
    scopes,
};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

/// The names of the claims, sorted.
fn names(claims: &Value) -> Vec<&str> {
    let claims = claims.as_object().expect("claims are an object");
    let mut names: Vec<&str> = claims.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[track_caller]
fn assert_issued_now(server: &Server, claims: &Value, lifetime: u64) {
    let number = |name: &str| {
        claims[name]
            .as_u64()
            .unwrap_or_else(|| panic!("{name}: {claims}"))
    };
    assert!(server.is_now(number("iat")), "{claims}");
    assert_eq!(number("exp") - number("iat"), lifetime, "{claims}");
}

#[harness::test]
async fn an_access_token_of_the_default_dialect() {
    let server = Server::shared();
    let tokens = server
        .login(&SPA_STRICT)
        .scope("openid read:orders")
        .tokens()
        .await;
    let token = verify(server, &tokens.access_token(), API, Algorithm::RS256).await;

    assert_eq!(token.header.typ.as_deref(), Some("JWT"));
    let claims = token.claims;
    assert_eq!(
        names(&claims),
        ["aud", "azp", "exp", "iat", "iss", "scope", "sub"]
    );
    assert_eq!(claims["sub"], "auth0|ada");
    assert_eq!(claims["azp"], SPA_STRICT.id);
    assert_eq!(claims["aud"], json!([API, server.url("userinfo")]));
    assert_eq!(
        scopes(claims["scope"].as_str().unwrap_or_default()),
        scopes("openid read:orders")
    );
    assert_issued_now(server, &claims, 86_400);
}

#[harness::test]
async fn without_openid_the_audience_is_the_api_alone() {
    let server = Server::shared();
    let tokens = server
        .login(&SPA_STRICT)
        .scope("read:orders")
        .tokens()
        .await;
    let token = verify(server, &tokens.access_token(), API, Algorithm::RS256).await;
    assert_eq!(token.claims["aud"], API);
}

#[harness::test]
async fn an_access_token_of_the_rfc_9068_dialect() {
    let server = Server::shared();
    let login = || {
        server
            .login(&SPA_STRICT)
            .audience(RFC9068_API)
            .scope("openid read:profiles")
    };
    let mut ids = Vec::new();
    for _ in 0..2 {
        let token = login().tokens().await.access_token();
        let token = verify(server, &token, RFC9068_API, Algorithm::RS256).await;
        assert_eq!(token.header.typ.as_deref(), Some("at+jwt"));
        let claims = token.claims;
        assert_eq!(
            names(&claims),
            [
                "aud",
                "client_id",
                "exp",
                "iat",
                "iss",
                "jti",
                "scope",
                "sub"
            ]
        );
        assert_eq!(claims["client_id"], SPA_STRICT.id);
        ids.push(claims["jti"].clone());
    }
    assert_ne!(ids[0], ids[1]);
}

#[harness::test]
async fn an_access_token_of_an_hs256_api() {
    let server = Server::shared();
    let login = server
        .login(&SPA_STRICT)
        .audience(HS256_API)
        .scope("openid read:secrets");
    let token = login.tokens().await.access_token();
    let claims = verify_hs256(server, &token, HS256_API, HS256_API_SECRET).claims;
    assert_eq!(claims["aud"], HS256_API);
}

#[harness::test]
async fn an_access_token_of_a_ps256_api() {
    let server = Server::shared();
    let login = server
        .login(&SPA_STRICT)
        .audience(PS256_API)
        .scope("openid read:padding");
    let token = login.tokens().await.access_token();
    verify(server, &token, PS256_API, Algorithm::PS256).await;
}

#[harness::test]
async fn a_machines_access_token() {
    let server = Server::shared();
    let ask = |audience| async move {
        let form = [("grant_type", "client_credentials"), ("audience", audience)];
        Tokens::expect(server.token(&M2M, &form).await).access_token()
    };
    let claims = verify(server, &ask(API).await, API, Algorithm::RS256)
        .await
        .claims;
    assert_eq!(
        names(&claims),
        ["aud", "azp", "exp", "gty", "iat", "iss", "scope", "sub"]
    );
    assert_eq!(claims["sub"], "m2m@clients");
    assert_eq!(claims["azp"], M2M.id);
    assert_eq!(claims["aud"], API);
    assert_eq!(claims["gty"], "client-credentials");
    assert_eq!(claims["scope"], "read:orders");

    let form = [
        ("grant_type", "client_credentials"),
        ("audience", RFC9068_API),
    ];
    let bare = Tokens::expect(server.token(&M2M, &form).await);
    assert!(!bare.has("scope"), "{}", bare.body);
    let token = verify(
        server,
        &ask(RFC9068_API).await,
        RFC9068_API,
        Algorithm::RS256,
    )
    .await;
    assert_eq!(token.header.typ.as_deref(), Some("at+jwt"));
    assert_eq!(
        names(&token.claims),
        ["aud", "client_id", "exp", "iat", "iss", "jti", "sub"],
        "no scope where none is granted"
    );
    verify_hs256(server, &ask(HS256_API).await, HS256_API, HS256_API_SECRET);
}

#[harness::test]
async fn an_id_token_says_who_logged_in() {
    let server = Server::shared();
    let login = server
        .login(&SPA_STRICT)
        .scope("openid profile email")
        .with("nonce", "n-1");
    let token = login.tokens().await.id_token();
    let claims = verify(server, &token, SPA_STRICT.id, Algorithm::RS256)
        .await
        .claims;
    assert_eq!(claims["sub"], "auth0|ada");
    assert_eq!(claims["aud"], SPA_STRICT.id);
    assert_eq!(claims["nonce"], "n-1");
    assert_eq!(claims["name"], "Ada Lovelace");
    assert_eq!(claims["given_name"], "Ada");
    assert_eq!(claims["family_name"], "Lovelace");
    assert_eq!(claims["nickname"], "ada");
    assert_eq!(claims["picture"], "https://pictures.example.com/ada.png");
    assert_eq!(claims["email"], "ada@example.com");
    assert_eq!(claims["email_verified"], true);
    let updated = claims["updated_at"].as_str().unwrap_or_default();
    assert!(updated.contains('T') && updated.ends_with('Z'), "{claims}");
    assert!(
        claims["sid"].as_str().is_some_and(|sid| !sid.is_empty()),
        "{claims}"
    );
    assert!(claims.get("app_metadata").is_none(), "{claims}");
    assert_issued_now(server, &claims, 36_000);
}

#[harness::test]
async fn openid_alone_gives_no_more_than_the_subject() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT).scope("openid").without("nonce");
    let (_, claims) = jwt::peek(&login.tokens().await.id_token());
    assert_eq!(names(&claims), ["aud", "exp", "iat", "iss", "sid", "sub"]);
}

#[harness::test]
async fn a_client_chooses_the_lifetime_of_its_id_tokens() {
    let server = Server::shared();
    let (_, claims) = jwt::peek(&server.login(&WEB_POST).tokens().await.id_token());
    assert_issued_now(server, &claims, 3_600);
}

#[harness::test]
async fn a_session_has_one_sid() {
    let server = Server::shared();
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).browser(&browser);
    let sid = |token: String| jwt::peek(&token).1["sid"].clone();
    let first = sid(login().tokens().await.id_token());
    let silent = sid(login().with("prompt", "none").tokens().await.id_token());
    let elsewhere = sid(server.login(&SPA_STRICT).tokens().await.id_token());
    assert_eq!(first, silent);
    assert_ne!(first, elsewhere);
}

#[harness::test]
async fn a_refreshed_id_token_is_the_same_persons_without_nonce_and_session() {
    let server = Server::shared();
    let first = server
        .login(&SPA_STRICT)
        .with("max_age", "3600")
        .tokens()
        .await;
    let (_, before) = jwt::peek(&first.id_token());
    let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
    let token = second.id_token();
    let after = verify(server, &token, SPA_STRICT.id, Algorithm::RS256)
        .await
        .claims;

    for same in ["iss", "sub", "aud", "email", "name"] {
        assert_eq!(before[same], after[same], "{after}");
    }
    for absent in ["nonce", "sid"] {
        assert!(before.get(absent).is_some(), "{before}");
        assert!(after.get(absent).is_none(), "{after}");
    }
    assert!(before["auth_time"].is_u64(), "{before}");
    assert_eq!(after["auth_time"], before["auth_time"]);
    assert_issued_now(server, &after, 36_000);
}

#[harness::test]
async fn a_refreshed_access_token_says_what_the_first_said() {
    let server = Server::shared();
    for audience in [API, RFC9068_API] {
        let login = server.login(&SPA_STRICT).audience(audience);
        let first = login.scope("openid offline_access").tokens().await;
        let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
        let (_, before) = jwt::peek(&first.access_token());
        let token = second.access_token();
        let after = verify(server, &token, audience, Algorithm::RS256)
            .await
            .claims;
        for same in ["iss", "sub", "aud", "azp", "client_id", "scope"] {
            assert_eq!(before[same], after[same], "{after}");
        }
        // A token from a code has none; the newer dialect never has one.
        assert_eq!(before.get("gty"), None, "{before}");
        let gty = (audience == API).then_some("refresh_token");
        assert_eq!(after["gty"].as_str(), gty, "{after}");
    }
}

#[harness::test]
async fn each_client_gets_the_signature_it_asked_for() {
    let server = Server::shared();
    for (app, alg) in [
        (WEB_POST, Algorithm::RS256),
        (WEB_PS256, Algorithm::PS256),
        (WEB_ES256, Algorithm::ES256),
    ] {
        let tokens = server.login(&app).tokens().await;
        verify(server, &tokens.id_token(), app.id, alg).await;
        verify(server, &tokens.access_token(), API, Algorithm::RS256).await;
    }
    let token = server.login(&WEB_HS256).tokens().await.id_token();
    verify_hs256(server, &token, WEB_HS256.id, WEB_HS256.secret());
}

#[harness::test]
async fn a_public_client_configured_for_hs256_gets_rs256() {
    let server = Server::shared();
    let token = server.login(&SPA_HS256).tokens().await.id_token();
    verify(server, &token, SPA_HS256.id, Algorithm::RS256).await;
}

#[harness::test]
async fn the_signature_stays_the_same_kind_on_refresh() {
    let server = Server::shared();
    let refreshed = |app: App| async move {
        let token = server.login(&app).refresh_token().await;
        server.refreshed(&app, &token).await.id_token()
    };
    verify(
        server,
        &refreshed(WEB_ES256).await,
        WEB_ES256.id,
        Algorithm::ES256,
    )
    .await;
    verify(
        server,
        &refreshed(WEB_PS256).await,
        WEB_PS256.id,
        Algorithm::PS256,
    )
    .await;
    verify_hs256(
        server,
        &refreshed(WEB_HS256).await,
        WEB_HS256.id,
        WEB_HS256.secret(),
    );
}

#[harness::test]
async fn claims_of_a_person_without_profile_are_left_out() {
    let server = Server::shared();
    let login = server
        .login(&SPA_STRICT)
        .user(&User::zoe())
        .scope("openid profile email");
    let (_, claims) = jwt::peek(&login.tokens().await.id_token());
    assert_eq!(claims["email_verified"], false, "{claims}");
    assert!(claims.get("given_name").is_none(), "{claims}");
    let object = claims.as_object().expect("claims are an object");
    assert!(object.values().all(|value| !value.is_null()), "{claims}");
}

#[harness::test]
async fn phone_and_middle_name_are_claims_of_their_scopes() {
    let server = Server::start("imports a user");
    let file = "users:
  - user_id: auth0|zoe
    email: zoe@example.com
    middle_name: M.
    phone_number: '+441234567890'
    phone_verified: true
";
    server.import_tenant(file.to_owned()).await;
    for (scope, shown, hidden) in [
        (
            "openid phone",
            "phone_number phone_number_verified",
            "middle_name",
        ),
        ("openid profile", "middle_name", "phone_number"),
    ] {
        let login = server.login(&SPA_STRICT).user(&User::zoe()).scope(scope);
        let tokens = login.tokens().await;
        let (_, in_token) = jwt::peek(&tokens.id_token());
        let access_token = tokens.access_token();
        let answer = server
            .http()
            .get_with_bearer("/userinfo", &access_token)
            .await;
        for claims in [in_token, answer.json()] {
            for name in shown.split(' ') {
                assert!(claims.get(name).is_some(), "{name} in {claims}");
            }
            assert_eq!(claims.get(hidden), None, "{claims}");
        }
    }
}
