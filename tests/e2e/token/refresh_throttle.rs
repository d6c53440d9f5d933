//! Exchanges of one token from one address are throttled; a throttled token still works afterwards.

use std::net::Ipv4Addr;

use harness::{
    Answer, Cost, Http, Launch, Server, Tokens,
    apps::{App, SPA_LEEWAY, SPA_STRICT, WEB_CLASSIC},
    assert_unknown_refresh_token, tenant,
};

/// Three at once, then one a minute.
const SLOW: &str = "rate_limit: {burst: 3, per_minute: 1}";

/// A client of the tests with that limit.
fn limited(app: &App) -> String {
    let rotation = if app.id == WEB_CLASSIC.id {
        "rotation_type: non-rotating"
    } else {
        "rotation_type: rotating"
    };
    let with_limit = format!("{SLOW}\n      {rotation}");
    tenant::client_changed(app, &[(rotation, &with_limit)])
}

async fn server_with_limit(app: &App) -> Server {
    let server = Server::start("gives a client another limit, and moves the clock");
    server.import_tenant(limited(app)).await;
    server
}

#[track_caller]
fn assert_throttled(answer: &Answer, retry_after: &str) {
    assert_eq!(answer.status, 429, "{answer}");
    let body = answer.json();
    assert_eq!(body["error"], "too_many_requests");
    assert_eq!(
        body["error_description"],
        "Too many requests. Check the X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset \
         headers."
    );
    assert_eq!(answer.header("retry-after"), Some(retry_after));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
    assert_eq!(answer.challenge(), None);
}

fn number(answer: &Answer, header: &str) -> u64 {
    let text = answer.header(header);
    let text = text.unwrap_or_else(|| panic!("no `{header}` in {answer}"));
    text.parse().expect("a number")
}

#[harness::test]
async fn a_token_that_is_exchanged_too_often_is_throttled_and_works_later() {
    for app in [SPA_STRICT, WEB_CLASSIC] {
        let server = server_with_limit(&app).await;
        let mut token = server.login(&app).refresh_token().await;
        for left in ["2", "1", "0"] {
            let answer = server.refresh(&app, &token).await;
            assert_eq!(answer.header("x-ratelimit-limit"), Some("3"));
            assert_eq!(answer.header("x-ratelimit-remaining"), Some(left));
            let tokens = Tokens::expect(answer);
            if tokens.has("refresh_token") {
                token = tokens.refresh_token();
            }
        }
        let refused = server.refresh(&app, &token).await;
        assert_throttled(&refused, "60");
        let wait = number(&refused, "x-ratelimit-reset") - server.now();
        assert!((60..=61).contains(&wait), "{wait} seconds");

        server.advance(30).await;
        assert_throttled(&server.refresh(&app, &token).await, "30");
        server.advance(30).await;
        server.refreshed(&app, &token).await;
    }
}

#[harness::test]
async fn a_throttled_request_writes_nothing_and_signs_nothing() {
    let server = server_with_limit(&SPA_STRICT).await;
    let mut token = server.login(&SPA_STRICT).refresh_token().await;
    for _ in 0..3 {
        let answer = server.refresh(&SPA_STRICT, &token).await;
        assert_eq!(
            (answer.cost().read_calls, answer.cost().write_calls),
            (1.0, 1.0),
            "{answer}"
        );
        assert!(answer.cost().write_units <= 1.0, "{answer}");
        token = Tokens::expect(answer).refresh_token();
    }
    let cost = server.refresh(&SPA_STRICT, &token).await.cost();
    let one_read = Cost {
        read_calls: 1.0,
        read_units: cost.read_units,
        ..Cost::NOTHING
    };
    assert_eq!(cost, one_read);
    assert!(cost.read_units <= 2.0, "{cost:?}");
}

#[harness::test]
async fn answers_that_write_nothing_count_too() {
    let server = server_with_limit(&SPA_LEEWAY).await;
    let parent = server.login(&SPA_LEEWAY).refresh_token().await;
    let live = server.rotated(&SPA_LEEWAY, &parent).await;
    for _ in 0..2 {
        assert_eq!(server.rotated(&SPA_LEEWAY, &parent).await, live);
    }
    assert_throttled(&server.refresh(&SPA_LEEWAY, &parent).await, "60");
    assert_throttled(&server.refresh(&SPA_LEEWAY, &live).await, "60");
}

