//! The effects of scripts at a login at `/authorize` travel with its code to the token endpoint.

use harness::{
    Scripts, Tokens,
    apps::{SPA_STRICT, WEB_CLASSIC},
    assert_unknown_refresh_token, scopes,
};

use super::{CLAIM, IDLE, action, claims, custom_claim, rule, rule_with_claim, said};

#[harness::test]
async fn rules_run_at_the_login_and_not_at_the_exchange() {
    let ran = rule("console.log('ran ' + context.protocol);");
    let server = Scripts::of_rule(&ran).start();
    for app in [SPA_STRICT, WEB_CLASSIC] {
        server.login(&app).tokens().await;
    }
    let log = server.stop();
    assert_eq!(said(&log, "ran "), 2, "{log}");
    assert_eq!(said(&log, "ran oidc-basic-profile"), 2, "{log}");
}

#[harness::test]
async fn the_result_of_the_rules_at_login_counts_at_the_exchange() {
    let server = Scripts::of_rule(&rule_with_claim("'login'")).start();
    let code = server.login(&SPA_STRICT).code().await;
    server.change_rule("rule", &rule_with_claim("'later'"));
    let tokens = Tokens::expect(server.exchange(&code).await);
    assert_eq!(custom_claim(&tokens), "login");
    let code = server.login(&SPA_STRICT).code().await;
    server.change_rule(
        "rule",
        "(user, context, callback) => callback(new Error('no'))",
    );
    let tokens = Tokens::expect(server.exchange(&code).await);
    assert_eq!(custom_claim(&tokens), "later");
}

#[harness::test]
async fn profile_and_scope_of_the_login_are_those_of_the_tokens() {
    let statement = "user.nickname = 'Countess';
        context.accessToken.scope = ['openid', 'profile', 'offline_access', 'admin'];";
    let server = Scripts::of_rule(&rule(statement)).start();
    let code = server.login(&SPA_STRICT).code().await;
    server.change_rule("rule", IDLE);
    let tokens = Tokens::expect(server.exchange(&code).await);
    assert_eq!(claims(&tokens.id_token())["nickname"], "Countess");
    let expected = scopes("openid profile offline_access admin");
    assert_eq!(tokens.scope(), expected);
    let scope = claims(&tokens.access_token())["scope"].clone();
    assert_eq!(scopes(scope.as_str().unwrap_or_default()), expected);
}

#[harness::test]
async fn a_login_without_offline_access_has_no_refresh_token() {
    let statement = "api.accessToken.removeScope('offline_access');";
    let server = Scripts::of_action(&action(statement)).start();
    let tokens = server.login(&SPA_STRICT).tokens().await;
    assert!(!tokens.has("refresh_token"), "{}", tokens.body);
}

#[harness::test]
async fn ends_of_the_login_hold_for_the_refresh_token_of_the_exchange() {
    let server = Scripts::of_action(&action("")).start();
    let end = (server.now() + 100) * 1000;
    let statement = format!("api.refreshToken.setExpiresAt({end});");
    server.change_action("action", &action(&statement));
    let code = server.login(&SPA_STRICT).code().await;
    server.change_action("action", &action(""));
    let token = Tokens::expect(server.exchange(&code).await).refresh_token();
    let token = server.rotated(&SPA_STRICT, &token).await;
    server.advance(101).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &token).await);
}

#[harness::test]
async fn userinfo_has_the_custom_claims_of_the_id_token() {
    let server = Scripts::of_rule(&rule_with_claim("user.app_metadata.plan")).start();
    let login = server.login(&SPA_STRICT).without("audience");
    let tokens = login.scope("openid offline_access").tokens().await;
    let refreshed = server.refreshed(&SPA_STRICT, &tokens.refresh_token()).await;
    for tokens in [tokens, refreshed] {
        let http = server.http();
        let answer = http
            .get_with_bearer("/userinfo", &tokens.access_token())
            .await;
        assert_eq!(answer.json()[CLAIM], "gold", "{answer}");
    }
}
