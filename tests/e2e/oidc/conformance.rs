//! `conformance: openid` in the tenant file: where Auth0 departs from the specifications, they win.

use e2e::{
    Launch, Server, Tokens,
    apps::{SPA_STRICT, TV, WEB_POST},
    assert_oauth_error, jwt, tenant,
};

fn conformant() -> Option<Server> {
    let file = tenant::base().replacen("tenant:\n", "tenant:\n  conformance: openid\n", 1);
    Launch::new()
        .tenant(file)
        .start("has another setting of the tenant")
}

#[tokio::test]
async fn a_refused_grant_has_the_status_of_rfc_6749() {
    let Some(server) = conformant() else { return };
    let code = server.login(&SPA_STRICT).code().await;
    let tokens = Tokens::expect(server.exchange(&code).await);
    let again = server.exchange(&code).await;
    assert_oauth_error(&again, 400, "invalid_grant", "Invalid authorization code");
    let refused = server.refresh(&SPA_STRICT, &tokens.refresh_token()).await;
    let text = "Unknown or invalid refresh token.";
    assert_oauth_error(&refused, 400, "invalid_grant", text);

    let form = [("grant_type", "no-such-grant")];
    let text = "Unsupported grant type: no-such-grant";
    let refused = server.token(&SPA_STRICT, &form).await;
    assert_oauth_error(&refused, 400, "unsupported_grant_type", text);
}

#[tokio::test]
async fn a_client_that_is_not_itself_is_an_invalid_client() {
    let Some(server) = conformant() else { return };
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", WEB_POST.id),
        ("client_secret", "not-its-own"),
    ];
    let refused = server.http().post_form("/oauth/token", &form).await;
    assert_oauth_error(&refused, 401, "invalid_client", "Unauthorized");
}

#[tokio::test]
async fn a_device_is_told_to_wait_with_the_status_of_rfc_8628() {
    let Some(server) = conformant() else { return };
    let form = [("client_id", TV.id), ("scope", "openid")];
    let answer = server.http().post_form("/oauth/device/code", &form).await;
    let device_code = answer.json()["device_code"].clone();
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", device_code.as_str().expect("a device code")),
    ];
    for error in ["authorization_pending", "slow_down"] {
        let answer = server.token(&TV, &form).await;
        assert_eq!(
            (answer.status, answer.json()["error"].as_str()),
            (400, Some(error))
        );
    }
}

#[tokio::test]
async fn the_time_of_a_profile_is_a_number() {
    let Some(server) = conformant() else { return };
    let login = server
        .login(&SPA_STRICT)
        .scope("openid profile offline_access");
    let tokens = login.tokens().await;
    let refreshed = server.refreshed(&SPA_STRICT, &tokens.refresh_token()).await;
    let userinfo = server
        .http()
        .get_with_bearer("/userinfo", &refreshed.access_token())
        .await;
    for claims in [
        jwt::peek(&tokens.id_token()).1,
        jwt::peek(&refreshed.id_token()).1,
        userinfo.json(),
    ] {
        let at = claims["updated_at"].as_u64();
        assert!(at.is_some_and(|at| at <= server.now()), "{claims}");
    }
}
