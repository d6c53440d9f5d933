//! Rules that redirect the browser, and their behaviour without one.

use harness::{
    Browser, Callback, Server, Tokens,
    apps::{PW_NATIVE, SPA_STRICT, User, WEB_POST},
    assert_oauth_error,
};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};

use super::{assert_denied, come_back, exchanged, id_token_claim, replace_rules, rule, sent_to};

const SECRET: &str = "session-token-secret-0123456789abcdef";

/// A login that a Rule has redirected, without PKCE so that its code needs no verifier.
async fn sent_away(server: &Server, browser: &Browser, user: &User) -> Callback {
    let login = server.login(&WEB_POST).browser(browser).user(user);
    sent_to(login.without_pkce().land().await)
}

/// A password grant of an application without a browser.
async fn by_password(server: &Server, user: &User) -> harness::Answer {
    let form = [
        ("grant_type", "password"),
        ("username", user.email.as_str()),
        ("password", user.password),
        ("scope", "openid offline_access"),
    ];
    server.token(&PW_NATIVE, &form).await
}

#[harness::test]
async fn terms_of_service() {
    let server = rule("terms-of-service").start();
    let browser = server.browser();
    let away = sent_away(&server, &browser, &User::ada()).await;
    assert_eq!(away.target(), "https://terms.example.com/ask");
    let refused = come_back(&browser, &away, "agreed=no").await;
    refused.assert_error("unauthorized", "You have not agreed to the terms.");

    // Without a browser the Rule does not redirect: that would be an error.
    let tokens = Tokens::expect(by_password(&server, &User::ada()).await);
    server.refreshed(&PW_NATIVE, &tokens.refresh_token()).await;

    let away = sent_away(&server, &browser, &User::ada()).await;
    let back = come_back(&browser, &away, "agreed=yes").await;
    let first = exchanged(&server, &back).await;
    server.rotated(&WEB_POST, &first.refresh_token()).await;
    // The user is asked only once.
    let later = sent_away(&server, &browser, &User::ada()).await;
    exchanged(&server, &later).await;
}

#[harness::test]
async fn terms_of_service_cannot_be_asked_silently() {
    let server = rule("terms-of-service").start();
    let browser = server.browser();
    let away = sent_away(&server, &browser, &User::ada()).await;
    let back = come_back(&browser, &away, "agreed=yes").await;
    exchanged(&server, &back).await;
    super::change(
        &server,
        &User::ada(),
        "app_metadata: { terms_agreed: false }",
    )
    .await;
    let silent = server.login(&SPA_STRICT).browser(&browser);
    let callback = silent.with("prompt", "none").callback().await;
    assert_eq!(
        callback.get("error").as_deref(),
        Some("interaction_required")
    );
}

/// The claims of the token for the form.
fn ask(away: &Callback) -> Value {
    let token = away.get("session_token").expect("a token");
    let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
    validation.validate_aud = false;
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    decode(&token, &key, &validation)
        .expect("a good token")
        .claims
}

/// The signed answer of the form.
fn answer(user: &str, secret: &str) -> String {
    let claims = json!({ "sub": user, "company": "Analytical Engines" });
    let key = EncodingKey::from_secret(secret.as_bytes());
    let token = encode(&Header::default(), &claims, &key).expect("a test can sign");
    format!("session_token={token}")
}

#[harness::test]
async fn progressive_profile() {
    let scripts = rule("progressive-profile").config("SESSION_TOKEN_SECRET", SECRET);
    let server = scripts.start();
    let browser = server.browser();
    let ada = User::ada();
    let away = sent_away(&server, &browser, &ada).await;
    assert_eq!(away.target(), "https://forms.example.com/profile");
    assert_eq!(ask(&away)["sub"], ada.id);
    assert_eq!(ask(&away)["ask"], "company");
    let back = come_back(&browser, &away, &answer(&ada.id, SECRET)).await;
    let first = exchanged(&server, &back).await;
    assert_eq!(id_token_claim(&first, "company"), "Analytical Engines");
    let second = server.refreshed(&WEB_POST, &first.refresh_token()).await;
    assert_eq!(id_token_claim(&second, "company"), "Analytical Engines");

    // Without a browser the claim is unknown.
    let grace = Tokens::expect(by_password(&server, &User::grace()).await);
    assert_eq!(id_token_claim(&grace, "company"), "unknown");
    let grace = server.refreshed(&PW_NATIVE, &grace.refresh_token()).await;
    assert_eq!(id_token_claim(&grace, "company"), "unknown");
}

#[harness::test]
async fn progressive_profile_takes_no_forged_answer() {
    let scripts = rule("progressive-profile").config("SESSION_TOKEN_SECRET", SECRET);
    let server = scripts.start();
    let ada = User::ada();
    let forged = [
        answer(&ada.id, "another secret, but as long as that one"),
        answer("auth0|grace", SECRET),
        "session_token=none".to_owned(),
        "session_token=".to_owned(),
    ];
    for answer in forged {
        let browser = server.browser();
        let away = sent_away(&server, &browser, &ada).await;
        let back = come_back(&browser, &away, &answer).await;
        back.assert_error("unauthorized", "The form's answer is not genuine.");
    }
}

#[harness::test]
async fn careless_redirect() {
    let idle = "function (user, context, callback) { callback(null, user, context); }";
    let server = super::Sample::default().script("later", idle).start();
    let first = server.login(&WEB_POST).tokens().await;
    replace_rules(&server, &super::text("rules", "careless-redirect")).await;
    let browser = server.browser();
    let away = sent_away(&server, &browser, &User::ada()).await;
    assert_eq!(away.target(), "https://news.example.com/today");
    // The Rule does not redirect a second time.
    exchanged(&server, &come_back(&browser, &away, "read=all").await).await;

    let answer = server.refresh(&WEB_POST, &first.refresh_token()).await;
    assert_interaction(&answer);
    assert_interaction(&by_password(&server, &User::ada()).await);
    // Neither failure invalidated a token.
    replace_rules(&server, idle).await;
    server.rotated(&WEB_POST, &first.refresh_token()).await;
}

#[track_caller]
fn assert_interaction(answer: &harness::Answer) {
    assert_oauth_error(
        answer,
        403,
        "interaction_required",
        "External interaction required",
    );
}

#[harness::test]
async fn a_denial_beats_a_redirect() {
    let scripts = rule("careless-redirect").rule("no-password-grant");
    let server = scripts.start();
    assert_denied(
        &by_password(&server, &User::ada()).await,
        "Log in on the login page.",
    );
}
