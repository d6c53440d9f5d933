//! Rules that distinguish protocols.

use harness::{
    Tokens,
    apps::{API, SPA_STRICT, TV, User},
    scopes,
};
use serde_json::Value;

use super::{access_token_claim, rule, tokens};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[harness::test]
async fn device_name() {
    let server = rule("device-name").start();
    let scope = "openid offline_access read:orders write:orders";
    let form = [("scope", scope), ("audience", API)];
    let asked = server.request_as(&server.http(), &TV, "/oauth/device/code", &form);
    let asked = harness::send(asked).await.json();
    let text = |name: &str| asked[name].as_str().expect("a text").to_owned();

    let browser = server.browser();
    let page = browser
        .open(&text("verification_uri_complete"))
        .await
        .page();
    let answer = browser.submit(&page, &[("action", "confirm")]).await;
    let page = browser.follow(answer).await.page();
    let ada = User::ada();
    let answer = browser.log_in(&page, &ada.email, ada.password).await;
    browser.follow(answer).await.page();

    let code = text("device_code");
    let form = [("grant_type", GRANT_TYPE), ("device_code", code.as_str())];
    let first = Tokens::expect(server.token(&TV, &form).await);
    assert_eq!(access_token_claim(&first, "device"), "Living-room TV");
    assert_eq!(first.scope(), scopes("openid offline_access read:orders"));
    // The claim belongs to that protocol; the scopes belong to the grant.
    let second = server.refreshed(&TV, &first.refresh_token()).await;
    assert_eq!(access_token_claim(&second, "device"), Value::Null);
    assert_eq!(second.scope(), first.scope());

    let browser = tokens(&server, &ada).await;
    assert_eq!(access_token_claim(&browser, "device"), Value::Null);
    let all = "openid profile email offline_access read:orders write:orders";
    assert_eq!(browser.scope(), scopes(all));
    server.rotated(&SPA_STRICT, &browser.refresh_token()).await;
}
