//! `POST /delegation`: its limits, its costs, and its deprecation header.

use harness::{
    Launch, Server,
    apps::{LEGACY_PHONE, LEGACY_SPA, User},
    assert_oauth_error, assert_unknown_refresh_token, http, jwt,
};
use reqwest::Method;

use super::delegation::{JWT_BEARER, delegate, log_in};

#[harness::test]
async fn idle_and_absolute_ends_are_those_of_an_exchange() {
    let server = Server::start("moves the clock");
    let token = log_in(&server, &LEGACY_PHONE, &User::ada()).await;
    let token = token.refresh_token();
    let more = [("refresh_token", token.as_str())];
    for _ in 0..5 {
        server.advance(100).await;
        let answer = delegate(&server, &LEGACY_PHONE, &more).await;
        assert_eq!(answer.status, 200, "each use moves the idle end: {answer}");
    }
    server.advance(100).await;
    let answer = delegate(&server, &LEGACY_PHONE, &more).await;
    assert_unknown_refresh_token(&answer);

    let token = log_in(&server, &LEGACY_PHONE, &User::ada()).await;
    server.advance(120).await;
    let more = [("refresh_token", &*token.refresh_token())];
    assert_unknown_refresh_token(&delegate(&server, &LEGACY_PHONE, &more).await);
}

#[harness::test]
async fn an_expired_id_token_says_so() {
    let server = Server::start("moves the clock");
    let token = log_in(&server, &LEGACY_SPA, &User::ada()).await.id_token();
    server.advance(35_900).await;
    let more = [("id_token", token.as_str())];
    assert_eq!(delegate(&server, &LEGACY_SPA, &more).await.status, 200);
    server.advance(100).await;
    let answer = delegate(&server, &LEGACY_SPA, &more).await;
    assert_oauth_error(&answer, 401, "invalid_token", "The id_token has expired");
}

#[harness::test]
async fn ten_requests_a_minute_of_one_user_and_the_rest_come_later() {
    let server = Server::start("moves the clock");
    let token = log_in(&server, &LEGACY_SPA, &User::ada())
        .await
        .refresh_token();
    let more = [("refresh_token", token.as_str())];
    for left in (0..10).rev() {
        let answer = delegate(&server, &LEGACY_SPA, &more).await;
        assert_eq!(answer.status, 200, "{answer}");
        assert_eq!(answer.header("x-ratelimit-limit"), Some("10"), "{answer}");
        let remaining = answer.header("x-ratelimit-remaining").unwrap();
        // The clock runs: during a slow run the bucket may have regained one.
        assert!(remaining.parse::<u32>().unwrap() >= left, "{answer}");
        assert!(answer.header("x-ratelimit-reset").is_some(), "{answer}");
    }
    let mut answer = delegate(&server, &LEGACY_SPA, &more).await;
    while answer.status == 200 {
        answer = delegate(&server, &LEGACY_SPA, &more).await;
    }
    let words = "Too many requests. Check the X-RateLimit-Limit, X-RateLimit-Remaining and \
                 X-RateLimit-Reset headers.";
    assert_oauth_error(&answer, 429, "too_many_requests", words);
    assert_eq!(
        answer.header("x-ratelimit-remaining"),
        Some("0"),
        "{answer}"
    );
    assert!(answer.header("retry-after").is_some(), "{answer}");
    // Another user and the token endpoint are not affected.
    let other = log_in(&server, &LEGACY_SPA, &User::zoe()).await;
    let others = [("refresh_token", &*other.refresh_token())];
    assert_eq!(delegate(&server, &LEGACY_SPA, &others).await.status, 200);
    server.refreshed(&LEGACY_SPA, &token).await;
    server.advance(6).await;
    assert_eq!(delegate(&server, &LEGACY_SPA, &more).await.status, 200);
}

#[harness::test]
async fn every_answer_says_that_it_is_deprecated_and_where_to_read_on() {
    let server = Server::shared();
    let token = log_in(server, &LEGACY_SPA, &server.fresh_user()).await;
    let good = [("refresh_token", &*token.refresh_token())];
    for more in [&good, &[("refresh_token", "x")]] {
        let answer = delegate(server, &LEGACY_SPA, more).await;
        // RFC 9745: a date of Structured Fields, 8 June 2017.
        assert_eq!(
            answer.header("deprecation"),
            Some("@1496880000"),
            "{answer}"
        );
        let link = answer.header("link").unwrap_or_default();
        assert!(link.contains("rel=\"deprecation\""), "{answer}");
    }
}

