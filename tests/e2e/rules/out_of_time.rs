//! Scripts that run out of time, temporarily: the host that they wait for is slow today.

use harness::{Launch, Server, Tokens, apps::SPA_STRICT, assert_oauth_error};

const REASON: &str = "it starts a server whose scripts have no time at all";

/// Waits for longer than any server allows.
const WAITING: &str = "rules: [{name: Waiting, order: 1, enabled: true, \
    script: '(user, context, callback) => setTimeout(callback, 3600000)'}]";

/// A server whose scripts run out of time as soon as they wait; at the start it has no scripts.
fn server() -> Server {
    let launch = Launch::new().option("--test-script-patience", "0");
    launch.start(REASON)
}

#[harness::test]
async fn a_refresh_is_answered_with_503_and_its_token_still_works() {
    let server = server();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    server.import_tenant(WAITING.to_owned()).await;
    for _ in 0..2 {
        let answer = server.refresh(&SPA_STRICT, &token).await;
        assert_oauth_error(
            &answer,
            503,
            "temporarily_unavailable",
            "The service is temporarily unavailable. Please try again.",
        );
        let wait = answer.header("retry-after").unwrap();
        assert!((2..=15).contains(&wait.parse().unwrap()), "{wait}");
    }
    server.import_tenant("rules: []".to_owned()).await;
    // There is no leeway: the rejected token is still the current one.
    Tokens::expect(server.refresh(&SPA_STRICT, &token).await);
    let log = server.stop();
    assert!(log.contains("Waiting: no answer in time"), "{log}");
}

#[harness::test]
async fn a_login_out_of_time_is_reported_as_temporarily_unavailable() {
    let server = server();
    server.import_tenant(WAITING.to_owned()).await;
    let refused = server.login(&SPA_STRICT).callback().await;
    refused.assert_error(
        "temporarily_unavailable",
        "The service is temporarily unavailable. Please try again.",
    );
}
