//! Tokens and signatures that Rules create for third parties, and scopes that they set.

use std::sync::OnceLock;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use harness::{
    Server,
    apps::{SPA_STRICT, User},
    scopes,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};

use super::{Sample, assert_login, change, id_token_claim, next, next_for, rule, tokens};

const PARTNER_SECRET: &[u8] = b"partner-secret-0123456789abcdef0";
const HELPDESK_SECRET: &str = "helpdesk-secret-0123456789abcdef";
const CHANNEL_SECRET: &str = "channel-secret-0123456789abcdef0";

/// The server of the Rules that sign.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        Sample::default()
            .config("PARTNER_SECRET", &STANDARD.encode(PARTNER_SECRET))
            .config("PARTNER_ID", "partner")
            .config("HELPDESK_SECRET", HELPDESK_SECRET)
            .config("CHANNEL_KEY", "key-of-channels")
            .config("CHANNEL_SECRET", CHANNEL_SECRET)
            .rule("third-party-jwt")
            .rule("helpdesk-link")
            .rule("channel-signature")
            .start()
    })
}

/// The claims of a token signed with HS256; panics if it is invalid.
fn verified(token: &str, secret: &[u8], audience: Option<&str>) -> Value {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_required_spec_claims::<&str>(&[]);
    match audience {
        Some(audience) => validation.set_audience(&[audience]),
        None => validation.validate_aud = false,
    }
    let key = DecodingKey::from_secret(secret);
    let decoded = decode(token, &key, &validation);
    decoded
        .unwrap_or_else(|error| panic!("{error}: {token}"))
        .claims
}

#[harness::test]
async fn third_party_jwt() {
    let server = server();
    let first = tokens(server, &User::ada()).await;
    for tokens in [next(server, &first).await, first] {
        let token = id_token_claim(&tokens, "partner_token");
        let token = token.as_str().expect("a token");
        let claims = verified(token, PARTNER_SECRET, Some("partner"));
        let facts = ["sub", "user_id", "email", "name", "iss"].map(|name| claims[name].clone());
        let wanted = [
            "auth0|ada",
            "auth0|ada",
            "ada@example.com",
            "Ada Lovelace",
            "https://rules.example.com/",
        ];
        assert_eq!(json!(facts), json!(wanted));
        let life = claims["exp"].as_u64().zip(claims["iat"].as_u64());
        assert_eq!(
            life.map(|(end, start)| end - start),
            Some(36_000),
            "{claims}"
        );
    }
}

#[harness::test]
async fn helpdesk_link() {
    let server = server();
    let first = tokens(server, &User::ada()).await;
    let ids = [first.clone(), next(server, &first).await].map(|tokens| {
        let link = id_token_claim(&tokens, "helpdesk");
        let link = link.as_str().expect("a link").to_owned();
        let token = link.strip_prefix("https://help.example.com/jwt?jwt=");
        let claims = verified(
            token.expect("the address"),
            HELPDESK_SECRET.as_bytes(),
            None,
        );
        assert_eq!(claims["external_id"], "auth0|ada");
        let id = claims["jti"].as_str().expect("an id").to_owned();
        assert_eq!(
            id.split('-').map(str::len).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
        id
    });
    assert_ne!(ids[0], ids[1]);
}

#[harness::test]
async fn channel_signature() {
    let server = server();
    let login = server.login(&SPA_STRICT).with("channel", "private-deck");
    let first = login.with("socket_id", "12.34").tokens().await;
    let key = hmac::Key::new(hmac::HMAC_SHA256, CHANNEL_SECRET.as_bytes());
    let signature = hmac::sign(&key, b"12.34:private-deck");
    let hex = signature.as_ref().iter().map(|byte| format!("{byte:02x}"));
    let hex = hex.collect::<Vec<_>>().concat();
    assert_eq!(
        id_token_claim(&first, "channel"),
        format!("key-of-channels:{hex}")
    );
    // A refresh names no channel; neither did this login.
    assert_eq!(
        id_token_claim(&next(server, &first).await, "channel"),
        Value::Null
    );
    let plain = tokens(server, &User::ada()).await;
    assert_eq!(id_token_claim(&plain, "channel"), Value::Null);
}

#[harness::test]
async fn scopes_by_role() {
    let server = rule("scopes-by-role").start();
    let clerk = tokens(&server, &User::iris()).await;
    assert_eq!(
        clerk.scope(),
        scopes("openid profile email offline_access read:orders")
    );
    let admiral = tokens(&server, &User::grace()).await;
    let everything = scopes("openid profile email offline_access read:orders write:orders");
    assert_eq!(admiral.scope(), everything);

    // A refresh requests scopes, and gets them as far as the current role allows.
    change(&server, &User::grace(), "app_metadata: { roles: [clerk] }").await;
    let wanted = "openid offline_access read:orders write:orders";
    let narrowed = next_for(&server, &admiral, wanted).await;
    assert_eq!(
        narrowed.scope(),
        scopes("openid offline_access read:orders")
    );
    // A better role later does not add scopes that were never granted.
    change(&server, &User::iris(), "app_metadata: { roles: [admiral] }").await;
    let narrowed = next_for(&server, &clerk, wanted).await;
    assert_eq!(
        narrowed.scope(),
        scopes("openid offline_access read:orders")
    );
}

#[harness::test]
async fn a_missing_library_function_is_an_error_with_its_message() {
    let script = "function (user, context, callback) {
        try {
            require('mongodb@3.1.4');
        } catch (error) {
            return callback(new UnauthorizedError(error.code));
        }
        callback(null, user, context);
    }";
    let server = Sample::default().script("database", script).start();
    assert_login(
        &server,
        &SPA_STRICT,
        &User::ada(),
        "unauthorized",
        "MODULE_NOT_FOUND",
    )
    .await;
}
