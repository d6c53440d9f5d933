//! Stolen credentials after the owner has locked the thief out: session cookies, codes, device codes, refresh tokens
//! and access tokens for `/userinfo` after a password change, a block, a deletion and "log out everywhere".

use harness::{
    Answer, Browser, Code, INVALID_CODE, Server, Tokens,
    apps::{App, SPA_LEEWAY, SPA_STRICT, TV, User},
    assert_oauth_error, assert_unknown_refresh_token, jwt,
};

use crate::device;

const REASON: &str = "changes a user";
const PASSWORD: &str = "another horse, another staple";

/// The credentials of a user that a thief holds.
struct Held {
    /// A browser with a copy of the user's cookies.
    browser: Browser,
    refresh_token: String,
    opaque: String,
    jwt: String,
    code: Code,
}

async fn stolen_from(server: &Server, user: &User) -> Held {
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).user(user).browser(&browser);
    let opaque = login()
        .without("audience")
        .scope("openid email")
        .tokens()
        .await;
    let tokens = login().tokens().await;
    let code = login().code().await;
    Held {
        browser: copy_of(server, &browser),
        refresh_token: tokens.refresh_token(),
        opaque: opaque.access_token(),
        jwt: tokens.access_token(),
        code,
    }
}

/// Another browser with the current cookies of this one.
fn copy_of(server: &Server, browser: &Browser) -> Browser {
    let cookies = browser.http().cookies("/authorize");
    Browser::new(server.http().planted(&cookies))
}

async fn userinfo(server: &Server, token: &str) -> Answer {
    server.http().get_with_bearer("/userinfo", token).await
}

#[track_caller]
fn assert_no_access(answer: &Answer) {
    let challenge = answer.challenge().unwrap_or_default();
    let is_refusal = challenge.contains("error=\"invalid_token\"");
    assert!(answer.status == 401 && is_refusal, "{answer}");
}

impl Held {
    /// Asserts that everything but the refresh token is rejected.
    async fn assert_worthless_but_for_the_refresh_token(&self, server: &Server) {
        assert!(!server.is_logged_in(&self.browser).await, "the session");
        let exchanged = server.exchange(&self.code).await;
        assert_oauth_error(&exchanged, 403, "invalid_grant", INVALID_CODE);
        assert_no_access(&userinfo(server, &self.opaque).await);
        assert_no_access(&userinfo(server, &self.jwt).await);
    }

    async fn assert_worthless(&self, server: &Server) {
        self.assert_worthless_but_for_the_refresh_token(server)
            .await;
        assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &self.refresh_token).await);
    }
}

/// A tenant file that gives a user this password.
fn with_password(user: &User, password: &str) -> String {
    let User { id, email, .. } = user;
    format!("users:\n  - {{user_id: '{id}', email: '{email}', password: '{password}'}}\n")
}

async fn assert_can_log_in(server: &Server, user: &User) {
    let tokens = server.login(&SPA_STRICT).user(user).tokens().await;
    server.rotated(&SPA_STRICT, &tokens.refresh_token()).await;
    let browser = server.browser();
    let login = server.login(&SPA_STRICT).user(user).browser(&browser);
    let opaque = login.without("audience").scope("openid").tokens().await;
    let answer = userinfo(server, &opaque.access_token()).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert!(server.is_logged_in(&browser).await);
}

#[harness::test]
async fn a_password_change_evicts_a_thief() {
    let server = Server::start(REASON);
    let user = User::zoe();
    let held = stolen_from(&server, &user).await;
    server.advance(1).await;
    server.import_tenant(with_password(&user, PASSWORD)).await;
    held.assert_worthless(&server).await;
    let user = User {
        password: PASSWORD,
        ..user
    };
    assert_can_log_in(&server, &user).await;
}

#[harness::test]
async fn refresh_tokens_survive_a_password_change_where_the_tenant_says_so() {
    let server = Server::start(REASON);
    let user = User::zoe();
    let flags = "tenant: {flags: {revoke_refresh_tokens_on_password_change: false}}\n";
    server.import_tenant(flags.to_owned()).await;
    let held = stolen_from(&server, &user).await;
    server.advance(1).await;
    server.import_tenant(with_password(&user, PASSWORD)).await;
    held.assert_worthless_but_for_the_refresh_token(&server)
        .await;
    let next = server.rotated(&SPA_STRICT, &held.refresh_token).await;
    server.rotated(&SPA_STRICT, &next).await;
}

