//! `GET /v2/logout`.

use e2e::{
    Answer, Browser, Server,
    apps::{SPA_STRICT, WEB_POST},
    assertions::assert_sane,
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

#[tokio::test]
async fn logging_out_ends_the_session() {
    let server = Server::shared();
    let browser = logged_in(server).await;
    log_out(&browser, "client_id=spa-strict").await;
    let silent = server
        .login(&SPA_STRICT)
        .browser(&browser)
        .with("prompt", "none");
    silent
        .open()
        .await
        .callback()
        .assert_error("login_required", "Login required");
}

#[tokio::test]
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
    let answer = e2e::http::send(request).await;
    let location = answer.header("location").unwrap_or_default();
    assert!(location.contains("error=login_required"), "{answer}");
}

#[tokio::test]
async fn a_client_names_one_of_its_own_urls_or_gets_the_first() {
    let server = Server::shared();
    let browser = server.browser();
    let first = "https://app.example.com/signed-out";
    assert_sent_to(&log_out(&browser, "client_id=spa-strict").await, first);
    let second = "https://app.example.com/second";
    let query = format!("client_id=spa-strict&returnTo={second}");
    assert_sent_to(&log_out(&browser, &query).await, second);
}

#[tokio::test]
async fn a_query_does_not_count_and_is_kept() {
    let server = Server::shared();
    let target = "https://app.example.com/signed-out?from=settings";
    let encoded = "https%3A%2F%2Fapp.example.com%2Fsigned-out%3Ffrom%3Dsettings";
    let query = format!("client_id=spa-strict&returnTo={encoded}");
    assert_sent_to(&log_out(&server.browser(), &query).await, target);
}

#[tokio::test]
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

#[tokio::test]
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

#[tokio::test]
async fn a_client_may_not_use_anothers_list() {
    let server = Server::shared();
    let query = format!(
        "client_id={}&returnTo=https://app.example.com/second",
        WEB_POST.id
    );
    assert_not_allowed(&log_out(&server.browser(), &query).await);
}

#[tokio::test]
async fn logging_out_twice_is_no_error() {
    let server = Server::shared();
    let browser = logged_in(server).await;
    for _ in 0..2 {
        let answer = log_out(&browser, "").await;
        assert_sent_to(&answer, "https://www.example.com/goodbye");
    }
}
