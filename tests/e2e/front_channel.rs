//! Tokens directly from `/authorize`: the implicit and the hybrid flow.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use harness::{
    Callback, Server, Tokens,
    apps::{API, SPA_CODE_ONLY, SPA_HYBRID, WEB_HS256_PORTAL},
    html, jwt, pkce,
};
use jsonwebtoken::Algorithm::RS256;
use serde_json::Value;

const SCOPE: &str = "openid profile email offline_access read:orders";

async fn ask(response_type: &str) -> (String, Callback) {
    let login = Server::shared().login(&SPA_HYBRID).scope(SCOPE);
    let login = login.with("response_type", response_type);
    let nonce = login.parameter("nonce").to_owned();
    let state = login.parameter("state").to_owned();
    let callback = login.callback().await;
    assert_eq!(callback.target(), SPA_HYBRID.callback);
    assert_eq!(callback.get("state"), Some(state));
    (nonce, callback)
}

fn left_half(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
}

async fn id_token(callback: &Callback) -> Value {
    let id_token = callback.get("id_token").expect("an ID token");
    jwt::verify(Server::shared(), &id_token, SPA_HYBRID.id, RS256)
        .await
        .claims
}

#[harness::test]
async fn every_response_type_gives_what_it_names_and_nothing_else() {
    for (response_type, names) in [
        ("token", "access_token expires_in token_type scope state"),
        ("id_token", "id_token state"),
        (
            "token id_token",
            "access_token expires_in token_type scope id_token state",
        ),
        (
            "id_token token",
            "access_token expires_in token_type scope id_token state",
        ),
        (
            "code token",
            "code access_token expires_in token_type scope state",
        ),
        ("code id_token", "code id_token state"),
        (
            "code token id_token",
            "code access_token expires_in token_type scope id_token state",
        ),
    ] {
        let (nonce, callback) = ask(response_type).await;
        assert!(callback.in_fragment(), "{}", callback.url);
        assert_eq!(callback.names().join(" "), names, "{response_type}");
        let access_token = callback.get("access_token");
        if let Some(access_token) = &access_token {
            let claims = jwt::verify(Server::shared(), access_token, API, RS256)
                .await
                .claims;
            let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
            assert_eq!(
                life, 7_200,
                "a token in a browser lives for token_lifetime_for_web"
            );
            assert_eq!(callback.get("expires_in").as_deref(), Some("7200"));
            assert_eq!(callback.get("token_type").as_deref(), Some("Bearer"));
            let scope = "openid profile email read:orders";
            assert_eq!(callback.get("scope").as_deref(), Some(scope));
            assert_eq!(claims["scope"], scope);
        }
        if callback.get("id_token").is_some() {
            let claims = id_token(&callback).await;
            assert_eq!(claims["nonce"], nonce, "{response_type}");
            assert!(claims["sid"].is_string(), "{claims}");
            let at_hash = access_token.as_deref().map(left_half);
            assert_eq!(
                claims["at_hash"].as_str(),
                at_hash.as_deref(),
                "{response_type}"
            );
            let c_hash = callback.get("code").as_deref().map(left_half);
            assert_eq!(
                claims["c_hash"].as_str(),
                c_hash.as_deref(),
                "{response_type}"
            );
        }
    }
}

#[harness::test]
async fn the_code_of_a_hybrid_answer_is_worth_a_refresh_token() {
    let server = Server::shared();
    let verifier = pkce::verifier();
    let login = server
        .login(&SPA_HYBRID)
        .with("response_type", "code id_token")
        .with("code_challenge", &pkce::challenge(&verifier));
    let callback = login.callback().await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &callback.code()),
        ("redirect_uri", SPA_HYBRID.callback),
        ("code_verifier", &verifier),
    ];
    let tokens = Tokens::expect(server.token(&SPA_HYBRID, &form).await);
    assert_eq!(tokens.body["expires_in"], 86_400);
    let claims = jwt::verify(server, &tokens.id_token(), SPA_HYBRID.id, RS256).await;
    assert_eq!(claims.claims.get("c_hash"), None);
    assert_eq!(claims.claims["sub"], id_token(&callback).await["sub"]);
    server.refreshed(&SPA_HYBRID, &tokens.refresh_token()).await;
}

