//! Rules and Actions at a login through a browser: they run once, after everything else has passed, and their effects
//! travel with the code.

use harness::{
    Scripts, Server, Tokens,
    apps::{API, ASKING_API, SPA_EMBEDDED, SPA_STRICT, User, WEB_POST},
    assert_oauth_error, html, http, jwt, scopes,
};
use jsonwebtoken::Algorithm::RS256;
use reqwest::Method;
use serde_json::{Value, json};

use super::{CLAIM, action, claims, custom_claim, rule, rule_with_claim, said};

const DATABASE: &str = "Username-Password-Authentication";

#[harness::test]
async fn claims_of_a_login_are_in_the_id_token_the_access_token_and_at_userinfo() {
    let script = rule_with_claim("({ plan: user.app_metadata.plan, list: [1, 'two', null] })");
    let server = Scripts::of_rule(&script).start();
    let claim = json!({ "plan": "gold", "list": [1, "two", null] });
    let tokens = server.login(&SPA_STRICT).tokens().await;
    let access = jwt::verify(&server, &tokens.access_token(), API, RS256).await;
    assert_eq!(access.claims[CLAIM], claim);
    let id = jwt::verify(&server, &tokens.id_token(), SPA_STRICT.id, RS256).await;
    assert_eq!(id.claims[CLAIM], claim);

    // An access token for `/userinfo` alone returns the claims of the ID token.
    let opaque = server.login(&SPA_STRICT).without("audience").tokens().await;
    let userinfo = server.http().request(Method::GET, "/userinfo");
    let userinfo = http::send(userinfo.bearer_auth(opaque.access_token())).await;
    assert_eq!(userinfo.status, 200, "{userinfo}");
    assert_eq!(userinfo.json()[CLAIM], claim);
}

#[harness::test]
async fn a_rule_sets_namespaced_claims_and_no_reserved_ones() {
    let script = rule(
        "for (const token of [context.idToken, context.accessToken]) {
             token['https://example.com/mine'] = 1;
             token.plain = 2;
             token['https://tenant.auth0.com/theirs'] = 3;
             token.iss = 'https://evil.example/';
             token.sub = 'auth0|zoe';
             token.exp = 4102444800;
         }",
    );
    let server = Scripts::of_rule(&script).start();
    let tokens = server.login(&SPA_STRICT).tokens().await;
    for token in [tokens.id_token(), tokens.access_token()] {
        let claims = claims(&token);
        assert_eq!(claims["https://example.com/mine"], 1);
        for ignored in ["plain", "https://tenant.auth0.com/theirs"] {
            assert_eq!(claims.get(ignored), None, "{claims}");
        }
        assert_eq!(claims["iss"], server.issuer());
        assert_eq!(claims["sub"], User::ada().id);
        assert!(claims["exp"].as_u64() < Some(4_102_444_800), "{claims}");
    }
}

#[harness::test]
async fn scripts_choose_the_scopes_of_a_login_but_add_no_refresh_token() {
    let script = rule(
        "if (context.request.query.want) context.accessToken.scope = context.request.query.want.split(' ');",
    );
    let server = Scripts::of_rule(&script).start();
    let login = |want: &str, asked: &str| {
        let login = server.login(&SPA_STRICT).scope(asked);
        login.with("want", want).tokens()
    };
    let tokens = login(
        "openid read:orders magic",
        "openid offline_access write:orders",
    )
    .await;
    assert_eq!(tokens.scope(), scopes("openid read:orders magic"));
    let access = claims(&tokens.access_token());
    assert_eq!(scopes(access["scope"].as_str().unwrap()), tokens.scope());
    assert!(!tokens.has("refresh_token"), "{}", tokens.body);

    let tokens = login("openid offline_access", "openid").await;
    assert_eq!(tokens.scope(), scopes("openid"));
    assert!(!tokens.has("refresh_token"), "{}", tokens.body);
    let tokens = login("openid offline_access", "openid offline_access").await;
    assert!(tokens.has("refresh_token"), "{}", tokens.body);
    let tokens = login("", "openid read:orders").await;
    assert_eq!(tokens.scope(), scopes("openid read:orders"));
}

#[harness::test]
async fn actions_run_after_the_rules_in_every_order_of_the_file() {
    let action_with_claim = action(&format!(
        "api.idToken.setCustomClaim('{CLAIM}', 'action');
         api.accessToken.setCustomClaim('{CLAIM}', 'action');
         api.idToken.setCustomClaim('protocol', event.transaction.protocol);
         api.idToken.setCustomClaim('ran', api.rules.wasExecuted ? 'known' : 'unknown');"
    ));
    let scripts = Scripts::new().action("a-first", &action_with_claim);
    let server = scripts.rule("z-last", &rule_with_claim("'rule'")).start();
    let tokens = server.login(&SPA_STRICT).tokens().await;
    assert_eq!(custom_claim(&tokens), "action");
    assert_eq!(claims(&tokens.id_token())["protocol"], "oidc-basic-profile");
}

#[harness::test]
async fn a_rule_reads_the_request_as_it_was_sent_wherever_the_browser_has_been_since() {
    let script = rule_with_claim(
        "({ query: context.request.query, body: context.request.body, protocol: context.protocol,
            original: typeof context.original_protocol, session: typeof context.sessionID,
            method: context.authentication.methods[0].name, connection: context.connection,
            ip: context.request.ip })",
    );
    let server = Scripts::of_rule(&script).start();
    let browser = server.browser();
    for _ in ["with the login page", "in the session"] {
        let login = server.login(&SPA_STRICT).browser(&browser);
        let login = login
            .scope("openid unknown:scope")
            .with("colour", "sea green")
            .with("id_token_hint", "");
        let sent: Value = login
            .parameters()
            .into_iter()
            .filter(|(name, _)| *name != "id_token_hint")
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect();
        let value = custom_claim(&login.tokens().await);
        assert_eq!(value["query"], sent);
        assert_eq!(value["body"], json!({}));
        assert_eq!(value["protocol"], "oidc-basic-profile");
        assert_eq!(value["original"], "undefined");
        assert_eq!(value["session"], "string");
        assert_eq!(value["method"], "pwd");
        assert_eq!(value["connection"], DATABASE);
        assert_eq!(value["ip"], "127.0.0.1");
    }
}

