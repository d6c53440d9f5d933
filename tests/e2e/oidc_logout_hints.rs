//! `/oidc/logout` with `logout_hint` and `id_token_hint` in one request: they are compared only if both name a session,
//! and the session that ends without confirmation is one that both describe.

use harness::{
    Answer, Browser, Server,
    apps::{OPERATOR, SPA_STRICT, User},
    assertions::assert_error_page,
    jwt,
};
use reqwest::Method;

const BYE: &str = "https://app.example.com/signed-out";

/// A browser with a session, the `sid` of its login, and a refreshed ID token, which has no `sid`.
struct Refreshed {
    browser: Browser,
    sid: String,
    id_token: String,
}

async fn refreshed(server: &Server, user: &User) -> Refreshed {
    let browser = server.browser();
    let login = server.login(&SPA_STRICT).user(user).browser(&browser);
    let tokens = login.tokens().await;
    let (_, claims) = jwt::peek(&tokens.id_token());
    let sid = claims["sid"].as_str().expect("a text").to_owned();
    let refreshed = server.refreshed(&SPA_STRICT, &tokens.refresh_token()).await;
    let id_token = refreshed.id_token();
    assert!(jwt::peek(&id_token).1.get("sid").is_none());
    Refreshed {
        browser,
        sid,
        id_token,
    }
}

async fn log_out(browser: &Browser, id_token: &str, sid: &str) -> Answer {
    let parameters = [
        ("id_token_hint", id_token),
        ("logout_hint", sid),
        ("post_logout_redirect_uri", BYE),
        ("state", "x"),
    ];
    browser.http().get_query("/oidc/logout", &parameters).await
}

#[track_caller]
fn assert_asks(page: &Answer) {
    assert_eq!(page.status, 200, "{page}");
    assert!(page.text().contains("<h1>Log out?</h1>"), "{page}");
}

/// `@auth0/nextjs-auth0` logs out this way: the `sid` of the login, and the ID token of the last refresh.
#[harness::test]
async fn a_sid_beside_a_refreshed_id_token_logs_out_at_once() {
    let server = Server::shared();
    let ada = refreshed(server, &User::ada()).await;
    let answer = log_out(&ada.browser, &ada.id_token, &ada.sid).await;
    let target = format!("{BYE}?state=x");
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some(target.as_str())),
        "{answer}"
    );
    assert!(!server.is_logged_in(&ada.browser).await);
}

#[harness::test]
async fn a_sid_of_another_session_beside_a_refreshed_id_token_asks() {
    let server = Server::shared();
    let here = refreshed(server, &User::ada()).await;
    let elsewhere = refreshed(server, &User::ada()).await;
    assert_asks(&log_out(&here.browser, &here.id_token, &elsewhere.sid).await);
    assert!(server.is_logged_in(&here.browser).await);
    assert!(server.is_logged_in(&elsewhere.browser).await);
}

#[harness::test]
async fn a_refreshed_id_token_of_another_user_asks_with_any_sid() {
    let server = Server::shared();
    let (ada, zoe) = (User::ada(), User::zoe());
    let (ada, zoe) = (refreshed(server, &ada).await, refreshed(server, &zoe).await);
    for sid in [&zoe.sid, &ada.sid, &"unknown".to_owned()] {
        assert_asks(&log_out(&zoe.browser, &ada.id_token, sid).await);
    }
    assert!(server.is_logged_in(&zoe.browser).await);
}

#[harness::test]
async fn two_different_sids_are_refused() {
    let server = Server::shared();
    let browser = server.browser();
    let login = server.login(&SPA_STRICT).browser(&browser);
    let id_token = login.tokens().await.id_token();
    let answer = log_out(&browser, &id_token, "unknown").await;
    assert_error_page(&answer, "logout_hint is not the session of id_token_hint");
    assert!(server.is_logged_in(&browser).await);
}

/// The lines of the log with this event.
fn lines<'a>(log: &'a str, code: &str) -> Vec<&'a str> {
    let code = format!("type=\"{code}\"");
    log.lines().filter(|line| line.contains(&code)).collect()
}

#[harness::test]
async fn a_hint_from_elsewhere_than_the_browser_ends_nothing_and_the_log_says_so() {
    let server = Server::start("reads what a server of its own writes");
    let ada = refreshed(&server, &User::ada()).await;
    // A back end with the ID token of the login, and none of the browser's cookies.
    let answer = log_out(&server.browser(), &ada.id_token, &ada.sid).await;
    assert_eq!(answer.status, 302, "{answer}");
    assert!(server.is_logged_in(&ada.browser).await);
    let log = server.log();
    assert!(lines(&log, "slo").is_empty(), "{log}");
    let failed = lines(&log, "flo");
    assert_eq!(failed.len(), 1, "{log}");
    for part in [ada.sid.as_str(), "spa-strict", "no session"] {
        assert!(failed[0].contains(part), "{part}: {log}");
    }
    // The call by which a back end ends a session.
    let path = format!("/api/v2/sessions/{}", ada.sid);
    let answer = server.manage(&OPERATOR, Method::DELETE, &path).await;
    assert_eq!(answer.status, 202, "{answer}");
    assert!(!server.is_logged_in(&ada.browser).await);
}

#[harness::test]
async fn a_logout_logs_the_ended_session_and_the_hinted_one_that_continues() {
    let server = Server::start("reads what a server of its own writes");
    let here = refreshed(&server, &User::ada()).await;
    let elsewhere = refreshed(&server, &User::ada()).await;
    let page = log_out(&here.browser, &here.id_token, &elsewhere.sid).await;
    assert_asks(&page);
    here.browser.submit(&page, &[("action", "accept")]).await;
    assert!(!server.is_logged_in(&here.browser).await);
    assert!(server.is_logged_in(&elsewhere.browser).await);
    let log = server.stop();
    let (ended, failed) = (lines(&log, "slo"), lines(&log, "flo"));
    assert_eq!((ended.len(), failed.len()), (1, 1), "{log}");
    assert!(ended[0].contains(&here.sid), "{log}");
    assert!(failed[0].contains(&elsewhere.sid), "{log}");
}
