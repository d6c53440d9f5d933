//! Passwords sprayed over many names from one address: after too many failures the address is rejected, others are not
//! (Auth0's suspicious IP throttling).

use std::net::IpAddr;

use harness::{
    Answer, Browser, Http, Launch, Server, Tokens,
    apps::{PW_NATIVE, PW_WEB, SPA_EMBEDDED, SPA_STRICT, User},
    assert_oauth_error,
    assertions::assert_page,
    http, tenant,
};
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

const SUSPICIOUS: &str = "We have detected suspicious login behavior and further attempts will be blocked. \
                          Please contact the administrator.";
/// Seconds until an address regains one attempt, by default.
const GRANTED_EVERY: u64 = 864;
const SPRAYER: &str = "127.0.0.66";
const OTHER: &str = "127.0.0.67";

/// A separate server with these settings of the throttling; those of the tests' tenant are for callers at 127.0.0.1.
fn throttling(settings: &str) -> Server {
    let section = "  suspiciousIpThrottling:";
    let (before, after) = tenant::base()
        .split_once(section)
        .map(|(before, after)| (before.to_owned(), after.to_owned()))
        .expect("the tests' tenant has the section");
    let (_, after) = after.split_once('\n').expect("the section is one line");
    let file = format!("{before}{section} {settings}\n{after}");
    Launch::new().tenant(file).start("chooses addresses")
}

fn from(server: &Server, address: &str) -> Http {
    let address: IpAddr = address.parse().expect("an address");
    Http::calling_from(server.http().base(), address)
}

async fn grant(server: &Server, address: &str, name: &str, password: &str) -> Answer {
    let form = [
        ("grant_type", "password"),
        ("username", name),
        ("password", password),
        ("scope", "openid"),
    ];
    let client = from(server, address);
    http::send(server.request_as(&client, &PW_NATIVE, "/oauth/token", &form)).await
}

/// Guesses with this many unknown names.
async fn spray(server: &Server, address: &str, guesses: usize) {
    for guess in 0..guesses {
        let name = format!("unknown-{guess}@example.com");
        assert_wrong(&grant(server, address, &name, "Summer2026!").await);
    }
}

#[track_caller]
fn assert_wrong(answer: &Answer) {
    assert_oauth_error(answer, 403, "invalid_grant", "Wrong email or password.");
}

#[track_caller]
fn assert_suspicious(answer: &Answer) {
    assert_oauth_error(answer, 429, "too_many_attempts", SUSPICIOUS);
}

#[harness::test]
async fn by_default_a_hundred_failures_in_a_day_throttle_an_address_and_no_other() {
    let server = throttling("{}");
    let ada = User::ada();
    spray(&server, SPRAYER, 100).await;
    let refused = grant(&server, SPRAYER, "unknown-100@example.com", "Summer2026!").await;
    assert_suspicious(&refused);
    assert_suspicious(&grant(&server, SPRAYER, &ada.email, ada.password).await);
    Tokens::expect(grant(&server, OTHER, &ada.email, ada.password).await);
    // Throttled attempts do not count as failures of the user.
    for _ in 0..12 {
        assert_suspicious(&grant(&server, SPRAYER, &ada.email, "wrong").await);
    }
    Tokens::expect(grant(&server, OTHER, &ada.email, ada.password).await);
}

#[harness::test]
async fn one_attempt_is_granted_every_so_often_and_a_good_one_takes_nothing() {
    let server = throttling("{ stage: { pre-login: { max_attempts: 3 } } }");
    let (ada, zoe) = (User::ada(), User::zoe());
    spray(&server, SPRAYER, 3).await;
    assert_suspicious(&grant(&server, SPRAYER, &ada.email, ada.password).await);
    server.advance(GRANTED_EVERY - 10).await;
    assert_suspicious(&grant(&server, SPRAYER, &ada.email, ada.password).await);
    server.advance(11).await;
    for user in [&ada, &zoe, &ada, &zoe] {
        Tokens::expect(grant(&server, SPRAYER, &user.email, user.password).await);
    }
    assert_wrong(&grant(&server, SPRAYER, &ada.email, "wrong").await);
    assert_suspicious(&grant(&server, SPRAYER, &zoe.email, zoe.password).await);
}

