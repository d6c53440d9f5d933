//! `/u/confirm`: an answer to a callback that any program could claim (RFC 8252 section 8.6) requires a press on a page
//! of the same request, in the browser with the session.

use std::collections::BTreeMap;

use harness::{
    Answer, Browser, Landing, Scripts, Server,
    apps::{API, ASKING_API, App, DESKTOP, LEGACY_DESKTOP, NATIVE, SPA_STRICT, User},
    assertions::assert_page,
    flow::Login,
    html, send,
};
use reqwest::Method;
use serde_json::json;

use crate::rules::rule;

/// A browser with a session of the user, begun by another application.
async fn logged_in(server: &Server, user: &User) -> Browser {
    let browser = server.browser();
    let login = server.login(&SPA_STRICT).user(user).browser(&browser);
    login.callback().await.code();
    browser
}

/// Every way in which a code or a token reaches a callback.
const WAYS: [(&str, &str, &str); 8] = [
    ("code", "query", "http://127.0.0.1:51004/callback"),
    ("code", "query", "com.example.desktop:/callback"),
    ("code", "query", "http://localhost:4040/callback"),
    ("code", "form_post", "http://127.0.0.1:7/callback"),
    ("code", "web_message", "http://localhost:4040/callback"),
    (
        "token id_token",
        "fragment",
        "http://127.0.0.1:51004/callback",
    ),
    (
        "code id_token token",
        "fragment",
        "http://127.0.0.1:51004/callback",
    ),
    (
        "token id_token",
        "form_post",
        "http://127.0.0.1:51004/callback",
    ),
];

fn asked<'a>(
    server: &'a Server,
    browser: &Browser,
    (response_type, response_mode, callback): (&str, &str, &str),
) -> Login<'a> {
    let login = server.login(&DESKTOP).browser(browser);
    login
        .with("response_type", response_type)
        .with("response_mode", response_mode)
        .with("redirect_uri", callback)
}

fn is_given(response: &BTreeMap<String, String>) -> bool {
    ["code", "access_token", "id_token"]
        .iter()
        .any(|name| response.contains_key(*name))
}

#[harness::test]
async fn a_session_alone_gets_nothing_in_any_way_and_a_press_is_asked_each_time() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    for way in WAYS {
        for time in ["first", "second"] {
            let page = asked(server, &browser, way).open().await;
            let page = page.page_at("/u/confirm");
            assert_page(&page);
            let answer = browser.answer_confirmation(&page, "accept").await;
            let response = browser.follow(answer).await.response();
            assert!(is_given(&response), "{way:?}, {time} time: {response:?}");
        }
    }
}

#[harness::test]
async fn silent_authentication_is_rejected_in_every_response_mode() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    for way in WAYS {
        let login = asked(server, &browser, way).with("prompt", "none");
        let response = login.open().await.response();
        let error = ["error", "error_description"].map(|name| response[name].as_str());
        assert_eq!(error, ["consent_required", "Consent required"], "{way:?}");
        assert!(!is_given(&response), "{way:?}: {response:?}");
        let fresh = server.browser();
        let landing = asked(server, &fresh, way).with("prompt", "none").open();
        assert_eq!(
            landing.await.response()["error"],
            "login_required",
            "{way:?}"
        );
    }
}

#[harness::test]
async fn neither_an_api_nor_an_earlier_consent_spares_the_press() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = logged_in(server, &user).await;
    let login = |audience, scope| {
        let login = server.login(&NATIVE).user(&user).browser(&browser);
        login.with("audience", audience).scope(scope)
    };
    // A press on the request's consent page counts as a press on a page of that request.
    let first = login(ASKING_API, "openid read:diary").open().await;
    let page = first.page_at("/u/consent");
    let answer = browser.answer_consent(&page, "accept").await;
    browser.follow(answer).await.callback().code();
    for (audience, scope) in [
        (ASKING_API, "openid read:diary"),
        (API, "openid offline_access read:orders"),
        ("", "openid offline_access"),
    ] {
        login(audience, scope).open().await.page_at("/u/confirm");
        let silent = login(audience, scope).with("prompt", "none").open().await;
        silent
            .callback()
            .assert_error("consent_required", "Consent required");
    }
}

#[harness::test]
async fn a_legacy_request_is_no_way_round() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    let login = || {
        let login = server.login(&LEGACY_DESKTOP).browser(&browser);
        let login = login.without("audience").with("device", "phone");
        login
            .with("response_type", "token")
            .scope("openid offline_access")
    };
    login().open().await.page_at("/u/confirm");
    let silent = login().with("prompt", "none").open().await.callback();
    silent.assert_error("consent_required", "Consent required");
    let pressed = login().callback().await;
    assert!(pressed.get("refresh_token").is_some(), "{}", pressed.url);
}

#[harness::test]
async fn a_password_for_this_very_request_is_the_press() {
    let server = Server::shared();
    let user = User::ada();
    for way in WAYS {
        let browser = server.browser();
        let page = asked(server, &browser, way)
            .open()
            .await
            .page_at("/u/login");
        let answer = browser.log_in(&page, &user.email, user.password).await;
        assert!(
            is_given(&browser.follow(answer).await.response()),
            "{way:?}"
        );
    }
    // An existing session makes no difference.
    let browser = logged_in(server, &user).await;
    let again = server
        .login(&DESKTOP)
        .browser(&browser)
        .with("prompt", "login");
    let page = again.open().await.page_at("/u/login");
    let answer = browser.log_in(&page, &user.email, user.password).await;
    browser.follow(answer).await.callback().code();
}

/// The address at which a browser would resume a request that a program has sent by itself.
async fn begun_elsewhere(server: &Server, login: Login<'_>) -> String {
    let page = login.browser(&server.browser()).open().await;
    let page = page.page_at("/u/login");
    let (_, state) = page.url.query_pairs().next().expect("the sealed request");
    format!("/authorize/resume?state={state}")
}