#[harness::test]
async fn an_import_of_the_same_password_evicts_no_user() {
    let server = Server::start(REASON);
    let user = User::ada();
    let held = stolen_from(&server, &user).await;
    let file = with_password(&user, user.password);
    let renamed = file.replace("password:", "name: Ada King, password:");
    server.import_tenant(renamed).await;
    assert!(server.is_logged_in(&held.browser).await);
    assert_eq!(userinfo(&server, &held.opaque).await.status, 200);
    assert_eq!(userinfo(&server, &held.jwt).await.status, 200);
    Tokens::expect(server.exchange(&held.code).await);
    server.rotated(&SPA_STRICT, &held.refresh_token).await;
}

#[harness::test]
async fn after_a_block_and_an_unblock_refresh_tokens_are_back_and_sessions_are_not() {
    let server = Server::start(REASON);
    let user = User::zoe();
    let held = stolen_from(&server, &user).await;
    server.advance(1).await;
    server.set_blocked(&user, true).await;
    let refused = server.refresh(&SPA_STRICT, &held.refresh_token).await;
    assert_oauth_error(&refused, 403, "invalid_grant", "user is blocked");
    assert_no_access(&userinfo(&server, &held.opaque).await);
    server.set_blocked(&user, false).await;
    held.assert_worthless_but_for_the_refresh_token(&server)
        .await;
    server.rotated(&SPA_STRICT, &held.refresh_token).await;
    assert_can_log_in(&server, &user).await;
}

#[harness::test]
async fn a_recreated_user_inherits_nothing() {
    let server = Server::start(REASON);
    let user = User::zoe();
    let held = stolen_from(&server, &user).await;
    server.advance(1).await;
    server.delete_user(&user).await;
    held.assert_worthless_but_for_the_refresh_token(&server)
        .await;
    server.import_tenant(with_password(&user, PASSWORD)).await;
    held.assert_worthless(&server).await;
    let user = User {
        password: PASSWORD,
        ..user
    };
    assert_can_log_in(&server, &user).await;
}

#[harness::test]
async fn a_namesake_is_another_user() {
    let server = Server::start(REASON);
    let email = "namesake@example.com";
    let file = |password| format!("users:\n  - {{email: {email}, password: {password}}}\n");
    let user = |password| User {
        id: String::new(),
        email: email.to_owned(),
        password,
    };
    server.import_tenant(file("first")).await;
    let subject = async |user: &User| {
        let tokens = server.login(&SPA_STRICT).user(user).tokens().await;
        let (_, claims) = jwt::peek(&tokens.id_token());
        claims["sub"].as_str().expect("a subject").to_owned()
    };
    let before = subject(&user("first")).await;
    assert!(before.starts_with("auth0|"), "{before}");
    // An existing user keeps the id.
    server.import_tenant(file("first")).await;
    assert_eq!(subject(&user("first")).await, before);
    let held = stolen_from(&server, &user("first")).await;
    server.advance(1).await;
    server.delete_user(&user("first")).await;
    server.import_tenant(file("second")).await;
    held.assert_worthless_but_for_the_refresh_token(&server)
        .await;
    assert_ne!(subject(&user("second")).await, before);
}

#[harness::test]
async fn logging_out_everywhere_ends_all_that_the_user_began() {
    let server = Server::start(REASON);
    let user = User::zoe();
    let held = stolen_from(&server, &user).await;
    let other = stolen_from(&server, &User::ada()).await;
    let device = device::begin(&server, &TV).await;
    device.connect(&server, &user).await;
    server.advance(1).await;
    server.log_out_everywhere(&user).await;
    held.assert_worthless(&server).await;
    let answer = device.poll(&server).await;
    assert_eq!(answer.status, 403, "{answer}");
    assert_eq!(answer.json()["error"], "invalid_grant", "{answer}");
    assert_can_log_in(&server, &user).await;
    assert!(server.is_logged_in(&other.browser).await);
    server.rotated(&SPA_STRICT, &other.refresh_token).await;
}

#[harness::test]
async fn a_login_replaces_the_session_cookie() {
    let server = Server::start("moves the clock");
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).browser(&browser);
    let first = login().tokens().await;
    let stolen = copy_of(&server, &browser);
    server.advance(600).await;
    let second = login().with("max_age", "60").tokens().await;
    let sid = |tokens: &Tokens| jwt::peek(&tokens.id_token()).1["sid"].clone();
    assert_eq!(sid(&second), sid(&first), "the session stays the same");

    let theft = || server.login(&SPA_STRICT).browser(&stolen);
    for login in [theft(), theft().with("max_age", "60")] {
        login.assert_logged_out().await;
    }
    assert!(server.is_logged_in(&browser).await);
}

