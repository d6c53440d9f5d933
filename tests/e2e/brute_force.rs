//! Guessed passwords: after too many failures, the server rejects the right one, too.

use harness::{
    Answer, Launch, Server, Tokens,
    apps::{API, App, PW_KIOSK, PW_NATIVE, PW_WEB, SPA_STRICT, User},
    assert_oauth_error,
    assertions::assert_page,
    http, tenant,
};
use tokio::task::JoinSet;

const BLOCKED: &str = "Your account has been blocked after multiple consecutive login attempts. \
                       Please contact the administrator.";
const MONTH: u64 = 30 * 24 * 3600;

fn assert_blocked(answer: &Answer) {
    assert_oauth_error(answer, 429, "too_many_attempts", BLOCKED);
}

fn assert_wrong(answer: &Answer) {
    assert_oauth_error(answer, 403, "invalid_grant", "Wrong email or password.");
}

/// A password grant, on behalf of an address if there is one.
async fn try_from(
    server: &Server,
    app: &App,
    name: &str,
    password: &str,
    address: Option<&str>,
) -> Answer {
    let form = [
        ("grant_type", "password"),
        ("audience", API),
        ("username", name),
        ("password", password),
    ];
    let mut request = server.request_as(&server.http(), app, "/oauth/token", &form);
    if let Some(address) = address {
        request = request.header("auth0-forwarded-for", address);
    }
    http::send(request).await
}

async fn attempt(server: &Server, name: &str, password: &str) -> Answer {
    try_from(server, &PW_NATIVE, name, password, None).await
}

async fn fail(server: &Server, name: &str, times: usize) {
    for _ in 0..times {
        assert_wrong(&attempt(server, name, "wrong").await);
    }
}

/// Number of logins before the first rejected one, with the rejection.
async fn until_throttled(server: &Server, user: &User) -> (usize, Answer) {
    for allowed in 0..30 {
        let answer = attempt(server, &user.email, user.password).await;
        if answer.status != 200 {
            return (allowed, answer);
        }
    }
    panic!("no login was refused");
}

/// A server with other settings of the brute-force protection.
fn protected(settings: &str) -> Launch {
    let section = format!("attackProtection:\n  bruteForceProtection: {settings}\n");
    Launch::new().tenant(tenant::changed("attackProtection:\n", &section))
}

#[harness::test]
async fn the_tenth_wrong_password_blocks_the_right_one() {
    let server = Server::shared();
    let user = server.fresh_user();
    fail(server, &user.email, 10).await;
    assert_blocked(&attempt(server, &user.email, user.password).await);
    assert_blocked(&attempt(server, &user.email, "wrong").await);
    let shouted = user.email.to_uppercase();
    assert_blocked(&attempt(server, &shouted, user.password).await);
}

#[harness::test]
async fn nine_failures_are_allowed_and_reset_by_the_right_password() {
    let server = Server::shared();
    let user = server.fresh_user();
    for _ in 0..3 {
        fail(server, &user.email, 9).await;
        Tokens::expect(attempt(server, &user.email, user.password).await);
    }
}

#[harness::test]
async fn an_unknown_login_name_is_blocked_as_well() {
    let server = Server::shared();
    let name = format!("unknown-{}@example.com", harness::pkce::random());
    fail(server, &name, 10).await;
    assert_blocked(&attempt(server, &name, "wrong").await);
}

#[harness::test]
async fn of_64_wrong_passwords_at_once_ten_are_answered_as_wrong() {
    let server = Server::shared();
    let user = server.fresh_user();
    let client = server.http();
    let form = [
        ("grant_type", "password"),
        ("username", user.email.as_str()),
        ("password", "wrong"),
    ];
    let mut requests = JoinSet::new();
    for _ in 0..64 {
        requests.spawn(http::send(server.request_as(
            &client,
            &PW_NATIVE,
            "/oauth/token",
            &form,
        )));
    }
    let answers = requests.join_all().await;
    let (wrong, others): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 403);
    // An attempt that got 503 may still have been counted: the store was too busy to confirm it.
    let (busy, blocked): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|answer| answer.status == 503);
    assert!(
        wrong.len() <= 10 && wrong.len() + busy.len() >= 10,
        "{}",
        wrong.len()
    );
    wrong.iter().for_each(assert_wrong);
    busy.iter()
        .for_each(harness::assertions::assert_unavailable);
    blocked.iter().for_each(assert_blocked);
    assert_blocked(&attempt(server, &user.email, user.password).await);
}

#[harness::test]
async fn a_block_is_for_one_address_as_forwarded_by_a_trusted_client() {
    let server = Server::shared();
    let user = server.fresh_user();
    let ask = |address, password| try_from(server, &PW_WEB, &user.email, password, address);
    let thief = Some("198.51.100.7");
    for _ in 0..10 {
        assert_wrong(&ask(thief, "wrong").await);
    }
    assert_blocked(&ask(thief, user.password).await);
    Tokens::expect(ask(Some("198.51.100.8"), user.password).await);
    Tokens::expect(ask(Some("2001:db8::1"), user.password).await);
    // A value that is not an address is ignored.
    Tokens::expect(ask(Some("somewhere"), user.password).await);
    Tokens::expect(ask(None, user.password).await);
}

#[harness::test]
async fn addresses_forwarded_by_other_clients_are_ignored() {
    let server = Server::shared();
    for app in [PW_KIOSK, PW_NATIVE] {
        let user = server.fresh_user();
        for last in 0..10 {
            let address = format!("203.0.113.{last}");
            let answer = try_from(server, &app, &user.email, "wrong", Some(&address)).await;
            assert_wrong(&answer);
        }
        let other = Some("203.0.113.99");
        assert_blocked(&try_from(server, &app, &user.email, user.password, other).await);
    }
}

