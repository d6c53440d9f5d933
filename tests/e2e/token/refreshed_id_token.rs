//! The claims of a refreshed ID token, one by one, beside the ID token of its login (`OpenID` Connect Core section
//! 12.2). Clients compare the two, and drop a refresh whose ID token disagrees.

use harness::{
    Code, Server, Tokens,
    apps::{
        App, PW_NATIVE, SPA_HYBRID, SPA_LEEWAY, SPA_STRICT, TV, User, WEB_CLASSIC, WEB_HS256,
        WEB_POST,
    },
    flow::Login,
    jwt,
};
use serde_json::{Map, Value};

use crate::device;

const SCOPE: &str = "openid profile email phone offline_access";

/// The claims that belong to one login request or to the answer with the token, so that a refreshed ID token has none
/// of them.
const OF_THE_LOGIN: [&str; 4] = ["nonce", "sid", "at_hash", "c_hash"];

fn claims(id_token: &str) -> Map<String, Value> {
    let (_, claims) = jwt::peek(id_token);
    claims.as_object().expect("claims are an object").clone()
}

/// The lifetime of a token, in seconds.
fn life(claims: &Map<String, Value>) -> Option<u64> {
    Some(claims["exp"].as_u64()? - claims["iat"].as_u64()?)
}

/// Asserts that a refreshed ID token repeats the claims of the login's, except those of the login alone and the times
/// of issue and expiry.
#[track_caller]
fn assert_repeats(first: &str, refreshed: &str) {
    assert_eq!(jwt::peek(first).0, jwt::peek(refreshed).0, "the header");
    let (mut expected, found) = (claims(first), claims(refreshed));
    assert_eq!(life(&expected), life(&found), "{found:?}");
    expected.retain(|name, _| !OF_THE_LOGIN.contains(&name.as_str()));
    for time in ["iat", "exp"] {
        expected.insert(time.to_owned(), found[time].clone());
    }
    assert_eq!(found, expected);
}

/// Refreshes twice and compares each ID token with the login's.
async fn assert_refreshes_repeat(server: &Server, app: &App, first: &Tokens) {
    let mut refresh_token = first.refresh_token();
    for _ in 0..2 {
        let refreshed = server.refreshed(app, &refresh_token).await;
        assert_repeats(&first.id_token(), &refreshed.id_token());
        if refreshed.has("refresh_token") {
            refresh_token = refreshed.refresh_token();
        }
    }
}

/// The requests of a login with and without a parameter that requires `auth_time`; true if the ID token has it.
fn auth_time_requests<'a>(ask: impl Fn() -> Login<'a>) -> [(Login<'a>, bool); 4] {
    [
        (ask(), false),
        (ask().with("max_age", "3600"), true),
        (ask().with("prompt", "login"), true),
        (ask().with("max_age", "0").with("prompt", "login"), true),
    ]
}

#[harness::test]
async fn a_code_is_refreshed_with_the_claims_of_its_login() {
    let server = Server::shared();
    for app in [SPA_STRICT, WEB_POST, WEB_CLASSIC, WEB_HS256] {
        let ask = || server.login(&app).user(&User::iris()).scope(SCOPE);
        for (login, has_auth_time) in auth_time_requests(ask) {
            let first = login.tokens().await;
            let names = claims(&first.id_token());
            assert_eq!(names.contains_key("auth_time"), has_auth_time, "{names:?}");
            assert_refreshes_repeat(server, &app, &first).await;
        }
    }
}

#[harness::test]
async fn a_hybrid_login_is_refreshed_with_the_claims_of_both_of_its_id_tokens() {
    let server = Server::shared();
    let ask = || {
        let login = server.login(&SPA_HYBRID).user(&User::iris()).scope(SCOPE);
        login.with("response_type", "code id_token")
    };
    for (login, has_auth_time) in auth_time_requests(ask) {
        let verifier = login.code_verifier();
        let callback = login.callback().await;
        let at_authorize = callback.get("id_token").expect("an ID token");
        let code = Code {
            app: SPA_HYBRID,
            value: callback.code(),
            redirect_uri: SPA_HYBRID.callback.to_owned(),
            verifier: Some(verifier),
        };
        let first = Tokens::expect(server.exchange(&code).await);
        for id_token in [&at_authorize, &first.id_token()] {
            assert_eq!(claims(id_token).contains_key("auth_time"), has_auth_time);
        }
        let refreshed = server.refreshed(&SPA_HYBRID, &first.refresh_token()).await;
        assert_repeats(&at_authorize, &refreshed.id_token());
        assert_repeats(&first.id_token(), &refreshed.id_token());
    }
}

#[harness::test]
async fn a_password_login_is_refreshed_with_the_claims_of_its_login() {
    let server = Server::shared();
    let user = User::iris();
    let form = [
        ("grant_type", "password"),
        ("username", user.email.as_str()),
        ("password", user.password),
        ("scope", SCOPE),
    ];
    let first = Tokens::expect(server.token(&PW_NATIVE, &form).await);
    assert!(!claims(&first.id_token()).contains_key("auth_time"));
    assert_refreshes_repeat(server, &PW_NATIVE, &first).await;
}

#[harness::test]
async fn a_device_login_is_refreshed_with_the_claims_of_its_login() {
    let server = Server::shared();
    let waiting = device::begin(server, &TV).await;
    waiting.connect(server, &User::iris()).await;
    let first = Tokens::expect(waiting.poll(server).await);
    assert!(!claims(&first.id_token()).contains_key("auth_time"));
    assert_refreshes_repeat(server, &TV, &first).await;
}

#[harness::test]
async fn a_retry_inside_the_leeway_repeats_the_claims_too() {
    let server = Server::shared();
    let ask = || server.login(&SPA_LEEWAY).user(&User::iris()).scope(SCOPE);
    for (login, _) in auth_time_requests(ask) {
        let first = login.tokens().await;
        for _ in 0..2 {
            let refreshed = server.refreshed(&SPA_LEEWAY, &first.refresh_token()).await;
            assert_repeats(&first.id_token(), &refreshed.id_token());
        }
    }
}

#[harness::test]
async fn auth_time_stays_that_of_the_login_and_is_never_new() {
    let server = Server::start("moves the clock");
    let browser = server.browser();
    let ask = || server.login(&SPA_STRICT).browser(&browser).scope(SCOPE);
    let asked = ask().with("max_age", "3600").tokens().await;
    server.advance(100).await;
    // The same browser session, whose login was 100 seconds ago.
    let unasked = ask().tokens().await;
    server.advance(100).await;
    for first in [asked, unasked] {
        assert_refreshes_repeat(&server, &SPA_STRICT, &first).await;
    }
}
