//! Multi-resource refresh tokens: `refresh_token.policies` of a client.

use harness::{
    Launch, Server, Tokens,
    apps::{
        API, ASKING_API, App, HS256_API, ONLINE_API, RBAC_API, RFC9068_API, SPA_MANY,
        THIRD_PARTY_MANY, User,
    },
    assert_oauth_error, jwt, scopes, tenant,
};
use serde_json::{Value, json};

const GRANTED: &str = "openid profile email offline_access read:orders write:orders";

fn claims(tokens: &Tokens) -> Value {
    jwt::peek(&tokens.access_token()).1
}

async fn refresh_for(server: &Server, app: &App, token: &str, more: &[(&str, &str)]) -> Tokens {
    Tokens::expect(server.refresh_with(app, token, more).await)
}

/// Asserts the API of the access token, and the scopes.
#[track_caller]
fn assert_for(server: &Server, tokens: &Tokens, api: &str, scope: &str) {
    let claims = claims(tokens);
    assert_eq!(tokens.scope(), scopes(scope), "{}", tokens.body);
    let in_token = scopes(claims["scope"].as_str().unwrap_or_default());
    assert_eq!(in_token, scopes(scope), "{claims}");
    let audience = if scope.contains("openid") {
        json!([api, server.url("userinfo")])
    } else {
        json!(api)
    };
    assert_eq!(claims["aud"], audience, "{claims}");
}

#[harness::test]
async fn one_token_is_good_for_every_api_of_the_policies() {
    let server = Server::shared();
    let mut token = server.login(&SPA_MANY).refresh_token().await;
    let standard = "openid profile email offline_access";
    for (api, scope, lifetime) in [
        (ONLINE_API, "read:stock", 300),
        (RFC9068_API, "read:profiles", 86_400),
    ] {
        let tokens = refresh_for(server, &SPA_MANY, &token, &[("audience", api)]).await;
        assert_for(server, &tokens, api, &format!("{standard} {scope}"));
        assert_eq!(tokens.body["expires_in"], lifetime, "{}", tokens.body);
        assert!(tokens.has("id_token"), "{}", tokens.body);
        assert_ne!(tokens.refresh_token(), token);
        token = tokens.refresh_token();
    }
}

#[harness::test]
async fn scopes_added_by_a_policy_are_not_stored() {
    let server = Server::shared();
    let token = server.login(&SPA_MANY).refresh_token().await;
    let other = refresh_for(server, &SPA_MANY, &token, &[("audience", ONLINE_API)]).await;
    let original = server.refreshed(&SPA_MANY, &other.refresh_token()).await;
    assert_for(server, &original, API, GRANTED);
    let same = [("audience", API)];
    let original = refresh_for(server, &SPA_MANY, &original.refresh_token(), &same).await;
    assert_for(server, &original, API, GRANTED);
}

#[harness::test]
async fn a_scope_narrows_the_policy_and_the_rest_is_dropped_silently() {
    let server = Server::shared();
    let token = server.login(&SPA_MANY).refresh_token().await;
    let more = [
        ("audience", ONLINE_API),
        ("scope", "openid read:stock read:orders read:reports admin"),
    ];
    let tokens = refresh_for(server, &SPA_MANY, &token, &more).await;
    assert_for(server, &tokens, ONLINE_API, "openid read:stock");
    let more = [("audience", ONLINE_API), ("scope", "read:stock")];
    let tokens = refresh_for(server, &SPA_MANY, &tokens.refresh_token(), &more).await;
    assert_for(server, &tokens, ONLINE_API, "read:stock");
    assert!(!tokens.has("id_token"), "{}", tokens.body);
}

#[harness::test]
async fn permissions_at_the_other_api_count() {
    let server = Server::shared();
    for (user, scope, permissions) in [
        (User::ada(), "openid", json!([])),
        (
            User::reader(),
            "openid read:reports",
            json!(["read:reports"]),
        ),
    ] {
        let login = server.login(&SPA_MANY).user(&user);
        let token = login.scope("openid offline_access").refresh_token().await;
        let more = [
            ("audience", RBAC_API),
            ("scope", "openid read:reports write:reports"),
        ];
        let tokens = refresh_for(server, &SPA_MANY, &token, &more).await;
        assert_for(server, &tokens, RBAC_API, scope);
        assert_eq!(claims(&tokens)["permissions"], permissions);
    }
}

#[harness::test]
async fn an_api_without_a_policy_is_answered_with_the_one_of_the_login() {
    let server = Server::shared();
    let mut token = server.login(&SPA_MANY).refresh_token().await;
    // An API without a policy, and one that requires consent.
    for api in [HS256_API, ASKING_API] {
        let tokens = refresh_for(server, &SPA_MANY, &token, &[("audience", api)]).await;
        assert_for(server, &tokens, API, GRANTED);
        token = tokens.refresh_token();
    }
}

