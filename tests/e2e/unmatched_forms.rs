//! Forms without the matching cookie of their browser: of two tabs that open their first page at once, the browser
//! keeps the cookie of one. The server shows the form again with a valid token and does nothing else.

use harness::{
    Answer, Browser, Server,
    apps::{SPA_STRICT, THIRD_PARTY, TV, User},
    assertions::assert_page,
    html, send,
};
use reqwest::Method;

use crate::device;

/// Submits a page's form with a token that does not match, and with these additional headers.
async fn submit_unmatched(
    browser: &Browser,
    page: &Answer,
    fields: &[(&str, &str)],
    headers: &[(&str, &str)],
) -> Answer {
    let text = page.text();
    let mut form = html::hidden_fields(&text);
    for (name, value) in &mut form {
        if name == "_csrf" {
            "1.AAAA".clone_into(value);
        }
    }
    let fields = fields
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    form.extend(fields);
    let action = html::tag(&text, "form")["action"].clone();
    let target = page.url.join(&action).expect("`action` is a URL");
    let mut request = browser.http().request(Method::POST, target.as_str());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(request.form(&form)).await
}

/// Asserts that a form is shown again with its explanation.
#[track_caller]
fn assert_shown_again(answer: &Answer, page: &Answer) {
    assert_eq!(answer.status, 403, "{answer}");
    assert_page(answer);
    let text = answer.text();
    assert!(
        text.contains("could not be matched with your browser"),
        "{answer}"
    );
    assert!(text.contains("role=\"alert\""), "{answer}");
    let action = |page: &Answer| html::tag(&page.text(), "form")["action"].clone();
    assert_eq!(action(answer), action(page));
}

async fn login_page(server: &Server, browser: &Browser) -> Answer {
    let login = server.login(&SPA_STRICT).browser(browser);
    login.open().await.page_at("/u/login")
}

#[harness::test]
async fn the_login_form_of_a_tab_whose_cookie_was_replaced_counts_when_it_is_sent_again() {
    let server = Server::shared();
    let ada = User::ada();
    // The first tab's page, whose cookie the browser did not keep.
    let first = login_page(server, &server.browser()).await;
    let browser = server.browser();
    let second = login_page(server, &browser).await;
    let again = browser.log_in(&first, &ada.email, ada.password).await;
    assert_shown_again(&again, &first);
    let text = again.text();
    assert_eq!(html::input(&text, "username")["value"], ada.email);
    assert!(!text.contains(ada.password), "{again}");
    assert!(
        again.set_cookies().is_empty(),
        "the browser keeps its cookie: {again}"
    );

    let answer = browser.log_in(&again, &ada.email, ada.password).await;
    browser.follow(answer).await.callback().code();
    // The second tab's form is from before the session, and this browser sends no header about the form's origin.
    let again = browser.log_in(&second, &ada.email, ada.password).await;
    assert_shown_again(&again, &second);
    let answer = browser.log_in(&again, &ada.email, ada.password).await;
    browser.follow(answer).await.callback().code();
}

#[harness::test]
async fn both_tabs_log_in_at_once_if_the_browser_sends_same_origin() {
    let server = Server::shared();
    let ada = User::ada();
    let browser = server.browser();
    let page = login_page(server, &browser).await;
    let fields = [("username", ada.email.as_str()), ("password", ada.password)];
    for site in ["cross-site", "same-site", "none", "SAME-ORIGIN", ""] {
        let answer = submit_unmatched(&browser, &page, &fields, &[("sec-fetch-site", site)]).await;
        assert_shown_again(&answer, &page);
    }
    let same_origin = [("sec-fetch-site", "same-origin")];
    // A browser that stores no cookie of ours cannot be logged in anyway.
    let answer = submit_unmatched(&server.browser(), &page, &fields, &same_origin).await;
    assert_shown_again(&answer, &page);
    let answer = submit_unmatched(&browser, &page, &fields, &same_origin).await;
    browser.follow(answer).await.callback().code();
}

#[harness::test]
async fn a_consent_form_is_shown_again_and_nothing_is_granted_meanwhile() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let login = || server.login(&THIRD_PARTY).browser(&browser);
    let page = login().open().await.page_at("/u/login");
    let answer = browser.log_in(&page, &user.email, user.password).await;
    let page = browser.follow(answer).await.page_at("/u/consent");
    let again = submit_unmatched(&browser, &page, &[("action", "accept")], &[]).await;
    assert_shown_again(&again, &page);
    let silent = login().with("prompt", "none").open().await.callback();
    silent.assert_error("consent_required", "Consent required");
    let answer = browser.answer_consent(&again, "accept").await;
    browser.follow(answer).await.callback().code();
}

#[harness::test]
async fn the_forms_that_connect_a_device_are_shown_again() {
    let server = Server::shared();
    let waiting = device::begin(server, &TV).await;
    let browser = server.browser();
    let page = browser.open("/activate").await.page_at("/activate");
    let code = waiting.user_code();
    let again = submit_unmatched(&browser, &page, &[("user_code", code)], &[]).await;
    assert_shown_again(&again, &page);
    assert_eq!(html::input(&again.text(), "user_code")["value"], code);
    let answer = browser.submit(&again, &[("user_code", code)]).await;
    let page = browser.follow(answer).await.page_at("/activate/confirm");
    for action in ["cancel", "confirm"] {
        let again = submit_unmatched(&browser, &page, &[("action", action)], &[]).await;
        assert_shown_again(&again, &page);
    }
    waiting.assert_pending(server).await;
    let again = submit_unmatched(&browser, &page, &[("action", "confirm")], &[]).await;
    let answer = browser.submit(&again, &[("action", "confirm")]).await;
    browser.follow(answer).await.page_at("/u/login");
}

#[harness::test]
async fn the_logout_confirmation_is_shown_again_and_the_user_stays_logged_in() {
    let server = Server::shared();
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).browser(&browser);
    login().callback().await.code();
    let page = browser.open("/oidc/logout").await.page_at("/oidc/logout");
    let again = submit_unmatched(&browser, &page, &[("action", "accept")], &[]).await;
    assert_shown_again(&again, &page);
    login().with("prompt", "none").callback().await.code();
    // A request without the session's cookie, as from another site, ends nothing either.
    let stranger = server.browser();
    let answer = submit_unmatched(&stranger, &page, &[("action", "accept")], &[]).await;
    assert_shown_again(&answer, &page);

    let answer = browser.submit(&again, &[("action", "accept")]).await;
    assert!(answer.text().contains("You are logged out"), "{answer}");
    login().assert_logged_out().await;
}

/// The browser reports that a page of ours sent the form; the page named another user.
#[harness::test]
async fn a_consent_that_was_shown_to_one_user_is_not_given_for_another() {
    let server = Server::shared();
    let browser = server.browser();
    let (first, second) = (server.fresh_user(), server.fresh_user());
    let login = || server.login(&THIRD_PARTY).browser(&browser);
    let page = login().open().await.page_at("/u/login");
    browser.log_in(&page, &first.email, first.password).await;
    let consent = login().open().await.page_at("/u/consent");
    let page = login().with("prompt", "login").open().await;
    let page = page.page_at("/u/login");
    browser.log_in(&page, &second.email, second.password).await;

    let mut form = html::hidden_fields(&consent.text());
    form.push(("action".to_owned(), "accept".to_owned()));
    let request = browser.http().request(Method::POST, consent.url.as_str());
    let request = request.header("sec-fetch-site", "same-origin");
    let answer = send(request.form(&form)).await;
    assert_shown_again(&answer, &consent);
    login().open().await.page_at("/u/consent");
}
