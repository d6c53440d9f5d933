//! Back-channel logout (`OpenID` Connect Back-Channel Logout 1.0): the logout tokens that the applications of a session
//! receive when it ends.

use harness::{
    Browser, Launch, Server,
    apps::{
        App, SPA_NOTIFIED_OTHERWISE, SPA_STRICT, UNREACHABLE, User, WEB_NOTIFIED,
        WEB_NOTIFIED_HS256,
    },
    assertions::assert_error_page,
    jwt,
    receiver::{Receiver, Reply},
    tenant,
};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

const REASON: &str = "listens to what a server of its own posts";

/// A server that sends back-channel logouts to this receiver.
fn server_with(receiver: &Receiver) -> Server {
    let file = tenant::base();
    assert!(file.contains(UNREACHABLE), "the fixture has back channels");
    let file = file.replace(UNREACHABLE, &receiver.url());
    Launch::new().tenant(file).start(REASON)
}

/// Logs into an application; returns the claims of its ID token.
async fn logged_in(server: &Server, app: &App, browser: &Browser, user: &User) -> Value {
    let login = server.login(app).browser(browser).user(user);
    jwt::peek(&login.tokens().await.id_token()).1
}

async fn log_out(browser: &Browser) {
    let answer = browser.http().get("/v2/logout").await;
    assert_eq!(answer.status, 302, "{answer}");
}

fn targets(receiver: &Receiver) -> Vec<String> {
    let posts = receiver.received().into_iter();
    let mut targets: Vec<String> = posts.map(|post| post.target).collect();
    targets.sort();
    targets
}

#[harness::test]
async fn an_application_is_sent_a_logout_token_that_verifies() {
    let receiver = Receiver::start(Reply::Status(200));
    let server = server_with(&receiver);
    let browser = server.browser();
    let id_token = logged_in(&server, &WEB_NOTIFIED, &browser, &User::ada()).await;
    assert!(receiver.received().is_empty(), "a login is no logout");
    log_out(&browser).await;

    let posts = receiver.received();
    assert_eq!(posts.len(), 1, "{posts:?}");
    let (sent, form) = (&posts[0], "application/x-www-form-urlencoded");
    assert_eq!(sent.target, "POST /notified");
    assert!(sent.head.contains(form), "{}", sent.head);
    let token = sent.field("logout_token").expect("the form's one field");
    let verified = jwt::verify(&server, &token, WEB_NOTIFIED.id, Algorithm::RS256).await;
    assert_eq!(verified.header.typ.as_deref(), Some("logout+jwt"));
    let claims = verified.claims;
    assert_eq!(claims["sub"], id_token["sub"]);
    assert_eq!(claims["sid"], id_token["sid"]);
    let event = "http://schemas.openid.net/event/backchannel-logout";
    assert_eq!(claims["events"], json!({ event: {} }));
    let time = |name: &str| claims[name].as_u64().expect("a time");
    assert_eq!(time("exp") - time("iat"), 120);
    assert_eq!(time("iat"), server.now(), "{claims}");
    let names: Vec<&String> = claims.as_object().expect("claims").keys().collect();
    assert_eq!(
        names,
        ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"],
        "no `nonce` above all"
    );
}

#[harness::test]
async fn every_application_of_the_session_is_notified_once_and_no_other() {
    let receiver = Receiver::start(Reply::Status(204));
    let server = server_with(&receiver);
    let browser = server.browser();
    for app in [
        WEB_NOTIFIED,
        WEB_NOTIFIED_HS256,
        SPA_NOTIFIED_OTHERWISE,
        SPA_STRICT,
        WEB_NOTIFIED,
    ] {
        logged_in(&server, &app, &browser, &User::ada()).await;
    }
    let another = server.browser();
    let sid = logged_in(&server, &WEB_NOTIFIED, &another, &User::ada()).await["sid"].clone();
    log_out(&browser).await;
    log_out(&browser).await;
    let both = ["POST /notified", "POST /notified-hs256"];
    assert_eq!(targets(&receiver), both);

    let posts = receiver.received();
    let tokens: Vec<String> = posts
        .iter()
        .filter_map(|post| post.field("logout_token"))
        .collect();
    let ids: Vec<Value> = tokens
        .iter()
        .map(|token| jwt::peek(token).1["jti"].clone())
        .collect();
    assert_ne!(ids[0], ids[1], "each token has an id of its own");
    for token in &tokens {
        assert_ne!(jwt::peek(token).1["sid"], sid, "not the other browser's");
    }
}

