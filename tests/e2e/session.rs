//! `prompt`, `max_age` and the browser session that `/authorize` answers from.

use harness::{
    Launch, Server,
    apps::{API, NATIVE, SPA_STRICT, User, WEB_POST},
    jwt, tenant,
};

#[harness::test]
async fn a_session_needs_no_second_login() {
    let server = Server::shared();
    let browser = server.browser();
    server.login(&SPA_STRICT).browser(&browser).callback().await;
    let login = || server.login(&WEB_POST).browser(&browser);
    login().open().await.callback().code();
    login()
        .with("prompt", "none")
        .open()
        .await
        .callback()
        .code();
}

#[harness::test]
async fn prompt_none_never_shows_a_page() {
    let server = Server::shared();
    server.login(&SPA_STRICT).assert_logged_out().await;
}

#[harness::test]
async fn prompt_login_asks_again_and_the_id_token_has_auth_time() {
    let server = Server::shared();
    let browser = server.browser();
    server.login(&SPA_STRICT).browser(&browser).callback().await;
    let login = || {
        server
            .login(&SPA_STRICT)
            .browser(&browser)
            .with("prompt", "login")
    };
    login().open().await.page_at("/u/login");

    let (_, claims) = jwt::peek(&login().tokens().await.id_token());
    let auth_time = claims["auth_time"]
        .as_u64()
        .expect("`auth_time` is a number");
    assert!(server.is_now(auth_time), "{claims}");
}

#[harness::test]
async fn a_login_older_than_max_age_is_asked_again() {
    let server = Server::start("moves the clock");
    let browser = server.browser();
    let login = || {
        server
            .login(&SPA_STRICT)
            .browser(&browser)
            .with("max_age", "600")
    };
    let (_, claims) = jwt::peek(&login().tokens().await.id_token());
    let first = claims["auth_time"]
        .as_u64()
        .expect("`auth_time` is a number");

    server.advance(300).await;
    let (_, claims) = jwt::peek(&login().with("prompt", "none").tokens().await.id_token());
    assert_eq!(claims["auth_time"], first, "the session's own time");

    server.advance(400).await;
    login().assert_logged_out().await;
    login().open().await.page_at("/u/login");
    let (_, claims) = jwt::peek(&login().tokens().await.id_token());
    assert!(
        claims["auth_time"].as_u64() >= Some(first + 700),
        "{claims}"
    );
}

#[harness::test]
async fn max_age_zero_is_prompt_login() {
    let server = Server::shared();
    let browser = server.browser();
    server.login(&SPA_STRICT).browser(&browser).callback().await;
    let login = server
        .login(&SPA_STRICT)
        .browser(&browser)
        .with("max_age", "0");
    login.open().await.page_at("/u/login");
}

#[harness::test]
async fn sessions_end_when_idle_and_in_the_end() {
    let server = Server::start("moves the clock");
    let hour = 3600;
    let browser = server.browser();
    server.login(&SPA_STRICT).browser(&browser).callback().await;
    for _ in 0..2 {
        server.advance(70 * hour).await;
        assert!(server.is_logged_in(&browser).await);
    }
    server.advance(30 * hour).await;
    assert!(!server.is_logged_in(&browser).await);

    server.login(&SPA_STRICT).browser(&browser).callback().await;
    server.advance(73 * hour).await;
    assert!(!server.is_logged_in(&browser).await);
}

#[harness::test]
async fn a_blocked_user_is_reported_to_the_application() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT).user(&User::blocked());
    login
        .callback()
        .await
        .assert_error("unauthorized", "user is blocked");
}

#[harness::test]
async fn blocking_a_user_ends_the_use_of_a_session() {
    let server = Server::shared_local("blocks a user");
    let user = server.fresh_user();
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).user(&user).browser(&browser);
    login().callback().await.code();
    server.set_blocked(&user, true).await;
    let callback = login().with("prompt", "none").callback().await;
    callback.assert_error("unauthorized", "user is blocked");
}

#[harness::test]
async fn a_loopback_callback_without_consent_is_not_answered_silently() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    server
        .login(&SPA_STRICT)
        .user(&user)
        .browser(&browser)
        .callback()
        .await;
    let silent = server
        .login(&NATIVE)
        .browser(&browser)
        .audience(API)
        .with("prompt", "none");
    let callback = silent.with("redirect_uri", "http://127.0.0.1:51004/callback");
    callback
        .open()
        .await
        .callback()
        .assert_error("consent_required", "Consent required");
}

#[harness::test]
async fn choosing_an_account_means_logging_in_again() {
    let server = Server::shared();
    let browser = server.browser();
    server.login(&SPA_STRICT).browser(&browser).callback().await;
    let login = server.login(&SPA_STRICT).browser(&browser);
    let login = login.with("prompt", "select_account");
    login.open().await.page_at("/u/login");
}

#[harness::test]
async fn a_tenant_may_have_sessions_that_end_with_the_browser() {
    for (mode, persistent) in [("persistent", true), ("non-persistent", false)] {
        let line = "friendly_name: Ratchet Tests";
        let changed = format!("{line}\n  session_cookie: {{ mode: {mode} }}");
        let launch = Launch::new().tenant(tenant::changed(line, &changed));
        let server = launch.start("changes a tenant setting");
        let browser = server.browser();
        let login = server.login(&SPA_STRICT).browser(&browser);
        let page = login.open().await.page_at("/u/login");
        let ada = User::ada();
        let answer = browser.log_in(&page, &ada.email, ada.password).await;
        let cookies = answer.set_cookies();
        let name = format!("{}=", server.cookie("auth0"));
        let cookie = cookies.iter().find(|cookie| cookie.starts_with(&name));
        let cookie = cookie.unwrap_or_else(|| panic!("no session in {answer}"));
        assert!(cookie.contains("HttpOnly"), "{cookie}");
        assert_eq!(cookie.contains("Max-Age="), persistent, "{cookie}");
    }
}
