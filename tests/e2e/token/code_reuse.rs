//! A code that is presented again (RFC 6749 section 4.1.2). It proves that two parties hold it only if the accompanying
//! parameters are right, as RFC 6749 section 4.1.3 checks them: the code alone may come from an access log or a
//! history.

use harness::{
    Answer, INVALID_CODE, Launch, Server, Tokens,
    apps::{App, SPA_LEEWAY, SPA_STRICT, WEB_BASIC, WEB_POST},
    assert_oauth_error, assert_unknown_refresh_token,
    flow::{Code, Login},
    pkce, tenant,
};

/// A login whose access token is for `/userinfo` alone, so that its revocation shows.
fn ask<'a>(server: &'a Server, app: &App) -> Login<'a> {
    let login = server.login(app).user(&server.fresh_user());
    login.without("audience").scope("openid offline_access")
}

async fn userinfo(server: &Server, tokens: &Tokens) -> Answer {
    let http = server.http();
    http.get_with_bearer("/userinfo", &tokens.access_token())
        .await
}

/// Asserts that an access token is still valid.
#[track_caller]
fn assert_good(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer}");
}

#[harness::test]
async fn a_reused_code_is_rejected_and_revokes_its_family() {
    let server = Server::shared();
    let code = ask(server, &SPA_STRICT).code().await;
    let first = Tokens::expect(server.exchange(&code).await);
    let second = server.rotated(&SPA_STRICT, &first.refresh_token()).await;

    let answer = server.exchange(&code).await;
    assert_oauth_error(&answer, 403, "invalid_grant", INVALID_CODE);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &second).await);
    assert_eq!(userinfo(server, &first).await.status, 401);
}

#[harness::test]
async fn a_reused_code_without_its_client_or_verifier_revokes_nothing() {
    let server = Server::shared();
    let code = ask(server, &SPA_STRICT).code().await;
    let tokens = Tokens::expect(server.exchange(&code).await);
    let mut refresh_token = tokens.refresh_token();

    let changed = |change: &dyn Fn(&mut Code)| {
        let mut code = code.clone();
        change(&mut code);
        code
    };
    let unverified = "Failed to verify code verifier";
    for (presented, description) in [
        (
            changed(&|code| (code.app, code.verifier) = (SPA_LEEWAY, None)),
            INVALID_CODE,
        ),
        (changed(&|code| code.app = SPA_LEEWAY), INVALID_CODE),
        (changed(&|code| code.app = WEB_POST), INVALID_CODE),
        (
            changed(&|code| code.redirect_uri.push_str("?tenant=acme")),
            INVALID_CODE,
        ),
        (changed(&|code| code.verifier = None), unverified),
        (
            changed(&|code| code.verifier = Some(pkce::verifier())),
            unverified,
        ),
    ] {
        let answer = server.exchange(&presented).await;
        assert_oauth_error(&answer, 403, "invalid_grant", description);
        assert_good(&userinfo(server, &tokens).await);
        refresh_token = server.rotated(&SPA_STRICT, &refresh_token).await;
    }
    let answer = server.exchange(&code).await;
    assert_oauth_error(&answer, 403, "invalid_grant", INVALID_CODE);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &refresh_token).await);
}

#[harness::test]
async fn a_used_code_counts_beyond_its_own_end() {
    let server = Server::start("moves the clock");
    let code = server.login(&SPA_STRICT).code().await;
    let token = Tokens::expect(server.exchange(&code).await).refresh_token();
    server.advance(3_600).await;
    let mut unverified = code.clone();
    unverified.verifier = None;
    server.exchange(&unverified).await;
    let token = server.rotated(&SPA_STRICT, &token).await;
    let answer = server.exchange(&code).await;
    assert_oauth_error(&answer, 403, "invalid_grant", INVALID_CODE);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &token).await);
}

#[harness::test]
async fn a_confidential_client_proves_itself_first() {
    let server = Server::shared();
    let code = ask(server, &WEB_POST).without_pkce().code().await;
    let token = Tokens::expect(server.exchange(&code).await).refresh_token();
    let mut stolen = code.clone();
    stolen.app = WEB_BASIC;
    let answer = server.exchange(&stolen).await;
    assert_oauth_error(&answer, 403, "invalid_grant", INVALID_CODE);
    let token = server.rotated(&WEB_POST, &token).await;
    server.exchange(&code).await;
    assert_unknown_refresh_token(&server.refresh(&WEB_POST, &token).await);
}

/// A code without a challenge does not prove that its public client presents it. The client was confidential when it
/// requested the code.
#[harness::test]
async fn a_used_code_without_a_challenge_is_no_public_clients() {
    let server = Launch::new().start("changes a live client");
    let code = server.login(&WEB_POST).without_pkce().code().await;
    let token = Tokens::expect(server.exchange(&code).await).refresh_token();
    let public = [("client_secret_post", "none")];
    server
        .import_tenant(tenant::client_changed(&WEB_POST, &public))
        .await;
    server.exchange(&code).await;
    server.rotated(&WEB_POST, &token).await;
}