#[harness::test]
async fn without_an_api_the_token_is_for_userinfo() {
    let server = Server::shared();
    let user = server.fresh_user();
    let login = server.login(&SPA_HYBRID).user(&user).without("audience");
    let callback = login.with("response_type", "token").callback().await;
    assert_eq!(callback.get("expires_in").as_deref(), Some("7200"));
    let token = callback.get("access_token").unwrap();
    let answer = server.http().get_with_bearer("/userinfo", &token).await;
    assert_eq!(answer.json()["email"], user.email, "{answer}");
}

#[harness::test]
async fn form_post_hands_tokens_over() {
    let login = Server::shared()
        .login(&SPA_HYBRID)
        .with("response_type", "code id_token")
        .with("response_mode", "form_post");
    let page = login.land().await.page();
    assert_eq!(page.status, 200, "{page}");
    for name in ["code", "id_token", "state"] {
        assert!(
            !html::input(&page.text(), name)["value"].is_empty(),
            "{page}"
        );
    }
}

#[harness::test]
async fn tokens_are_refused_in_a_query_and_the_refusal_is_in_the_fragment() {
    for response_type in ["token", "id_token", "code token", "code id_token token"] {
        let login = Server::shared().login(&SPA_HYBRID);
        let callback = login
            .with("response_type", response_type)
            .with("response_mode", "query")
            .callback()
            .await;
        assert!(callback.in_fragment(), "{}", callback.url);
        callback.assert_error(
            "invalid_request",
            "Response mode query is not allowed for tokens",
        );
    }
}

#[harness::test]
async fn a_code_may_travel_in_a_fragment() {
    let login = Server::shared().login(&SPA_HYBRID);
    let callback = login.with("response_mode", "fragment").callback().await;
    assert!(callback.in_fragment());
    assert_eq!(callback.names(), ["code", "state"]);
}

#[harness::test]
async fn an_id_token_needs_a_nonce_and_the_scope_openid() {
    for response_type in ["id_token", "token id_token", "code id_token"] {
        let ask = || {
            let login = Server::shared().login(&SPA_HYBRID);
            login.with("response_type", response_type)
        };
        let callback = ask().without("nonce").callback().await;
        assert!(callback.in_fragment(), "{}", callback.url);
        callback.assert_error("invalid_request", "Missing required parameter: nonce");
        let callback = ask().scope("profile").callback().await;
        callback.assert_error(
            "invalid_request",
            "Response type id_token needs the scope openid",
        );
    }
    let login = Server::shared().login(&SPA_HYBRID).without("nonce");
    let callback = login.with("response_type", "token").callback().await;
    assert!(callback.get("access_token").is_some());
}

#[harness::test]
async fn a_client_without_the_grant_implicit_gets_no_tokens() {
    for response_type in ["token", "code id_token"] {
        let login = Server::shared().login(&SPA_CODE_ONLY);
        let callback = login.with("response_type", response_type).callback().await;
        assert!(callback.in_fragment(), "{}", callback.url);
        callback.assert_error(
            "unauthorized_client",
            "Grant type 'implicit' not allowed for the client.",
        );
    }
}

#[harness::test]
async fn a_repeated_word_is_no_response_type() {
    let login = Server::shared().login(&SPA_HYBRID);
    let callback = login.with("response_type", "token token").callback().await;
    callback.assert_error("unsupported_response_type", "Unsupported response type");
}

#[harness::test]
async fn consent_required_is_returned_in_the_requested_response_mode() {
    let server = Server::shared();
    let login = server
        .login(&SPA_HYBRID)
        .with("response_type", "id_token")
        .with("prompt", "none");
    let callback = login.callback().await;
    assert!(callback.in_fragment());
    callback.assert_error("login_required", "Login required");
}

#[harness::test]
async fn an_id_token_without_a_code_is_never_signed_with_the_clients_secret() {
    let server = Server::shared();
    let ask = |kind| {
        let login = server.login(&WEB_HS256_PORTAL);
        login.with("response_type", kind)
    };
    for kind in ["id_token", "token id_token"] {
        let token = ask(kind).callback().await.get("id_token").expect(kind);
        jwt::verify(server, &token, WEB_HS256_PORTAL.id, RS256).await;
    }
    for kind in ["code id_token", "code token id_token"] {
        let token = ask(kind).callback().await.get("id_token").expect(kind);
        jwt::verify_hs256(
            server,
            &token,
            WEB_HS256_PORTAL.id,
            WEB_HS256_PORTAL.secret(),
        );
    }
    let exchanged = ask("code").tokens().await.id_token();
    jwt::verify_hs256(
        server,
        &exchanged,
        WEB_HS256_PORTAL.id,
        WEB_HS256_PORTAL.secret(),
    );
}
