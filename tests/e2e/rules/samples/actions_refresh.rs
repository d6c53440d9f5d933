//! Actions and the refresh token that is being exchanged.

use harness::{
    apps::{SPA_STRICT, User},
    assert_unknown_refresh_token,
};
use serde_json::{Value, json};

use super::{action, assert_denied, change, id_token_claim, next, next_for, tokens};

#[harness::test]
async fn shorter_refresh_token() {
    let server = action("shorter-refresh-token", &[]).start();
    // The Action brings the end forward at an exchange; until then the token has its client's lifetime.
    let contractor = tokens(&server, &User::iris()).await;
    let employee = tokens(&server, &User::ada()).await;
    server.advance(601).await;
    let contractor = next(&server, &contractor).await;
    let employee = next(&server, &employee).await;
    server.advance(601).await;
    let answer = server
        .refresh(&SPA_STRICT, &contractor.refresh_token())
        .await;
    assert_unknown_refresh_token(&answer);
    next(&server, &employee).await;
}

#[harness::test]
async fn offboarding() {
    let server = action("offboarding", &[]).start();
    let first = tokens(&server, &User::ada()).await;
    let second = next(&server, &first).await;
    change(
        &server,
        &User::ada(),
        "app_metadata: { left_company: true }",
    )
    .await;
    let answer = server.refresh(&SPA_STRICT, &second.refresh_token()).await;
    assert_denied(&answer, "You have left.");
    // A login succeeds, but its refresh token is rejected.
    let again = tokens(&server, &User::ada()).await;
    let answer = server.refresh(&SPA_STRICT, &again.refresh_token()).await;
    assert_denied(&answer, "You have left.");
    // The family has ended, also after a change of mind.
    change(
        &server,
        &User::ada(),
        "app_metadata: { left_company: false }",
    )
    .await;
    let answer = server.refresh(&SPA_STRICT, &second.refresh_token()).await;
    assert_unknown_refresh_token(&answer);
}

#[harness::test]
async fn refresh_token_facts() {
    let server = action("refresh-token-facts", &[]).start();
    let first = server
        .login(&SPA_STRICT)
        .scope("openid offline_access")
        .tokens()
        .await;
    assert_eq!(id_token_claim(&first, "protocol"), "oidc-basic-profile");
    assert_eq!(
        id_token_claim(&first, "asked"),
        json!(["openid", "offline_access"])
    );
    assert_eq!(id_token_claim(&first, "refresh"), Value::Null);
    let second = next_for(&server, &first, "openid").await;
    assert_eq!(id_token_claim(&second, "protocol"), "oauth2-refresh-token");
    assert_eq!(id_token_claim(&second, "asked"), json!([]));
    let refresh = id_token_claim(&second, "refresh");
    assert_eq!(
        refresh,
        json!({ "client": "spa-strict", "ends": true, "asked": "openid" })
    );
}