#[harness::test]
async fn a_logout_token_is_signed_as_the_applications_id_tokens_are() {
    let receiver = Receiver::start(Reply::Status(200));
    let server = server_with(&receiver);
    let browser = server.browser();
    logged_in(&server, &WEB_NOTIFIED_HS256, &browser, &User::ada()).await;
    log_out(&browser).await;
    let posts = receiver.received();
    let token = posts[0].field("logout_token").expect("a logout token");
    let app = WEB_NOTIFIED_HS256;
    let verified = jwt::verify_hs256(&server, &token, app.id, app.secret());
    assert_eq!(verified.header.typ.as_deref(), Some("logout+jwt"));
}

#[harness::test]
async fn a_logout_token_is_no_id_token_hint() {
    let receiver = Receiver::start(Reply::Status(200));
    let server = server_with(&receiver);
    let browser = server.browser();
    logged_in(&server, &WEB_NOTIFIED, &browser, &User::ada()).await;
    log_out(&browser).await;
    let token = receiver.received()[0].field("logout_token");
    let path = format!("/oidc/logout?id_token_hint={}", token.expect("a token"));
    let answer = browser.http().get(&path).await;
    assert_error_page(&answer, "Invalid id_token_hint");
}

#[harness::test]
async fn an_openid_connect_logout_notifies_applications_too() {
    let receiver = Receiver::start(Reply::Status(200));
    let server = server_with(&receiver);
    let browser = server.browser();
    let login = server.login(&WEB_NOTIFIED).browser(&browser);
    let hint = login.tokens().await.id_token();
    let path = format!("/oidc/logout?id_token_hint={hint}");
    let answer = browser.http().get(&path).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(targets(&receiver), ["POST /notified"]);
}

#[harness::test]
async fn a_login_of_another_user_in_the_browser_ends_the_first_session() {
    let receiver = Receiver::start(Reply::Status(200));
    let server = server_with(&receiver);
    let browser = server.browser();
    let login = |user| {
        let login = server.login(&WEB_NOTIFIED).browser(&browser).user(user);
        login.with("prompt", "login")
    };
    let sid = |token: String| jwt::peek(&token).1["sid"].clone();
    let (ada, zoe) = (User::ada(), User::zoe());
    let first = sid(login(&ada).tokens().await.id_token());
    let again = sid(login(&ada).tokens().await.id_token());
    assert_eq!(first, again, "the same person's session goes on");
    assert!(receiver.received().is_empty());

    let other = sid(login(&zoe).tokens().await.id_token());
    assert_ne!(first, other);
    let posts = receiver.received();
    assert_eq!(posts.len(), 1, "{posts:?}");
    let token = posts[0].field("logout_token").expect("a logout token");
    assert_eq!(jwt::peek(&token).1["sid"], first);
}

#[harness::test]
async fn a_failing_application_does_not_prevent_the_logout() {
    for (reply, said) in [
        (Reply::Status(400), "400"),
        (Reply::Redirect, "307"),
        (Reply::Silence, "no answer within"),
    ] {
        let receiver = Receiver::start(reply);
        let server = server_with(&receiver);
        let browser = server.browser();
        logged_in(&server, &WEB_NOTIFIED, &browser, &User::ada()).await;
        log_out(&browser).await;
        assert_eq!(
            targets(&receiver),
            ["POST /notified"],
            "no redirect, no retry"
        );
        assert!(!server.is_logged_in(&browser).await);
        let log = server.stop();
        let code = "oidc_backchannel_logout_failed";
        let line = log.lines().find(|line| line.contains(code));
        let line = line.unwrap_or_else(|| panic!("no `{code}` in {log}"));
        assert!(line.contains(said), "{line}");
        assert!(line.contains(WEB_NOTIFIED.id), "{line}");
    }
}

#[harness::test]
async fn success_is_logged_and_the_token_is_not() {
    let receiver = Receiver::start(Reply::Status(200));
    let server = server_with(&receiver);
    let browser = server.browser();
    logged_in(&server, &WEB_NOTIFIED, &browser, &User::ada()).await;
    log_out(&browser).await;
    let token = receiver.received()[0].field("logout_token");
    let token = token.expect("a logout token");
    let log = server.stop();
    assert!(log.contains("oidc_backchannel_logout_succeeded"), "{log}");
    let signature = token.rsplit('.').next().expect("a JWT has parts");
    assert!(!log.contains(signature), "{log}");
}
