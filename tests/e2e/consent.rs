//! Consent: the requests that require it, its storage, and the effect of declining.

use harness::{
    Answer, Launch, Server,
    apps::{
        API, ASKING_API, App, NATIVE, NATIVE_TRUSTED, SPA_STRICT, THIRD_PARTY, THIRD_PARTY_GUARDED,
        User, WEB_POST,
    },
    assert_error_page,
    assertions::{assert_page, assert_sane},
    html, tenant,
};

async fn consent_page(server: &Server, user: &User) -> (harness::Browser, Answer) {
    let browser = server.browser();
    let login = server.login(&THIRD_PARTY).user(user).browser(&browser);
    let page = login.open().await.page_at("/u/login");
    let answer = browser.log_in(&page, &user.email, user.password).await;
    let page = browser.follow(answer).await.page_at("/u/consent");
    (browser, page)
}

/// True if the server asks a user with a session for consent.
async fn is_asked(server: &Server, app: &App, changes: &[(&str, &str)]) -> bool {
    let user = server.fresh_user();
    let browser = server.browser();
    let first = server.login(&SPA_STRICT).user(&user).browser(&browser);
    first.without("audience").scope("openid").callback().await;
    let login = server.login(app).user(&user).browser(&browser);
    let login = changes
        .iter()
        .fold(login, |login, (name, value)| login.with(name, value));
    match login.open().await {
        harness::Landing::Page(page) => {
            assert_eq!(
                (page.status, page.url.path()),
                (200, "/u/consent"),
                "{page}"
            );
            true
        }
        harness::Landing::Callback(callback) => {
            callback.code();
            false
        }
    }
}

#[harness::test]
async fn a_third_party_has_to_ask() {
    let server = Server::shared();
    assert!(is_asked(server, &THIRD_PARTY, &[]).await);
    assert!(
        is_asked(
            server,
            &THIRD_PARTY,
            &[("audience", ""), ("scope", "openid")]
        )
        .await
    );
}

#[harness::test]
async fn a_first_party_asks_only_where_the_api_wants_it() {
    let server = Server::shared();
    assert!(!is_asked(server, &WEB_POST, &[("audience", API)]).await);
    assert!(
        !is_asked(
            server,
            &WEB_POST,
            &[("audience", ""), ("scope", "openid email")]
        )
        .await
    );
    let asking = [("audience", ASKING_API), ("scope", "openid read:diary")];
    assert!(is_asked(server, &WEB_POST, &asking).await);
}

#[harness::test]
async fn a_client_or_the_tenant_may_trust_such_callbacks() {
    let server = Server::shared();
    assert!(!is_asked(server, &NATIVE_TRUSTED, &[("audience", API)]).await);
    assert!(!is_asked(server, &NATIVE_TRUSTED, &[("prompt", "none")]).await);
    let asking = [("audience", ASKING_API), ("scope", "openid read:diary")];
    assert!(is_asked(server, &NATIVE_TRUSTED, &asking).await);

    let line = "friendly_name: Ratchet Tests";
    let trusting = format!("{line}\n  skip_non_verifiable_callback_uri_confirmation_prompt: true");
    let file = tenant::changed(line, &trusting);
    let server = Launch::new().tenant(file).start("changes a tenant setting");
    let browser = server.browser();
    let first = server
        .login(&SPA_STRICT)
        .browser(&browser)
        .without("audience");
    first.scope("openid").callback().await.code();
    let native = server.login(&NATIVE).browser(&browser);
    native.open().await.callback().code();
    let silent = server.login(&NATIVE).browser(&browser);
    silent.with("prompt", "none").open().await.callback().code();
}

#[harness::test]
async fn an_api_that_asks_is_remembered_for_first_parties_too() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let login = || {
        let login = server.login(&WEB_POST).user(&user).browser(&browser);
        login.audience(ASKING_API)
    };
    login().scope("openid").callback().await.code();
    let silent = |scope| login().scope(scope).with("prompt", "none").open();
    silent("openid").await.callback().code();
    let more = silent("openid read:diary").await.callback();
    more.assert_error("consent_required", "Consent required");
}

#[harness::test]
async fn other_scopes_than_those_granted_are_asked() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let login = |scope| {
        let login = server.login(&THIRD_PARTY).user(&user).browser(&browser);
        login.scope(scope)
    };
    login("openid read:orders").callback().await.code();
    let other = login("openid write:orders");
    other.open().await.page_at("/u/consent");
    // A subset of the granted scopes requires no consent.
    login("read:orders").open().await.callback().code();
}

#[harness::test]
async fn scopes_are_grouped_by_resource() {
    let server = Server::shared();
    let user = server.fresh_user();
    let (_, page) = consent_page(server, &user).await;
    let text = html::unescape(&page.text());
    assert!(
        text.contains("Orders: read and write your orders"),
        "{page}"
    );
    assert!(!text.contains("Change orders"), "{page}");
}

#[harness::test]
async fn scopes_are_described_where_the_tenant_wants_it() {
    let flag = "revoke_refresh_token_grant: false";
    let both = format!("{flag}\n    use_scope_descriptions_for_consent: true");
    let file = tenant::changed(flag, &both);
    let server = Launch::new().tenant(file).start("changes a tenant setting");
    let (_, page) = consent_page(&server, &User::ada()).await;
    let text = html::unescape(&page.text());
    for description in ["Read orders", "Change orders"] {
        assert!(
            text.contains(description),
            "`{description}` is not in {page}"
        );
    }
    assert!(!text.contains("Orders: read"), "{page}");
}

