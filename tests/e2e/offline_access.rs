//! A refresh token that client and API no longer allow when a login is exchanged for tokens. Earlier ones stay valid.

use harness::{
    Answer, Scripts, Server, Tokens,
    apps::{API, App, LEGACY_SPA, SPA_STRICT, TV, WEB_POST},
    scopes, tenant,
};

use crate::device;

const REASON: &str = "changes a live tenant";

/// The tests' tenant, whose API no longer allows refresh tokens.
fn without_offline_access() -> String {
    let allowed = format!("{API}\n    signing_alg: RS256\n    allow_offline_access: true");
    tenant::changed(&allowed, &allowed.replace("true", "false"))
}

/// A client that may no longer refresh.
fn without_refresh_grant(app: &App) -> String {
    let changes: &[_] = if app.id == LEGACY_SPA.id {
        &[("      - refresh_token\n", "")]
    } else {
        &[
            (", refresh_token]", "]"),
            ("rotation_type: rotating", "rotation_type: non-rotating"),
        ]
    };
    tenant::client_changed(app, changes)
}

#[track_caller]
fn assert_no_refresh_token(answer: Answer, scope: &str) {
    let tokens = Tokens::expect(answer);
    assert!(!tokens.has("refresh_token"), "{}", tokens.body);
    assert_eq!(tokens.scope(), scopes(scope));
}

#[harness::test]
async fn a_code_in_flight_gives_no_refresh_token_once_the_api_forbids_it() {
    let server = Server::start(REASON);
    let ask = |app| server.login(app).scope("openid offline_access read:orders");
    let before = ask(&SPA_STRICT).refresh_token().await;
    let codes = [
        ask(&SPA_STRICT).code().await,
        ask(&WEB_POST).code().await,
        server
            .login(&SPA_STRICT)
            .without("audience")
            .scope("openid offline_access")
            .code()
            .await,
    ];
    server.import_tenant(without_offline_access()).await;
    for code in &codes[..2] {
        assert_no_refresh_token(server.exchange(code).await, "openid read:orders");
    }
    // Without an API, nothing has been withdrawn.
    assert!(Tokens::expect(server.exchange(&codes[2]).await).has("refresh_token"));
    server.rotated(&SPA_STRICT, &before).await;
}

#[harness::test]
async fn a_code_in_flight_gives_no_refresh_token_once_its_client_lost_the_grant() {
    let server = Server::start(REASON);
    let code = server.login(&WEB_POST).scope("openid offline_access");
    let code = code.code().await;
    let legacy = server.login(&LEGACY_SPA).without("audience");
    let legacy = legacy.scope("openid offline_access");
    let legacy = legacy.with("device", "phone").code().await;
    for app in [WEB_POST, LEGACY_SPA] {
        server.import_tenant(without_refresh_grant(&app)).await;
    }
    assert_no_refresh_token(server.exchange(&code).await, "openid");
    assert_no_refresh_token(server.exchange(&legacy).await, "openid");
}

#[harness::test]
async fn a_code_in_flight_gives_no_refresh_token_to_an_spa_without_rotation() {
    let server = Server::start(REASON);
    let code = server.login(&SPA_STRICT).scope("openid offline_access");
    let code = code.code().await;
    let change = [("rotation_type: rotating", "rotation_type: non-rotating")];
    server
        .import_tenant(tenant::client_changed(&SPA_STRICT, &change))
        .await;
    assert_no_refresh_token(server.exchange(&code).await, "openid");
}

#[harness::test]
async fn a_device_code_in_flight_gives_no_refresh_token_either() {
    for file in [without_offline_access(), without_refresh_grant(&TV)] {
        let server = Server::start(REASON);
        let form = [
            ("scope", "openid offline_access read:orders"),
            ("audience", API),
        ];
        let waiting = device::begin_with(&server, &TV, &form).await;
        waiting.connect(&server, &harness::apps::User::ada()).await;
        server.import_tenant(file).await;
        assert_no_refresh_token(waiting.poll(&server).await, "openid read:orders");
    }
}

#[harness::test]
async fn a_login_in_progress_gives_no_refresh_token_either() {
    let server = Server::start(REASON);
    let login = server.login(&LEGACY_SPA).without("audience").without_pkce();
    let login = login.scope("openid offline_access").with("device", "phone");
    let login = login.with("response_type", "token");
    let browser = server.browser();
    let page = login.browser(&browser).open().await.page_at("/u/login");
    server
        .import_tenant(without_refresh_grant(&LEGACY_SPA))
        .await;
    let ada = harness::apps::User::ada();
    let answer = browser.log_in(&page, &ada.email, ada.password).await;
    let callback = browser.follow(answer).await.callback();
    assert_eq!(callback.get("refresh_token"), None, "{}", callback.url);
    assert_eq!(callback.get("scope").as_deref(), Some("openid"));
}

#[harness::test]
async fn a_script_that_sets_scopes_restores_no_refresh_token() {
    let rule = "function (user, context, callback) {
        context.accessToken.scope = ['openid', 'offline_access', 'read:orders', 'chosen'];
        callback(null, user, context);
    }";
    let server = Scripts::of_rule(rule).start();
    let asked = "openid offline_access";
    let code = server.login(&SPA_STRICT).scope(asked).code().await;
    let waiting = device::begin_with(&server, &TV, &[("scope", asked), ("audience", API)]).await;
    waiting.connect(&server, &harness::apps::User::ada()).await;
    server.import_tenant(api_without_offline_access()).await;
    let chosen = "openid read:orders chosen";
    assert_no_refresh_token(server.exchange(&code).await, chosen);
    assert_no_refresh_token(waiting.poll(&server).await, chosen);
}

/// The API alone, so that the tenant's scripts stay in place.
fn api_without_offline_access() -> String {
    let file = without_offline_access();
    let (_, apis) = file.split_once("\nresourceServers:\n").expect("a section");
    let end = apis.find("\n  - name: Online-only API").expect("an entry");
    format!("resourceServers:\n{}\n", &apis[..end])
}
