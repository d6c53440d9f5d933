//! The places from which `/userinfo` reads the access token (RFC 6750 section 2), and the tokens that it stops
//! accepting.

use harness::{
    Answer, Launch, Server, Tokens,
    apps::{API, PS256_API, SPA_STRICT, User, WEB_CERTIFIED},
    assert_oauth_error, http, tenant,
};
use reqwest::Method;

/// An access token of a user, for `/userinfo` alone.
async fn opaque(server: &Server, user: &User) -> String {
    let login = server.login(&SPA_STRICT).user(user).without("audience");
    login.scope("openid").tokens().await.access_token()
}

/// The path with a token in its query; our tokens need no encoding.
fn in_query(token: &str) -> String {
    format!("/userinfo?access_token={token}")
}

async fn with_query(server: &Server, query: &[(&str, &str)]) -> Answer {
    server.http().get_query("/userinfo", query).await
}

async fn with_bearer(server: &Server, token: &str) -> Answer {
    server.http().get_with_bearer("/userinfo", token).await
}

#[track_caller]
fn assert_returns(answer: &Answer, user: &User) {
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.json()["sub"], user.id, "{answer}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
}

/// Asserts the error for two different tokens in one request (RFC 6750 section 3.1, `invalid_request`).
#[track_caller]
fn assert_ambiguous(answer: &Answer) {
    let challenge = answer.challenge().unwrap_or_default();
    assert!(challenge.starts_with("Bearer realm=\"Users\""), "{answer}");
    assert!(challenge.contains("error=\"invalid_request\""), "{answer}");
    assert_eq!(answer.status, 400, "{answer}");
    assert_eq!(answer.json()["error"], "invalid_request", "{answer}");
}

#[track_caller]
fn assert_invalid_token(answer: &Answer) {
    let challenge = answer.challenge().unwrap_or_default();
    assert!(challenge.contains("error=\"invalid_token\""), "{answer}");
    assert_eq!(answer.status, 401, "{answer}");
}

#[harness::test]
async fn the_query_of_a_get_may_hold_the_token() {
    let server = Server::shared();
    let user = server.fresh_user();
    let login = server.login(&SPA_STRICT).user(&user).scope("openid");
    let jwt = login.tokens().await.access_token();
    for token in [jwt, opaque(server, &user).await] {
        assert_returns(
            &with_query(server, &[("access_token", &token)]).await,
            &user,
        );
        let repeated = [("x", "1"), ("access_token", &token), ("x", "2")];
        assert_returns(&with_query(server, &repeated).await, &user);
        let cut = &token[..token.len() - 2];
        let refused = with_query(server, &[("access_token", cut)]).await;
        assert_invalid_token(&refused);
        assert_eq!(refused.header("cache-control"), Some("no-store"));
    }
    let empty = with_query(server, &[("access_token", "")]).await;
    assert_eq!(empty.status, 401, "{empty}");
}

#[harness::test]
async fn a_header_without_a_bearer_token_does_not_hide_the_query() {
    let server = Server::shared();
    let user = server.fresh_user();
    let token = opaque(server, &user).await;
    for header in ["Bearer", "Bearer ", "Basic YWRhOng=", "undefined"] {
        let path = in_query(&token);
        let request = server.http().request(Method::GET, &path);
        let answer = http::send(request.header("authorization", header)).await;
        assert_returns(&answer, &user);
    }
}

#[harness::test]
async fn the_same_token_twice_is_one_token_and_two_tokens_are_refused() {
    let server = Server::shared();
    let user = server.fresh_user();
    let (token, other) = (opaque(server, &user).await, opaque(server, &user).await);
    for (second, same) in [(&token, true), (&other, false)] {
        let get = server.http().request(Method::GET, &in_query(second));
        let post = server.http().request(Method::POST, "/userinfo");
        for request in [get, post.form(&[("access_token", second)])] {
            let answer = http::send(request.bearer_auth(&token)).await;
            if same {
                assert_returns(&answer, &user);
            } else {
                assert_ambiguous(&answer);
            }
        }
    }
    let both = [("access_token", token.as_str()), ("access_token", &other)];
    assert_ambiguous(&with_query(server, &both).await);
}

#[harness::test]
async fn a_tenant_may_set_the_limit() {
    let of_fixture = "userinfo_rate_limit: { burst: 60000, per_minute: 60000 }";
    let limit = "userinfo_rate_limit: { burst: 2, per_minute: 60 }";
    let launch = Launch::new().tenant(tenant::changed(of_fixture, limit));
    let server = launch.start("has another setting of the tenant");
    let token = opaque(&server, &User::ada()).await;
    for left in ["1", "0"] {
        let answer = with_bearer(&server, &token).await;
        assert_returns(&answer, &User::ada());
        assert_eq!(answer.header("x-ratelimit-limit"), Some("2"), "{answer}");
        let remaining = answer.header("x-ratelimit-remaining");
        assert_eq!(remaining, Some(left), "{answer}");
    }
    assert_eq!(with_bearer(&server, &token).await.status, 429);
    server.advance(1).await;
    assert_eq!(with_bearer(&server, &token).await.status, 200);
}

#[harness::test]
async fn the_access_token_of_a_code_that_comes_twice_is_refused() {
    let server = Server::shared();
    let user = server.fresh_user();
    for audience in [None, Some(API), Some(PS256_API)] {
        let login = || {
            let login = server.login(&SPA_STRICT).user(&user).scope("openid");
            match audience {
                Some(audience) => login.audience(audience),
                None => login.without("audience"),
            }
        };
        let code = login().code().await;
        let token = Tokens::expect(server.exchange(&code).await).access_token();
        assert_returns(&with_bearer(server, &token).await, &user);
        for _ in 0..2 {
            let again = server.exchange(&code).await;
            assert_oauth_error(&again, 403, "invalid_grant", "Invalid authorization code");
            assert_invalid_token(&with_bearer(server, &token).await);
        }
    }
}

#[harness::test]
async fn a_replayed_code_harms_no_other_login() {
    let server = Server::shared();
    let user = server.fresh_user();
    let kept = opaque(server, &user).await;
    let login = server.login(&SPA_STRICT).user(&user).without("audience");
    let code = login.scope("openid").code().await;
    server.exchange(&code).await;
    server.exchange(&code).await;
    assert_returns(&with_bearer(server, &kept).await, &user);
    let after = opaque(server, &user).await;
    assert_returns(&with_bearer(server, &after).await, &user);
}

#[harness::test]
async fn recording_the_access_token_of_an_exchange_costs_no_extra_write() {
    let server = Server::shared_local("reads what each request cost");
    let login = server.login(&WEB_CERTIFIED).user(&server.fresh_user());
    let login = login.without_pkce().without("audience").scope("openid");
    let exchanged = server.exchange(&login.code().await).await;
    let cost = exchanged.cost();
    assert_eq!((cost.write_calls, cost.write_units), (1.0, 1.0), "{cost:?}");
    let token = Tokens::expect(exchanged).access_token();
    let cost = with_bearer(server, &token).await.cost();
    assert_eq!((cost.write_calls, cost.sign_calls), (0.0, 0.0), "{cost:?}");
}