#[harness::test]
async fn every_place_that_takes_a_password_counts_and_refuses() {
    let server = throttling("{ stage: { pre-login: { max_attempts: 4 } } }");
    let ada = User::ada();
    let browser = Browser::new(from(&server, SPRAYER));
    let login = server.login(&SPA_STRICT).browser(&browser);
    let page = login.open().await.page_at("/u/login");
    let embedded = |name: &str| {
        let body = json!({
            "client_id": SPA_EMBEDDED.id, "username": name, "password": "wrong",
            "realm": "Username-Password-Authentication",
            "credential_type": "http://auth0.com/oauth/grant-type/password-realm",
        });
        let request = browser.http().request(Method::POST, "/co/authenticate");
        http::send(
            request
                .header("origin", "https://embedded.example.com")
                .json(&body),
        )
    };
    let classic = |name: &str| {
        let body = json!({
            "client_id": SPA_STRICT.id, "redirect_uri": SPA_STRICT.callback, "response_type": "code",
            "tenant": "x", "username": name, "password": "wrong", "scope": "openid",
            "connection": "Username-Password-Authentication",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
        });
        let request = browser
            .http()
            .request(Method::POST, "/usernamepassword/login");
        http::send(
            request
                .header("origin", server.issuer().trim_end_matches('/'))
                .json(&body),
        )
    };

    let again = browser
        .log_in(&page, "unknown-1@example.com", "wrong")
        .await;
    assert_eq!(again.status, 400, "{again}");
    assert_eq!(embedded("unknown-2@example.com").await.status, 403);
    let answer = classic("unknown-3@example.com").await;
    assert_eq!(answer.status, 401, "{answer}");
    // Guesses with impossible names count as well.
    assert_wrong(&grant(&server, SPRAYER, &"x".repeat(2_000), "wrong").await);

    let refused = browser.log_in(&again, &ada.email, ada.password).await;
    assert_eq!(refused.status, 429, "{refused}");
    assert_page(&refused);
    assert!(refused.text().contains(SUSPICIOUS), "{refused}");
    let refused = embedded(&ada.email).await;
    assert_oauth_error(&refused, 429, "too_many_attempts", SUSPICIOUS);
    let refused = classic(&ada.email).await;
    assert_eq!(refused.status, 429, "{refused}");
    assert_eq!(refused.json()["code"], "too_many_attempts", "{refused}");
    assert_eq!(refused.json()["description"], SUSPICIOUS, "{refused}");
    assert_suspicious(&grant(&server, SPRAYER, &ada.email, ada.password).await);
}

#[harness::test]
async fn of_64_guesses_at_once_no_more_are_answered_than_are_allowed() {
    let server = throttling("{ stage: { pre-login: { max_attempts: 5 } } }");
    let client = from(&server, SPRAYER);
    let mut requests = JoinSet::new();
    for guess in 0..64 {
        let name = format!("unknown-{guess}@example.com");
        let form = [
            ("grant_type", "password"),
            ("username", name.as_str()),
            ("password", "wrong"),
        ];
        requests.spawn(http::send(server.request_as(
            &client,
            &PW_NATIVE,
            "/oauth/token",
            &form,
        )));
    }
    let answers = requests.join_all().await;
    let wrong = answers.iter().filter(|answer| answer.status == 403).count();
    let busy = answers.iter().filter(|answer| answer.status == 503).count();
    assert!(
        wrong <= 5 && wrong + busy >= 5,
        "{wrong} wrong, {busy} busy"
    );
    for answer in answers.iter().filter(|answer| answer.status == 429) {
        assert_suspicious(answer);
    }
    let ada = User::ada();
    assert_suspicious(&grant(&server, SPRAYER, &ada.email, ada.password).await);
}

