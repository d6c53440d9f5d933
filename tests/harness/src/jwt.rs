//! The client's side of JWTs: verification against the published keys, and client assertions.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation, decode, decode_header,
    encode,
    jwk::{Jwk, JwkSet},
};
use serde_json::{Value, json};

use crate::{apps::ASSERTION_KEY, pkce, server::Server};

pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Verifies a token's signature with the key that its `kid` names in the JWKS, its issuer, audience and expiry, and
/// returns header and claims.
pub async fn verify(
    server: &Server,
    token: &str,
    audience: &str,
    alg: Algorithm,
) -> TokenData<Value> {
    let header = decode_header(token).unwrap_or_else(|error| panic!("{error}: {token}"));
    let kid = header.kid.unwrap_or_else(|| panic!("no `kid`: {token}"));
    let key = DecodingKey::from_jwk(&jwk(server, &kid).await).expect("the key is usable");
    verify_with(server, token, audience, alg, &key)
}

/// Like [`verify`], with a shared secret.
pub fn verify_hs256(
    server: &Server,
    token: &str,
    audience: &str,
    secret: &str,
) -> TokenData<Value> {
    let key = DecodingKey::from_secret(secret.as_bytes());
    verify_with(server, token, audience, Algorithm::HS256, &key)
}

fn verify_with(
    server: &Server,
    token: &str,
    audience: &str,
    alg: Algorithm,
    key: &DecodingKey,
) -> TokenData<Value> {
    let mut validation = Validation::new(alg);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[server.issuer()]);
    // Expiry is checked by the service's clock, which a test may have moved.
    validation.validate_exp = false;
    let verified: TokenData<Value> =
        decode(token, key, &validation).unwrap_or_else(|error| panic!("{error}: {token}"));
    let ends = verified.claims["exp"].as_u64();
    assert!(ends.is_some_and(|ends| ends > server.now()), "{token}");
    verified
}

/// The published key with this `kid`.
pub async fn jwk(server: &Server, kid: &str) -> Jwk {
    let answer = server.http().get("/.well-known/jwks.json").await;
    let keys: JwkSet = serde_json::from_slice(&answer.body).expect("the JWKS is one");
    keys.find(kid)
        .unwrap_or_else(|| panic!("no key `{kid}` in {answer}"))
        .clone()
}

/// Header and claims of a token, unverified.
pub fn peek(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("a JWT is base64url");
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    });
    let mut next = || parts.next().unwrap_or_else(|| panic!("not a JWT: {token}"));
    (next(), next())
}

/// True if a token has the form of a signed JWT.
pub fn is_jws(token: &str) -> bool {
    token.split('.').count() == 3 && decode_header(token).is_ok()
}

/// The claims of a valid client assertion.
pub fn assertion_claims(client_id: &str, issuer: &str, now: u64) -> Value {
    json!({
        "iss": client_id, "sub": client_id, "aud": issuer,
        "iat": now, "exp": now + 60, "jti": pkce::random(),
    })
}

/// A valid client assertion, signed with the registered key.
pub fn assertion(client_id: &str, issuer: &str, now: u64) -> String {
    sign(&assertion_claims(client_id, issuer, now), ASSERTION_KEY)
}

/// Claims signed with RS256.
pub fn sign(claims: &Value, key: &[u8]) -> String {
    let key = EncodingKey::from_rsa_pem(key).expect("the test's key is one");
    encode(&Header::new(Algorithm::RS256), claims, &key).expect("a test can sign")
}

/// Claims signed with RS256 under any header.
pub fn sign_with_header(header: &Value, claims: &Value, key: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let key = EncodingKey::from_rsa_pem(key).expect("the test's key is one");
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::RS256);
    format!("{signed}.{}", signature.expect("a test can sign"))
}

/// Claims signed with HS256.
pub fn sign_hs256(claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(Algorithm::HS256), claims, &key).expect("a test can sign")
}

/// Claims "signed" with `alg: none`.
pub fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.",
        part(&json!({ "alg": "none", "typ": "JWT" })),
        part(claims)
    )
}

/// A token with one bit of its signature flipped.
pub fn tampered(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').expect("a JWT has three parts");
    let mut bytes = URL_SAFE_NO_PAD
        .decode(signature)
        .expect("a signature is base64url");
    bytes[0] ^= 1;
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes))
}