#[harness::test]
async fn a_rules_change_of_the_user_is_in_the_id_token_and_not_stored() {
    let script =
        rule("if (context.request.query.call) user.nickname = context.request.query.call;");
    let server = Scripts::of_rule(&script).start();
    let login = server.login(&SPA_STRICT).with("call", "Countess");
    let changed = claims(&login.tokens().await.id_token());
    assert_eq!(changed["nickname"], "Countess");
    let stored = claims(&server.login(&SPA_STRICT).tokens().await.id_token());
    assert_ne!(stored["nickname"], "Countess");
}

#[harness::test]
async fn a_hundred_kilobytes_of_claims_travel_with_the_code_and_more_are_a_failure() {
    let script = rule_with_claim("'x'.repeat(Number(context.request.query.size))");
    let server = Scripts::of_rule(&script).start();
    let fits = server.login(&SPA_STRICT).with("size", "102000");
    let tokens = fits.tokens().await;
    assert_eq!(custom_claim(&tokens).as_str().map(str::len), Some(102_000));
    let too_much = server.login(&SPA_STRICT).with("size", "103000");
    too_much
        .callback()
        .await
        .assert_error("server_error", "A script of the login flow failed.");
}

#[harness::test]
async fn scripts_run_once_per_login_after_consent() {
    let server = Scripts::of_rule(&rule("console.log('the rule runs');")).start();
    let browser = server.browser();
    let login = server.login(&SPA_STRICT).audience(ASKING_API);
    let login = login.browser(&browser).scope("openid");
    let page = login.open().await.page_at("/u/login");
    let ada = User::ada();
    let answer = browser.log_in(&page, &ada.email, ada.password).await;
    let consent = browser.follow(answer).await.page_at("/u/consent");
    let answer = browser.answer_consent(&consent, "deny").await;
    let declined = browser.follow(answer).await.callback();
    assert_eq!(declined.get("error").as_deref(), Some("access_denied"));

    let login = server.login(&SPA_STRICT).audience(ASKING_API);
    let code = login.browser(&browser).scope("openid").code().await;
    Tokens::expect(server.exchange(&code).await);
    // Neither the page nor the exchange runs the Rule.
    assert_eq!(said(&server.stop(), "the rule runs"), 1);
}

#[harness::test]
async fn logins_on_an_applications_own_page_run_scripts_too() {
    let script = rule_with_claim(
        "({ protocol: context.protocol, secrets: JSON.stringify(context).includes('battery') })",
    );
    let server = Scripts::of_rule(&script).start();
    let (ada, browser) = (User::ada(), server.browser());
    let body = json!({
        "client_id": SPA_EMBEDDED.id, "username": ada.email, "password": ada.password,
        "realm": DATABASE,
        "credential_type": "http://auth0.com/oauth/grant-type/password-realm",
    });
    let request = browser.http().request(Method::POST, "/co/authenticate");
    let request = request.header("origin", "https://embedded.example.com");
    let answer = http::send(request.json(&body)).await;
    let ticket = answer.json()["login_ticket"].clone();
    let login = server.login(&SPA_EMBEDDED).browser(&browser);
    let login = login.with("login_ticket", ticket.as_str().expect("a ticket"));
    let cross_origin = custom_claim(&login.tokens().await);

    let body = json!({
        "client_id": SPA_EMBEDDED.id, "redirect_uri": SPA_EMBEDDED.callback, "tenant": "tests",
        "response_type": "token id_token", "scope": "openid", "audience": API, "state": "s",
        "nonce": "n", "connection": DATABASE, "username": ada.email, "password": ada.password,
    });
    let browser = server.browser();
    let request = browser
        .http()
        .request(Method::POST, "/usernamepassword/login");
    let form = http::send(request.json(&body)).await.text();
    let fields = html::hidden_fields(&form);
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let answer = browser.http().post_form("/login/callback", &fields).await;
    let callback = browser.follow(answer).await.callback();
    let classic = claims(&callback.get("id_token").expect("an ID token"))[CLAIM].clone();

    let expected = |protocol: &str| json!({ "protocol": protocol, "secrets": false });
    assert_eq!(cross_origin, expected("oidc-basic-profile"));
    assert_eq!(classic, expected("oidc-implicit-profile"));
}

#[harness::test]
async fn scripts_do_not_run_again_when_the_code_is_exchanged() {
    let server = Scripts::of_rule(&rule_with_claim("'then'")).start();
    let code = server.login(&WEB_POST).code().await;
    server.change_rule(
        "rule",
        "(user, context, callback) => callback(new Error('no more'))",
    );
    assert_refused_by_the_rule(&server).await;
    assert_eq!(
        custom_claim(&Tokens::expect(server.exchange(&code).await)),
        "then"
    );
    let again = server.exchange(&code).await;
    assert_oauth_error(&again, 403, "invalid_grant", "Invalid authorization code");
}

async fn assert_refused_by_the_rule(server: &Server) {
    let refused = server.login(&WEB_POST).callback().await;
    refused.assert_error("access_denied", "no more");
}
