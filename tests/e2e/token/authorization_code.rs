//! `grant_type=authorization_code` (RFC 6749 section 4.1.3, RFC 7636).

use harness::{
    INVALID_CODE, Server, Tokens,
    apps::{
        API, NATIVE, ONLINE_API, SPA_CODE_ONLY, SPA_LEEWAY, SPA_STRICT, SPA_UNROTATED, WEB_BASIC,
        WEB_CLASSIC, WEB_POST,
    },
    assert_oauth_error, assert_unknown_refresh_token, jwt, pkce, scopes,
};
use serde_json::json;

#[harness::test]
async fn a_code_with_its_verifier_becomes_tokens() {
    let server = Server::shared();
    let tokens = server.login(&SPA_STRICT).tokens().await;

    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.body["expires_in"], 86_400);
    assert!(
        tokens.refresh_token().starts_with("rt1_"),
        "{}",
        tokens.body
    );
    assert!(jwt::is_jws(&tokens.access_token()));
    assert!(jwt::is_jws(&tokens.id_token()));
    let asked = "openid profile email offline_access read:orders write:orders";
    assert_eq!(tokens.scope(), scopes(asked));
}

#[harness::test]
async fn an_answer_names_its_request() {
    let server = Server::shared();
    let code = server.login(&SPA_STRICT).code().await;
    let answer = server.exchange(&code).await;
    assert!(
        answer
            .header("x-auth0-requestid")
            .is_some_and(|id| !id.is_empty()),
        "{answer}"
    );
}

#[harness::test]
async fn confidential_clients_exchange_codes_without_pkce() {
    let server = Server::shared();
    for app in [WEB_POST, WEB_BASIC] {
        let tokens = server.login(&app).without_pkce().tokens().await;
        assert!(tokens.has("refresh_token"), "{}", tokens.body);
    }
}

#[harness::test]
async fn json_is_as_good_as_a_form() {
    let server = Server::shared();
    let code = server.login(&SPA_STRICT).code().await;
    let body = json!({
        "grant_type": "authorization_code",
        "client_id": SPA_STRICT.id,
        "code": code.value,
        "redirect_uri": code.redirect_uri,
        "code_verifier": code.verifier,
    });
    Tokens::expect(server.http().post_json("/oauth/token", &body).await);
}

#[harness::test]
async fn a_plain_challenge_is_its_own_verifier() {
    let server = Server::shared();
    let verifier = pkce::verifier();
    let login = server.login(&SPA_STRICT).with("code_challenge", &verifier);
    let mut code = login.with("code_challenge_method", "plain").code().await;
    code.verifier = Some(verifier);
    Tokens::expect(server.exchange(&code).await);
}

#[harness::test]
async fn a_challenge_without_method_is_plain() {
    let server = Server::shared();
    let verifier = pkce::verifier();
    let login = server.login(&SPA_STRICT).with("code_challenge", &verifier);
    let mut code = login.without("code_challenge_method").code().await;
    code.verifier = Some(verifier);
    Tokens::expect(server.exchange(&code).await);
}

#[harness::test]
async fn a_wrong_verifier_is_refused() {
    let server = Server::shared();
    let mut code = server.login(&SPA_STRICT).code().await;
    code.verifier = Some(pkce::verifier());
    let answer = server.exchange(&code).await;
    assert_oauth_error(
        &answer,
        403,
        "invalid_grant",
        "Failed to verify code verifier",
    );
}

#[harness::test]
async fn a_challenge_wants_a_verifier() {
    let server = Server::shared();
    for app in [SPA_STRICT, WEB_POST] {
        let mut code = server.login(&app).code().await;
        code.verifier = None;
        let answer = server.exchange(&code).await;
        let description = "Failed to verify code verifier";
        assert_oauth_error(&answer, 403, "invalid_grant", description);
    }
}

#[harness::test]
async fn a_foreign_code_is_refused() {
    let server = Server::shared();
    let mut code = server.login(&SPA_STRICT).code().await;
    code.app = SPA_LEEWAY;
    let answer = server.exchange(&code).await;
    assert_oauth_error(&answer, 403, "invalid_grant", INVALID_CODE);
}

#[harness::test]
async fn a_code_of_a_public_client_is_not_for_a_confidential_one() {
    let server = Server::shared();
    let mut code = server.login(&SPA_STRICT).code().await;
    code.app = WEB_POST;
    let answer = server.exchange(&code).await;
    assert_oauth_error(&answer, 403, "invalid_grant", INVALID_CODE);
}

#[harness::test]
async fn another_registered_redirect_uri_is_refused() {
    let server = Server::shared();
    let mut code = server.login(&SPA_STRICT).code().await;
    code.redirect_uri = "https://app.example.com/callback?tenant=acme".to_owned();
    let answer = server.exchange(&code).await;
    assert_oauth_error(&answer, 403, "invalid_grant", INVALID_CODE);
}

#[harness::test]
async fn a_redirect_uri_that_was_sent_must_be_sent_again() {
    let server = Server::shared();
    let code = server.login(&SPA_STRICT).code().await;
    let form = code.form();
    let without: Vec<_> = form
        .into_iter()
        .filter(|(name, _)| *name != "redirect_uri")
        .collect();
    let answer = server.token(&SPA_STRICT, &without).await;
    assert_oauth_error(&answer, 403, "invalid_grant", INVALID_CODE);
}

