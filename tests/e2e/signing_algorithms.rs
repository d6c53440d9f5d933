//! The keys of the JWKS: that of RS256, and those of the algorithms that a client or an API uses, for as long as their
//! tokens may be valid. Some readers take every key for an RSA key.

use std::collections::BTreeSet;

use harness::{
    Launch, Server,
    apps::{PS256_API, SPA_STRICT, WEB_ES256},
    jwt, tenant,
};
use jsonwebtoken::Algorithm;
use serde_json::Value;

const REASON: &str = "imports other tenants";
/// The longest lifetime of a token, in seconds.
const LONGEST_LIFE: u64 = 2_592_000;

/// A server whose tenant file sets everything to RS256.
fn rs256_alone() -> Server {
    let file = tenant::base();
    let file = file.replace("alg: PS256", "alg: RS256");
    let file = file.replace("alg: ES256", "alg: RS256");
    Launch::new().tenant(file).start(REASON)
}

/// A file with one client, whose ID tokens are signed with this algorithm.
fn web_in(algorithm: &str) -> String {
    let alg = format!("alg: {algorithm}");
    tenant::client_changed(&WEB_ES256, &[("alg: ES256", &alg)])
}

/// A file with one API, whose access tokens are signed with this algorithm.
fn api_in(algorithm: &str) -> String {
    format!("resourceServers:\n  - identifier: {PS256_API}\n    signing_alg: {algorithm}\n")
}

async fn list(server: &Server, path: &str, read: impl Fn(&Value) -> &Value) -> BTreeSet<String> {
    let body = server.http().get(path).await.json();
    let list = read(&body).as_array().expect("a list").clone();
    let names = list.iter().map(|entry| entry.get("alg").unwrap_or(entry));
    names
        .map(|name| name.as_str().expect("a name").to_owned())
        .collect()
}

/// Asserts the algorithms of the keys in the JWKS; discovery lists the same, and HS256, which has no key.
async fn assert_published(server: &Server, algorithms: &str) {
    let expected: BTreeSet<String> = algorithms.split(' ').map(str::to_owned).collect();
    let keys = list(server, "/.well-known/jwks.json", |body| &body["keys"]).await;
    assert_eq!(keys, expected);
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let field = "id_token_signing_alg_values_supported";
        let mut supported = list(server, path, |body| &body[field]).await;
        assert!(supported.remove("HS256"), "{supported:?}");
        assert_eq!(supported, expected, "{path}");
    }
}

#[harness::test]
async fn a_tenant_that_is_set_to_rs256_alone_publishes_rsa_keys_for_it_alone() {
    let server = rs256_alone();
    assert_published(&server, "RS256").await;
    let tokens = server.login(&WEB_ES256).tokens().await;
    jwt::verify(&server, &tokens.id_token(), WEB_ES256.id, Algorithm::RS256).await;
}

#[harness::test]
async fn a_client_set_to_another_algorithm_has_its_key_published() {
    let server = rs256_alone();
    server.import_tenant(web_in("ES256")).await;
    assert_published(&server, "RS256 ES256").await;
    let tokens = server.login(&WEB_ES256).tokens().await;
    jwt::verify(&server, &tokens.id_token(), WEB_ES256.id, Algorithm::ES256).await;
    // An HMAC has no public key.
    server.import_tenant(web_in("HS256")).await;
    assert_published(&server, "RS256 ES256").await;
}

#[harness::test]
async fn an_api_set_to_another_algorithm_has_its_key_published() {
    let server = rs256_alone();
    server.import_tenant(api_in("PS256")).await;
    assert_published(&server, "RS256 PS256").await;
    let login = server.login(&SPA_STRICT).audience(PS256_API);
    let token = login.tokens().await.access_token();
    jwt::verify(&server, &token, PS256_API, Algorithm::PS256).await;
}

#[harness::test]
async fn a_file_that_names_other_clients_leaves_the_keys_of_those_it_does_not_name() {
    let server = rs256_alone();
    server.import_tenant(web_in("ES256")).await;
    server.import_tenant(api_in("PS256")).await;
    let users = "users:\n  - email: late@example.com\n    password: x\n";
    server.import_tenant(users.to_owned()).await;
    server.advance(2 * LONGEST_LIFE).await;
    assert_published(&server, "RS256 PS256 ES256").await;
}

#[harness::test]
async fn a_key_is_published_until_its_last_token_has_expired() {
    let server = rs256_alone();
    server.import_tenant(web_in("ES256")).await;
    let token = server.login(&WEB_ES256).tokens().await.id_token();
    server.import_tenant(web_in("RS256")).await;
    assert_published(&server, "RS256 ES256").await;
    jwt::verify(&server, &token, WEB_ES256.id, Algorithm::ES256).await;

    server.advance(LONGEST_LIFE).await;
    assert_published(&server, "RS256 ES256").await;
    // A later import does not extend that time.
    server.import_tenant(web_in("RS256")).await;
    server.advance(2 * 3600).await;
    assert_published(&server, "RS256").await;
}

#[harness::test]
async fn a_client_that_is_set_back_in_time_keeps_its_key_published() {
    let server = rs256_alone();
    for algorithm in ["ES256", "RS256", "ES256"] {
        server.import_tenant(web_in(algorithm)).await;
        server.advance(LONGEST_LIFE / 2).await;
    }
    server.advance(LONGEST_LIFE).await;
    assert_published(&server, "RS256 ES256").await;
}