#[harness::test]
async fn the_page_names_the_client_and_the_scopes() {
    let server = Server::shared();
    let user = server.fresh_user();
    let (_, page) = consent_page(server, &user).await;
    assert_page(&page);
    let text = html::unescape(&page.text());
    let offline = "Access while you are not using the application";
    for word in [THIRD_PARTY.name, "orders", offline] {
        assert!(text.contains(word), "`{word}` is not in {page}");
    }
}

#[harness::test]
async fn consent_is_not_requested_again_for_granted_scopes() {
    let server = Server::shared();
    let user = server.fresh_user();
    let (browser, page) = consent_page(server, &user).await;
    let answer = browser.answer_consent(&page, "accept").await;
    assert_eq!(answer.status, 303, "{answer}");
    browser.follow(answer).await.callback().code();

    let login = || server.login(&THIRD_PARTY).user(&user).browser(&browser);
    login().open().await.callback().code();
    login()
        .with("prompt", "none")
        .open()
        .await
        .callback()
        .code();
    login()
        .scope("openid offline_access read:orders")
        .open()
        .await
        .callback()
        .code();
}

#[harness::test]
async fn more_than_was_granted_is_asked() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let login = || server.login(&THIRD_PARTY).user(&user).browser(&browser);
    login().scope("openid read:orders").callback().await.code();

    let more = || login().scope("openid read:orders write:orders");
    let silent = more().with("prompt", "none").open().await.callback();
    silent.assert_error("consent_required", "Consent required");
    more().open().await.page_at("/u/consent");
    let elsewhere = login().audience(ASKING_API).scope("openid read:diary");
    elsewhere.open().await.page_at("/u/consent");
}

#[harness::test]
async fn prompt_consent_asks_despite_an_earlier_consent() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let login = || server.login(&THIRD_PARTY).user(&user).browser(&browser);
    login().callback().await.code();
    login()
        .with("prompt", "consent")
        .open()
        .await
        .page_at("/u/consent");
}

#[harness::test]
async fn one_users_consent_is_not_anothers() {
    let server = Server::shared();
    let (first, second) = (server.fresh_user(), server.fresh_user());
    server
        .login(&THIRD_PARTY)
        .user(&first)
        .callback()
        .await
        .code();
    consent_page(server, &second).await;
}

#[harness::test]
async fn a_declined_consent_is_reported_to_the_application_and_not_stored() {
    let server = Server::shared();
    let user = server.fresh_user();
    let (browser, page) = consent_page(server, &user).await;
    let answer = browser.answer_consent(&page, "deny").await;
    let callback = browser.follow(answer).await.callback();
    assert_eq!(callback.target(), THIRD_PARTY.callback);
    assert_eq!(
        callback.get("error").as_deref(),
        Some("access_denied"),
        "{}",
        callback.url
    );
    assert!(
        callback.get("state").is_some_and(|state| !state.is_empty()),
        "{}",
        callback.url
    );
    assert_eq!(callback.get("code"), None, "{}", callback.url);
    assert_eq!(callback.get("error_description"), None, "{}", callback.url);

    let login = server.login(&THIRD_PARTY).user(&user).browser(&browser);
    login.open().await.page_at("/u/consent");
}

#[harness::test]
async fn no_stays_on_a_page_where_the_application_is_guarded() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let login = server.login(&THIRD_PARTY_GUARDED).user(&user);
    let page = login.browser(&browser).open().await.page_at("/u/login");
    let answer = browser.log_in(&page, &user.email, user.password).await;
    let page = browser.follow(answer).await.page_at("/u/consent");
    let answer = browser.answer_consent(&page, "deny").await;
    assert_error_page(&answer, "User did not authorize the request");
    assert_eq!(answer.status, 403, "{answer}");

    let login = server.login(&THIRD_PARTY_GUARDED).user(&user);
    login.browser(&browser).open().await.page_at("/u/consent");
}

#[harness::test]
async fn an_answer_without_the_csrf_token_does_not_count() {
    let server = Server::shared();
    let user = server.fresh_user();
    let (browser, page) = consent_page(server, &user).await;
    let state = html::input(&page.text(), "state")["value"].clone();
    for token in ["", "guessed"] {
        let form = [
            ("state", state.as_str()),
            ("_csrf", token),
            ("action", "accept"),
        ];
        let answer = browser.http().post_form(page.url.as_str(), &form).await;
        assert_error_page(&answer, "");
    }
    let silent = server
        .login(&THIRD_PARTY)
        .browser(&browser)
        .with("prompt", "none");
    silent
        .open()
        .await
        .callback()
        .assert_error("consent_required", "Consent required");
}

#[harness::test]
async fn another_browser_cannot_answer() {
    let server = Server::shared();
    let (user, other_user) = (server.fresh_user(), server.fresh_user());
    let (_, page) = consent_page(server, &user).await;
    let (other, _) = consent_page(server, &other_user).await;
    let answer = other.answer_consent(&page, "accept").await;
    assert_sane(&answer);
    assert!(answer.status >= 400, "{answer}");
}

#[harness::test]
async fn an_answer_that_is_neither_yes_nor_no_grants_nothing() {
    let server = Server::shared();
    let user = server.fresh_user();
    let (browser, page) = consent_page(server, &user).await;
    let answer = browser.submit(&page, &[("action", "perhaps")]).await;
    assert_sane(&answer);
    let silent = server
        .login(&THIRD_PARTY)
        .browser(&browser)
        .with("prompt", "none");
    silent
        .open()
        .await
        .callback()
        .assert_error("consent_required", "Consent required");
}
