//! Consents that are given, withdrawn and used at the same time: the write of the first request is held back until the
//! others have been answered.

use harness::{
    Answer, Browser, Faulty, INVALID_CODE, Landing, Server, Tokens,
    apps::{API, ASKING_API, App, OPERATOR, SPA_HYBRID, THIRD_PARTY, TV_PARTNER, User},
    assert_oauth_error, assert_unknown_refresh_token,
    flow::form_encoded,
    http,
    proxy::EXCHANGES,
    scopes,
};
use reqwest::Method;

use crate::device;

const BASE: &str = "openid read:orders write:orders";

/// The scopes of a user's consent for one application and API; sorted.
async fn agreed(server: &Server, app: &App, audience: &str) -> Vec<String> {
    let token = server.management_token(&OPERATOR).await;
    let path = format!(
        "/api/v2/grants?user_id={}&client_id={}&audience={}",
        form_encoded(&User::ada().id),
        app.id,
        form_encoded(audience)
    );
    let request = server.http().request(Method::GET, &path);
    let grants = http::send(request.bearer_auth(token)).await.json();
    let scope = grants[0]["scope"].as_array().cloned().unwrap_or_default();
    let names: Vec<&str> = scope.iter().filter_map(|name| name.as_str()).collect();
    scopes(&names.join(" "))
}

async fn withdraw(server: &Server) {
    let answer = server.delete_grants(&OPERATOR, &User::ada()).await;
    assert_eq!(answer.status, 204, "{answer}");
}

async fn logged_in(server: &Server) -> Browser {
    let browser = server.browser();
    let login = server.login(&THIRD_PARTY).browser(&browser);
    login.callback().await.code();
    withdraw(server).await;
    browser
}

/// The consent page for these scopes, also after an earlier consent.
async fn consent_page(server: &Server, browser: &Browser, scope: &str) -> Answer {
    let login = server.login(&THIRD_PARTY).browser(browser).scope(scope);
    let landing = login.with("prompt", "consent").open().await;
    landing.page_at("/u/consent")
}

async fn accept(browser: Browser, page: Answer) -> Answer {
    browser.answer_consent(&page, "accept").await
}

#[harness::test(flavor = "multi_thread")]
async fn of_two_consents_at_once_both_are_kept() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let browser = logged_in(server).await;
    let reads = consent_page(server, &browser, "openid read:orders").await;
    let writes = consent_page(server, &browser, "openid write:orders").await;
    let held = faulty.hold_at_its_write(accept(browser.clone(), reads));
    accept(browser.clone(), writes).await;
    faulty.release(held).await;
    assert_eq!(agreed(server, &THIRD_PARTY, API).await, scopes(BASE));
}

#[harness::test(flavor = "multi_thread")]
async fn a_consent_that_a_withdrawal_overtakes_brings_nothing_back() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let browser = logged_in(server).await;
    let page = consent_page(server, &browser, BASE).await;
    accept(browser.clone(), page).await;
    let login = server.login(&THIRD_PARTY).browser(&browser);
    let code = login.scope(BASE).code().await;

    let reads = consent_page(server, &browser, "openid read:orders").await;
    let held = faulty.hold_at_its_write(accept(browser.clone(), reads));
    withdraw(server).await;
    faulty.release(held).await;
    let expected = scopes("openid read:orders");
    assert_eq!(agreed(server, &THIRD_PARTY, API).await, expected);
    let late = server.exchange(&code).await;
    assert_oauth_error(&late, 403, "invalid_grant", INVALID_CODE);
}

/// With a refresh token and without one; the consent is withdrawn and given again during the exchange.
#[harness::test(flavor = "multi_thread")]
async fn an_exchange_that_a_withdrawal_overtakes_yields_nothing() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let browser = logged_in(server).await;
    for scope in [BASE, "openid offline_access read:orders write:orders"] {
        for agrees_again in [false, true] {
            let login = || server.login(&THIRD_PARTY).browser(&browser);
            let code = login().scope(scope).code().await;
            let form = code.form();
            let request = server.request_as(&server.http(), &THIRD_PARTY, "/oauth/token", &form);
            let held = faulty.hold_at(EXCHANGES, http::send(request));
            withdraw(server).await;
            if agrees_again {
                login().scope(scope).code().await;
            }
            let late = faulty.release(held).await;
            assert_oauth_error(&late, 403, "invalid_grant", INVALID_CODE);
            withdraw(server).await;
        }
    }
}

