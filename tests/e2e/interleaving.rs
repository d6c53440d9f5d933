//! Two requests that interleave at the worst moment: the write of the first is held back until the second has been
//! answered.

use harness::{
    Answer, Faulty, INVALID_CODE, Server, Tokens,
    apps::{App, OPERATOR, SPA_LEEWAY, SPA_STRICT, THIRD_PARTY, User},
    assert_oauth_error, assert_unknown_refresh_token, http,
    proxy::{EXCHANGES, READS, WRITES},
};
use tokio::task::JoinHandle;

/// `leeway` of [`SPA_LEEWAY`].
const SPA_LEEWAY_SECONDS: u64 = 10;

/// Sends a token request and returns when its write waits at the proxy.
fn hold_at_its_write(
    faulty: &Faulty,
    app: &App,
    form: &[(&str, &str)],
    operations: &'static [&'static str],
) -> JoinHandle<Answer> {
    let server = &faulty.server;
    let request = server.request_as(&server.http(), app, "/oauth/token", form);
    faulty.hold_at(operations, http::send(request))
}

fn hold_refresh(faulty: &Faulty, app: &App, token: &str) -> JoinHandle<Answer> {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    hold_at_its_write(faulty, app, &form, WRITES)
}

#[harness::test(flavor = "multi_thread")]
async fn a_refresh_that_a_revocation_overtakes_yields_nothing() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let token = server.login(&SPA_LEEWAY).refresh_token().await;

    let held = hold_refresh(&faulty, &SPA_LEEWAY, &token);
    let acknowledged = server.revoke(&SPA_LEEWAY, &token).await;
    assert_eq!(acknowledged.status, 200, "{acknowledged}");
    assert_unknown_refresh_token(&faulty.release(held).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &token).await);
}

#[harness::test(flavor = "multi_thread")]
async fn with_leeway_a_refresh_that_another_overtakes_gets_the_same_successor() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let token = server.login(&SPA_LEEWAY).refresh_token().await;

    let held = hold_refresh(&faulty, &SPA_LEEWAY, &token);
    let successor = server.rotated(&SPA_LEEWAY, &token).await;
    let late = Tokens::expect(faulty.release(held).await);
    assert_eq!(late.refresh_token(), successor);
    server.rotated(&SPA_LEEWAY, &successor).await;
}

#[harness::test(flavor = "multi_thread")]
async fn the_leeway_begins_with_the_commit_and_not_with_the_request() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let token = server.login(&SPA_LEEWAY).refresh_token().await;

    let form = [("grant_type", "refresh_token"), ("refresh_token", &token)];
    let held = hold_at_its_write(&faulty, &SPA_LEEWAY, &form, READS);
    server.advance(SPA_LEEWAY_SECONDS + 1).await;
    let successor = Tokens::expect(faulty.release(held).await).refresh_token();
    // The client loses this answer and presents its token again.
    assert_eq!(server.rotated(&SPA_LEEWAY, &token).await, successor);
}

#[harness::test(flavor = "multi_thread")]
async fn without_leeway_a_refresh_that_another_overtakes_ends_the_family() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let token = server.login(&SPA_STRICT).refresh_token().await;

    let held = hold_refresh(&faulty, &SPA_STRICT, &token);
    let successor = server.rotated(&SPA_STRICT, &token).await;
    assert_unknown_refresh_token(&faulty.release(held).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &successor).await);
}

#[harness::test(flavor = "multi_thread")]
async fn a_refresh_that_two_others_overtake_ends_the_family_even_with_leeway() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let first = server.login(&SPA_LEEWAY).refresh_token().await;

    let held = hold_refresh(&faulty, &SPA_LEEWAY, &first);
    let second = server.rotated(&SPA_LEEWAY, &first).await;
    let third = server.rotated(&SPA_LEEWAY, &second).await;
    assert_unknown_refresh_token(&faulty.release(held).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &third).await);
}

#[harness::test(flavor = "multi_thread")]
async fn a_code_that_another_exchange_overtakes_is_refused_and_ends_the_family() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let code = server.login(&SPA_STRICT).code().await;

    let held = hold_at_its_write(&faulty, &SPA_STRICT, &code.form(), EXCHANGES);
    let winner = Tokens::expect(server.exchange(&code).await);
    let late = faulty.release(held).await;
    assert_oauth_error(&late, 403, "invalid_grant", INVALID_CODE);
    let refused = server.refresh(&SPA_STRICT, &winner.refresh_token()).await;
    assert_unknown_refresh_token(&refused);
}

