//! `context.stats.loginsCount` and other facts about a user's logins.

use harness::{
    Browser, Scripts, Server, Tokens,
    apps::{PW_NATIVE, SPA_EMBEDDED, SPA_HYBRID, SPA_STRICT, User},
    http,
};
use reqwest::Method;
use serde_json::json;

use super::{CLAIM, claims, custom_claim, rule_with_claim};

const COUNT: &str = "context.stats.loginsCount";

async fn count_of_login(server: &Server, browser: &Browser) -> serde_json::Value {
    custom_claim(&server.login(&SPA_STRICT).browser(browser).tokens().await)
}

#[harness::test]
async fn only_an_authentication_of_the_user_counts_as_a_login() {
    let server = Scripts::of_rule(&rule_with_claim(COUNT)).start();
    let browser = server.browser();
    let first = server.login(&SPA_STRICT).browser(&browser).tokens().await;
    assert_eq!(custom_claim(&first), 1);
    // Single sign-on, silent authentication and a refresh require no authentication.
    assert_eq!(count_of_login(&server, &browser).await, 1);
    let silent = server.login(&SPA_STRICT).browser(&browser);
    assert_eq!(
        custom_claim(&silent.with("prompt", "none").tokens().await),
        1
    );
    let refreshed = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
    assert_eq!(custom_claim(&refreshed), 1);

    let again = server.login(&SPA_STRICT).browser(&browser);
    assert_eq!(
        custom_claim(&again.with("prompt", "login").tokens().await),
        2
    );
    assert_eq!(count_of_login(&server, &server.browser()).await, 3);
    let refreshed = server
        .refreshed(&SPA_STRICT, &refreshed.refresh_token())
        .await;
    assert_eq!(custom_claim(&refreshed), 3);
}

#[harness::test]
async fn logins_without_our_page_count_too_and_wrong_passwords_do_not() {
    let server = Scripts::of_rule(&rule_with_claim(COUNT)).start();
    let ada = User::ada();
    let form = |password: &'static str| {
        [
            ("grant_type", "password"),
            ("username", "ada@example.com"),
            ("password", password),
            ("scope", "openid"),
            ("audience", harness::apps::API),
        ]
    };
    assert_eq!(server.token(&PW_NATIVE, &form("wrong")).await.status, 403);
    let granted = Tokens::expect(server.token(&PW_NATIVE, &form(ada.password)).await);
    assert_eq!(custom_claim(&granted), 1);

    let browser = server.browser();
    let body = json!({
        "client_id": SPA_EMBEDDED.id, "username": ada.email, "password": ada.password,
        "realm": "Username-Password-Authentication",
        "credential_type": "http://auth0.com/oauth/grant-type/password-realm",
    });
    let request = browser.http().request(Method::POST, "/co/authenticate");
    let request = request.header("origin", "https://embedded.example.com");
    let answer = http::send(request.json(&body)).await.json();
    let login = server.login(&SPA_EMBEDDED).browser(&browser);
    let login = login.with(
        "login_ticket",
        answer["login_ticket"].as_str().expect("a ticket"),
    );
    assert_eq!(custom_claim(&login.tokens().await), 2);
}

#[harness::test]
async fn a_rule_reads_when_and_from_where_the_user_logged_in() {
    let script =
        rule_with_claim("({ n: user.logins_count, at: user.last_login, ip: user.last_ip })");
    let server = Scripts::of_rule(&script).start();
    let value = custom_claim(&server.login(&SPA_STRICT).tokens().await);
    assert_eq!(value["n"], 1);
    assert_eq!(value["ip"], "127.0.0.1");
    let at = value["at"].as_str().expect("a time");
    assert!(at.starts_with("20") && at.ends_with('Z'), "{value}");
}

#[harness::test]
async fn an_import_leaves_the_count() {
    let scripts = Scripts::of_rule(&rule_with_claim(COUNT));
    let server = scripts.start();
    assert_eq!(count_of_login(&server, &server.browser()).await, 1);
    // A new name for Ada makes the import write her again.
    let tenant = harness::tenant::base().replace("Ada Lovelace", "Ada King");
    assert_ne!(tenant, harness::tenant::base());
    server.write_file("tenant.yaml", &format!("{tenant}\n{}", scripts.sections()));
    let browser = server.browser();
    let login = server.login(&SPA_HYBRID).browser(&browser);
    let answer = login
        .with("response_type", "id_token")
        .land()
        .await
        .response();
    let claims = claims(&answer["id_token"]);
    assert_eq!(claims["name"], "Ada King");
    assert_eq!(claims[CLAIM], 2);
}

#[harness::test]
async fn a_tenant_without_scripts_counts_nothing() {
    let server = Scripts::new().start();
    let browser = server.browser();
    server.login(&SPA_STRICT).browser(&browser).tokens().await;
    server.change_scripts(&Scripts::of_rule(&rule_with_claim(COUNT)));
    assert_eq!(count_of_login(&server, &browser).await, 0);
}
