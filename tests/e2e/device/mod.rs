//! The device flow (RFC 8628): a device without a browser, and a user with one.

mod activation;
mod authorization;
mod keyboards;
mod polling;
mod settling;

use harness::{
    Answer, Browser, Landing, Server,
    apps::{API, App, User},
    assert_oauth_error,
    flow::SCOPE,
    http, jwt,
};
use serde_json::Value;
use tokio::task::JoinSet;

const DEVICE_CODE: &str = "/oauth/device/code";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A device that waits for its connection.
pub(crate) struct Waiting {
    app: App,
    device_code: String,
    user_code: String,
    link: String,
}

async fn ask(server: &Server, app: &App, form: &[(&str, &str)]) -> Answer {
    http::send(server.request_as(&server.http(), app, DEVICE_CODE, form)).await
}

/// A device that requests the usual scopes of the usual API.
pub(crate) async fn begin(server: &Server, app: &App) -> Waiting {
    begin_with(server, app, &[("scope", SCOPE), ("audience", API)]).await
}

pub(crate) async fn begin_with(server: &Server, app: &App, form: &[(&str, &str)]) -> Waiting {
    let answer = ask(server, app, form).await;
    assert_eq!(answer.status, 200, "{answer}");
    let body = answer.json();
    let text = |name: &str| body[name].as_str().expect("a text").to_owned();
    Waiting {
        app: *app,
        device_code: text("device_code"),
        user_code: text("user_code"),
        link: text("verification_uri_complete"),
    }
}

impl Waiting {
    fn form(&self) -> [(&str, &str); 2] {
        [
            ("grant_type", GRANT_TYPE),
            ("device_code", &self.device_code),
        ]
    }

    /// The code that the device shows.
    pub(crate) fn user_code(&self) -> &str {
        &self.user_code
    }

    pub(crate) async fn poll(&self, server: &Server) -> Answer {
        server.token(&self.app, &self.form()).await
    }

    /// A poll whose future does not borrow the device.
    pub(crate) fn send_poll(&self, server: &Server) -> impl Future<Output = Answer> + use<> {
        let form = self.form();
        http::send(server.request_as(&server.http(), &self.app, "/oauth/token", &form))
    }

    pub(crate) async fn assert_pending(&self, server: &Server) {
        assert_pending(&self.poll(server).await);
    }

    /// Follows the link to the page that asks for confirmation.
    pub(crate) async fn scan(&self, browser: &Browser) -> Answer {
        browser
            .open(&format!("/activate?user_code={}", self.user_code))
            .await
            .page_at("/activate/confirm")
    }

    /// Connects the device in a new browser; returns the last page.
    pub(crate) async fn connect(&self, server: &Server, user: &User) -> Answer {
        self.connect_in(&server.browser(), user).await
    }

    pub(crate) async fn connect_in(&self, browser: &Browser, user: &User) -> Answer {
        let page = self.scan(browser).await;
        let landing = press(browser, &page, "confirm").await;
        let page = finish(browser, landing, user).await;
        assert_connected(&page, &self.app);
        page
    }
}

/// Presses a button of a page and follows the redirects.
async fn press(browser: &Browser, page: &Answer, action: &str) -> Landing {
    let answer = browser.submit(page, &[("action", action)]).await;
    browser.follow(answer).await
}

/// Logs in and consents where required.
async fn finish(browser: &Browser, mut landing: Landing, user: &User) -> Answer {
    for _ in 0..3 {
        let page = landing.page();
        landing = match (page.status, page.url.path()) {
            (200, "/u/login") => {
                let answer = browser.log_in(&page, &user.email, user.password).await;
                browser.follow(answer).await
            }
            (200, "/u/consent") => press(browser, &page, "accept").await,
            _ => return page,
        };
    }
    landing.page()
}

/// Polls this many times at once.
async fn poll_at_once(server: &Server, waiting: &Waiting, times: usize) -> Vec<Answer> {
    let client = server.http();
    let mut polls = JoinSet::new();
    for _ in 0..times {
        let form = waiting.form();
        polls.spawn(http::send(server.request_as(
            &client,
            &waiting.app,
            "/oauth/token",
            &form,
        )));
    }
    polls.join_all().await
}

/// The claims of a token.
fn claims(token: &str) -> Value {
    jwt::peek(token).1
}

#[track_caller]
fn assert_shows(page: &Answer, status: u16, text: &str) {
    harness::assertions::assert_page(page);
    let body = harness::html::unescape(&page.text());
    assert!(
        page.status == status && body.contains(text),
        "`{text}` is not in {page}"
    );
}

#[track_caller]
fn assert_connected(page: &Answer, app: &App) {
    assert_shows(page, 200, "Your device is connected");
    assert_shows(page, 200, app.name);
}

#[track_caller]
fn assert_over(page: &Answer) {
    assert_shows(page, 400, "This code is no longer valid");
}

#[track_caller]
fn assert_wrong_code(page: &Answer) {
    assert_shows(page, 400, "This code is wrong or has expired.");
}

#[track_caller]
fn assert_pending(answer: &Answer) {
    let text = "User has yet to authorize device code.";
    assert_oauth_error(answer, 403, "authorization_pending", text);
}

#[track_caller]
pub(crate) fn assert_invalid(answer: &Answer) {
    let text = "Invalid or expired device code.";
    assert_oauth_error(answer, 403, "invalid_grant", text);
}

#[track_caller]
fn assert_declined(answer: &Answer) {
    let text = "User cancelled the confirmation prompt.";
    assert_oauth_error(answer, 403, "access_denied", text);
}
