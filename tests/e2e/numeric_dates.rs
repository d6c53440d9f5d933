//! Times in JWTs that the server reads: a `NumericDate` may have a fraction (RFC 7519 section 2). Python's
//! `time.time()` returns one.

use harness::{
    Answer, Server, Tokens,
    apps::{API, ASSERTION_KEY, LEGACY_WEB, User, WEB_HS256, WEB_KEY},
    assert_oauth_error, jwt,
};
use serde_json::{Value, json};

/// A valid client assertion with other times.
fn assertion(server: &Server, times: &Value) -> String {
    let mut claims = jwt::assertion_claims(WEB_KEY.id, server.issuer(), server.now());
    let members = claims.as_object_mut().expect("claims are an object");
    members.extend(times.as_object().expect("times are an object").clone());
    jwt::sign(&claims, ASSERTION_KEY)
}

async fn ask(server: &Server, path: &str, assertion: &str) -> Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("audience", API),
        ("token", "rt1_none"),
        ("client_assertion_type", jwt::ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    server.http().post_form(path, &form).await
}

/// Seconds with a fraction.
#[expect(clippy::cast_precision_loss, reason = "a time is far below 2^52")]
fn at(seconds: u64, fraction: f64) -> f64 {
    seconds as f64 + fraction
}

/// The claims of an ID token for this client, with this expiry.
fn id_token_claims(server: &Server, client_id: &str, exp: &Value) -> Value {
    // The ID token must not be older than the user.
    let iat = at(server.now(), 0.25);
    json!({
        "iss": server.issuer(), "aud": client_id, "sub": User::ada().id, "iat": iat, "nbf": iat,
        "auth_time": iat, "exp": exp,
    })
}

/// Invalid times: negative, not a number, beyond every calendar.
fn impossible() -> [Value; 8] {
    [
        json!(-1),
        json!(-0.5),
        json!(1e15),
        json!(1e300),
        json!(u64::MAX),
        json!("1800000000"),
        json!(true),
        json!([1_800_000_000]),
    ]
}

#[harness::test]
async fn an_assertion_with_fractions_is_as_good_as_one_without() {
    let server = Server::shared();
    let now = server.now();
    for times in [
        json!({ "exp": at(now, 60.5) }),
        json!({ "exp": at(now, 60.0) }),
        json!({ "exp": at(now, 60.123_456), "iat": at(now, -0.25), "nbf": at(now, -0.75) }),
        json!({ "iat": at(now, 0.875) }),
    ] {
        Tokens::expect(ask(server, "/oauth/token", &assertion(server, &times)).await);
        let revoked = ask(server, "/oauth/revoke", &assertion(server, &times)).await;
        assert_eq!(revoked.status, 200, "{times}: {revoked}");
    }
}

#[harness::test]
async fn the_rules_about_an_assertions_times_hold_for_fractions_too() {
    let server = Server::shared();
    let now = server.now();
    for times in [
        json!({ "exp": at(now, -60.5) }),
        json!({ "exp": at(now, 3600.5) }),
        json!({ "nbf": at(now, 50.5) }),
        json!({ "iat": at(now, 50.5) }),
    ] {
        let answer = ask(server, "/oauth/token", &assertion(server, &times)).await;
        assert_oauth_error(&answer, 401, "access_denied", "Unauthorized");
    }
}

#[harness::test]
async fn an_assertion_with_an_impossible_time_is_refused() {
    let server = Server::shared();
    for time in impossible() {
        for name in ["exp", "iat", "nbf"] {
            let assertion = assertion(server, &json!({ name: time }));
            let answer = ask(server, "/oauth/token", &assertion).await;
            assert_eq!(answer.status, 401, "{name} {time}: {answer}");
            assert_oauth_error(&answer, 401, "access_denied", "Unauthorized");
        }
    }
}

#[harness::test]
async fn an_id_token_with_fractions_is_good_for_a_delegation() {
    let server = Server::shared();
    let now = server.now();
    let mut expiries = vec![
        (json!(at(now, 60.5)), true),
        (json!(at(now, 60.0)), true),
        (json!(at(now, -60.5)), false),
    ];
    expiries.extend(impossible().map(|time| (time, false)));
    for (exp, good) in expiries {
        let claims = id_token_claims(server, LEGACY_WEB.id, &exp);
        let id_token = jwt::sign_hs256(&claims, LEGACY_WEB.secret());
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("client_id", LEGACY_WEB.id),
            ("id_token", &id_token),
        ];
        let answer = server.http().post_form("/delegation", &form).await;
        let expected = if good { 200 } else { 401 };
        assert_eq!(answer.status, expected, "{exp}: {answer}");
    }
}

/// A hint may have expired long ago, so that its times do not matter.
#[harness::test]
async fn an_id_token_hint_with_fractions_is_read() {
    let server = Server::shared();
    for exp in [at(server.now(), 60.5), 1.5] {
        let claims = id_token_claims(server, WEB_HS256.id, &json!(exp));
        let hint = jwt::sign_hs256(&claims, WEB_HS256.secret());
        let login = server.login(&WEB_HS256).with("id_token_hint", &hint);
        login.assert_logged_out().await;
    }
}