#[harness::test]
async fn each_family_and_each_address_has_a_bucket_of_its_own() {
    let server = server_with_limit(&WEB_CLASSIC).await;
    let token = server.login(&WEB_CLASSIC).refresh_token().await;
    let other = server.login(&WEB_CLASSIC).refresh_token().await;
    for _ in 0..3 {
        server.refreshed(&WEB_CLASSIC, &token).await;
    }
    assert_throttled(&server.refresh(&WEB_CLASSIC, &token).await, "60");
    server.refreshed(&WEB_CLASSIC, &other).await;

    let address = Ipv4Addr::new(127, 0, 0, 2).into();
    let elsewhere = Http::calling_from(server.http().base(), address);
    let form = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
    let request = server.request_as(&elsewhere, &WEB_CLASSIC, "/oauth/token", &form);
    Tokens::expect(harness::send(request).await);
}

#[harness::test]
async fn throttling_does_not_shield_a_stolen_token() {
    let server = server_with_limit(&SPA_STRICT).await;
    let first = server.login(&SPA_STRICT).refresh_token().await;
    let mut live = first.clone();
    for _ in 0..3 {
        live = server.rotated(&SPA_STRICT, &live).await;
    }
    assert_throttled(&server.refresh(&SPA_STRICT, &live).await, "60");
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &first).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &live).await);
}

#[harness::test]
async fn a_refused_token_takes_nothing_from_the_bucket() {
    let server = server_with_limit(&WEB_CLASSIC).await;
    let token = server.login(&WEB_CLASSIC).refresh_token().await;
    let foreign = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
    for _ in 0..5 {
        assert_unknown_refresh_token(&server.token(&SPA_STRICT, &foreign).await);
    }
    let answer = server.refresh(&WEB_CLASSIC, &token).await;
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("2"));
}

#[harness::test]
async fn recorded_requests_count_in_every_environment() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = tenant::base().replacen(
        "tenant:\n",
        "tenant:\n  refresh_token_rate_limit: {burst: 3, per_minute: 1}\n",
        1,
    );
    let launch = Launch::new().tenant(file).data(&folder);
    let server = launch.clone().start("stops the server and starts another");
    let mut token = server.login(&SPA_STRICT).refresh_token().await;
    for _ in 0..3 {
        token = server.rotated(&SPA_STRICT, &token).await;
    }
    let port = server.http().base().port().expect("a port");
    server.stop();
    // Another process knows only the contents of the table.
    let server = launch
        .port(port)
        .start("stops the server and starts another");
    let refused = server.refresh(&SPA_STRICT, &token).await;
    assert_eq!(refused.status, 429, "{refused}");
}

#[harness::test]
async fn by_default_a_hundred_pass_at_once_and_then_ten_a_second() {
    let server = Server::start("moves the clock");
    let token = server.login(&WEB_CLASSIC).refresh_token().await;
    let answer = server.refresh(&WEB_CLASSIC, &token).await;
    assert_eq!(answer.header("x-ratelimit-limit"), Some("100"));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("99"));
    // At ten a second, the exchange that was used is available again after a tenth of a second.
    server.advance(1).await;
    let answer = server.refresh(&WEB_CLASSIC, &token).await;
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("99"));
}

#[harness::test]
async fn a_throttled_exchange_is_in_the_log() {
    let server = server_with_limit(&WEB_CLASSIC).await;
    let token = server.login(&WEB_CLASSIC).refresh_token().await;
    for _ in 0..3 {
        server.refreshed(&WEB_CLASSIC, &token).await;
    }
    assert_throttled(&server.refresh(&WEB_CLASSIC, &token).await, "60");
    let log = server.stop();
    assert!(log.contains("type=\"api_limit\""), "{log}");
    assert!(!log.contains(&token), "a token in the log");
}
