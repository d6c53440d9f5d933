//! Idle and absolute expiry of refresh tokens, with a clock that the tests move.

use harness::{
    Server,
    apps::{SPA_SHORT, WEB_CLASSIC, WEB_EXPIRING},
    assert_unknown_refresh_token, jwt, tenant,
};

const DAY: u64 = 86_400;

#[harness::test]
async fn an_idle_token_expires() {
    for app in [SPA_SHORT, WEB_EXPIRING] {
        let server = Server::start("moves the clock");
        let token = server.login(&app).refresh_token().await;
        server.advance(121).await;
        assert_unknown_refresh_token(&server.refresh(&app, &token).await);
    }
}

#[harness::test]
async fn every_exchange_renews_the_idle_expiry() {
    let server = Server::start("moves the clock");
    let mut token = server.login(&SPA_SHORT).refresh_token().await;
    for _ in 0..4 {
        server.advance(100).await;
        token = server.rotated(&SPA_SHORT, &token).await;
    }
    server.advance(121).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_SHORT, &token).await);
}

#[harness::test]
async fn every_exchange_renews_the_idle_expiry_of_a_token_that_stays() {
    let server = Server::start("moves the clock");
    let token = server.login(&WEB_EXPIRING).refresh_token().await;
    for _ in 0..4 {
        server.advance(100).await;
        server.refreshed(&WEB_EXPIRING, &token).await;
    }
    server.advance(121).await;
    assert_unknown_refresh_token(&server.refresh(&WEB_EXPIRING, &token).await);
}

#[harness::test]
async fn rotation_does_not_move_the_absolute_expiry() {
    let server = Server::start("moves the clock");
    let mut token = server.login(&SPA_SHORT).refresh_token().await;
    for _ in 0..5 {
        server.advance(110).await;
        token = server.rotated(&SPA_SHORT, &token).await;
    }
    server.advance(51).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_SHORT, &token).await);
}

#[harness::test]
async fn use_does_not_move_the_absolute_expiry_of_a_token_that_stays() {
    let server = Server::start("moves the clock");
    let token = server.login(&WEB_EXPIRING).refresh_token().await;
    for _ in 0..5 {
        server.advance(110).await;
        server.refreshed(&WEB_EXPIRING, &token).await;
    }
    server.advance(51).await;
    assert_unknown_refresh_token(&server.refresh(&WEB_EXPIRING, &token).await);
}

#[harness::test]
async fn a_replay_inside_the_leeway_does_not_renew_the_idle_expiry() {
    let server = Server::start("moves the clock");
    let first = server.login(&SPA_SHORT).refresh_token().await;
    server.advance(60).await;
    let second = server.rotated(&SPA_SHORT, &first).await;
    server.advance(25).await;
    assert_eq!(server.rotated(&SPA_SHORT, &first).await, second);
    server.advance(96).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_SHORT, &second).await);
}

#[harness::test]
async fn a_non_expiring_token_works_after_years() {
    let server = Server::start("moves the clock");
    let token = server.login(&WEB_CLASSIC).refresh_token().await;
    for _ in 0..2 {
        server.advance(800 * DAY).await;
        let tokens = server.refreshed(&WEB_CLASSIC, &token).await;
        let (_, claims) = jwt::peek(&tokens.access_token());
        let issued = claims["iat"].as_u64().expect("`iat` is a number");
        assert_eq!(issued, server.now(), "{claims}");
    }
}

#[harness::test]
async fn a_longer_maximum_does_not_move_an_absolute_expiry_that_is_set() {
    let server = Server::start("changes a client");
    let token = server.login(&SPA_SHORT).refresh_token().await;
    let longer = [
        ("token_lifetime: 600", "token_lifetime: 2592000"),
        ("idle_token_lifetime: 120", "idle_token_lifetime: 86400"),
    ];
    server
        .import_tenant(tenant::client_changed(&SPA_SHORT, &longer))
        .await;
    let token = server.rotated(&SPA_SHORT, &token).await;
    server.advance(601).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_SHORT, &token).await);
}

#[harness::test]
async fn an_exchange_renews_by_the_idle_limit_of_its_own_time() {
    let server = Server::start("changes a client");
    let token = server.login(&SPA_SHORT).refresh_token().await;
    let longer = [("idle_token_lifetime: 120", "idle_token_lifetime: 500")];
    server
        .import_tenant(tenant::client_changed(&SPA_SHORT, &longer))
        .await;
    let token = server.rotated(&SPA_SHORT, &token).await;
    server.advance(400).await;
    server.rotated(&SPA_SHORT, &token).await;
}

#[harness::test]
async fn a_maximum_catches_a_non_expiring_token_at_its_next_exchange() {
    let server = Server::start("changes a client");
    let token = server.login(&WEB_CLASSIC).refresh_token().await;
    server.advance(DAY).await;
    let expiring = [
        ("expiration_type: non-expiring", "expiration_type: expiring"),
        (
            "infinite_token_lifetime: true",
            "infinite_token_lifetime: false",
        ),
        ("      token_lifetime: 2592000", "      token_lifetime: 600"),
        ("idle_token_lifetime: 1296000", "idle_token_lifetime: 500"),
    ];
    server
        .import_tenant(tenant::client_changed(&WEB_CLASSIC, &expiring))
        .await;

    server.refreshed(&WEB_CLASSIC, &token).await;
    server.advance(601).await;
    assert_unknown_refresh_token(&server.refresh(&WEB_CLASSIC, &token).await);
}
