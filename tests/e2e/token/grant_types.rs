//! The supported grant types, and the API of a request that names none.

use harness::{
    Launch, Server, Tokens,
    apps::{API, M2M, PW_NATIVE, SPA_STRICT, User, WEB_POST},
    assert_oauth_error, jwt, tenant,
};

#[harness::test]
async fn unknown_grant_types_are_unsupported() {
    let server = Server::shared();
    for grant in [
        "telepathy",
        "http://auth0.com/oauth/grant-type/mfa-otp",
        "http://auth0.com/oauth/grant-type/mfa-oob",
        "http://auth0.com/oauth/grant-type/mfa-recovery-code",
        "http://auth0.com/oauth/grant-type/passwordless/otp",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:openid:params:grant-type:ciba",
        "urn:okta:params:oauth:grant-type:webauthn",
        "http://auth0.com/oauth/legacy/grant-type/ro",
        "http://auth0.com/oauth/legacy/grant-type/delegation/refresh_token",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ] {
        for app in [SPA_STRICT, WEB_POST] {
            let answer = server.token(&app, &[("grant_type", grant)]).await;
            let words = format!("Unsupported grant type: {grant}");
            assert_oauth_error(&answer, 403, "unsupported_grant_type", &words);
        }
    }
}

#[harness::test]
async fn the_tenants_default_audience_applies_to_every_grant() {
    let line = "friendly_name: Ratchet Tests";
    let default = format!("{line}\n  default_audience: {API}");
    let launch = Launch::new().tenant(tenant::changed(line, &default));
    let server = launch.start("has another default audience");
    let ada = User::ada();
    let machine = [("grant_type", "client_credentials")];
    let password = [
        ("grant_type", "password"),
        ("username", ada.email.as_str()),
        ("password", ada.password),
        ("scope", "openid read:orders"),
    ];
    let tokens = [
        Tokens::expect(server.token(&M2M, &machine).await),
        Tokens::expect(server.token(&PW_NATIVE, &password).await),
        server.login(&SPA_STRICT).without("audience").tokens().await,
    ];
    for tokens in tokens {
        let (_, claims) = jwt::peek(&tokens.access_token());
        assert!(claims["aud"].to_string().contains(API), "{claims}");
    }
}

#[harness::test]
async fn a_device_has_no_meaning_with_a_password() {
    let server = Server::shared();
    let ada = User::ada();
    let form = [
        ("grant_type", "password"),
        ("username", ada.email.as_str()),
        ("password", ada.password),
        ("audience", API),
        ("scope", "openid offline_access"),
        ("device", "phone"),
    ];
    let tokens = Tokens::expect(server.token(&PW_NATIVE, &form).await);
    server.rotated(&PW_NATIVE, &tokens.refresh_token()).await;
}
