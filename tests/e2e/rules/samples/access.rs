//! Access control: by address, list, application, connection.

use harness::apps::{SPA_STRICT, User, WEB_POST};

use super::{assert_denied, assert_login, assert_refresh, change, configure, next, rule, tokens};

const UNVERIFIED: &str = "email_verified: false";
const VERIFIED: &str = "email_verified: true";

#[harness::test]
async fn force_email_verification() {
    let server = rule("force-email-verification").start();
    let denial = "Confirm your e-mail address first.";
    assert_login(&server, &SPA_STRICT, &User::zoe(), "unauthorized", denial).await;
    let first = tokens(&server, &User::ada()).await;
    let second = next(&server, &first).await;
    change(&server, &User::ada(), UNVERIFIED).await;
    assert_refresh(&server, &second, denial).await;
    change(&server, &User::ada(), VERIFIED).await;
    next(&server, &second).await;
}

#[harness::test]
async fn email_domain_allowlist() {
    let scripts = rule("email-domain-allowlist").config("DOMAINS", "example.org, example.com");
    let server = scripts.start();
    let denial = "Your e-mail domain has no access.";
    assert_login(&server, &SPA_STRICT, &User::zoe(), "unauthorized", denial).await;
    let first = tokens(&server, &User::ada()).await;
    configure(&server, "DOMAINS", "example.org").await;
    assert_refresh(&server, &first, denial).await;
    assert_login(&server, &SPA_STRICT, &User::ada(), "unauthorized", denial).await;
    configure(&server, "DOMAINS", "example.com").await;
    next(&server, &first).await;
}

#[harness::test]
async fn user_allowlist() {
    let server = rule("user-allowlist").start();
    let denial = "You are not on the list.";
    assert_login(&server, &SPA_STRICT, &User::grace(), "unauthorized", denial).await;
    let first = tokens(&server, &User::iris()).await;
    let second = next(&server, &first).await;
    change(&server, &User::iris(), UNVERIFIED).await;
    assert_refresh(&server, &second, denial).await;
    change(&server, &User::iris(), VERIFIED).await;
    next(&server, &second).await;
}

#[harness::test]
async fn allowlist_for_one_app() {
    let server = rule("allowlist-for-one-app").start();
    let denial = "Web shop is not for everybody.";
    assert_login(&server, &WEB_POST, &User::grace(), "unauthorized", denial).await;
    let elsewhere = tokens(&server, &User::grace()).await;
    next(&server, &elsewhere).await;
    let token = server.login(&WEB_POST).refresh_token().await;
    let token = server.rotated(&WEB_POST, &token).await;
    change(&server, &User::ada(), UNVERIFIED).await;
    assert_denied(&server.refresh(&WEB_POST, &token).await, denial);
    change(&server, &User::ada(), VERIFIED).await;
    server.rotated(&WEB_POST, &token).await;
}

#[harness::test]
async fn allowlist_on_a_connection() {
    let scripts = rule("allowlist-on-a-connection")
        .config("GUARDED_CONNECTION", "Username-Password-Authentication")
        .config("GUARDED_USERS", "grace@example.com ada@example.com");
    let server = scripts.start();
    let denial = "Not by this connection.";
    assert_login(&server, &SPA_STRICT, &User::iris(), "unauthorized", denial).await;
    let first = tokens(&server, &User::ada()).await;
    let second = next(&server, &first).await;
    let address = "email_verified: true, email: countess@example.com";
    let renamed = format!("users: [{{ user_id: \"auth0|ada\", {address} }}]\n");
    server.import_tenant(renamed).await;
    assert_refresh(&server, &second, denial).await;
    configure(&server, "GUARDED_CONNECTION", "another").await;
    next(&server, &second).await;
    tokens(&server, &User::iris()).await;
}

#[harness::test]
async fn ip_allowlist() {
    let scripts = rule("ip-allowlist").config("OFFICES", "192.0.2.1,127.0.0.1");
    let server = scripts.start();
    let denial = "This address is not one of ours.";
    let first = tokens(&server, &User::ada()).await;
    let second = next(&server, &first).await;
    configure(&server, "OFFICES", "192.0.2.1").await;
    // The Rule's error is not an `UnauthorizedError`.
    assert_login(&server, &SPA_STRICT, &User::ada(), "access_denied", denial).await;
    assert_refresh(&server, &second, denial).await;
    configure(&server, "OFFICES", "127.0.0.1").await;
    next(&server, &second).await;
}

#[harness::test]
async fn ip_blocklist() {
    let scripts = rule("ip-blocklist").config("BLOCKED_ADDRESSES", "192.0.2.1");
    let server = scripts.start();
    let denial = "This address is shut out.";
    let first = tokens(&server, &User::ada()).await;
    let second = next(&server, &first).await;
    configure(&server, "BLOCKED_ADDRESSES", "192.0.2.1,127.0.0.1").await;
    assert_login(&server, &SPA_STRICT, &User::ada(), "unauthorized", denial).await;
    assert_refresh(&server, &second, denial).await;
    configure(&server, "BLOCKED_ADDRESSES", "192.0.2.1").await;
    next(&server, &second).await;
}

#[harness::test]
async fn connection_domains() {
    let server = rule("connection-domains").start();
    // A database has no domains.
    let first = tokens(&server, &User::ada()).await;
    next(&server, &first).await;

    // A preceding Rule supplies what an enterprise connection would.
    let options = "function (user, context, callback) {
        context.connectionOptions = { tenant_domain: 'Example.com', domain_aliases: ['example.net'] };
        callback(null, user, context);
    }";
    let scripts = super::Sample::default().script("options", options);
    let server = scripts.rule("connection-domains").start();
    let first = tokens(&server, &User::ada()).await;
    let moved = "users: [{ user_id: \"auth0|ada\", email: ada@example.org }]\n";
    server.import_tenant(moved.to_owned()).await;
    assert_refresh(&server, &first, "Wrong domain").await;
    let ada = User {
        email: "ada@example.org".to_owned(),
        ..User::ada()
    };
    assert_login(&server, &SPA_STRICT, &ada, "access_denied", "Wrong domain").await;
    change(&server, &User::ada(), VERIFIED).await;
    next(&server, &first).await;
}