#[harness::test]
async fn an_unknown_code_is_refused() {
    let server = Server::shared();
    let code = server.login(&SPA_STRICT).code().await;
    for value in ["nonsense", &code.value[1..], &format!("{}A", code.value)] {
        let mut forged = code.clone();
        value.clone_into(&mut forged.value);
        let answer = server.exchange(&forged).await;
        assert_oauth_error(&answer, 403, "invalid_grant", INVALID_CODE);
    }
    Tokens::expect(server.exchange(&code).await);
}

#[harness::test]
async fn a_code_is_no_refresh_token_and_a_refresh_token_is_no_code() {
    let server = Server::shared();
    let mut code = server.login(&SPA_STRICT).code().await;
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &code.value).await);
    let token = Tokens::expect(server.exchange(&code).await).refresh_token();

    code.value.clone_from(&token);
    let answer = server.exchange(&code).await;
    assert_oauth_error(&answer, 403, "invalid_grant", INVALID_CODE);
    server.rotated(&SPA_STRICT, &token).await;
}

#[harness::test]
async fn a_code_expires() {
    let server = Server::start("moves the clock");
    let early = server.login(&SPA_STRICT).code().await;
    server.advance(50).await;
    Tokens::expect(server.exchange(&early).await);
    let code = server.login(&SPA_STRICT).code().await;
    server.advance(60).await;
    let answer = server.exchange(&code).await;
    assert_oauth_error(&answer, 403, "invalid_grant", INVALID_CODE);
}

#[harness::test]
async fn without_offline_access_there_is_no_refresh_token() {
    let server = Server::shared();
    let tokens = server
        .login(&SPA_STRICT)
        .scope("openid read:orders")
        .tokens()
        .await;
    assert!(!tokens.has("refresh_token"), "{}", tokens.body);
    assert_eq!(tokens.scope(), scopes("openid read:orders"));
}

#[harness::test]
async fn without_openid_there_is_no_id_token() {
    let server = Server::shared();
    let tokens = server
        .login(&SPA_STRICT)
        .scope("offline_access read:orders")
        .tokens()
        .await;
    assert!(!tokens.has("id_token"), "{}", tokens.body);
    assert!(tokens.has("refresh_token"), "{}", tokens.body);
}

#[harness::test]
async fn an_api_without_offline_access_gives_no_refresh_token() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT).audience(ONLINE_API);
    let tokens = login
        .scope("openid offline_access read:stock")
        .tokens()
        .await;
    assert!(!tokens.has("refresh_token"), "{}", tokens.body);
    assert_eq!(tokens.scope(), scopes("openid read:stock"));
    assert_eq!(tokens.body["expires_in"], 300);
}

#[harness::test]
async fn without_an_api_offline_access_is_granted() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT).without("audience");
    let tokens = login.scope("openid offline_access").tokens().await;
    assert!(tokens.has("refresh_token"), "{}", tokens.body);
}

#[harness::test]
async fn a_client_without_the_refresh_grant_gets_no_refresh_token() {
    let server = Server::shared();
    let tokens = server.login(&SPA_CODE_ONLY).tokens().await;
    assert!(!tokens.has("refresh_token"), "{}", tokens.body);
    assert!(!tokens.scope().contains(&"offline_access".to_owned()));
}

#[harness::test]
async fn a_browser_application_without_rotation_gets_no_refresh_token() {
    let server = Server::shared();
    let tokens = server.login(&SPA_UNROTATED).tokens().await;
    assert!(!tokens.has("refresh_token"), "{}", tokens.body);
    assert!(!tokens.scope().contains(&"offline_access".to_owned()));
}

#[harness::test]
async fn native_and_classic_applications_get_refresh_tokens() {
    let server = Server::shared();
    for app in [NATIVE, WEB_CLASSIC] {
        let tokens = server.login(&app).tokens().await;
        assert!(tokens.has("refresh_token"), "{}", tokens.body);
    }
}

#[harness::test]
async fn scopes_that_the_api_does_not_know_are_dropped() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT).audience(API);
    let tokens = login
        .scope("openid read:orders delete:everything")
        .tokens()
        .await;
    assert_eq!(tokens.scope(), scopes("openid read:orders"));
}

#[harness::test]
async fn without_an_api_the_access_token_is_opaque_and_good_for_userinfo() {
    let server = Server::shared();
    let userinfo = server.url("userinfo");
    let user = server.fresh_user();
    for login in [
        server.login(&SPA_STRICT).without("audience"),
        server.login(&SPA_STRICT).audience(&userinfo),
    ] {
        let tokens = login.user(&user).scope("openid email").tokens().await;
        assert!(!jwt::is_jws(&tokens.access_token()), "{}", tokens.body);
        assert_eq!(tokens.body["expires_in"], 86_400);
        let answer = server
            .http()
            .get_with_bearer("/userinfo", &tokens.access_token())
            .await;
        assert_eq!(answer.json()["email"], user.email, "{answer}");
    }
}
