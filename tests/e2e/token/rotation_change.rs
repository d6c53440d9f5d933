//! Rotation switched on or off while tokens of the client are in use.

use harness::{
    Server,
    apps::{App, RFC9068_API, SPA_STRICT, User, WEB_CLASSIC, WEB_POST},
    assert_unknown_refresh_token, tenant,
};

/// Switches rotation on for an application.
pub(crate) async fn rotate_from_now_on(server: &Server, app: &App) {
    let changes = [
        ("rotation_type: non-rotating", "rotation_type: rotating"),
        ("expiration_type: non-expiring", "expiration_type: expiring"),
        (
            "infinite_token_lifetime: true",
            "infinite_token_lifetime: false",
        ),
        (
            "infinite_idle_token_lifetime: true",
            "infinite_idle_token_lifetime: false",
        ),
    ];
    server
        .import_tenant(tenant::client_changed(app, &changes))
        .await;
}

async fn keep_from_now_on(server: &Server, app: &App) {
    let changes = [("rotation_type: rotating", "rotation_type: non-rotating")];
    server
        .import_tenant(tenant::client_changed(app, &changes))
        .await;
}

#[harness::test]
async fn a_token_that_stayed_is_exchanged_once_for_one_that_rotates() {
    let server = Server::start("changes a client");
    let kept = server.login(&WEB_CLASSIC).refresh_token().await;
    rotate_from_now_on(&server, &WEB_CLASSIC).await;

    let first = server.rotated(&WEB_CLASSIC, &kept).await;
    assert_ne!(first, kept);
    let second = server.rotated(&WEB_CLASSIC, &first).await;
    assert_ne!(second, first);
}

#[harness::test]
async fn the_exchange_deletes_the_tokens_that_stayed_of_the_same_user_and_api() {
    let server = Server::start("changes a client");
    let zoe = User::zoe();
    let login = || server.login(&WEB_CLASSIC);
    let kept = login().refresh_token().await;
    let sibling = login().refresh_token().await;
    let other_api = login().audience(RFC9068_API).refresh_token().await;
    let other_user = login().user(&zoe).refresh_token().await;
    let other_client = server.login(&WEB_POST).refresh_token().await;
    rotate_from_now_on(&server, &WEB_CLASSIC).await;

    let rotating = server.rotated(&WEB_CLASSIC, &kept).await;
    assert_unknown_refresh_token(&server.refresh(&WEB_CLASSIC, &sibling).await);
    server.rotated(&WEB_CLASSIC, &rotating).await;
    server.rotated(&WEB_CLASSIC, &other_api).await;
    server.rotated(&WEB_CLASSIC, &other_user).await;
    server.rotated(&WEB_POST, &other_client).await;
}

#[harness::test]
async fn the_token_that_was_exchanged_is_gone() {
    let server = Server::start("changes a client");
    let kept = server.login(&WEB_CLASSIC).refresh_token().await;
    rotate_from_now_on(&server, &WEB_CLASSIC).await;
    server.rotated(&WEB_CLASSIC, &kept).await;
    assert_unknown_refresh_token(&server.refresh(&WEB_CLASSIC, &kept).await);
}

#[harness::test]
async fn a_rotating_token_is_exchanged_once_for_one_that_stays() {
    let server = Server::start("changes a client");
    let rotating = server.login(&WEB_POST).refresh_token().await;
    keep_from_now_on(&server, &WEB_POST).await;

    let kept = server.rotated(&WEB_POST, &rotating).await;
    assert_ne!(kept, rotating);
    for _ in 0..3 {
        let tokens = server.refreshed(&WEB_POST, &kept).await;
        assert!(!tokens.has("refresh_token"), "{}", tokens.body);
    }
}

#[harness::test]
async fn the_exchange_ends_the_rotating_family() {
    let server = Server::start("changes a client");
    let first = server.login(&WEB_POST).refresh_token().await;
    let second = server.rotated(&WEB_POST, &first).await;
    keep_from_now_on(&server, &WEB_POST).await;

    server.rotated(&WEB_POST, &second).await;
    assert_unknown_refresh_token(&server.refresh(&WEB_POST, &second).await);
}

#[harness::test]
async fn an_api_that_takes_offline_access_back_gives_no_new_refresh_tokens_and_leaves_the_others() {
    let server = Server::start("changes an API");
    let before = server.login(&SPA_STRICT).refresh_token().await;
    let file = "resourceServers:
  - name: Orders API
    identifier: https://api.example.com
    allow_offline_access: false
    skip_consent_for_verifiable_first_party_clients: true
    scopes: [{ value: read:orders }, { value: write:orders }]
";
    server.import_tenant(file.to_owned()).await;
    let tokens = server.login(&SPA_STRICT).tokens().await;
    assert!(!tokens.has("refresh_token"), "{}", tokens.body);
    let after = server.rotated(&SPA_STRICT, &before).await;
    server.rotated(&SPA_STRICT, &after).await;
}
