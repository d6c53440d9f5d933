//! Second factors, which are demanded but not offered: a user who must show one is rejected with an error that clients
//! know.

use harness::{
    apps::{PW_NATIVE, SPA_STRICT, User},
    assert_oauth_error,
};

use super::{assert_login, next, rule, tokens};

const POLICY: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";
const DENIAL: &str = "Multifactor authentication required";

#[harness::test]
async fn second_factor_on_request() {
    let server = rule("second-factor-on-request").start();
    let login = server.login(&SPA_STRICT).with("acr_values", POLICY);
    login.callback().await.assert_error("access_denied", DENIAL);
    // A request without `acr_values` needs no second factor, and a refresh has no query.
    let first = tokens(&server, &User::ada()).await;
    next(&server, &first).await;
    let browser = server.browser();
    let silent = || {
        let login = server.login(&SPA_STRICT).browser(&browser);
        login.with("acr_values", POLICY)
    };
    server.login(&SPA_STRICT).browser(&browser).tokens().await;
    let callback = silent().with("prompt", "none").callback().await;
    callback.assert_error("login_required", DENIAL);
}

#[harness::test]
async fn second_factor_for_some() {
    let server = rule("second-factor-for-some").start();
    assert_login(
        &server,
        &SPA_STRICT,
        &User::grace(),
        "access_denied",
        DENIAL,
    )
    .await;
    let grace = User::grace();
    let form = [
        ("grant_type", "password"),
        ("username", grace.email.as_str()),
        ("password", grace.password),
    ];
    let answer = server.token(&PW_NATIVE, &form).await;
    assert_oauth_error(&answer, 403, "mfa_required", DENIAL);
    // A user who opts in from now on is not affected at a refresh: the Rule skips refreshes.
    let first = tokens(&server, &User::ada()).await;
    super::change(&server, &User::ada(), "user_metadata: { use_mfa: true }").await;
    next(&server, &first).await;
    assert_login(&server, &SPA_STRICT, &User::ada(), "access_denied", DENIAL).await;
}

#[harness::test]
async fn a_second_factor_at_a_refresh_burns_nothing() {
    let script = "function (user, context, callback) {
        if (user.user_metadata.use_mfa) context.multifactor = { provider: 'any' };
        callback(null, user, context);
    }";
    let scripts = super::Sample::default().script("always", script);
    let server = scripts.start();
    let first = tokens(&server, &User::ada()).await;
    super::change(&server, &User::ada(), "user_metadata: { use_mfa: true }").await;
    let answer = server.refresh(&SPA_STRICT, &first.refresh_token()).await;
    assert_oauth_error(&answer, 403, "mfa_required", DENIAL);
    super::change(&server, &User::ada(), "user_metadata: { use_mfa: false }").await;
    next(&server, &first).await;
}
