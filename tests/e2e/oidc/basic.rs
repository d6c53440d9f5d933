//! Plan Basic: its requirements for the code flow alone.

use harness::{
    INVALID_CODE, Server,
    apps::{App, Proof, User, WEB_BASIC, WEB_CERTIFIED},
    assert_oauth_error, assert_unknown_refresh_token, jwt, pkce,
};
use jsonwebtoken::Algorithm::RS256;
use reqwest::Method;

use super::{exchange, exchanged, logged_in};

#[harness::test]
async fn a_code_without_nonce_gives_an_id_token_without_nonce() {
    let server = Server::shared();
    let login = server.login(&WEB_CERTIFIED).without("nonce");
    let id_token = login.tokens().await.id_token();
    let claims = jwt::verify(server, &id_token, WEB_CERTIFIED.id, RS256).await;
    assert!(claims.claims.get("nonce").is_none(), "{}", claims.claims);
}

#[harness::test]
async fn a_code_with_nonce_gives_an_id_token_with_it() {
    let server = Server::shared();
    let login = server.login(&WEB_CERTIFIED).with("nonce", "n-0S6_WzA2Mj");
    let id_token = login.tokens().await.id_token();
    let verified = jwt::verify(server, &id_token, WEB_CERTIFIED.id, RS256).await;
    assert_eq!(verified.claims["nonce"], "n-0S6_WzA2Mj");
    assert!(verified.header.kid.is_some_and(|kid| !kid.is_empty()));
    for claim in ["iss", "sub", "aud", "exp", "iat"] {
        assert!(!verified.claims[claim].is_null(), "{}", verified.claims);
    }
    let subject = verified.claims["sub"].as_str().expect("a text");
    assert!(subject.is_ascii() && subject.len() <= 255, "{subject}");
}

/// A client may use either method, whichever it has registered.
#[harness::test]
async fn either_way_to_send_a_secret_is_good_for_a_code() {
    let server = Server::shared();
    let post = App {
        proof: Proof::Post(WEB_CERTIFIED.secret()),
        ..WEB_CERTIFIED
    };
    for app in [WEB_CERTIFIED, post] {
        let tokens = server.login(&app).without_pkce().tokens().await;
        jwt::verify(server, &tokens.id_token(), app.id, RS256).await;
    }
}

#[harness::test]
async fn userinfo_takes_the_token_in_every_way_and_names_the_same_person() {
    let server = Server::shared();
    let user = server.fresh_user();
    let login = server.login(&WEB_CERTIFIED).user(&user);
    let tokens = login.without("audience").scope("openid").tokens().await;
    let token = tokens.access_token();
    let http = server.http();
    let header = |method| http.request(method, "/userinfo").bearer_auth(&token);
    let body = http.request(Method::POST, "/userinfo");
    let query = format!("/userinfo?access_token={token}");
    for request in [
        header(Method::GET),
        header(Method::POST),
        body.form(&[("access_token", &token)]),
        http.request(Method::GET, &query),
    ] {
        let answer = harness::send(request).await;
        assert_eq!(answer.status, 200, "{answer}");
        let (_, claims) = jwt::peek(&tokens.id_token());
        assert_eq!(answer.json()["sub"], claims["sub"]);
    }
}

#[harness::test]
async fn a_code_is_used_once_at_once_and_after_half_a_minute() {
    let server = Server::start("moves the clock");
    let browser = logged_in(&server, &User::ada()).await;
    for wait in [0, 31] {
        let login = server.login(&WEB_CERTIFIED).browser(&browser);
        let code = login.without_pkce().code().await.value;
        let tokens = exchanged(&server, &code).await;
        server.advance(wait).await;
        let answer = exchange(&server, &code).await;
        assert_oauth_error(&answer, 403, "invalid_grant", INVALID_CODE);
        let token = tokens.refresh_token();
        assert_unknown_refresh_token(&server.refresh(&WEB_CERTIFIED, &token).await);
        let token = tokens.access_token();
        let answer = server.http().get_with_bearer("/userinfo", &token).await;
        assert_eq!(answer.status, 401, "{answer}");
    }
}

#[harness::test]
async fn a_refresh_token_is_good_for_its_own_client() {
    let server = Server::shared();
    let user = server.fresh_user();
    let login = server.login(&WEB_CERTIFIED).user(&user);
    let first = login.without("audience").tokens().await;
    let token = first.refresh_token();
    assert_unknown_refresh_token(&server.refresh(&WEB_BASIC, &token).await);
    let second = server.refreshed(&WEB_CERTIFIED, &token).await;
    let verified = jwt::verify(server, &second.id_token(), WEB_CERTIFIED.id, RS256).await;
    let (_, claims) = jwt::peek(&first.id_token());
    for claim in ["iss", "sub", "aud"] {
        assert_eq!(verified.claims[claim], claims[claim]);
    }
}

/// The plan's client sends a secret and a verifier.
#[harness::test]
async fn a_proof_key_beside_a_secret_is_checked() {
    let server = Server::shared();
    server.login(&WEB_CERTIFIED).tokens().await.id_token();
    let mut code = server.login(&WEB_CERTIFIED).code().await;
    code.verifier = Some(pkce::verifier());
    let answer = server.exchange(&code).await;
    let description = "Failed to verify code verifier";
    assert_oauth_error(&answer, 403, "invalid_grant", description);
}

#[harness::test]
async fn plain_oauth_is_a_request_without_openid() {
    let server = Server::shared();
    let login = server.login(&WEB_CERTIFIED).scope("read:orders");
    let tokens = login.tokens().await;
    assert!(!tokens.has("id_token"), "{}", tokens.body);
    tokens.access_token();
}

#[harness::test]
async fn a_missing_response_type_is_reported_in_the_query() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    let login = server.login(&WEB_CERTIFIED).browser(&browser);
    let callback = login.without("response_type").open().await.callback();
    assert!(!callback.in_fragment(), "{}", callback.url);
    let description = "Missing required parameter: response_type";
    callback.assert_error("invalid_request", description);
}
