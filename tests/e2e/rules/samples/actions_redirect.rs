//! Actions that send the browser elsewhere with something signed.

use e2e::{
    Browser, Callback, Code, Scripts, Server, Tokens,
    apps::{User, WEB_POST},
    flow::form_encoded,
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};

use super::{Sample, action, told};

const SECRET: &str = "form-secret-0123456789abcdef0123456789";

async fn log_in(server: &Server, browser: &Browser) -> Callback {
    let login = server.login(&WEB_POST).browser(browser).without_pkce();
    login.callback().await
}

async fn come_back(browser: &Browser, away: &Callback, name: &str, token: &str) -> Callback {
    let state = form_encoded(&away.get("state").expect("`state` is given along"));
    let path = format!("/continue?state={state}&{name}={token}");
    browser.open(&path).await.callback()
}

async fn exchanged(server: &Server, callback: &Callback) -> Tokens {
    let code = Code {
        app: WEB_POST,
        value: callback.code(),
        redirect_uri: WEB_POST.callback.to_owned(),
        verifier: None,
    };
    Tokens::expect(server.exchange(&code).await)
}

fn signed(claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::default(), claims, &key).expect("a test can sign")
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

#[tokio::test]
async fn signed_redirect() {
    let Some(server) = action("signed-redirect", &[("FORM_SECRET", SECRET)]).start() else {
        return;
    };
    let browser = server.browser();
    let away = log_in(&server, &browser).await;
    assert_eq!(away.target(), "https://forms.example.com/favorite");
    let asked = verified(&away.get("session_token").expect("a token"));
    assert_eq!(asked["greeting"], "Ada Lovelace");
    assert_eq!(asked["sub"], User::ada().id);

    let state = away.get("state").expect("`state` is given along");
    let claims = json!({
        "sub": asked["sub"], "iss": asked["iss"], "iat": server.now(), "exp": server.now() + 60,
        "state": state, "favorite": "teal",
    });
    let back = come_back(&browser, &away, "session_token", &signed(&claims, SECRET)).await;
    let first = exchanged(&server, &back).await;
    assert_eq!(told(&first, "favorite"), "teal");
    // Kept, so that neither a refresh nor the next login asks again; the claim was that login's.
    let second = server.refreshed(&WEB_POST, &first.refresh_token()).await;
    assert_eq!(told(&second, "favorite"), Value::Null);
    exchanged(&server, &log_in(&server, &browser).await).await;
}

#[tokio::test]
async fn hand_signed_redirect() {
    let secrets = [("FORM_SECRET", SECRET)];
    let Some(server) = action("hand-signed-redirect", &secrets).start() else {
        return;
    };
    let browser = server.browser();
    let away = log_in(&server, &browser).await;
    assert_eq!(away.target(), "https://forms.example.com/team");
    assert_eq!(
        verified(&away.get("ticket").expect("a ticket"))["sub"],
        "auth0|ada"
    );

    let claims = json!({ "team": "engines", "exp": server.now() + 60 });
    let forged = signed(&claims, "another secret, but as long as that");
    let refused = come_back(&browser, &away, "ticket", &forged).await;
    let denial = "The form answered with a bad ticket: invalid signature.";
    refused.assert_error("access_denied", denial);

    let away = log_in(&server, &browser).await;
    let back = come_back(&browser, &away, "ticket", &signed(&claims, SECRET)).await;
    let first = exchanged(&server, &back).await;
    server.rotated(&WEB_POST, &first.refresh_token()).await;
    exchanged(&server, &log_in(&server, &browser).await).await;
}

#[tokio::test]
async fn a_refresh_goes_on_although_a_login_would_be_sent_away() {
    for name in ["signed-redirect", "hand-signed-redirect"] {
        let idle = "exports.onExecutePostLogin = async () => {};";
        let scripts = Sample(
            Scripts::new()
                .action("later", idle)
                .secret("FORM_SECRET", SECRET),
        );
        let Some(server) = scripts.start() else {
            return;
        };
        let first = server.login(&WEB_POST).tokens().await;
        server.change_action("later", &super::text("actions", name));
        let second = server.refreshed(&WEB_POST, &first.refresh_token()).await;
        assert!(second.has("refresh_token"), "{name}");
        let away = log_in(&server, &server.browser()).await;
        assert!(
            away.target().starts_with("https://forms.example.com/"),
            "{name}"
        );
    }
}
