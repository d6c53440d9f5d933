//! Credentials issued on a consent are valid exactly as long as that very consent, and the deletion of all grants
//! revokes those in flight.

use harness::{
    Answer, Browser, Code, INVALID_CODE, Launch, Server, Tokens,
    apps::{
        API, App, OPERATOR, RFC9068_API, SPA_LEEWAY, SPA_STRICT, THIRD_PARTY, TV, TV_PARTNER, User,
    },
    assert_oauth_error, assert_unknown_refresh_token,
    flow::form_encoded,
    http, scopes, tenant,
};
use reqwest::Method;

use crate::device;

const WIDE: &str = "openid offline_access read:orders write:orders";
const NARROW: &str = "openid read:orders";
/// With a refresh token and without one.
const ASKED: [&str; 2] = [WIDE, "openid read:orders write:orders"];

#[track_caller]
fn assert_worthless(answer: &Answer) {
    assert_oauth_error(answer, 403, "invalid_grant", INVALID_CODE);
}

async fn operate(server: &Server, method: Method, path: &str) -> Answer {
    let token = server.management_token(&OPERATOR).await;
    http::send(server.http().request(method, path).bearer_auth(token)).await
}

async fn delete(server: &Server, path: &str) {
    let answer = operate(server, Method::DELETE, path).await;
    assert_eq!(answer.status, 204, "{answer}");
}

/// The path of the only consent of a user to an application for an API.
async fn grant_of(server: &Server, user: &User, app: &App, audience: &str) -> String {
    let path = format!(
        "/api/v2/grants?user_id={}&client_id={}&audience={}",
        form_encoded(&user.id),
        app.id,
        form_encoded(audience)
    );
    let grants = operate(server, Method::GET, &path).await.json();
    let id = grants[0]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("no grant of {} to {}: {grants}", user.id, app.id));
    format!("/api/v2/grants/{id}")
}

fn all_grants_of(user: &User) -> String {
    format!("/api/v2/grants?user_id={}", form_encoded(&user.id))
}

/// A session of the user, in which consents can be read and given.
async fn logged_in(server: &Server, user: &User) -> Browser {
    let browser = server.browser();
    let login = server.login(&SPA_LEEWAY).user(user).browser(&browser);
    login.without("audience").callback().await.code();
    browser
}

async fn code(server: &Server, browser: &Browser, app: &App, user: &User, scope: &str) -> Code {
    let login = server.login(app).user(user).browser(browser).scope(scope);
    login.code().await
}

#[harness::test]
async fn a_code_of_a_withdrawn_consent_is_rejected_even_after_a_new_consent() {
    let server = Server::shared();
    for asked in ASKED {
        for all in [true, false] {
            let user = server.fresh_user();
            let browser = logged_in(server, &user).await;
            let first = code(server, &browser, &THIRD_PARTY, &user, asked).await;
            let path = if all {
                all_grants_of(&user)
            } else {
                grant_of(server, &user, &THIRD_PARTY, API).await
            };
            delete(server, &path).await;
            let second = code(server, &browser, &THIRD_PARTY, &user, NARROW).await;
            assert_worthless(&server.exchange(&first).await);
            let tokens = Tokens::expect(server.exchange(&second).await);
            assert_eq!(tokens.scope(), scopes(NARROW), "{asked}");
        }
    }
}

#[harness::test]
async fn a_code_without_offline_access_is_rejected_after_a_withdrawal() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = logged_in(server, &user).await;
    let code = code(server, &browser, &THIRD_PARTY, &user, NARROW).await;
    delete(server, &grant_of(server, &user, &THIRD_PARTY, API).await).await;
    assert_worthless(&server.exchange(&code).await);
}

#[harness::test]
async fn the_very_same_scopes_agreed_to_again_do_not_revive_a_code() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = logged_in(server, &user).await;
    let first = code(server, &browser, &THIRD_PARTY, &user, WIDE).await;
    delete(server, &grant_of(server, &user, &THIRD_PARTY, API).await).await;
    let second = code(server, &browser, &THIRD_PARTY, &user, WIDE).await;
    assert_worthless(&server.exchange(&first).await);
    Tokens::expect(server.exchange(&second).await);
}

