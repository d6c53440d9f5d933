//! Scripts at `POST /delegation`.

use harness::{
    Answer, Scripts,
    apps::{LEGACY_PHONE, LEGACY_SPA, LEGACY_WEB, User},
    assert_oauth_error, assert_unknown_refresh_token,
};
use serde_json::{Value, json};

use super::{CLAIM, IDLE, action, claims, rule, rule_with_claim, said};
use crate::legacy::delegation::{delegate, log_in};

/// The claims of the ID token of an answer.
#[track_caller]
fn delegated(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer}");
    let body = answer.json();
    claims(body["id_token"].as_str().expect("an ID token"))
}

#[harness::test]
async fn rules_add_claims_to_delegated_id_tokens() {
    let facts =
        "{ protocol: context.protocol, client: context.clientID, body: context.request.body }";
    let server = Scripts::of_rule(&rule_with_claim(facts)).start();
    let login = log_in(&server, &LEGACY_SPA, &User::ada()).await;
    assert_eq!(
        claims(&login.id_token())[CLAIM]["protocol"],
        "oidc-basic-profile"
    );
    let token = login.refresh_token();
    let more = [
        ("refresh_token", token.as_str()),
        ("target", LEGACY_WEB.id),
        ("api_type", "app"),
    ];
    let claims = delegated(&delegate(&server, &LEGACY_SPA, &more).await);
    assert_eq!(claims["aud"], LEGACY_WEB.id);
    let expected = json!({
        "protocol": "delegation", "client": LEGACY_SPA.id,
        "body": {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "client_id": LEGACY_SPA.id, "target": LEGACY_WEB.id, "api_type": "app",
        },
    });
    assert_eq!(claims[CLAIM], expected);
}

#[harness::test]
async fn rules_see_the_claims_of_the_id_token_that_is_shown() {
    let server = Scripts::of_rule(&rule_with_claim("'of the login'")).start();
    let login = log_in(&server, &LEGACY_SPA, &User::grace()).await;
    let seen = format!(
        "context.idToken['https://example.com/seen'] = [
            user['{CLAIM}'], user.sub, user.user_id, user.favorite_color];"
    );
    server.change_rule("rule", &rule(&seen));
    let id_token = login.id_token();
    let answer = delegate(&server, &LEGACY_SPA, &[("id_token", &id_token)]).await;
    let claims = delegated(&answer);
    let id = User::grace().id;
    assert_eq!(
        claims["https://example.com/seen"],
        json!(["of the login", id, id, "navy"])
    );
    // A script could read them.
    assert_eq!(claims.get(CLAIM), None, "{claims}");
}

#[harness::test]
async fn a_rule_that_fails_at_a_delegation_burns_no_token() {
    let server = Scripts::of_rule(IDLE).start();
    let login = log_in(&server, &LEGACY_SPA, &User::ada()).await;
    let (refresh_token, id_token) = (login.refresh_token(), login.id_token());
    let denied = (403, "access_denied", "Not on Sundays.");
    let redirected = (403, "interaction_required", "External interaction required");
    let failed = (500, "server_error", "A script of the login flow failed.");
    let redirecting = "{
        context.redirect = { url: 'https://example.com/more' };
        callback(null, user, context);
    }";
    for (statement, (status, error, description)) in [
        ("callback(new UnauthorizedError('Not on Sundays.'))", denied),
        (redirecting, redirected),
        ("{}", failed),
    ] {
        for shown in [("refresh_token", &refresh_token), ("id_token", &id_token)] {
            let shown = [(shown.0, shown.1.as_str())];
            server.change_rule("rule", &format!("(user, context, callback) => {statement}"));
            let answer = delegate(&server, &LEGACY_SPA, &shown).await;
            assert_oauth_error(&answer, status, error, description);
            server.change_rule("rule", IDLE);
            delegated(&delegate(&server, &LEGACY_SPA, &shown).await);
        }
        // A user has a budget of ten delegations, which refills over time.
        server.advance(60).await;
    }
}

#[harness::test]
async fn an_action_cannot_revoke_or_shorten_a_delegations_refresh_token() {
    let server = Scripts::of_action(&action("")).start();
    let login = log_in(&server, &LEGACY_PHONE, &User::ada()).await;
    let token = login.refresh_token();
    let shown = [("refresh_token", token.as_str())];
    let end = (server.now() + 10) * 1000;
    let shortening = format!("api.refreshToken.setExpiresAt({end});");
    server.change_action("action", &action(&shortening));
    delegated(&delegate(&server, &LEGACY_PHONE, &shown).await);
    server.change_action("action", &action("api.refreshToken.revoke('over');"));
    let answer = delegate(&server, &LEGACY_PHONE, &shown).await;
    assert_oauth_error(&answer, 403, "access_denied", "over");
    server.change_action("action", &action(""));
    server.advance(20).await;
    delegated(&delegate(&server, &LEGACY_PHONE, &shown).await);
}

#[harness::test]
async fn a_refused_delegation_runs_no_rule() {
    let server = Scripts::of_rule(&rule("console.log('ran ' + context.protocol);")).start();
    let shown = [("refresh_token", "rt1_forged")];
    assert_unknown_refresh_token(&delegate(&server, &LEGACY_SPA, &shown).await);
    let shown = [("id_token", "a.b.c")];
    assert_ne!(delegate(&server, &LEGACY_SPA, &shown).await.status, 200);
    let log = server.stop();
    assert_eq!(said(&log, "ran "), 0, "{log}");
}
