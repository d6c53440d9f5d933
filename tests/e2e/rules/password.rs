//! Scripts at the password grants.

use harness::{
    Answer, Scripts, Server, Tokens,
    apps::{API, App, ONLINE_API, PW_KIOSK, PW_NATIVE, PW_WEB, User},
    assert_oauth_error, assert_unknown_refresh_token, scopes, tenant,
};
use serde_json::json;

use super::{action, claims, custom_claim, rule, rule_with_claim, said};

const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";
const ASKED: &str = "openid offline_access read:orders";

async fn ask(server: &Server, app: &App, more: &[(&str, &str)]) -> Answer {
    let ada = User::ada();
    let mut form = vec![
        ("grant_type", "password"),
        ("username", ada.email.as_str()),
        ("password", ada.password),
        ("audience", API),
        ("scope", ASKED),
    ];
    for (name, value) in more {
        form.retain(|(known, _)| known != name);
        form.push((name, value));
    }
    server.token(app, &form).await
}

#[harness::test]
async fn a_rule_runs_for_both_password_grants_and_sees_no_password() {
    let facts = "{
        protocol: context.protocol, body: context.request.body,
        methods: context.authentication.methods.map((method) => method.name),
        all: JSON.stringify([user, context]),
    }";
    let server = Scripts::of_rule(&rule_with_claim(facts)).start();
    let realm = [
        ("grant_type", REALM),
        ("realm", "Username-Password-Authentication"),
    ];
    for (app, more) in [
        (PW_NATIVE, vec![]),
        (PW_WEB, vec![]),
        (PW_WEB, realm.to_vec()),
    ] {
        let mut facts = custom_claim(&Tokens::expect(ask(&server, &app, &more).await));
        let all = facts["all"].take().to_string();
        assert!(!all.contains(User::ada().password), "{all}");
        assert!(!all.contains("client_secret"), "{all}");
        let mut body = json!({
            "grant_type": "password", "client_id": app.id, "username": User::ada().email,
            "audience": API, "scope": ASKED,
        });
        for (name, value) in more {
            body[name] = value.into();
        }
        let expected = json!({
            "protocol": "oauth2-password", "body": body, "methods": ["pwd"], "all": null,
        });
        assert_eq!(facts, expected);
    }
}

#[harness::test]
async fn claims_of_the_login_are_made_again_at_refreshes() {
    let server = Scripts::of_rule(&rule_with_claim("context.protocol")).start();
    let tokens = Tokens::expect(ask(&server, &PW_NATIVE, &[]).await);
    assert_eq!(custom_claim(&tokens), "oauth2-password");
    let tokens = server.refreshed(&PW_NATIVE, &tokens.refresh_token()).await;
    assert_eq!(custom_claim(&tokens), "oauth2-refresh-token");
}

#[harness::test]
async fn a_script_that_takes_offline_access_away_leaves_no_refresh_token() {
    let removing = "api.accessToken.removeScope('offline_access');";
    let server = Scripts::of_action(&action(removing)).start();
    let tokens = Tokens::expect(ask(&server, &PW_NATIVE, &[]).await);
    assert!(!tokens.has("refresh_token"), "{}", tokens.body);
    assert_eq!(tokens.scope(), scopes("openid read:orders"));
}

#[harness::test]
async fn a_script_adds_scopes_but_no_refresh_token_that_was_not_asked_for() {
    let adding = "context.accessToken.scope = ['openid', 'offline_access', 'admin'];";
    let server = Scripts::of_rule(&rule(adding)).start();
    for (scope, granted) in [
        ("openid read:orders", "openid admin"),
        ("openid offline_access", "openid offline_access admin"),
    ] {
        let tokens = Tokens::expect(ask(&server, &PW_NATIVE, &[("scope", scope)]).await);
        assert_eq!(tokens.scope(), scopes(granted));
        assert_eq!(
            tokens.has("refresh_token"),
            scope.contains("offline_access")
        );
        let in_token = claims(&tokens.access_token())["scope"].clone();
        assert_eq!(
            scopes(in_token.as_str().unwrap_or_default()),
            scopes(granted)
        );
    }
    // One client may not refresh; the other's API has no offline access.
    for (app, audience) in [(PW_KIOSK, API), (PW_NATIVE, ONLINE_API)] {
        let tokens = Tokens::expect(ask(&server, &app, &[("audience", audience)]).await);
        assert!(!tokens.has("refresh_token"), "{}", tokens.body);
    }
}

#[harness::test]
async fn ends_hold_for_the_new_token() {
    let server = Scripts::of_action(&action("")).start();
    let end = (server.now() + 100) * 1000;
    let statement = format!("api.refreshToken.setExpiresAt({end});");
    server.change_action("action", &action(&statement));
    let tokens = Tokens::expect(ask(&server, &PW_NATIVE, &[]).await);
    server.change_action("action", &action(""));
    server.advance(80).await;
    let token = server.rotated(&PW_NATIVE, &tokens.refresh_token()).await;
    server.advance(30).await;
    assert_unknown_refresh_token(&server.refresh(&PW_NATIVE, &token).await);
}

#[harness::test]
async fn a_wrong_password_runs_no_rule_and_a_denial_is_logged_as_one_of_the_grant() {
    let denying = "function (user, context, callback) {
        console.log('ran');
        callback(new UnauthorizedError('Not on Sundays.'));
    }";
    let server = Scripts::of_rule(denying).start();
    let wrong = ask(&server, &PW_NATIVE, &[("password", "wrong")]).await;
    assert_oauth_error(&wrong, 403, "invalid_grant", "Wrong email or password.");
    let denied = ask(&server, &PW_NATIVE, &[]).await;
    assert_oauth_error(&denied, 403, "access_denied", "Not on Sundays.");
    let log = server.stop();
    assert_eq!(said(&log, "INFO ran"), 1, "{log}");
    let mut refusals = log.lines().filter(|line| line.contains("type=\"fepft\""));
    let (first, second) = (refusals.next(), refusals.next());
    assert!(
        first.is_some_and(|line| line.contains("wrong name or password")),
        "{log}"
    );
    assert!(
        second.is_some_and(|line| line.contains("Not on Sundays.")),
        "{log}"
    );
    assert_eq!(refusals.next(), None, "{log}");
}

#[harness::test]
async fn rules_run_in_the_legacy_pipeline_too() {
    let grants = "grant_types: [password]\n";
    let file = tenant::client_changed(
        &PW_KIOSK,
        &[("oidc_conformant: true", "oidc_conformant: false")],
    );
    assert!(file.contains(grants));
    let server = Scripts::of_rule(&rule_with_claim("context.protocol")).start();
    server.import_tenant(file).await;
    let more = [("audience", ""), ("scope", "openid offline_access")];
    let tokens = Tokens::expect(ask(&server, &PW_KIOSK, &more).await);
    assert!(!tokens.has("refresh_token"), "{}", tokens.body);
    assert_eq!(claims(&tokens.id_token())[super::CLAIM], "oauth2-password");
}
