//! The tokens of `api.redirect.encodeToken` and `validateToken`: JWTs with HS256 (RFC 7515). The tenant shares the
//! secret with the application to which the Action redirects the browser.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use ratchet_jwt::{Audience, Kind, Unverified};
use serde_json::{Map, Value};

/// `{"alg":"HS256","typ":"JWT"}`
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

pub(super) fn encode(secret: &str, claims: &Map<String, Value>) -> String {
    let claims = Value::Object(claims.clone()).to_string();
    let signed = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(claims));
    let tag = hmac::sign(&key(secret), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// The claims of a token that was signed with this secret. The caller checks the claims.
pub(super) fn decode(secret: &str, token: &str) -> Option<Map<String, Value>> {
    let key = DecodingKey::from_secret(secret.as_bytes());
    Unverified::parse(token, Kind::Redirect)
        .and_then(|token| token.verify(&key, Algorithm::HS256, None, Audience::Any))
        .ok()
}

fn key(secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_secret_opens_what_it_signed() {
        let claims = json!({ "sub": "auth0|1" });
        let claims = claims.as_object().expect("an object");
        let token = encode("secret", claims);
        assert_eq!(decode("secret", &token).as_ref(), Some(claims));
        assert_eq!(decode("other", &token), None);
        assert_eq!(decode("secret", &token.replace(HEADER, "e30")), None);
        assert_eq!(decode("secret", ""), None);
    }

    #[test]
    fn a_token_of_another_suite_is_read() {
        // This is jwt.io's example: the key in RFC 7515 appendix A.1 is not text.
        let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
            eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
            SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
        let claims = decode("your-256-bit-secret", token).expect("claims");
        assert_eq!(claims["name"], "John Doe");
    }
}
