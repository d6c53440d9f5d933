//! The hosted login: `/u/login`, `/authorize/resume`, and the contents of the pages.

use harness::{
    Answer, Browser, Server,
    apps::{SPA_STRICT, User},
    assert_error_page,
    assertions::{assert_page, assert_sane},
    html,
};

async fn login_page(server: &Server, browser: &Browser) -> Answer {
    server
        .login(&SPA_STRICT)
        .browser(browser)
        .open()
        .await
        .page_at("/u/login")
}

#[harness::test]
async fn a_request_without_session_is_sent_to_the_login_page() {
    let server = Server::shared();
    let answer = server.login(&SPA_STRICT).with("state", "mine").ask().await;
    assert_eq!(answer.status, 302, "{answer}");
    let location = answer.location().expect("a redirect has a location");
    assert_eq!(location.path(), "/u/login");
    let transaction = location.query_pairs().find(|(name, _)| name == "state");
    assert!(transaction.is_some_and(|(_, state)| !state.is_empty() && state != "mine"));
}

#[harness::test]
async fn the_page_works_for_people_and_password_managers() {
    let server = Server::shared();
    let page = login_page(server, &server.browser()).await;
    assert_page(&page);
    let text = page.text();
    assert!(
        text.contains("Ratchet Tests") && text.contains(SPA_STRICT.name),
        "{page}"
    );
    assert!(html::tag(&text, "html").contains_key("lang"), "{page}");
    let metas = html::tags(&text, "meta");
    assert!(
        metas
            .iter()
            .any(|meta| meta.get("name").is_some_and(|name| name == "viewport"))
    );

    let labels = html::tags(&text, "label");
    for (name, kind, complete) in [
        ("username", "text", "username"),
        ("password", "password", "current-password"),
    ] {
        let input = html::input(&text, name);
        assert_eq!(input["autocomplete"], complete, "{page}");
        assert!(input["type"] == kind || input["type"] == "email", "{page}");
        let labelled = labels
            .iter()
            .any(|label| label.get("for") == Some(&input["id"]));
        assert!(labelled, "no label for `{name}`: {page}");
    }
    assert!(!text.contains("<script"), "the page works without: {page}");
}

#[harness::test]
async fn the_login_page_is_not_framed_cached_or_sent_as_a_referrer() {
    let server = Server::shared();
    let page = login_page(server, &server.browser()).await;
    assert_page(&page);
    let referrer = page.header("referrer-policy").unwrap_or_default();
    assert!(["no-referrer", "same-origin"].contains(&referrer), "{page}");
    let policy = page.header("content-security-policy").unwrap_or_default();
    // Chromium would apply it to every redirect after the form, also to the application's own.
    assert!(!policy.contains("form-action"), "{policy}");
    assert!(
        !policy.contains("script-src") || policy.contains("script-src 'n"),
        "{policy}"
    );
}

#[harness::test]
async fn name_and_password_lead_on_through_resume() {
    let server = Server::shared();
    let browser = server.browser();
    let page = login_page(server, &browser).await;
    let ada = User::ada();
    let answer = browser.log_in(&page, &ada.email, ada.password).await;
    assert_eq!(answer.status, 303, "{answer}");
    let location = answer.location().expect("a redirect has a location");
    assert_eq!(location.path(), "/authorize/resume", "{answer}");
    browser.follow(answer).await.callback().code();
}

#[harness::test]
async fn the_session_cookie_is_out_of_reach_of_scripts() {
    let server = Server::shared();
    let browser = server.browser();
    let page = login_page(server, &browser).await;
    let ada = User::ada();
    let mut answers = vec![
        page.clone(),
        browser.log_in(&page, &ada.email, ada.password).await,
    ];
    let resume = answers[1].location().expect("a redirect has a location");
    answers.push(browser.http().get(resume.as_str()).await);

    let cookies: Vec<String> = answers
        .iter()
        .flat_map(Answer::set_cookies)
        .map(str::to_ascii_lowercase)
        .collect();
    assert!(!cookies.is_empty());
    for cookie in cookies {
        assert!(cookie.contains("httponly"), "{cookie}");
        assert!(cookie.contains("samesite="), "{cookie}");
        assert!(cookie.contains("path=/"), "{cookie}");
        assert!(!cookie.contains("domain="), "{cookie}");
    }
}

#[harness::test]
async fn every_password_survives_the_form() {
    let server = Server::shared();
    let zoe = User::zoe();
    server.login(&SPA_STRICT).user(&zoe).tokens().await;
}

#[harness::test]
async fn names_are_compared_without_case_and_blanks() {
    let server = Server::shared();
    let browser = server.browser();
    let page = login_page(server, &browser).await;
    let answer = browser
        .log_in(&page, " Ada@Example.COM ", User::ada().password)
        .await;
    browser.follow(answer).await.callback().code();
}

#[harness::test]
async fn a_wrong_password_shows_the_page_again() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let page = login_page(server, &browser).await;
    let again = browser.log_in(&page, &user.email, "wrong").await;
    assert_eq!(again.status, 400, "{again}");
    assert_page(&again);
    let text = again.text();
    assert!(text.contains("Wrong email or password"), "{again}");
    assert_eq!(html::input(&text, "username")["value"], user.email);
    assert!(
        html::input(&text, "password")
            .get("value")
            .is_none_or(String::is_empty),
        "{again}"
    );

    let answer = browser.log_in(&again, &user.email, user.password).await;
    browser.follow(answer).await.callback().code();
}