#[harness::test]
async fn an_api_that_does_not_exist_is_named_and_the_token_still_works() {
    let server = Server::shared();
    let token = server.login(&SPA_MANY).refresh_token().await;
    let more = [("audience", "https://unknown.example.com")];
    let answer = server.refresh_with(&SPA_MANY, &token, &more).await;
    let description = "Service not found: https://unknown.example.com";
    assert_oauth_error(&answer, 403, "access_denied", description);
    server.rotated(&SPA_MANY, &token).await;
}

#[harness::test]
async fn a_third_partys_policies_do_not_count() {
    let server = Server::shared();
    let user = server.fresh_user();
    let token = server
        .login(&THIRD_PARTY_MANY)
        .user(&user)
        .refresh_token()
        .await;
    let more = [("audience", ONLINE_API)];
    let tokens = refresh_for(server, &THIRD_PARTY_MANY, &token, &more).await;
    assert_for(server, &tokens, API, GRANTED);
}

#[harness::test]
async fn userinfo_is_no_api_of_its_own() {
    let server = Server::shared();
    let userinfo = server.url("userinfo");
    let token = server.login(&SPA_MANY).refresh_token().await;
    let tokens = refresh_for(server, &SPA_MANY, &token, &[("audience", &userinfo)]).await;
    assert_for(server, &tokens, API, GRANTED);
    let opaque = server.login(&SPA_MANY).audience(&userinfo).tokens().await;
    assert!(!jwt::is_jws(&opaque.access_token()), "{}", opaque.body);
    let more = [("audience", userinfo.as_str())];
    let tokens = refresh_for(server, &SPA_MANY, &opaque.refresh_token(), &more).await;
    assert!(!jwt::is_jws(&tokens.access_token()), "{}", tokens.body);
}

/// The tests' client with another policy.
fn with_policy(audience: &str, scope: &str) -> String {
    let policies = "policies:\n";
    let added =
        format!("{policies}        - {{ audience: \"{audience}\", scope: [\"{scope}\"] }}\n");
    tenant::client_changed(&SPA_MANY, &[(policies, &added)])
}

#[harness::test]
async fn a_policy_for_the_api_of_the_login_adds_scopes_to_each_answer() {
    let server = Server::start("changes a live client");
    let login = server.login(&SPA_MANY).scope("openid offline_access");
    let first = login.tokens().await;
    assert_for(&server, &first, API, "openid offline_access");
    server.import_tenant(with_policy(API, "read:orders")).await;
    let more = server.refreshed(&SPA_MANY, &first.refresh_token()).await;
    assert_for(&server, &more, API, "openid offline_access read:orders");
    server
        .import_tenant(tenant::client_changed(&SPA_MANY, &[]))
        .await;
    let after = server.refreshed(&SPA_MANY, &more.refresh_token()).await;
    assert_for(&server, &after, API, "openid offline_access");
}

#[harness::test]
async fn a_policy_taken_away_opens_nothing_any_more() {
    let server = Server::start("changes a live client");
    let token = server.login(&SPA_MANY).refresh_token().await;
    let more = [("audience", ONLINE_API)];
    let tokens = refresh_for(&server, &SPA_MANY, &token, &more).await;
    let change = ("https://online.example.com", "https://ps256.example.com");
    let file = tenant::client_changed(&SPA_MANY, &[change]);
    server.import_tenant(file).await;
    let tokens = refresh_for(&server, &SPA_MANY, &tokens.refresh_token(), &more).await;
    assert_for(&server, &tokens, API, GRANTED);
}

#[harness::test]
async fn the_log_says_which_policy_was_used() {
    let server = Launch::new().start("reads its log");
    let token = server.login(&SPA_MANY).refresh_token().await;
    let token = server.rotated(&SPA_MANY, &token).await;
    let more = [("audience", ONLINE_API), ("scope", "read:stock admin")];
    refresh_for(&server, &SPA_MANY, &token, &more).await;
    let log = server.stop();
    let of = |policy: &str| {
        let field = format!("policy_used=\"{policy}\"");
        let line = log
            .lines()
            .find(|line| line.contains("sertft") && line.contains(&field));
        line.unwrap_or_else(|| panic!("no {field} in {log}"))
            .to_owned()
    };
    assert!(of("refresh_token_user_grant").contains(API));
    let line = of("mrrt");
    for part in [
        "audience=\"https://online.example.com\"",
        "scope=read:stock ",
        "requested_audience=\"https://online.example.com\"",
        "requested_scope=\"read:stock admin\"",
    ] {
        assert!(line.contains(part), "`{part}` is not in {line}");
    }
}