#[harness::test(flavor = "multi_thread")]
async fn a_poll_that_a_withdrawal_overtakes_yields_nothing() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let browser = logged_in(server).await;
    for scope in [BASE, "openid offline_access read:orders write:orders"] {
        for agrees_again in [false, true] {
            let form = [("scope", scope), ("audience", API)];
            let waiting = device::begin_with(server, &TV_PARTNER, &form).await;
            waiting.connect_in(&browser, &User::ada()).await;
            let held = faulty.hold_at(EXCHANGES, waiting.send_poll(server));
            withdraw(server).await;
            if agrees_again {
                let other = device::begin_with(server, &TV_PARTNER, &form).await;
                other.connect_in(&browser, &User::ada()).await;
            }
            device::assert_invalid(&faulty.release(held).await);
            withdraw(server).await;
        }
    }
}

/// An approval rests on the consent that was read, not on the one that exists when it is written.
#[harness::test(flavor = "multi_thread")]
async fn an_approval_that_a_withdrawal_overtakes_yields_nothing() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let browser = logged_in(server).await;
    let form = [("scope", BASE), ("audience", API)];
    let connect = async || {
        let waiting = device::begin_with(server, &TV_PARTNER, &form).await;
        waiting.connect_in(&browser, &User::ada()).await;
        waiting
    };
    connect().await;
    let waiting = device::begin_with(server, &TV_PARTNER, &form).await;
    let page = waiting.scan(&browser).await;
    let held = faulty.hold_at_its_write({
        let browser = browser.clone();
        async move {
            let answer = browser.submit(&page, &[("action", "confirm")]).await;
            browser.follow(answer).await
        }
    });
    withdraw(server).await;
    connect().await;
    faulty.release(held).await.page();
    device::assert_invalid(&waiting.poll(server).await);
}

/// A code rests on the consent that was read, not on the one that exists when it is written.
#[harness::test(flavor = "multi_thread")]
async fn a_code_that_a_withdrawal_overtakes_yields_nothing() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let browser = logged_in(server).await;
    let login = || server.login(&THIRD_PARTY).browser(&browser).scope(BASE);
    login().code().await;
    let silent = login().with("prompt", "none");
    let (path, verifier) = (silent.path(), silent.code_verifier());
    let held = faulty.hold_at_its_write({
        let browser = browser.clone();
        async move { browser.open(&path).await }
    });
    withdraw(server).await;
    Tokens::expect(server.exchange(&login().code().await).await);
    let callback = faulty.release(held).await.callback();
    if let Some(value) = callback.get("code") {
        let code = harness::Code {
            app: THIRD_PARTY,
            value,
            redirect_uri: THIRD_PARTY.callback.to_owned(),
            verifier: Some(verifier),
        };
        let late = server.exchange(&code).await;
        assert_oauth_error(&late, 403, "invalid_grant", INVALID_CODE);
    }
}

/// Tokens from `/authorize` are bound to the consent by the write that records the visit.
#[harness::test(flavor = "multi_thread")]
async fn a_token_of_the_front_channel_that_a_withdrawal_overtakes_is_not_issued() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let browser = logged_in(server).await;
    let login = || {
        let login = server.login(&SPA_HYBRID).browser(&browser);
        let login = login.audience(ASKING_API).scope("openid read:diary");
        login.with("response_type", "token id_token")
    };
    let issued = login().callback().await;
    assert!(issued.get("access_token").is_some(), "{}", issued.url);
    for silent in [true, false] {
        let request = if silent {
            login().with("prompt", "none")
        } else {
            login()
        };
        let path = request.path();
        let held = faulty.hold_at_its_write({
            let browser = browser.clone();
            async move { browser.open(&path).await }
        });
        withdraw(server).await;
        match faulty.release(held).await {
            Landing::Callback(callback) => {
                assert!(silent, "{}", callback.url);
                callback.assert_error("consent_required", "Consent required");
                assert_eq!(callback.get("access_token"), None, "{}", callback.url);
            }
            Landing::Page(page) => {
                assert!(!silent, "{page}");
                assert_eq!(page.url.path(), "/u/consent", "{page}");
            }
        }
        let again = login().callback().await;
        assert!(again.get("access_token").is_some(), "{}", again.url);
    }
}

#[harness::test(flavor = "multi_thread")]
async fn a_family_that_begins_while_all_grants_are_deleted_ends_with_them() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let browser = logged_in(server).await;
    let login = || {
        let login = server.login(&THIRD_PARTY).browser(&browser);
        login.scope("openid offline_access read:orders")
    };
    login().code().await;
    let token = server.management_token(&OPERATOR).await;
    let path = format!("/api/v2/grants?user_id={}", form_encoded(&User::ada().id));
    let deletion = server.http().request(Method::DELETE, &path);
    // The user's epoch has advanced, and the consent still exists.
    let held = faulty.hold_at(&["DeleteItem"], http::send(deletion.bearer_auth(token)));
    let begun = login().with("prompt", "none").refresh_token().await;
    let deleted = faulty.release(held).await;
    assert_eq!(deleted.status, 204, "{deleted}");
    assert_unknown_refresh_token(&server.refresh(&THIRD_PARTY, &begun).await);
}
