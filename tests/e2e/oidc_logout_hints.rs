//! `/oidc/logout` with `logout_hint` and `id_token_hint` in one request: they are compared only where both name a
//! session, and the session that ends without a question is one that both describe.

use e2e::{
    Answer, Browser, Server,
    apps::{SPA_STRICT, User},
    assertions::assert_error_page,
    jwt,
};

const BYE: &str = "https://app.example.com/signed-out";

/// A browser with a session, the `sid` of its login, and an ID token of a refresh, which has none.
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

async fn is_logged_in(server: &Server, browser: &Browser) -> bool {
    let login = server.login(&SPA_STRICT).browser(browser);
    let callback = login.with("prompt", "none").open().await.callback();
    callback.get("code").is_some()
}

#[track_caller]
fn assert_asks(page: &Answer) {
    assert_eq!(page.status, 200, "{page}");
    assert!(page.text().contains("<h1>Log out?</h1>"), "{page}");
}

/// As `@auth0/nextjs-auth0` logs out: the `sid` of the login, and the ID token of the last refresh.
#[tokio::test]
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
    assert!(!is_logged_in(server, &ada.browser).await);
}

#[tokio::test]
async fn a_sid_of_another_session_beside_a_refreshed_id_token_asks() {
    let server = Server::shared();
    let here = refreshed(server, &User::ada()).await;
    let elsewhere = refreshed(server, &User::ada()).await;
    assert_asks(&log_out(&here.browser, &here.id_token, &elsewhere.sid).await);
    assert!(is_logged_in(server, &here.browser).await);
    assert!(is_logged_in(server, &elsewhere.browser).await);
}

#[tokio::test]
async fn a_refreshed_id_token_of_another_user_asks_whatever_sid_is_beside_it() {
    let server = Server::shared();
    let (ada, zoe) = (User::ada(), User::zoe());
    let (ada, zoe) = (refreshed(server, &ada).await, refreshed(server, &zoe).await);
    for sid in [&zoe.sid, &ada.sid, &"unknown".to_owned()] {
        assert_asks(&log_out(&zoe.browser, &ada.id_token, sid).await);
    }
    assert!(is_logged_in(server, &zoe.browser).await);
}

#[tokio::test]
async fn two_different_sids_are_refused() {
    let server = Server::shared();
    let browser = server.browser();
    let login = server.login(&SPA_STRICT).browser(&browser);
    let id_token = login.tokens().await.id_token();
    let answer = log_out(&browser, &id_token, "unknown").await;
    assert_error_page(&answer, "logout_hint is not the session of id_token_hint");
    assert!(is_logged_in(server, &browser).await);
}
