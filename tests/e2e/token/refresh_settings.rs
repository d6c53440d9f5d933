//! `refresh_token` of a client: defaults and invalid values.

use harness::{
    Server,
    apps::{App, SPA_HS256, SPA_SHORT, SPA_STRICT, WEB_CLASSIC, WEB_NOTIFIED},
    assert_unknown_refresh_token, tenant,
};

const DAY: u64 = 86_400;

#[harness::test]
async fn without_settings_a_browser_applications_tokens_rotate_and_expire() {
    let server = Server::start("moves the clock");
    let first = server.login(&SPA_HS256).refresh_token().await;
    let mut token = server.rotated(&SPA_HS256, &first).await;
    assert_ne!(token, first);
    // No leeway.
    let reused = server.login(&SPA_HS256).refresh_token().await;
    server.rotated(&SPA_HS256, &reused).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_HS256, &reused).await);

    let idle = server.login(&SPA_HS256).refresh_token().await;
    for days in [14, 14] {
        server.advance(days * DAY).await;
        token = server.rotated(&SPA_HS256, &token).await;
    }
    assert_unknown_refresh_token(&server.refresh(&SPA_HS256, &idle).await);
    server.advance(3 * DAY).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_HS256, &token).await);
}

#[harness::test]
async fn without_settings_other_applications_tokens_stay_for_good() {
    let server = Server::start("moves the clock");
    let token = server.login(&WEB_NOTIFIED).refresh_token().await;
    for _ in 0..2 {
        server.advance(800 * DAY).await;
        let tokens = server.refreshed(&WEB_NOTIFIED, &token).await;
        assert!(!tokens.has("refresh_token"), "{}", tokens.body);
    }
}

#[harness::test]
async fn a_shorter_maximum_does_not_move_an_absolute_expiry_that_is_set() {
    let server = Server::start("changes a client");
    let mut token = server.login(&SPA_SHORT).refresh_token().await;
    let shorter = [("token_lifetime: 600", "token_lifetime: 300")];
    server
        .import_tenant(tenant::client_changed(&SPA_SHORT, &shorter))
        .await;
    for _ in 0..5 {
        server.advance(110).await;
        token = server.rotated(&SPA_SHORT, &token).await;
    }
    let fresh = server.login(&SPA_SHORT).refresh_token().await;
    server.advance(110).await;
    let fresh = server.rotated(&SPA_SHORT, &fresh).await;
    server.advance(110).await;
    let fresh = server.rotated(&SPA_SHORT, &fresh).await;
    server.advance(81).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_SHORT, &fresh).await);
}

/// Asserts that the import rejects a client with this message after some changes.
async fn assert_refused(server: &Server, app: &App, changes: &[(&str, &str)], words: &str) {
    let file = tenant::client_changed(app, changes);
    let http = server.http();
    let answer = http
        .post_bytes("/test/tenant", "application/yaml", file)
        .await;
    assert_eq!(answer.status, 400, "{changes:?}: {answer}");
    assert!(answer.text().contains(words), "`{words}` not in {answer}");
}

#[harness::test]
async fn settings_that_auth0_refuses_are_refused() {
    let server = Server::start("imports clients that are refused");
    for (app, from, to, words) in [
        (
            SPA_STRICT,
            "expiration_type: expiring",
            "expiration_type: non-expiring",
            "`rotating` requires `expiration_type: expiring`",
        ),
        (
            SPA_STRICT,
            "grant_types: [authorization_code, refresh_token]",
            "grant_types: [authorization_code]",
            "`rotating` requires",
        ),
        (
            SPA_STRICT,
            "      rotation_type: rotating\n",
            "",
            "rotation_type",
        ),
        (
            SPA_STRICT,
            "      expiration_type: expiring\n",
            "",
            "expiration_type",
        ),
        (
            SPA_STRICT,
            "leeway: 0",
            "leeway: -1",
            "must not be negative",
        ),
        (
            SPA_STRICT,
            "      token_lifetime: 2592000",
            "      token_lifetime: 31557601",
            "must be between 1 and 31557600 seconds",
        ),
        (
            SPA_STRICT,
            "      token_lifetime: 2592000",
            "      token_lifetime: 0",
            "must be between 1 and 31557600 seconds",
        ),
        (
            SPA_STRICT,
            "idle_token_lifetime: 1296000",
            "idle_token_lifetime: 2592001",
            "must not exceed `token_lifetime`",
        ),
        (
            SPA_STRICT,
            "      leeway: 0\n",
            "      infinite_token_lifetime: true\n",
            "a single-page application's refresh tokens must expire",
        ),
    ] {
        assert_refused(&server, &app, &[(from, to)], words).await;
    }
    // The longest that is allowed.
    let longest = (
        "      token_lifetime: 2592000",
        "      token_lifetime: \"31557600\"",
    );
    let file = tenant::client_changed(&WEB_CLASSIC, &[longest]);
    server.import_tenant(file).await;
}
