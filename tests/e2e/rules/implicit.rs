//! Rules and Actions at flows that issue tokens from `/authorize`.

use harness::{
    Code, Scripts, Server, Tokens,
    apps::{LEGACY_SPA, SPA_HYBRID},
    flow::Login,
    pkce, scopes,
};
use serde_json::json;

use super::{CLAIM, action, claims, rule, rule_with_claim};

fn ask<'a>(server: &'a Server, response_type: &str) -> Login<'a> {
    let login = server.login(&SPA_HYBRID);
    login.with("response_type", response_type)
}

#[harness::test]
async fn claims_are_in_every_token_of_the_implicit_and_the_hybrid_flow() {
    let both = "context.idToken.both = 1; context.accessToken.both = 1;";
    let script =
        rule_with_claim("context.protocol").replace("const value", &format!("{both} const value"));
    let seen = action(&format!(
        "api.idToken.setCustomClaim('{CLAIM}/action', event.transaction.protocol);"
    ));
    let scripts = Scripts::of_rule(&script).action("seen", &seen);
    let server = scripts.start();
    for (response_type, in_rules, in_actions) in [
        ("id_token", "oidc-implicit-profile", "oidc-implicit-profile"),
        (
            "token id_token",
            "oidc-implicit-profile",
            "oidc-implicit-profile",
        ),
        ("code id_token", "oidc-basic-profile", "oidc-hybrid-profile"),
        (
            "code token id_token",
            "oidc-basic-profile",
            "oidc-hybrid-profile",
        ),
    ] {
        let response = ask(&server, response_type).land().await.response();
        let id_token = claims(&response["id_token"]);
        assert_eq!(id_token[CLAIM], in_rules, "{response_type}");
        assert_eq!(
            id_token[format!("{CLAIM}/action")],
            in_actions,
            "{response_type}"
        );
        if let Some(access_token) = response.get("access_token") {
            assert_eq!(claims(access_token)[CLAIM], in_rules, "{response_type}");
        }
    }
}

#[harness::test]
async fn both_halves_of_a_hybrid_answer_say_the_same() {
    let script = rule_with_claim("({ lot: Math.random() })");
    let server = Scripts::of_rule(&script).start();
    let verifier = pkce::verifier();
    let login = ask(&server, "code token id_token");
    let login = login.with("code_challenge", &pkce::challenge(&verifier));
    let response = login.land().await.response();
    let first = claims(&response["id_token"])[CLAIM].clone();
    assert!(first["lot"].is_number(), "{first}");
    assert_eq!(claims(&response["access_token"])[CLAIM], first);
    let code = Code {
        app: SPA_HYBRID,
        value: response["code"].clone(),
        redirect_uri: SPA_HYBRID.callback.to_owned(),
        verifier: Some(verifier),
    };
    let tokens = Tokens::expect(server.exchange(&code).await);
    assert_eq!(claims(&tokens.id_token())[CLAIM], first);
    assert_eq!(claims(&tokens.access_token())[CLAIM], first);
}

#[harness::test]
async fn the_response_has_the_scope_that_scripts_set() {
    let script = rule("context.accessToken.scope = ['openid', 'read:orders', 'magic'];");
    let server = Scripts::of_rule(&script).start();
    let response = ask(&server, "token").land().await.response();
    assert_eq!(
        scopes(&response["scope"]),
        scopes("openid read:orders magic")
    );
    let claims = claims(&response["access_token"]);
    assert_eq!(
        scopes(claims["scope"].as_str().expect("a text")),
        scopes("openid read:orders magic")
    );
}

#[harness::test]
async fn rules_run_in_the_legacy_pipeline_and_may_add_user_attributes() {
    let script = rule("user.favorite_animal = 'otter'; context.idToken.plain = 'dropped';");
    let server = Scripts::of_rule(&script).start();
    let login = server.login(&LEGACY_SPA).without("audience").without_pkce();
    let login = login.scope("openid profile favorite_animal");
    let response = login.with("response_type", "token").land().await.response();
    let id_token = claims(&response["id_token"]);
    assert_eq!(id_token["favorite_animal"], "otter");
    assert_eq!(id_token.get("plain"), None);
}

#[harness::test]
async fn an_action_brings_the_end_of_a_legacy_refresh_token_forward() {
    let script = action("api.refreshToken.setExpiresAt(Date.now() + 600_000);");
    let server = Scripts::of_action(&script).start();
    let login = server.login(&LEGACY_SPA).without("audience").without_pkce();
    let login = login
        .scope("openid offline_access")
        .with("device", "phone")
        .with("response_type", "token");
    let response = login.land().await.response();
    let token = &response["refresh_token"];
    let delegate = || async {
        let body = json!({
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "client_id": LEGACY_SPA.id, "refresh_token": token, "scope": "openid",
        });
        server.http().post_json("/delegation", &body).await.status
    };
    assert_eq!(delegate().await, 200);
    server.advance(700).await;
    assert_ne!(delegate().await, 200);
}