#[harness::test]
async fn the_log_has_delegations_their_rejections_and_a_deprecation_notice() {
    let server = Launch::new().start("reads the server's log");
    let tokens = log_in(&server, &LEGACY_SPA, &User::ada()).await;
    let (refresh_token, id_token) = (tokens.refresh_token(), tokens.id_token());
    let more = [("refresh_token", refresh_token.as_str())];
    for _ in 0..12 {
        delegate(&server, &LEGACY_SPA, &more).await;
    }
    delegate(&server, &LEGACY_SPA, &[("id_token", &id_token)]).await;
    let log = server.stop();
    for event in ["sd", "fd", "depnote", "limit_delegation"] {
        assert!(
            log.contains(&format!("type=\"{event}\"")),
            "{event} in {log}"
        );
    }
    for secret in [refresh_token, id_token] {
        assert!(!log.contains(&secret), "a token in the log");
    }
}

#[harness::test]
async fn a_forged_token_costs_nothing_and_a_good_one_a_read() {
    let server = Server::shared_local("reads what each request cost");
    let user = server.fresh_user();
    let token = log_in(server, &LEGACY_SPA, &user).await;
    let token = token.refresh_token();
    delegate(server, &LEGACY_SPA, &[("refresh_token", &token)]).await;
    let forged = format!("{}AA", &token[..token.len() - 2]);
    for more in [
        [("refresh_token", forged.as_str())],
        [("id_token", "a.b.c")],
    ] {
        let cost = delegate(server, &LEGACY_SPA, &more).await.cost();
        assert_eq!((cost.read_calls, cost.write_calls), (0.0, 0.0), "{cost:?}");
        assert!(cost.sign_calls < 1.0, "{cost:?}");
    }
    let more = [("refresh_token", token.as_str())];
    let cost = delegate(server, &LEGACY_SPA, &more).await.cost();
    assert_eq!((cost.read_calls, cost.write_calls), (1.0, 1.0), "{cost:?}");
    assert!(cost.write_units <= 1.0, "{cost:?}");
}

#[harness::test]
async fn the_largest_legacy_family_is_one_write_unit() {
    let server = Server::shared_local("reads what each request cost");
    let scope = format!("openid offline_access {}", "x".repeat(278));
    let login = server.login(&LEGACY_PHONE).user(&server.fresh_user());
    let login = login.without("audience").scope(&scope);
    let token = login.with("device", &"d".repeat(100)).refresh_token().await;
    let more = [("refresh_token", token.as_str())];
    let answer = delegate(server, &LEGACY_PHONE, &more).await;
    assert_eq!(answer.status, 200, "{answer}");
    let cost = answer.cost();
    assert!(
        0.0 < cost.write_units && cost.write_units <= 1.0,
        "{cost:?}"
    );
}

#[harness::test]
async fn a_page_of_the_clients_origin_may_call_it() {
    let server = Server::shared();
    for (origin, allowed) in [
        ("https://legacy.example.com", true),
        ("https://evil.example", false),
    ] {
        let ask = |method| {
            let request = server.http().request(method, "/delegation");
            request.header("origin", origin)
        };
        let form = [
            ("grant_type", JWT_BEARER),
            ("client_id", LEGACY_SPA.id),
            ("refresh_token", "x"),
        ];
        let answer = http::send(ask(Method::POST).form(&form)).await;
        let allow_origin = answer.header("access-control-allow-origin");
        assert_eq!(allow_origin, allowed.then_some(origin), "{answer}");
        let preflight = ask(Method::OPTIONS).header("access-control-request-method", "POST");
        assert_eq!(http::send(preflight).await.status, 204);
    }
}

#[harness::test]
async fn id_tokens_made_from_one_another_end_with_the_login_that_they_began_with() {
    let server = Server::start("moves the clock");
    let hour = 3_600;
    let tokens = log_in(&server, &LEGACY_SPA, &User::ada()).await;
    let mut id_token = tokens.id_token();
    let begun = jwt::peek(&id_token).1["iat"].clone();
    // `session_lifetime` is 168 hours, and an ID token lives for ten.
    for hours in (9..168).step_by(9) {
        server.advance(9 * hour).await;
        let answer = delegate(&server, &LEGACY_SPA, &[("id_token", &id_token)]).await;
        assert_eq!(answer.status, 200, "{hours} hours: {answer}");
        let body = answer.json();
        id_token = body["id_token"].as_str().expect("an ID token").to_owned();
        let (_, claims) = jwt::peek(&id_token);
        assert_eq!(claims["orig_iat"], begun, "{claims}");
        let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert!(
            life.abs_diff(body["expires_in"].as_u64().unwrap()) <= 1,
            "{body}"
        );
        let left = (168 - hours) * hour;
        assert!(life <= left.min(10 * hour), "{hours} hours: {claims}");
    }
    server.advance(9 * hour).await;
    let answer = delegate(&server, &LEGACY_SPA, &[("id_token", &id_token)]).await;
    assert_oauth_error(&answer, 401, "invalid_token", "The id_token has expired");
}