#[harness::test]
async fn the_login_page_says_so_and_counts_along() {
    let server = Server::shared();
    let user = server.fresh_user();
    fail(server, &user.email, 9).await;
    let browser = server.browser();
    let page = server
        .login(&SPA_STRICT)
        .browser(&browser)
        .open()
        .await
        .page_at("/u/login");
    let again = browser.log_in(&page, &user.email, "wrong").await;
    assert_eq!(again.status, 400, "{again}");
    let blocked = browser.log_in(&again, &user.email, user.password).await;
    assert_eq!(blocked.status, 429, "{blocked}");
    assert_page(&blocked);
    assert!(
        blocked.text().contains("Your account has been blocked"),
        "{blocked}"
    );
    assert_blocked(&attempt(server, &user.email, user.password).await);
}

#[harness::test]
async fn a_month_without_failures_ends_a_block_and_failures_begin_anew() {
    let server = Server::start("moves the clock");
    let ada = User::ada();
    fail(&server, &ada.email, 10).await;
    server.advance(MONTH - 60).await;
    assert_blocked(&attempt(&server, &ada.email, ada.password).await);
    server.advance(61).await;
    fail(&server, &ada.email, 9).await;
    Tokens::expect(attempt(&server, &ada.email, ada.password).await);
}

#[harness::test]
async fn another_password_ends_a_block() {
    let server = Server::start("changes a password");
    let zoe = User::zoe();
    fail(&server, &zoe.email, 10).await;
    assert_blocked(&attempt(&server, &zoe.email, zoe.password).await);
    let file =
        "users:\n  - { user_id: auth0|zoe, email: zoe@example.com, password: quite another }\n";
    server.import_tenant(file.to_owned()).await;
    Tokens::expect(attempt(&server, &zoe.email, "quite another").await);
}

#[harness::test]
async fn one_count_for_all_addresses_locks_the_account() {
    let launch = protected("{ mode: count_per_identifier, max_attempts: 3 }");
    let server = launch.start("has other settings");
    let ada = User::ada();
    for address in ["198.51.100.7", "198.51.100.8", "198.51.100.9"] {
        let answer = try_from(&server, &PW_WEB, &ada.email, "wrong", Some(address)).await;
        assert_wrong(&answer);
    }
    let elsewhere = Some("198.51.100.10");
    assert_blocked(&try_from(&server, &PW_WEB, &ada.email, ada.password, elsewhere).await);
    assert_blocked(&attempt(&server, &ada.email, ada.password).await);
}

#[harness::test]
async fn no_login_is_blocked_without_the_shield_or_from_a_trusted_address() {
    for settings in [
        "{ enabled: false, max_attempts: 1 }",
        "{ shields: [user_notification], max_attempts: 1 }",
        "{ allowlist: [127.0.0.0/8], max_attempts: 1 }",
    ] {
        let server = protected(settings).start("has other settings");
        let ada = User::ada();
        fail(&server, &ada.email, 3).await;
        Tokens::expect(attempt(&server, &ada.email, ada.password).await);
    }
}

#[harness::test]
async fn a_raised_threshold_ends_a_block() {
    let server = protected("{ max_attempts: 2 }").start("has other settings");
    let ada = User::ada();
    fail(&server, &ada.email, 2).await;
    assert_blocked(&attempt(&server, &ada.email, ada.password).await);
    let file = "attackProtection:\n  bruteForceProtection: { max_attempts: 3 }\n";
    server.import_tenant(file.to_owned()).await;
    Tokens::expect(attempt(&server, &ada.email, ada.password).await);
}

#[harness::test]
async fn a_user_logs_in_twenty_times_at_once_and_then_ten_times_a_minute() {
    let file = tenant::changed(
        "  login_rate_limit: { burst: 60000, per_minute: 60000 }\n",
        "",
    );
    let server = Launch::new().tenant(file).start("has Auth0's rate limit");
    let (ada, zoe) = (User::ada(), User::zoe());
    let (allowed, answer) = until_throttled(&server, &ada).await;
    assert_eq!(allowed, 20);
    let text = "Too many requests. Check the X-RateLimit-Limit, X-RateLimit-Remaining and \
                X-RateLimit-Reset headers.";
    assert_oauth_error(&answer, 429, "too_many_requests", text);
    assert_eq!(answer.header("x-ratelimit-limit"), Some("20"), "{answer}");
    assert_eq!(
        answer.header("x-ratelimit-remaining"),
        Some("0"),
        "{answer}"
    );
    assert_eq!(answer.header("retry-after"), Some("6"), "{answer}");

    let browser = server.browser();
    let login = server.login(&SPA_STRICT).browser(&browser);
    let page = login.open().await.page_at("/u/login");
    let again = browser.log_in(&page, &ada.email, ada.password).await;
    assert_eq!(again.status, 429, "{again}");
    assert_page(&again);
    assert!(again.header("retry-after").is_some(), "{again}");

    Tokens::expect(attempt(&server, &zoe.email, zoe.password).await);
    server.advance(60).await;
    let (allowed, _) = until_throttled(&server, &ada).await;
    assert_eq!(allowed, 10);
}

#[harness::test]
async fn a_block_is_in_the_log() {
    let server = protected("{ max_attempts: 1 }").start("reads the server's log");
    let ada = User::ada();
    fail(&server, &ada.email, 1).await;
    assert_blocked(&attempt(&server, &ada.email, ada.password).await);
    let log = server.stop();
    assert!(log.contains("limit_wc"), "{log}");
}