#[harness::test(flavor = "multi_thread")]
async fn a_refresh_that_the_deletion_of_its_grant_overtakes_yields_nothing() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let token = server.login(&SPA_LEEWAY).refresh_token().await;

    let held = hold_refresh(&faulty, &SPA_LEEWAY, &token);
    let deleted = server.delete_grants(&OPERATOR, &User::ada()).await;
    assert_eq!(deleted.status, 204, "{deleted}");
    assert_unknown_refresh_token(&faulty.release(held).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &token).await);
}

#[harness::test(flavor = "multi_thread")]
async fn a_code_that_the_deletion_of_its_grant_overtakes_begins_no_family() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let code = server.login(&THIRD_PARTY).code().await;

    let held = hold_at_its_write(&faulty, &THIRD_PARTY, &code.form(), EXCHANGES);
    let deleted = server.delete_grants(&OPERATOR, &User::ada()).await;
    assert_eq!(deleted.status, 204, "{deleted}");
    let late = faulty.release(held).await;
    assert_oauth_error(&late, 403, "invalid_grant", INVALID_CODE);
}

#[harness::test(flavor = "multi_thread")]
async fn a_refresh_that_a_log_out_everywhere_overtakes_yields_nothing() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let token = server.login(&SPA_LEEWAY).refresh_token().await;

    let held = hold_refresh(&faulty, &SPA_LEEWAY, &token);
    server.log_out_everywhere(&User::ada()).await;
    assert_unknown_refresh_token(&faulty.release(held).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &token).await);
}

#[harness::test(flavor = "multi_thread")]
async fn a_code_that_a_logout_overtakes_yields_nothing() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let login = server.login(&SPA_LEEWAY).without("audience");
    let code = login.scope("openid offline_access").code().await;

    let held = hold_at_its_write(&faulty, &SPA_LEEWAY, &code.form(), EXCHANGES);
    server.log_out_everywhere(&User::ada()).await;
    let refused = faulty.release(held).await;
    assert_oauth_error(&refused, 403, "invalid_grant", INVALID_CODE);

    let browser = server.browser();
    let login = server.login(&SPA_LEEWAY).browser(&browser);
    let code = login.scope("openid offline_access").code().await;
    let held = hold_at_its_write(&faulty, &SPA_LEEWAY, &code.form(), EXCHANGES);
    browser.http().get("/v2/logout").await;
    let refused = faulty.release(held).await;
    assert_oauth_error(&refused, 403, "invalid_grant", INVALID_CODE);
}

#[harness::test(flavor = "multi_thread")]
async fn a_session_that_a_log_out_everywhere_overtakes_does_not_begin() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let browser = server.browser();
    let page = server.login(&SPA_STRICT).browser(&browser).open().await;
    let page = page.page_at("/u/login");

    let held = faulty.hold_at_its_write({
        let (browser, ada) = (browser.clone(), User::ada());
        async move { browser.log_in(&page, &ada.email, ada.password).await }
    });
    server.log_out_everywhere(&User::ada()).await;
    faulty.release(held).await;
    assert!(!server.is_logged_in(&browser).await);
}

/// The name of a user who was renamed during the deletion is free again.
#[harness::test(flavor = "multi_thread")]
async fn a_deletion_that_a_rename_overtakes_leaves_no_name_behind() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let zoe = User::zoe();
    let deletion = serde_json::json!({ "email": zoe.email, "deleted": true });
    let request = server.http().request(reqwest::Method::POST, "/test/user");
    let held = faulty.hold_at_its_write(http::send(request.json(&deletion)));
    let user = |id: &str| format!("users: [{{user_id: '{id}', email: renamed@example.com}}]\n");
    server.import_tenant(user(&zoe.id)).await;
    let deleted = faulty.release(held).await;
    assert!(deleted.status < 300, "{deleted}");
    // A name left behind would make this import fail: it would belong to another user.
    server.import_tenant(user("auth0|heir")).await;
}