#[harness::test]
async fn two_tabs_that_log_in_at_once_are_both_answered() {
    let server = Server::start("moves the clock");
    for _ in 0..4 {
        let browser = server.browser();
        let login = || server.login(&SPA_STRICT).browser(&browser);
        login().callback().await.code();
        server.advance(600).await;
        let fresh = || login().with("max_age", "60");
        let (one, two) = tokio::join!(fresh().open(), fresh().open());
        let (one, two) = (one.page_at("/u/login"), two.page_at("/u/login"));
        let ada = User::ada();
        let (one, two) = tokio::join!(
            browser.log_in(&one, &ada.email, ada.password),
            browser.log_in(&two, &ada.email, ada.password),
        );
        for answer in [one, two] {
            browser.follow(answer).await.callback().code();
        }
        let fresh = fresh().with("prompt", "none").open().await.callback();
        fresh.code();
    }
}

async fn opaque_login(server: &Server, app: &App, scope: &str) -> (Browser, Tokens) {
    let browser = server.browser();
    let login = server.login(app).user(&server.fresh_user());
    let login = login.browser(&browser).without("audience").scope(scope);
    let tokens = login.tokens().await;
    let answer = userinfo(server, &tokens.access_token()).await;
    assert_eq!(answer.status, 200, "{answer}");
    (browser, tokens)
}

#[harness::test]
async fn access_tokens_for_userinfo_end_with_reuse_detection() {
    let server = Server::shared();
    let (_, first) = opaque_login(server, &SPA_STRICT, "openid offline_access").await;
    let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
    assert_eq!(userinfo(server, &second.access_token()).await.status, 200);
    let reused = server.refresh(&SPA_STRICT, &first.refresh_token()).await;
    assert_unknown_refresh_token(&reused);
    for tokens in [first, second] {
        assert_no_access(&userinfo(server, &tokens.access_token()).await);
    }
}

#[harness::test]
async fn access_tokens_for_userinfo_end_with_the_revocation_of_their_refresh_token() {
    let server = Server::shared();
    let (_, first) = opaque_login(server, &SPA_LEEWAY, "openid offline_access").await;
    let second = server.refreshed(&SPA_LEEWAY, &first.refresh_token()).await;
    server.revoke(&SPA_LEEWAY, &second.refresh_token()).await;
    for tokens in [first, second] {
        assert_no_access(&userinfo(server, &tokens.access_token()).await);
    }
}

#[harness::test]
async fn access_tokens_for_userinfo_end_with_the_logout_from_the_session_of_their_login() {
    let server = Server::shared();
    for scope in ["openid", "openid offline_access"] {
        let (browser, tokens) = opaque_login(server, &SPA_STRICT, scope).await;
        browser.http().get("/v2/logout?client_id=spa-strict").await;
        assert_no_access(&userinfo(server, &tokens.access_token()).await);
        // The refresh token outlives the session, as at Auth0, and so do the access tokens issued from it.
        if tokens.has("refresh_token") {
            let next = server.refreshed(&SPA_STRICT, &tokens.refresh_token()).await;
            assert_eq!(userinfo(server, &next.access_token()).await.status, 200);
        }
    }
}

#[harness::test]
async fn access_tokens_for_userinfo_outlive_a_session_that_expires() {
    let server = Server::start("moves the clock");
    let short = "tenant: {session_lifetime_in_minutes: 60, idle_session_lifetime_in_minutes: 30}\n";
    server.import_tenant(short.to_owned()).await;
    let login = server.login(&SPA_STRICT).without("audience");
    let tokens = login.scope("openid").tokens().await;
    server.advance(2 * 3600).await;
    assert_eq!(userinfo(&server, &tokens.access_token()).await.status, 200);
}

#[harness::test]
async fn an_old_copy_of_a_session_cookie_ends_no_session() {
    let server = Server::shared();
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).browser(&browser);
    login().tokens().await;
    let stolen = copy_of(server, &browser);
    login().with("prompt", "login").tokens().await;
    stolen.http().get("/v2/logout").await;
    assert!(server.is_logged_in(&browser).await);
}
