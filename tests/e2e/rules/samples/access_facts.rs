//! Access control: by facts about the user, the client and the day.

use harness::apps::{PW_NATIVE, SPA_STRICT, User, WEB_POST};

use super::{assert_denied, assert_login, assert_refresh, change, configure, next, rule, tokens};

#[harness::test]
async fn weekdays_only() {
    let scripts = rule("weekdays-only").config("CLOSED_DAYS", "0 1 2 3 4 5 6");
    let server = scripts.start();
    let denial = "Closed today.";
    assert_login(&server, &WEB_POST, &User::ada(), "unauthorized", denial).await;
    let elsewhere = tokens(&server, &User::ada()).await;
    next(&server, &elsewhere).await;
    configure(&server, "CLOSED_DAYS", "7").await;
    let token = server.login(&WEB_POST).refresh_token().await;
    configure(&server, "CLOSED_DAYS", "0 1 2 3 4 5 6").await;
    assert_denied(&server.refresh(&WEB_POST, &token).await, denial);
    configure(&server, "CLOSED_DAYS", "7").await;
    server.rotated(&WEB_POST, &token).await;
}

#[harness::test]
async fn password_age_limit() {
    let scripts = rule("password-age-limit").config("MAX_PASSWORD_DAYS", "36500");
    let server = scripts.start();
    let denial = "Your password is too old. Choose another one.";
    let first = tokens(&server, &User::ada()).await;
    let second = next(&server, &first).await;
    configure(&server, "MAX_PASSWORD_DAYS", "30").await;
    assert_login(&server, &SPA_STRICT, &User::ada(), "unauthorized", denial).await;
    assert_refresh(&server, &second, denial).await;
    // Grace's account is from today.
    tokens(&server, &User::grace()).await;
}

#[harness::test]
async fn no_password_grant() {
    let server = rule("no-password-grant").start();
    let ada = User::ada();
    let form = [
        ("grant_type", "password"),
        ("username", ada.email.as_str()),
        ("password", ada.password),
        ("scope", "openid offline_access"),
    ];
    let answer = server.token(&PW_NATIVE, &form).await;
    assert_denied(&answer, "Log in on the login page.");
    let first = tokens(&server, &ada).await;
    next(&server, &first).await;
}

#[harness::test]
async fn no_social_signup() {
    let scripts = rule("no-social-signup").config("CLOSED_CONNECTIONS", "none");
    let server = scripts.start();
    let denial = "New accounts are not taken.";
    tokens(&server, &User::ada()).await;
    let first = tokens(&server, &User::ada()).await;
    let database = "Username-Password-Authentication";
    configure(&server, "CLOSED_CONNECTIONS", database).await;
    // Known users stay; a new user is rejected, and known from then on.
    let second = next(&server, &first).await;
    tokens(&server, &User::ada()).await;
    for closed in [database, "none"] {
        configure(&server, "CLOSED_CONNECTIONS", closed).await;
        assert_login(&server, &SPA_STRICT, &User::iris(), "access_denied", denial).await;
    }
    change(
        &server,
        &User::ada(),
        "app_metadata: { refused_signup: true }",
    )
    .await;
    assert_refresh(&server, &second, denial).await;
}

#[harness::test]
async fn group_membership() {
    let server = rule("group-membership").start();
    let denial = "For captains only.";
    assert_login(&server, &SPA_STRICT, &User::iris(), "unauthorized", denial).await;
    tokens(&server, &User::ada()).await;
    let first = tokens(&server, &User::grace()).await;
    let second = next(&server, &first).await;
    change(&server, &User::grace(), "groups: pilots").await;
    assert_refresh(&server, &second, denial).await;
    change(&server, &User::grace(), "groups: captains").await;
    next(&server, &second).await;
}

#[harness::test]
async fn account_expiry() {
    let server = rule("account-expiry").start();
    let denial = "Your account ended on 2020-02-29.";
    change(
        &server,
        &User::ada(),
        "app_metadata: { expires_on: '2199-12-31' }",
    )
    .await;
    let first = tokens(&server, &User::ada()).await;
    let second = next(&server, &first).await;
    change(
        &server,
        &User::ada(),
        "app_metadata: { expires_on: '2020-02-29' }",
    )
    .await;
    assert_refresh(&server, &second, denial).await;
    assert_login(&server, &SPA_STRICT, &User::ada(), "unauthorized", denial).await;
    let never = "app_metadata: { expires_on: null }";
    change(&server, &User::ada(), never).await;
    next(&server, &second).await;
}

#[harness::test]
async fn role_for_app() {
    let server = rule("role-for-app").start();
    let denial = "Your role does not open this.";
    assert_login(&server, &WEB_POST, &User::ada(), "unauthorized", denial).await;
    let elsewhere = tokens(&server, &User::ada()).await;
    next(&server, &elsewhere).await;
    let login = server.login(&WEB_POST).user(&User::grace());
    let token = login.refresh_token().await;
    let token = server.rotated(&WEB_POST, &token).await;
    change(&server, &User::grace(), "roles: []").await;
    assert_denied(&server.refresh(&WEB_POST, &token).await, denial);
}

#[harness::test]
async fn app_access_by_metadata() {
    let server = rule("app-access-by-metadata").start();
    let denial = "Ask for access to Strict SPA.";
    let shop = "Ask for access to Web shop.";
    assert_login(&server, &WEB_POST, &User::iris(), "unauthorized", shop).await;
    let first = tokens(&server, &User::iris()).await;
    change(&server, &User::iris(), "app_metadata: { apps: [web-post] }").await;
    assert_refresh(&server, &first, denial).await;
    server.login(&WEB_POST).user(&User::iris()).tokens().await;
    change(
        &server,
        &User::iris(),
        "app_metadata: { apps: [web-post, spa-strict] }",
    )
    .await;
    next(&server, &first).await;
}

#[harness::test]
async fn maintenance_window() {
    let scripts = rule("maintenance-window").config("UNUSED", "x");
    let server = scripts.start();
    let denial = "Back at noon.";
    let first = tokens(&server, &User::ada()).await;
    configure(&server, "MAINTENANCE", denial).await;
    assert_login(&server, &SPA_STRICT, &User::grace(), "unauthorized", denial).await;
    assert_refresh(&server, &first, denial).await;
    change(&server, &User::ada(), "app_metadata: { operator: true }").await;
    next(&server, &first).await;
    let log = server.stop();
    assert!(
        log.contains("turned away during maintenance: auth0|grace"),
        "{log}"
    );
}
