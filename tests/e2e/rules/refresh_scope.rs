//! Scopes that scripts set: at a login freely, at a refresh within those that the login granted.

use harness::{
    Scripts, Tokens,
    apps::{ONLINE_API, RBAC_API, SPA_MANY, SPA_STRICT, User, WEB_CLASSIC},
    scopes,
};

use super::{IDLE, action, claims, rule};

const ASKED: &str = "openid offline_access read:orders write:orders";

/// The scope of the access token, which is also that of the answer.
#[track_caller]
fn scope(tokens: &Tokens) -> Vec<String> {
    let claims = claims(&tokens.access_token());
    let scope = scopes(claims["scope"].as_str().unwrap_or_default());
    assert_eq!(tokens.scope(), scope);
    scope
}

#[harness::test]
async fn a_rule_narrows_one_answer_and_not_the_family() {
    let server = Scripts::of_rule(IDLE).start();
    for app in [SPA_STRICT, WEB_CLASSIC] {
        server.change_rule("rule", IDLE);
        let token = server.login(&app).scope(ASKED).refresh_token().await;
        server.change_rule(
            "rule",
            &rule("context.accessToken.scope = ['openid', 'read:orders', 'read:everything'];"),
        );
        let tokens = server.refreshed(&app, &token).await;
        assert_eq!(scope(&tokens), scopes("openid read:orders"));
        let token = if tokens.has("refresh_token") {
            tokens.refresh_token()
        } else {
            token
        };
        server.change_rule("rule", IDLE);
        let tokens = server.refreshed(&app, &token).await;
        assert_eq!(scope(&tokens), scopes(ASKED));
    }
}

#[harness::test]
async fn a_scope_that_was_not_granted_at_the_login_is_not_added_at_a_refresh() {
    let server = Scripts::of_rule(IDLE).start();
    let login = server.login(&SPA_STRICT);
    let token = login
        .scope("openid offline_access read:orders")
        .refresh_token()
        .await;
    server.change_rule(
        "rule",
        &rule("context.accessToken.scope = ['openid', 'read:orders', 'write:orders', 'admin'];"),
    );
    let tokens = server.refreshed(&SPA_STRICT, &token).await;
    assert_eq!(scope(&tokens), scopes("openid read:orders"));
}

#[harness::test]
async fn a_scope_that_a_rule_grants_at_the_login_is_there_at_refreshes_while_the_rule_is() {
    // The API defines no such scope.
    let adding =
        "context.accessToken.scope = ['openid', 'offline_access', 'read:orders', 'admin'];";
    let server = Scripts::of_rule(&rule(adding)).start();
    let first = server.login(&SPA_STRICT).scope(ASKED).tokens().await;
    let expected = scopes("openid offline_access read:orders admin");
    assert_eq!(scope(&first), expected);
    let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
    assert_eq!(scope(&second), expected);
    server.change_rule("rule", IDLE);
    let third = server.refreshed(&SPA_STRICT, &second.refresh_token()).await;
    assert_eq!(scope(&third), scopes("openid offline_access read:orders"));
}

#[harness::test]
async fn scripts_have_the_last_word_after_the_users_permissions() {
    let adding = "api.accessToken.addScope('write:reports');";
    let server = Scripts::of_action(&action(adding)).start();
    let login = server
        .login(&SPA_STRICT)
        .user(&User::reader())
        .audience(RBAC_API);
    let asked = "openid offline_access read:reports delete:reports";
    let first = login.scope(asked).tokens().await;
    let expected = scopes("openid offline_access read:reports write:reports");
    assert_eq!(scope(&first), expected);
    let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
    assert_eq!(scope(&second), expected);
}

#[harness::test]
async fn an_action_takes_a_scope_away() {
    let removing = "api.accessToken.removeScope('write:orders');";
    let server = Scripts::of_action(&action(removing)).start();
    let first = server.login(&SPA_STRICT).scope(ASKED).tokens().await;
    assert_eq!(scope(&first), scopes("openid offline_access read:orders"));
    server.change_action("action", &action(""));
    let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
    assert_eq!(scope(&second), scopes("openid offline_access read:orders"));
}

#[harness::test]
async fn at_another_api_nothing_of_the_logins_own_is_added() {
    let server = Scripts::of_rule(IDLE).start();
    let token = server.login(&SPA_MANY).scope(ASKED).refresh_token().await;
    let all = "['openid', 'read:orders', 'read:stock', 'admin']";
    server.change_rule(
        "rule",
        &rule(&format!("context.accessToken.scope = {all};")),
    );
    let more = [("audience", ONLINE_API)];
    let tokens = Tokens::expect(server.refresh_with(&SPA_MANY, &token, &more).await);
    assert_eq!(scope(&tokens), scopes("openid read:stock"));
}

#[harness::test]
async fn without_openid_there_is_no_id_token() {
    let server = Scripts::of_rule(IDLE).start();
    let token = server.login(&SPA_STRICT).scope(ASKED).refresh_token().await;
    server.change_rule(
        "rule",
        &rule("context.accessToken.scope = ['read:orders'];"),
    );
    let tokens = server.refreshed(&SPA_STRICT, &token).await;
    assert!(!tokens.has("id_token"), "{}", tokens.body);
    assert_eq!(scope(&tokens), ["read:orders"]);
}