#[harness::test]
async fn a_code_survives_a_consent_that_is_widened() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = logged_in(server, &user).await;
    let first = code(server, &browser, &THIRD_PARTY, &user, NARROW).await;
    let second = code(server, &browser, &THIRD_PARTY, &user, WIDE).await;
    for (code, scope) in [(first, NARROW), (second, WIDE)] {
        let tokens = Tokens::expect(server.exchange(&code).await);
        assert_eq!(tokens.scope(), scopes(scope));
    }
}

#[harness::test]
async fn an_approval_of_a_withdrawn_consent_is_void_even_after_a_new_consent() {
    let server = Server::shared();
    for asked in ASKED {
        let user = server.fresh_user();
        let browser = logged_in(server, &user).await;
        let waiting = |scope| {
            let form = [("scope", scope), ("audience", API)];
            async move { device::begin_with(server, &TV_PARTNER, &form).await }
        };
        let first = waiting(asked).await;
        first.connect_in(&browser, &user).await;
        delete(server, &grant_of(server, &user, &TV_PARTNER, API).await).await;
        let second = waiting(NARROW).await;
        second.connect_in(&browser, &user).await;
        device::assert_invalid(&first.poll(server).await);
        let tokens = Tokens::expect(second.poll(server).await);
        assert_eq!(tokens.scope(), scopes(NARROW), "{asked}");
    }
}

#[harness::test]
async fn the_deletion_of_all_grants_voids_codes_in_flight_without_consent() {
    let server = Server::shared();
    for asked in ASKED {
        let user = server.fresh_user();
        let browser = logged_in(server, &user).await;
        let held = code(server, &browser, &SPA_STRICT, &user, asked).await;
        let form = [("scope", asked), ("audience", API)];
        let waiting = device::begin_with(server, &TV, &form).await;
        waiting.connect_in(&browser, &user).await;
        let family = server.login(&SPA_STRICT).user(&user).browser(&browser);
        let refresh_token = family.refresh_token().await;

        delete(server, &all_grants_of(&user)).await;
        assert_worthless(&server.exchange(&held).await);
        device::assert_invalid(&waiting.poll(server).await);
        let refused = server.refresh(&SPA_STRICT, &refresh_token).await;
        assert_unknown_refresh_token(&refused);

        // The session continues, as at Auth0, and new logins are valid.
        let silent = server.login(&SPA_STRICT).user(&user).browser(&browser);
        let tokens = silent.with("prompt", "none").tokens().await;
        server.rotated(&SPA_STRICT, &tokens.refresh_token()).await;
        let again = device::begin(server, &TV).await;
        again.connect_in(&browser, &user).await;
        let tokens = Tokens::expect(again.poll(server).await);
        server.rotated(&TV, &tokens.refresh_token()).await;
    }
}

#[harness::test]
async fn the_deletion_of_one_grant_ends_the_codes_of_that_application_and_api_alone() {
    let server = Server::shared();
    for asked in ASKED {
        let user = server.fresh_user();
        let browser = logged_in(server, &user).await;
        // A grant without a consent is listed as long as a refresh token rests on it.
        let login = server.login(&SPA_STRICT).user(&user).browser(&browser);
        login.refresh_token().await;
        let held = code(server, &browser, &SPA_STRICT, &user, asked).await;
        let of_other_client = code(server, &browser, &SPA_LEEWAY, &user, asked).await;
        let login = server.login(&SPA_STRICT).user(&user).browser(&browser);
        let of_other_api = login.audience(RFC9068_API).scope("openid").code().await;
        delete(server, &grant_of(server, &user, &SPA_STRICT, API).await).await;
        assert_worthless(&server.exchange(&held).await);
        Tokens::expect(server.exchange(&of_other_client).await);
        Tokens::expect(server.exchange(&of_other_api).await);
    }
}

