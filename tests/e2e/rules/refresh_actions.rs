//! Post-login Actions at `grant_type=refresh_token`, and their effects on the refresh token.

use harness::{
    Scripts, Server,
    apps::{App, SPA_SHORT, SPA_STRICT, WEB_CLASSIC, WEB_EXPIRING},
    assert_oauth_error, assert_unknown_refresh_token,
};
use serde_json::json;

use super::{CLAIM, action, claims, custom_claim, rule_with_claim, said};

/// The token to present next.
async fn refresh(server: &Server, app: &App, token: &str) -> String {
    let tokens = server.refreshed(app, token).await;
    if tokens.has("refresh_token") {
        tokens.refresh_token()
    } else {
        token.to_owned()
    }
}

/// The parts of a refresh that an Action reads.
const EVENT: &str = "{
    protocol: event.transaction.protocol, secret: event.secrets.KEY, client: event.client.client_id,
    body: event.request.body, api: event.resource_server.identifier,
    family: event.refresh_token && event.refresh_token.id, rotating: event.refresh_token && event.refresh_token.rotating,
    asked: event.transaction.requested_scopes, redirect: api.redirect.canRedirect(),
}";

#[harness::test]
async fn an_action_runs_after_the_rules_with_its_event() {
    let statement = format!("api.accessToken.setCustomClaim('event', {EVENT});");
    let scripts = Scripts::of_rule(&rule_with_claim("'rule'"))
        .action("action", &action(&statement))
        .secret("KEY", "swordfish");
    let server = scripts.start();
    let first = server.login(&SPA_STRICT).tokens().await;
    let event = claims(&first.access_token())["event"].clone();
    assert_eq!(event["protocol"], "oidc-basic-profile");
    assert_eq!(
        (event.get("family"), &event["redirect"]),
        (None, &json!(true)),
        "{event}"
    );

    let more = [("scope", "openid read:orders")];
    let answer = server
        .refresh_with(&SPA_STRICT, &first.refresh_token(), &more)
        .await;
    let second = harness::Tokens::expect(answer);
    assert_eq!(custom_claim(&second), "rule");
    let event = claims(&second.access_token())["event"].clone();
    let family = event["family"].as_str().unwrap_or_default();
    assert!(!family.is_empty(), "{event}");
    assert!(!second.refresh_token().contains(family), "{event}");
    let expected = json!({
        "protocol": "oauth2-refresh-token", "secret": "swordfish", "client": "spa-strict",
        "body": {
            "grant_type": "refresh_token", "client_id": "spa-strict", "scope": "openid read:orders",
        },
        "api": "https://api.example.com", "family": family, "rotating": true, "asked": [],
        "redirect": false,
    });
    assert_eq!(event, expected);
}

#[harness::test]
async fn a_later_action_overrides_the_claim_of_a_rule_and_null_takes_it_back() {
    let again = action(&format!("api.idToken.setCustomClaim('{CLAIM}', 'action');"));
    let none = action(&format!("api.accessToken.setCustomClaim('{CLAIM}', null);"));
    let scripts = Scripts::of_rule(&rule_with_claim("'rule'"))
        .action("again", &again)
        .action("none", &none);
    let server = scripts.start();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let tokens = server.refreshed(&SPA_STRICT, &token).await;
    assert_eq!(claims(&tokens.id_token())[CLAIM], "action");
    assert_eq!(claims(&tokens.access_token()).get(CLAIM), None);
}

#[harness::test]
async fn a_revoked_refresh_token_is_refused_with_the_reason_and_never_works_again() {
    let server = Scripts::of_action(&action("")).start();
    for app in [SPA_STRICT, WEB_CLASSIC] {
        server.change_action("action", &action(""));
        let kept = server.login(&app).refresh_token().await;
        let token = server.login(&app).refresh_token().await;
        server.change_action(
            "action",
            &action("api.refreshToken.revoke('log in once more');"),
        );
        let answer = server.refresh(&app, &token).await;
        assert_oauth_error(&answer, 403, "access_denied", "log in once more");
        server.change_action("action", &action(""));
        assert_unknown_refresh_token(&server.refresh(&app, &token).await);
        // The user's other families are unchanged.
        server.refreshed(&app, &kept).await;
    }
    let log = server.stop();
    assert_eq!(said(&log, "type=\"srrt\""), 2, "{log}");
    let ended = "type=\"refresh_token_family_ended\"";
    assert_eq!(said(&log, ended), 2, "{log}");
    assert_eq!(said(&log, "reason=revoked_by_script"), 4, "{log}");
}