#[harness::test]
async fn a_login_for_another_application_is_no_press_however_fresh() {
    let server = Server::shared();
    // The request is older than the login.
    let resume = begun_elsewhere(server, server.login(&DESKTOP)).await;
    let browser = logged_in(server, &User::ada()).await;
    browser.open(&resume).await.page_at("/u/confirm");
}

#[harness::test]
async fn a_press_serves_its_own_request_in_its_own_session() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = logged_in(server, &user).await;
    let open = || server.login(&DESKTOP).browser(&browser).open();
    let (page, other) = (open().await.page_at("/u/confirm"), open().await);
    let other = other.page_at("/u/confirm");
    let answer = browser.answer_confirmation(&page, "accept").await;
    let confirmed = answer.location().expect("a redirect");
    // Neither the other request, which was open at the time, nor a new one.
    let (_, state) = other.url.query_pairs().next().expect("a state");
    let resume = format!("/authorize/resume?state={state}");
    browser.open(&resume).await.page_at("/u/confirm");
    open().await.page_at("/u/confirm");
    // Nor another session, of the same user or of another one.
    for user in [&user, &User::ada()] {
        let stranger = logged_in(server, user).await;
        stranger
            .open(confirmed.as_str())
            .await
            .page_at("/u/confirm");
    }
    let fresh = server.browser().open(confirmed.as_str()).await;
    fresh.page_at("/u/login");
    browser.open(confirmed.as_str()).await.callback().code();
}

#[harness::test]
async fn a_form_of_another_browser_is_no_press() {
    let server = Server::shared();
    let user = server.fresh_user();
    let (browser, other) = (
        logged_in(server, &user).await,
        logged_in(server, &user).await,
    );
    let page = server.login(&DESKTOP).browser(&other).open().await;
    let page = page.page_at("/u/confirm");
    let answer = browser.answer_confirmation(&page, "accept").await;
    assert_eq!(answer.status, 403, "{answer}");
    assert_page(&answer);
}

#[harness::test]
async fn a_refusal_is_reported_to_the_application() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    let page = server.login(&DESKTOP).browser(&browser).open().await;
    let page = page.page_at("/u/confirm");
    let answer = browser.answer_confirmation(&page, "deny").await;
    assert_eq!(answer.status, 303, "{answer}");
    let callback = browser.follow(answer).await.callback();
    assert_eq!(callback.get("error").as_deref(), Some("access_denied"));
    assert_eq!(callback.get("code"), None, "{}", callback.url);
    let neither = browser.submit(&page, &[("action", "perhaps")]).await;
    assert_eq!(neither.status, 400, "{neither}");
}

#[harness::test]
async fn the_page_names_the_client_and_the_user_and_repeats_no_parameter() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    let login = server.login(&DESKTOP).browser(&browser);
    let login = login
        .with("login_hint", "call-555-0100")
        .with("nonce", "call-555-0100");
    let page = login.open().await.page_at("/u/confirm");
    let text = html::unescape(&page.text());
    for word in ["Continue to Desktop app?", "Ada Lovelace"] {
        assert!(text.contains(word), "`{word}` is not in {page}");
    }
    assert!(!text.contains("call-555-0100"), "{page}");
}

#[harness::test]
async fn a_session_of_a_deleted_user_requires_a_login() {
    let server = Server::shared_local("deletes a user");
    let user = server.fresh_user();
    let browser = logged_in(server, &user).await;
    let open = || server.login(&DESKTOP).browser(&browser).open();
    let page = open().await.page_at("/u/confirm");
    server.delete_user(&user).await;
    open().await.page_at("/u/login");
    browser.open(page.url.as_str()).await.page_at("/u/login");
}

/// A login ticket, issued to the application's own login page.
async fn ticket(browser: &Browser, app: &App, user: &User) -> String {
    let body = json!({
        "client_id": app.id, "username": user.email, "password": user.password,
        "credential_type": "password",
    });
    let request = browser.http().request(Method::POST, "/co/authenticate");
    let request = request
        .header("origin", "http://localhost:4040")
        .json(&body);
    let answer: Answer = send(request).await;
    let ticket = answer.json()["login_ticket"].as_str().map(str::to_owned);
    ticket.unwrap_or_else(|| panic!("no ticket: {answer}"))
}

#[harness::test]
async fn a_login_ticket_counts_as_confirmation_and_its_session_does_not() {
    let server = Server::shared();
    let (browser, user) = (server.browser(), User::ada());
    let callback = "http://localhost:4040/callback";
    let login = || {
        let login = server.login(&DESKTOP).browser(&browser);
        login.with("redirect_uri", callback)
    };
    let ticket = ticket(&browser, &DESKTOP, &user).await;
    let with_ticket = login().with("login_ticket", &ticket);
    with_ticket.open().await.callback().code();
    login().open().await.page_at("/u/confirm");
}

#[harness::test]
async fn a_press_outlasts_the_way_that_a_script_sends_the_browser() {
    let script = rule(
        "if (context.protocol !== 'redirect-callback') {
            context.redirect = { url: 'https://terms.example/ask' };
        }",
    );
    let server = Scripts::of_rule(&script).start();
    let browser = server.browser();
    let login = || server.login(&DESKTOP).browser(&browser);
    let back = |landing: Landing| {
        let state = landing.callback().get("state").expect("a state");
        format!("/continue?state={state}")
    };
    // The first login counts by its password, the second by its press on `/u/confirm`.
    for _ in 0..2 {
        let away = login().land().await;
        browser.open(&back(away)).await.callback().code();
    }
    login().open().await.page_at("/u/confirm");
}