#[harness::test]
async fn a_code_whose_family_the_deletion_of_its_grant_ended_still_says_so_when_it_comes_again() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = logged_in(server, &user).await;
    let exchanged = code(server, &browser, &SPA_STRICT, &user, WIDE).await;
    Tokens::expect(server.exchange(&exchanged).await);
    delete(server, &grant_of(server, &user, &SPA_STRICT, API).await).await;
    assert_worthless(&server.exchange(&exchanged).await);
}

#[harness::test]
async fn reuse_detection_ends_the_consent_of_a_code_in_flight() {
    let server = Server::shared();
    for asked in ASKED {
        let user = server.fresh_user();
        let browser = logged_in(server, &user).await;
        let login = server.login(&THIRD_PARTY).user(&user).browser(&browser);
        let stolen = login.refresh_token().await;
        server.rotated(&THIRD_PARTY, &stolen).await;
        let held = code(server, &browser, &THIRD_PARTY, &user, asked).await;
        let reused = server.refresh(&THIRD_PARTY, &stolen).await;
        assert_unknown_refresh_token(&reused);
        let again = code(server, &browser, &THIRD_PARTY, &user, NARROW).await;
        assert_worthless(&server.exchange(&held).await);
        Tokens::expect(server.exchange(&again).await);
    }
}

#[harness::test]
async fn a_revocation_that_deletes_the_grant_ends_the_consent_of_a_code_in_flight() {
    let from = "revoke_refresh_token_grant: false";
    let file = tenant::changed(from, "revoke_refresh_token_grant: true");
    let server = Launch::new().tenant(file).start("changes a tenant setting");
    for app in [THIRD_PARTY, SPA_STRICT] {
        for asked in ASKED {
            let user = User::ada();
            let browser = logged_in(&server, &user).await;
            let login = server.login(&app).user(&user).browser(&browser);
            let token = login.refresh_token().await;
            let held = code(&server, &browser, &app, &user, asked).await;
            server.revoke(&app, &token).await;
            let again = code(&server, &browser, &app, &user, NARROW).await;
            assert_worthless(&server.exchange(&held).await);
            Tokens::expect(server.exchange(&again).await);
        }
    }
}

#[harness::test]
async fn an_access_token_for_userinfo_ends_with_the_consent_that_it_rests_on() {
    let server = Server::shared();
    for (app, scope) in [
        (THIRD_PARTY, "openid email"),
        (THIRD_PARTY, "openid offline_access"),
        (SPA_STRICT, "openid email"),
        (SPA_STRICT, "openid offline_access"),
    ] {
        let user = server.fresh_user();
        let browser = logged_in(server, &user).await;
        let login = || {
            let login = server.login(&app).user(&user).browser(&browser);
            login.without("audience").scope(scope)
        };
        let tokens = login().tokens().await;
        let userinfo = async |tokens: &Tokens| {
            let token = tokens.access_token();
            server
                .http()
                .get_with_bearer("/userinfo", &token)
                .await
                .status
        };
        assert_eq!(userinfo(&tokens).await, 200);
        delete(server, &all_grants_of(&user)).await;
        let again = login().tokens().await;
        assert_eq!(userinfo(&tokens).await, 401, "{} {scope}", app.id);
        assert_eq!(userinfo(&again).await, 200, "{} {scope}", app.id);
    }
}

#[harness::test]
async fn an_access_token_for_userinfo_ends_with_that_very_consent() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = logged_in(server, &user).await;
    let login = || {
        let login = server.login(&THIRD_PARTY).user(&user).browser(&browser);
        login.without("audience").scope("openid email")
    };
    let userinfo = server.url("userinfo");
    let status = async |tokens: &Tokens| {
        let token = tokens.access_token();
        server
            .http()
            .get_with_bearer("/userinfo", &token)
            .await
            .status
    };
    let first = login().tokens().await;
    assert_eq!(status(&first).await, 200);
    delete(
        server,
        &grant_of(server, &user, &THIRD_PARTY, &userinfo).await,
    )
    .await;
    assert_eq!(status(&first).await, 401);
    let second = login().tokens().await;
    assert_eq!(status(&first).await, 401);
    assert_eq!(status(&second).await, 200);
}
