//! `GET /v2/logout`.

use harness::{
    Answer, Browser, Launch, Server,
    apps::{SPA_STRICT, SPA_WILDCARD, WEB_POST},
    assertions::{assert_error_page, assert_oauth_error, assert_sane},
    tenant,
};

async fn logged_in(server: &Server) -> Browser {
    let browser = server.browser();
    server.login(&SPA_STRICT).browser(&browser).callback().await;
    browser
}

async fn log_out(browser: &Browser, query: &str) -> Answer {
    browser.http().get(&format!("/v2/logout?{query}")).await
}

#[track_caller]
fn assert_sent_to(answer: &Answer, target: &str) {
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some(target)),
        "{answer}"
    );
}

#[track_caller]
fn assert_not_allowed(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.header("location")),
        (400, None),
        "{answer}"
    );
    let text = answer.text();
    assert!(
        text.contains("returnTo") && text.contains("Allowed Logout URLs"),
        "{answer}"
    );
    assert_sane(answer);
}

#[harness::test]
async fn logging_out_ends_the_session() {
    let server = Server::shared();
    let browser = logged_in(server).await;
    log_out(&browser, "client_id=spa-strict").await;
    assert!(!server.is_logged_in(&browser).await);
}

#[harness::test]
async fn a_copied_session_cookie_dies_with_the_session() {
    let server = Server::shared();
    let browser = logged_in(server).await;
    let stolen = browser.http().cookies("/authorize");
    log_out(&browser, "client_id=spa-strict").await;

    let path = server.login(&SPA_STRICT).with("prompt", "none").path();
    let http = server.http();
    let request = http
        .request(reqwest::Method::GET, &path)
        .header("cookie", stolen);
    let answer = harness::http::send(request).await;
    let location = answer.header("location").unwrap_or_default();
    assert!(location.contains("error=login_required"), "{answer}");
}

#[harness::test]
async fn a_client_names_one_of_its_own_urls_or_gets_the_first() {
    let server = Server::shared();
    let browser = server.browser();
    let first = "https://app.example.com/signed-out";
    assert_sent_to(&log_out(&browser, "client_id=spa-strict").await, first);
    let second = "https://app.example.com/second";
    let query = format!("client_id=spa-strict&returnTo={second}");
    assert_sent_to(&log_out(&browser, &query).await, second);
}

#[harness::test]
async fn a_query_does_not_count_and_is_kept() {
    let server = Server::shared();
    let target = "https://app.example.com/signed-out?from=settings";
    let encoded = "https%3A%2F%2Fapp.example.com%2Fsigned-out%3Ffrom%3Dsettings";
    let query = format!("client_id=spa-strict&returnTo={encoded}");
    assert_sent_to(&log_out(&server.browser(), &query).await, target);
}

#[harness::test]
async fn a_fragment_does_not_count_either() {
    let server = Server::shared();
    let target = "https://app.example.com/second?x=1#there";
    let encoded = "https%3A%2F%2Fapp.example.com%2Fsecond%3Fx%3D1%23there";
    let query = format!("client_id=spa-strict&returnTo={encoded}");
    assert_sent_to(&log_out(&server.browser(), &query).await, target);
}

#[harness::test]
async fn a_logout_of_a_client_without_urls_answers_ok() {
    let server = Server::shared();
    let browser = logged_in(server).await;
    let answer = log_out(&browser, &format!("client_id={}", WEB_POST.id)).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "OK"));
    assert!(!server.is_logged_in(&browser).await);
}

#[harness::test]
async fn a_tenant_without_urls_says_ok() {
    let list = "  allowed_logout_urls:\n    - https://www.example.com/goodbye\n";
    let launch = Launch::new().tenant(tenant::changed(list, ""));
    let server = launch.start("has a tenant of its own");
    let answer = log_out(&server.browser(), "").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "OK"));
}

#[harness::test]
async fn an_unknown_client_is_refused() {
    let server = Server::shared();
    let answer = log_out(&server.browser(), "client_id=unknown").await;
    assert_error_page(&answer, "Unknown client");
}

#[harness::test]
async fn a_refused_logout_ends_nothing() {
    let server = Server::shared();
    let browser = logged_in(server).await;
    assert_not_allowed(&log_out(&browser, "returnTo=https://evil.example/").await);
    assert!(server.is_logged_in(&browser).await);
}

#[harness::test]
async fn logouts_and_refused_ones_are_logged() {
    let server = Server::start("reads what a server of its own writes");
    let browser = logged_in(&server).await;
    log_out(&browser, "returnTo=https://evil.example/").await;
    log_out(&browser, "client_id=spa-strict").await;
    let log = server.stop();
    let line = |code: &str| {
        let code = format!("type=\"{code}\"");
        let line = log.lines().find(|line| line.contains(&code));
        line.unwrap_or_else(|| panic!("no `{code}` in {log}"))
    };
    assert!(line("flo").contains("evil.example"), "{log}");
    assert!(line("slo").contains("auth0|ada"), "{log}");
    assert!(line("slo").contains("spa-strict"), "{log}");
}