#[harness::test]
async fn an_ipv6_prefix_counts_as_one_address_and_trusted_ranges_are_exempt() {
    let server = throttling(
        "{ allowlist: [198.51.100.0/24, 127.0.0.1], stage: { pre-login: { max_attempts: 2 } } }",
    );
    let ask = async |address: &str, name: &str, password: &str| {
        let form = [
            ("grant_type", "password"),
            ("username", name),
            ("password", password),
        ];
        let request = server.request_as(&server.http(), &PW_WEB, "/oauth/token", &form);
        http::send(request.header("auth0-forwarded-for", address)).await
    };
    let ada = User::ada();
    assert_wrong(&ask("2001:db8:1:2:3::4", "unknown-1@example.com", "wrong").await);
    assert_wrong(&ask("2001:db8:1:2:ffff::1", "unknown-2@example.com", "wrong").await);
    assert_suspicious(&ask("2001:db8:1:2::9", &ada.email, ada.password).await);
    Tokens::expect(ask("2001:db8:1:3::9", &ada.email, ada.password).await);
    for guess in 0..5 {
        let name = format!("unknown-{guess}@example.com");
        assert_wrong(&ask("198.51.100.7", &name, "wrong").await);
    }
    Tokens::expect(ask("198.51.100.7", &ada.email, ada.password).await);
}

#[harness::test]
async fn without_the_shield_an_address_is_logged_and_not_refused() {
    for (settings, logged) in [
        (
            "{ enabled: false, stage: { pre-login: { max_attempts: 1 } } }",
            false,
        ),
        (
            "{ shields: [admin_notification], stage: { pre-login: { max_attempts: 1 } } }",
            true,
        ),
    ] {
        let server = throttling(settings);
        spray(&server, SPRAYER, 3).await;
        let ada = User::ada();
        Tokens::expect(grant(&server, SPRAYER, &ada.email, ada.password).await);
        let log = server.stop();
        assert_eq!(log.contains("limit_mu"), logged, "{log}");
    }
}

#[harness::test]
async fn a_refusal_is_in_the_log_with_the_address_and_without_the_name() {
    let server = throttling("{ stage: { pre-login: { max_attempts: 1 } } }");
    spray(&server, SPRAYER, 1).await;
    assert_suspicious(&grant(&server, SPRAYER, "unknown-9@example.com", "wrong").await);
    let log = server.stop();
    let line = log.lines().find(|line| line.contains("limit_mu"));
    let line = line.unwrap_or_else(|| panic!("no limit_mu in {log}"));
    assert!(line.contains(SPRAYER), "{line}");
    assert!(!log.contains("unknown-9"), "{log}");
}

#[harness::test]
async fn a_good_login_without_failures_writes_nothing() {
    let server = throttling("{}");
    let ada = User::ada();
    for _ in 0..2 {
        let answer = grant(&server, OTHER, &ada.email, ada.password).await;
        let cost = answer.cost();
        Tokens::expect(answer);
        assert_eq!(cost.write_calls.to_bits(), 0_f64.to_bits(), "{cost:?}");
    }
}

#[harness::test]
async fn an_email_address_and_a_user_name_of_one_user_are_counted_together() {
    let users = "users:\n  - user_id: auth0|both\n    email: both@example.com\n    username: both-names\n    \
                 password: correct horse battery staple\n";
    let file = tenant::changed("users:\n", users);
    let server = Launch::new().tenant(file).start("imports another user");
    let here = "127.0.0.1";
    for _ in 0..5 {
        assert_wrong(&grant(&server, here, "both@example.com", "wrong").await);
        assert_wrong(&grant(&server, here, "both-names", "wrong").await);
    }
    for name in ["both@example.com", "both-names"] {
        let answer = grant(&server, here, name, "correct horse battery staple").await;
        assert_eq!(answer.status, 429, "{answer}");
    }
    Tokens::expect(grant(&server, OTHER, "both-names", "correct horse battery staple").await);
}
