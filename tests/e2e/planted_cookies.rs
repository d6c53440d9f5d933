//! Cookies that another host of our domain has planted: nothing that a stranger prepared with them takes effect in a
//! user's session.

use harness::{
    Answer, Browser, Server,
    apps::{DESKTOP, SPA_STRICT, THIRD_PARTY, TV, User},
    html, send,
};
use reqwest::Method;

use crate::device;

/// The action that a front must support for most of these tests, as in `FRONT_LIMITS`.
const SEVERAL: &str = "sends several cookies of one name";

/// The browser of a user with a session, in which a stranger has planted the cookies of another browser.
async fn planted_with(server: &Server, stranger: &Browser, user: &User) -> Browser {
    let cookies = stranger.http().cookies("/");
    assert!(!cookies.is_empty(), "the stranger has no cookie");
    let browser = Browser::new(server.http().planted(&cookies));
    let login = server.login(&SPA_STRICT).user(user).browser(&browser);
    login.callback().await.code();
    browser
}

/// Submits a page's form as a stranger's page does; `site` is the browser's `Sec-Fetch-Site`.
async fn send_from_elsewhere(
    browser: &Browser,
    page: &Answer,
    action: &str,
    site: Option<&str>,
) -> Answer {
    let text = page.text();
    let mut form = html::hidden_fields(&text);
    form.push(("action".to_owned(), action.to_owned()));
    let target = page.url.join(&html::tag(&text, "form")["action"]);
    let target = target.expect("`action` is a URL");
    let mut request = browser.http().request(Method::POST, target.as_str());
    if let Some(site) = site {
        request = request.header("sec-fetch-site", site);
    }
    send(request.form(&form)).await
}

/// Values of `Sec-Fetch-Site` with a form from a page of another host, ours or a stranger's; the oldest browsers send
/// none.
const ELSEWHERE: [Option<&str>; 3] = [None, Some("same-site"), Some("cross-site")];

#[track_caller]
fn assert_asked_again(answer: &Answer) {
    assert_eq!(answer.status, 403, "{answer}");
    let text = answer.text();
    assert!(
        text.contains("could not be matched with your browser"),
        "{answer}"
    );
}

#[harness::test]
async fn a_planted_form_token_connects_no_device() {
    let server = Server::shared_behind_front(SEVERAL);
    let waiting = device::begin(server, &TV).await;
    let stranger = server.browser();
    let page = waiting.scan(&stranger).await;
    let browser = planted_with(server, &stranger, &User::ada()).await;
    for site in ELSEWHERE {
        let answer = send_from_elsewhere(&browser, &page, "confirm", site).await;
        assert_asked_again(&answer);
    }
    waiting.assert_pending(server).await;
}

#[harness::test]
async fn nor_does_a_confirmation_in_the_browser_that_the_cookies_are_from() {
    let server = Server::shared_behind_front(SEVERAL);
    let waiting = device::begin(server, &TV).await;
    let stranger = server.browser();
    let page = waiting.scan(&stranger).await;
    let pressed = stranger.submit(&page, &[("action", "confirm")]).await;
    let resume = pressed.location().expect("a redirect");
    let browser = planted_with(server, &stranger, &User::ada()).await;
    let landing = browser.open(resume.as_str()).await;
    landing.page_at("/activate/confirm");
    waiting.assert_pending(server).await;
}

#[harness::test]
async fn a_confirmation_before_the_login_still_counts_behind_it() {
    let server = Server::shared();
    let waiting = device::begin(server, &TV).await;
    waiting.connect(server, &User::ada()).await;
}

#[harness::test]
async fn a_planted_form_token_agrees_to_nothing_confirms_nothing_and_ends_no_session() {
    let server = Server::shared_behind_front(SEVERAL);
    let (user, theirs) = (server.fresh_user(), server.fresh_user());
    // The stranger's own session has ended, so that it does not compete with the user's.
    let stranger = server.browser();
    let login = |app| server.login(app).user(&theirs).browser(&stranger);
    login(&SPA_STRICT).callback().await.code();
    let pages = [
        (
            "accept",
            login(&THIRD_PARTY).open().await.page_at("/u/consent"),
        ),
        ("accept", login(&DESKTOP).open().await.page_at("/u/confirm")),
        (
            "accept",
            stranger.open("/oidc/logout").await.page_at("/oidc/logout"),
        ),
    ];
    stranger.open("/v2/logout").await;
    let browser = planted_with(server, &stranger, &user).await;
    for (action, page) in pages {
        for site in ELSEWHERE {
            let answer = send_from_elsewhere(&browser, &page, action, site).await;
            assert_asked_again(&answer);
        }
    }
    let silent = server.login(&SPA_STRICT).browser(&browser);
    silent.with("prompt", "none").open().await.callback().code();
    let login = server.login(&THIRD_PARTY).browser(&browser);
    let silent = login.with("prompt", "none").open().await.callback();
    silent.assert_error("consent_required", "Consent required");
}

/// The server ignores every cookie that it did not issue, among several of one name and in every order.
#[harness::test]
async fn a_cookie_that_the_server_did_not_issue_is_ignored() {
    let server = Server::shared_behind_front(SEVERAL);
    let holder = server.browser();
    server.login(&SPA_STRICT).browser(&holder).callback().await;
    let cookies = holder.http().cookies("/");
    let name = server.cookie("auth0");
    let own = cookies.split("; ").find_map(|cookie| {
        let (known, value) = cookie.split_once('=')?;
        (known == name).then(|| value.to_owned())
    });
    let own = own.expect("a session");
    let mut changed = own.clone().into_bytes();
    // This letter encodes ciphertext alone, and none of its bits is padding.
    let at = changed.len() - 4;
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).expect("ASCII");
    let foreign = [
        changed.as_str(),
        "se1_",
        "se1_AAAA",
        "",
        "\"quoted\"",
        &own[..own.len() - 3],
    ];
    let is_logged_in = async |cookies: String| {
        let browser = Browser::new(server.http().planted(&cookies));
        let login = server.login(&SPA_STRICT).browser(&browser);
        let callback = login.with("prompt", "none").open().await.callback();
        callback.get("code").is_some()
    };
    for foreign in foreign {
        assert!(
            !is_logged_in(format!("{name}={foreign}")).await,
            "{foreign}"
        );
        for cookies in [
            format!("{name}={foreign}; {name}={own}"),
            format!("{name}={own}; {name}={foreign}"),
        ] {
            assert!(is_logged_in(cookies).await, "{foreign}");
        }
    }
}
