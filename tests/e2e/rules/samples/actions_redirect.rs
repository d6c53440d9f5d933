//! Actions that redirect the browser with a signed token.

use harness::{
    Browser, Callback, Server,
    apps::{User, WEB_POST},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};

use super::{action, change, come_back, exchanged, id_token_claim, sent_to};

const SECRET: &str = "form-secret-0123456789abcdef0123456789";

async fn log_in(server: &Server, browser: &Browser) -> Callback {
    let login = server.login(&WEB_POST).browser(browser).without_pkce();
    sent_to(login.land().await)
}

/// The signed answer of the form.
fn answer(name: &str, claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    let token = encode(&Header::default(), claims, &key).expect("a test can sign");
    format!("{name}={token}")
}

fn verified(token: &str) -> Value {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_aud = false;
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    let decoded = decode(token, &key, &validation);
    decoded
        .unwrap_or_else(|error| panic!("{error}: {token}"))
        .claims
}

#[harness::test]
async fn signed_redirect() {
    let server = action("signed-redirect", &[("FORM_SECRET", SECRET)]).start();
    let browser = server.browser();
    let away = log_in(&server, &browser).await;
    assert_eq!(away.target(), "https://forms.example.com/favorite");
    let asked = verified(&away.get("session_token").expect("a token"));
    assert_eq!(asked["greeting"], "Ada Lovelace");
    assert_eq!(asked["sub"], User::ada().id);
    let life = asked["exp"].as_u64().zip(asked["iat"].as_u64());
    assert_eq!(life.map(|(end, start)| end - start), Some(60), "{asked}");

    let state = away.get("state").expect("`state` is given along");
    let claims = json!({
        "sub": asked["sub"], "iss": asked["iss"], "iat": server.now(), "exp": server.now() + 60,
        "state": state, "favorite": "teal",
    });
    let back = come_back(&browser, &away, &answer("session_token", &claims, SECRET)).await;
    let first = exchanged(&server, &back).await;
    assert_eq!(id_token_claim(&first, "favorite"), "teal");
    // Stored, so that neither a refresh nor the next login asks again; the claim was for that login alone.
    let second = server.refreshed(&WEB_POST, &first.refresh_token()).await;
    assert_eq!(id_token_claim(&second, "favorite"), Value::Null);
    exchanged(&server, &log_in(&server, &browser).await).await;
}

#[harness::test]
async fn hand_signed_redirect() {
    let secrets = [("FORM_SECRET", SECRET)];
    let server = action("hand-signed-redirect", &secrets).start();
    let browser = server.browser();
    let away = log_in(&server, &browser).await;
    assert_eq!(away.target(), "https://forms.example.com/team");
    assert_eq!(
        verified(&away.get("ticket").expect("a ticket"))["sub"],
        "auth0|ada"
    );

    let claims = json!({ "team": "engines", "exp": server.now() + 60 });
    let forged = answer("ticket", &claims, "another secret, but as long as that");
    let refused = come_back(&browser, &away, &forged).await;
    let denial = "The form answered with a bad ticket: invalid signature.";
    refused.assert_error("access_denied", denial);

    let away = log_in(&server, &browser).await;
    let back = come_back(&browser, &away, &answer("ticket", &claims, SECRET)).await;
    let first = exchanged(&server, &back).await;
    server.rotated(&WEB_POST, &first.refresh_token()).await;
    exchanged(&server, &log_in(&server, &browser).await).await;
}

#[harness::test]
async fn a_refresh_goes_on_although_a_login_would_be_sent_away() {
    for name in ["signed-redirect", "hand-signed-redirect"] {
        let server = action(name, &[("FORM_SECRET", SECRET)]).start();
        let login = || server.login(&WEB_POST).user(&User::iris());
        // Iris's metadata has what the forms ask for, until she has logged in.
        let known = "app_metadata: { favorite: red }, user_metadata: { team: engines }";
        change(&server, &User::iris(), known).await;
        let first = login().tokens().await;
        let unknown = "app_metadata: { favorite: '' }, user_metadata: { team: '' }";
        change(&server, &User::iris(), unknown).await;
        let token = first.refresh_token();
        server.rotated(&WEB_POST, &token).await;
        let away = sent_to(login().land().await);
        let target = away.target();
        assert!(
            target.starts_with("https://forms.example.com/"),
            "{name}: {target}"
        );
    }
}
