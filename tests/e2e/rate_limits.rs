//! Rate limits per address: device codes, guesses of client secrets and of user codes, delegations.

use std::net::IpAddr;

use harness::{
    Answer, Http, Launch, Server,
    apps::{API, LEGACY_SPA, SPA_STRICT, TV, User, WEB_BASIC, WEB_POST},
    assert_oauth_error, http, tenant,
};

const TEXT: &str = "Too many requests. Check the X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset \
                    headers.";

/// A server with Auth0's or our own default for a limit that the tests' tenant raises.
fn with_default(limit: &str) -> Server {
    let line = format!("  {limit}: {{ burst: 60000, per_minute: 60000 }}\n");
    Launch::new()
        .tenant(tenant::changed(&line, ""))
        .start("has the default limit")
}

fn from(server: &Server, address: &str) -> Http {
    let address: IpAddr = address.parse().expect("an address");
    Http::calling_from(server.http().base(), address)
}

#[track_caller]
fn assert_throttled(answer: &Answer, limit: &str) {
    assert_oauth_error(answer, 429, "too_many_requests", TEXT);
    assert_eq!(answer.header("x-ratelimit-limit"), Some(limit), "{answer}");
    assert_eq!(
        answer.header("x-ratelimit-remaining"),
        Some("0"),
        "{answer}"
    );
    assert!(answer.header("x-ratelimit-reset").is_some(), "{answer}");
    assert!(answer.header("retry-after").is_some(), "{answer}");
}

#[harness::test]
async fn an_address_gets_sixty_device_codes_at_once_and_then_twenty_a_minute() {
    let server = with_default("device_code_rate_limit");
    let ask = async |address: &str| {
        let form = [("scope", "openid"), ("audience", API)];
        let client = from(&server, address);
        http::send(server.request_as(&client, &TV, "/oauth/device/code", &form)).await
    };
    for _ in 0..60 {
        let answer = ask("127.0.0.1").await;
        assert_eq!(answer.status, 200, "{answer}");
    }
    let refused = ask("127.0.0.1").await;
    assert_throttled(&refused, "60");
    assert_eq!(
        refused.cost().write_calls.to_bits(),
        0_f64.to_bits(),
        "{refused}"
    );
    assert_eq!(ask("127.0.0.2").await.status, 200);
    server.advance(60).await;
    for _ in 0..20 {
        let answer = ask("127.0.0.1").await;
        assert_eq!(answer.status, 200, "{answer}");
    }
    assert_throttled(&ask("127.0.0.1").await, "60");
}

#[harness::test]
async fn a_client_secret_is_guessed_so_often_from_one_address_and_the_right_one_waits_then() {
    let server = with_default("client_authentication_rate_limit");
    let token = server.login(&WEB_POST).refresh_token().await;
    let ask = async |address: &str, secret: &str, path: &str| {
        let form = [
            ("client_id", WEB_POST.id),
            ("client_secret", secret),
            ("grant_type", "refresh_token"),
            ("refresh_token", &token),
            ("token", "nonsense"),
        ];
        from(&server, address).post_form(path, &form).await
    };
    for guess in 0..100 {
        // Both endpoints count, and a right secret in between does not reset the count.
        let path = ["/oauth/token", "/oauth/revoke"][guess % 2];
        assert_eq!(ask("127.0.0.1", "wrong", path).await.status, 401);
        if guess % 20 == 0 {
            let good = ask("127.0.0.1", WEB_POST.secret(), "/oauth/revoke").await;
            assert_eq!(good.status, 200, "{good}");
        }
    }
    for secret in ["wrong", WEB_POST.secret()] {
        for path in ["/oauth/token", "/oauth/revoke"] {
            assert_throttled(&ask("127.0.0.1", secret, path).await, "100");
        }
    }
    // Other addresses and other clients are not affected, and neither is the client later.
    let elsewhere = ask("127.0.0.2", WEB_POST.secret(), "/oauth/revoke").await;
    assert_eq!(elsewhere.status, 200, "{elsewhere}");
    server.login(&WEB_BASIC).refresh_token().await;
    server.advance(60).await;
    let later = ask("127.0.0.1", WEB_POST.secret(), "/oauth/token").await;
    assert_eq!(later.status, 200, "{later}");
}

#[harness::test]
async fn guesses_of_a_client_that_does_not_exist_are_counted_too() {
    let server = with_default("client_authentication_rate_limit");
    for guess in 0..=100 {
        let id = format!("unknown-{guess}");
        let form = [
            ("client_id", id.as_str()),
            ("client_secret", "x"),
            ("grant_type", "client_credentials"),
        ];
        let answer = server.http().post_form("/oauth/token", &form).await;
        if guess < 100 {
            assert_oauth_error(&answer, 401, "access_denied", "Unauthorized");
        } else {
            assert_throttled(&answer, "100");
        }
    }
    let form = [("grant_type", "client_credentials"), ("audience", API)];
    let known = server.token(&WEB_POST, &form).await;
    assert_ne!(known.status, 429, "{known}");
}

#[harness::test]
async fn a_tenant_sets_how_often_user_codes_are_typed_and_tokens_delegated() {
    let line = "  friendly_name: Ratchet Tests\n";
    let limits = format!(
        "{line}  user_code_rate_limit: {{ burst: 2, per_minute: 1 }}\n  delegation_rate_limit: {{ burst: 1, \
         per_minute: 1 }}\n"
    );
    let file = tenant::changed(line, &limits);
    let server = Launch::new().tenant(file).start("has limits of its own");
    for typed in 0..3 {
        let answer = server.http().get("/activate?user_code=BBBB-BBBB").await;
        let expected = if typed < 2 { 400 } else { 429 };
        assert_eq!(answer.status, expected, "{answer}");
    }
    let ada = User::ada();
    let tokens = server
        .login(&LEGACY_SPA)
        .user(&ada)
        .scope("openid")
        .tokens()
        .await;
    let form = [
        ("client_id", LEGACY_SPA.id),
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("id_token", &tokens.id_token()),
        ("scope", "openid"),
    ];
    let first = server.http().post_form("/delegation", &form).await;
    assert_eq!(first.status, 200, "{first}");
    assert_throttled(&server.http().post_form("/delegation", &form).await, "1");
    // Other requests are not affected.
    server.login(&SPA_STRICT).refresh_token().await;
}
