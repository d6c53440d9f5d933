//! Scripts at the exchange of a device code.

use harness::{
    Scripts, Tokens,
    apps::{TV, User},
    assert_oauth_error, assert_unknown_refresh_token,
};
use serde_json::json;

use super::{IDLE, action, custom_claim, rule, rule_with_claim, said};
use crate::device::{assert_invalid, begin};

#[harness::test]
async fn rules_run_at_the_exchange_and_again_at_refreshes() {
    let facts = "{
        protocol: context.protocol, body: context.request.body,
        methods: (context.authentication || { methods: [] }).methods.map((method) => method.name),
    }";
    let server = Scripts::of_rule(&rule_with_claim(facts)).start();
    let waiting = begin(&server, &TV).await;
    waiting.connect(&server, &User::ada()).await;
    let tokens = Tokens::expect(waiting.poll(&server).await);
    let expected = json!({
        "protocol": "oauth2-device-code", "methods": ["pwd"],
        "body": {
            "client_id": TV.id, "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        },
    });
    assert_eq!(custom_claim(&tokens), expected);
    let tokens = server.refreshed(&TV, &tokens.refresh_token()).await;
    assert_eq!(custom_claim(&tokens)["protocol"], "oauth2-refresh-token");
}

#[harness::test]
async fn a_device_that_waits_runs_no_rule() {
    let server = Scripts::of_rule(&rule("console.log('ran ' + context.protocol);")).start();
    let waiting = begin(&server, &TV).await;
    waiting.assert_pending(&server).await;
    waiting.connect(&server, &User::ada()).await;
    Tokens::expect(waiting.poll(&server).await);
    assert_invalid(&waiting.poll(&server).await);
    let log = server.stop();
    assert_eq!(said(&log, "ran oauth2-device-code"), 1, "{log}");
}

#[harness::test]
async fn a_denial_leaves_the_device_code_as_it_was() {
    let server = Scripts::of_rule(IDLE).start();
    let waiting = begin(&server, &TV).await;
    waiting.connect(&server, &User::ada()).await;
    let denying = "callback(new UnauthorizedError('Not on Sundays.'))";
    let redirecting = "{
        context.redirect = { url: 'https://example.com/more' };
        callback(null, user, context);
    }";
    let denied = (403, "access_denied", "Not on Sundays.");
    let redirected = (403, "interaction_required", "External interaction required");
    let failed = (500, "server_error", "A script of the login flow failed.");
    for (statement, (status, error, description)) in
        [(denying, denied), (redirecting, redirected), ("{}", failed)]
    {
        server.change_rule("rule", &format!("(user, context, callback) => {statement}"));
        let answer = waiting.poll(&server).await;
        assert_oauth_error(&answer, status, error, description);
    }
    server.change_rule("rule", &rule_with_claim("'mended'"));
    let tokens = Tokens::expect(waiting.poll(&server).await);
    assert_eq!(custom_claim(&tokens), "mended");
    assert_invalid(&waiting.poll(&server).await);
    let log = server.stop();
    let refusal = |line: &&str| line.contains("type=\"fede\"") && line.contains("Not on Sundays.");
    assert_eq!(log.lines().filter(refusal).count(), 1, "{log}");
}

#[harness::test]
async fn scopes_and_ends_hold_for_the_new_token() {
    let server = Scripts::of_action(&action("")).start();
    let end = (server.now() + 100) * 1000;
    let statement = format!(
        "api.refreshToken.setExpiresAt({end}); api.accessToken.removeScope('write:orders');"
    );
    server.change_action("action", &action(&statement));
    let waiting = begin(&server, &TV).await;
    waiting.connect(&server, &User::ada()).await;
    let tokens = Tokens::expect(waiting.poll(&server).await);
    assert!(
        !tokens.scope().contains(&"write:orders".to_owned()),
        "{}",
        tokens.body
    );

    server.change_action(
        "action",
        &action("api.accessToken.removeScope('offline_access');"),
    );
    let waiting = begin(&server, &TV).await;
    waiting.connect(&server, &User::ada()).await;
    let without = Tokens::expect(waiting.poll(&server).await);
    assert!(!without.has("refresh_token"), "{}", without.body);

    server.change_action("action", &action(""));
    let next = server.refreshed(&TV, &tokens.refresh_token()).await;
    assert_eq!(next.scope(), tokens.scope());
    server.advance(101).await;
    assert_unknown_refresh_token(&server.refresh(&TV, &next.refresh_token()).await);
}