#[harness::test]
async fn a_logout_that_ends_nothing_is_not_logged_as_one() {
    let server = Server::start("reads what a server of its own writes");
    log_out(&server.browser(), "client_id=spa-strict").await;
    // A cookie of an ended session, which the browser should have deleted.
    let browser = logged_in(&server).await;
    let cookie = browser.http().cookies("/v2/logout");
    log_out(&browser, "client_id=spa-strict").await;
    let again = server
        .http()
        .request(reqwest::Method::GET, "/v2/logout?client_id=spa-strict");
    harness::http::send(again.header("cookie", cookie)).await;
    let log = server.stop();
    let lines = |code: &str| {
        let code = format!("type=\"{code}\"");
        log.lines().filter(|line| line.contains(&code)).count()
    };
    assert_eq!((lines("slo"), lines("flo")), (1, 2), "{log}");
}

#[harness::test]
async fn without_client_the_tenants_list_counts() {
    let server = Server::shared();
    let browser = server.browser();
    let tenants = "https://www.example.com/goodbye";
    assert_sent_to(
        &log_out(&browser, &format!("returnTo={tenants}")).await,
        tenants,
    );
    assert_sent_to(&log_out(&browser, "").await, tenants);
    assert_sent_to(
        &log_out(&browser, "federated&auth0Client=e30").await,
        tenants,
    );
    let clients = "https://app.example.com/signed-out";
    assert_not_allowed(&log_out(&browser, &format!("returnTo={clients}")).await);
    let query = format!("client_id=spa-strict&returnTo={tenants}");
    assert_not_allowed(&log_out(&browser, &query).await);
}

#[harness::test]
async fn urls_match_as_callbacks_do() {
    let server = Server::shared();
    let browser = server.browser();
    let query = "client_id=spa-strict&returnTo=";
    for good in [
        "HTTPS://APP.example.com/second",
        "https://shop.example.net/bye",
    ] {
        let answer = log_out(&browser, &format!("{query}{good}")).await;
        assert_eq!(answer.status, 302, "{answer}");
    }
    for bad in [
        "https://app.example.com/Second",
        "https://app.example.com/",
        "https://evil.example/second",
        "https://app.example.com%40evil.example/second",
        "https://example.net/bye",
        "https://a.b.example.net/bye",
        "//app.example.com/second",
        "javascript:alert(1)",
        "https://app.example.com/second%0d%0aX-Injected:1",
    ] {
        assert_not_allowed(&log_out(&browser, &format!("{query}{bad}")).await);
    }
}

#[harness::test]
async fn a_client_may_not_use_anothers_list() {
    let server = Server::shared();
    let query = format!(
        "client_id={}&returnTo=https://app.example.com/second",
        WEB_POST.id
    );
    assert_not_allowed(&log_out(&server.browser(), &query).await);
}

#[harness::test]
async fn logging_out_twice_is_no_error() {
    let server = Server::shared();
    let browser = logged_in(server).await;
    for _ in 0..2 {
        let answer = log_out(&browser, "").await;
        assert_sent_to(&answer, "https://www.example.com/goodbye");
    }
}

#[harness::test]
async fn a_wildcard_stands_for_one_label_as_browsers_read_the_address() {
    let urls = "allowed_logout_urls: [\"https://*.tenants.example.com/bye\"]\n    callbacks:\n      - https://*.tenants";
    let file = tenant::client_changed(
        &SPA_WILDCARD,
        &[("callbacks:\n      - https://*.tenants", urls)],
    );
    let server = Launch::new().tenant(file).start("has another tenant");
    let query = |host: &str| format!("client_id=spa-wildcard&returnTo=https://{host}/bye");
    let good = "https://acme.tenants.example.com/bye";
    let answer = log_out(&server.browser(), &query("acme.tenants.example.com")).await;
    assert_sent_to(&answer, good);
    for host in [
        "evil.a.tenants.example.com",
        // A query is decoded once before it is compared.
        "evil%252Ea.tenants.example.com",
        "evil%EF%BC%8Ea.tenants.example.com",
        "evil%E3%80%82a.tenants.example.com",
    ] {
        assert_not_allowed(&log_out(&server.browser(), &query(host)).await);
        let query = format!("client_id=spa-wildcard&post_logout_redirect_uri=https://{host}/bye");
        let answer = server.http().get(&format!("/oidc/logout?{query}")).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (400, None),
            "{answer}"
        );
    }
}

#[harness::test]
async fn a_code_ends_with_the_session_that_it_was_issued_in() {
    let server = Server::shared();
    let browser = server.browser();
    let login = server.login(&SPA_STRICT).browser(&browser);
    let code = login.with("scope", "openid offline_access").code().await;
    log_out(&browser, "").await;
    let answer = server.exchange(&code).await;
    assert_oauth_error(&answer, 403, "invalid_grant", "Invalid authorization code");
}