#[harness::test]
async fn an_unknown_name_looks_like_a_wrong_password() {
    let server = Server::shared();
    let browser = server.browser();
    let user = server.fresh_user();
    let mut texts = Vec::new();
    for name in [user.email.as_str(), "unknown@example.com"] {
        let page = login_page(server, &browser).await;
        let again = browser.log_in(&page, name, "wrong").await;
        assert_eq!(again.status, 400, "{again}");
        let alert = again
            .text()
            .split("<form")
            .next()
            .unwrap_or_default()
            .to_owned();
        texts.push(
            alert
                .split("<body")
                .nth(1)
                .expect("a page has a body")
                .to_owned(),
        );
    }
    assert_eq!(texts[0], texts[1]);
}

#[harness::test]
async fn empty_fields_are_a_wrong_password() {
    let server = Server::shared();
    let browser = server.browser();
    for (name, password) in [("", ""), ("ada@example.com", ""), ("", "x")] {
        let page = login_page(server, &browser).await;
        let again = browser.log_in(&page, name, password).await;
        assert_eq!(again.status, 400, "{again}");
        assert_page(&again);
    }
}

/// The fields of the login form, for tests that corrupt them.
fn form(page: &Answer) -> Vec<(String, String)> {
    let ada = User::ada();
    let mut fields = html::hidden_fields(&page.text());
    fields.push(("username".to_owned(), ada.email));
    fields.push(("password".to_owned(), ada.password.to_owned()));
    fields.push(("action".to_owned(), "default".to_owned()));
    fields
}

async fn post(browser: &Browser, page: &Answer, fields: &[(String, String)]) -> Answer {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.http().post_form(page.url.as_str(), &fields).await
}

#[harness::test]
async fn a_login_without_the_csrf_token_is_refused() {
    let server = Server::shared();
    for value in [None, Some(""), Some("guessed")] {
        let browser = server.browser();
        let page = login_page(server, &browser).await;
        let mut fields = form(&page);
        fields.retain(|(name, _)| name != "_csrf");
        fields.extend(value.map(|value| ("_csrf".to_owned(), value.to_owned())));
        let answer = post(&browser, &page, &fields).await;
        assert!((400..500).contains(&answer.status), "{answer}");
        assert_sane(&answer);
        assert!(!server.is_logged_in(&browser).await);
    }
}

#[harness::test]
async fn a_login_form_is_bound_to_the_browser_that_opened_it() {
    let server = Server::shared();
    let page = login_page(server, &server.browser()).await;
    for other in [server.browser(), {
        let browser = server.browser();
        login_page(server, &browser).await;
        browser
    }] {
        let answer = post(&other, &page, &form(&page)).await;
        assert!((400..500).contains(&answer.status), "{answer}");
        assert!(!server.is_logged_in(&other).await);
    }
}

#[harness::test]
async fn a_login_page_without_its_transaction_says_so() {
    let server = Server::shared();
    let http = server.http();
    for path in ["/u/login?state=nonsense", "/u/login?state=", "/u/login"] {
        let answer = http.get(path).await;
        assert_error_page(&answer, "You may have pressed the back button");
        assert!(answer.text().contains("invalid_request"), "{answer}");
    }
    for path in [
        "/authorize/resume?state=nonsense",
        "/authorize/resume",
        "/u/consent?state=x",
    ] {
        assert_error_page(&http.get(path).await, "");
    }
}

#[harness::test]
async fn a_login_page_grows_stale_after_an_hour() {
    let server = Server::start("moves the clock");
    let browser = server.browser();
    let page = login_page(&server, &browser).await;
    server.advance(3601).await;
    let ada = User::ada();
    let answer = browser.log_in(&page, &ada.email, ada.password).await;
    assert_error_page(&answer, "You may have pressed the back button");
}

#[harness::test]
async fn resuming_before_logging_in_gives_no_code() {
    let server = Server::shared();
    let browser = server.browser();
    let page = login_page(server, &browser).await;
    let resume = page.url.as_str().replace("/u/login", "/authorize/resume");
    match browser.open(&resume).await {
        harness::Landing::Page(page) => assert_sane(&page),
        harness::Landing::Callback(callback) => assert_eq!(callback.get("code"), None),
    }
}

#[harness::test]
async fn a_transaction_cannot_be_resumed_by_another_browser() {
    let server = Server::shared();
    let (victim, attacker) = (server.browser(), server.browser());
    let page = login_page(server, &victim).await;
    let ada = User::ada();
    let answer = victim.log_in(&page, &ada.email, ada.password).await;
    let resume = answer.location().expect("a redirect has a location");
    match attacker.open(resume.as_str()).await {
        harness::Landing::Page(page) => assert_sane(&page),
        harness::Landing::Callback(callback) => assert_eq!(callback.get("code"), None),
    }
}

#[harness::test]
async fn a_session_survives_tabs_and_a_forged_cookie_is_ignored() {
    let server = Server::shared();
    let browser = server.browser();
    server.login(&SPA_STRICT).browser(&browser).callback().await;
    let cookies = browser.http().cookies("/authorize");
    assert!(!cookies.is_empty());
    let path = server.login(&SPA_STRICT).with("prompt", "none").path();
    let outcomes = [(cookies.clone(), "code"), (forged(&cookies), "error")];
    for (cookies, outcome) in outcomes {
        let http = server.http();
        let request = http
            .request(reqwest::Method::GET, &path)
            .header("cookie", cookies);
        let answer = harness::http::send(request).await;
        let location = answer.location().expect("a redirect has a location");
        assert!(
            location.query_pairs().any(|(name, _)| name == outcome),
            "{location}"
        );
    }
}

/// Every cookie with its fourth-last character changed.
fn forged(cookies: &str) -> String {
    let forge = |cookie: &str| {
        let at = cookie.len() - 4;
        let other = if &cookie[at..=at] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &cookie[..at], &cookie[at + 1..])
    };
    cookies
        .split("; ")
        .map(forge)
        .collect::<Vec<_>>()
        .join("; ")
}