#[harness::test]
async fn an_action_brings_the_absolute_end_forward_for_good() {
    let server = Scripts::of_action(&action("")).start();
    // Rotating or not, expiring or not.
    for app in [SPA_STRICT, SPA_SHORT, WEB_EXPIRING, WEB_CLASSIC] {
        server.change_action("action", &action(""));
        let token = server.login(&app).refresh_token().await;
        let kept = server.login(&app).refresh_token().await;
        let end = (server.now() + 100) * 1000;
        server.change_action(
            "action",
            &action(&format!("api.refreshToken.setExpiresAt({end});")),
        );
        let token = refresh(&server, &app, &token).await;
        // An end later than the existing one changes nothing.
        let later = end + 1_000_000_000;
        server.change_action(
            "action",
            &action(&format!("api.refreshToken.setExpiresAt({later});")),
        );
        server.advance(80).await;
        let token = refresh(&server, &app, &token).await;
        let kept = refresh(&server, &app, &kept).await;
        server.advance(30).await;
        assert_unknown_refresh_token(&server.refresh(&app, &token).await);
        refresh(&server, &app, &kept).await;
    }
}

#[harness::test]
async fn an_action_brings_the_idle_end_forward_until_the_next_exchange() {
    let server = Scripts::of_action(&action("")).start();
    for app in [SPA_STRICT, WEB_EXPIRING, WEB_CLASSIC] {
        server.change_action("action", &action(""));
        let (idle, used) = (
            server.login(&app).refresh_token().await,
            server.login(&app).refresh_token().await,
        );
        let statement = "api.refreshToken.setIdleExpiresAt(Date.now() + 60000);";
        let end = (server.now() + 60) * 1000;
        let statement = statement.replace("Date.now() + 60000", &end.to_string());
        server.change_action("action", &action(&statement));
        let idle = refresh(&server, &app, &idle).await;
        let used = refresh(&server, &app, &used).await;
        server.change_action("action", &action(""));
        server.advance(40).await;
        let used = refresh(&server, &app, &used).await;
        server.advance(40).await;
        assert_unknown_refresh_token(&server.refresh(&app, &idle).await);
        refresh(&server, &app, &used).await;
    }
}

#[harness::test]
async fn ends_that_are_set_at_the_login_hold_for_the_new_token() {
    let server = Scripts::of_action(&action("")).start();
    let end = (server.now() + 100) * 1000;
    server.change_action(
        "action",
        &action(&format!("api.refreshToken.setExpiresAt({end});")),
    );
    let token = server.login(&WEB_CLASSIC).refresh_token().await;
    server.change_action("action", &action(""));
    server.refreshed(&WEB_CLASSIC, &token).await;
    server.advance(101).await;
    assert_unknown_refresh_token(&server.refresh(&WEB_CLASSIC, &token).await);
}

#[harness::test]
async fn metadata_that_an_action_sets_at_a_refresh_is_there_at_the_next() {
    let statement = format!(
        "const count = event.user.app_metadata.count || 0;
         api.idToken.setCustomClaim('{CLAIM}', count);
         api.accessToken.setCustomClaim('{CLAIM}', count);
         if (event.refresh_token) api.user.setAppMetadata('count', count + 1);"
    );
    let server = Scripts::of_action(&action(&statement)).start();
    let mut tokens = server.login(&SPA_STRICT).tokens().await;
    for count in 0..3 {
        tokens = server.refreshed(&SPA_STRICT, &tokens.refresh_token()).await;
        assert_eq!(custom_claim(&tokens), count);
    }
}

#[harness::test]
async fn metadata_set_by_an_action_is_stored_even_if_it_denies() {
    let statement = format!(
        "const count = event.user.app_metadata.count || 0;
         api.idToken.setCustomClaim('{CLAIM}', count);
         api.accessToken.setCustomClaim('{CLAIM}', count);
         if (event.request.body.deny) {{
             api.user.setAppMetadata('count', count + 1);
             api.access.deny('Not now.');
         }}"
    );
    let server = Scripts::of_action(&action(&statement)).start();
    let tokens = server.login(&SPA_STRICT).tokens().await;
    let refresh_token = tokens.refresh_token();
    let denied = server
        .refresh_with(&SPA_STRICT, &refresh_token, &[("deny", "yes")])
        .await;
    assert_oauth_error(&denied, 403, "access_denied", "Not now.");
    let tokens = server.refreshed(&SPA_STRICT, &refresh_token).await;
    assert_eq!(custom_claim(&tokens), 1);
}
