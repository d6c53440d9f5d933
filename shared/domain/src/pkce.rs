//! Proof Key for Code Exchange (RFC 7636).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// The challenge that `/authorize` received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// `code_challenge`.
    pub value: String,
    /// `code_challenge_method`.
    pub method: Method,
}

/// `code_challenge_method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// The challenge is the SHA-256 of the verifier.
    S256,
    /// The challenge is the verifier.
    #[serde(rename = "plain")]
    Plain,
}

/// The parameters are not a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChallenge {
    /// The challenge has the wrong length or characters.
    #[error("code_challenge must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~")]
    Value,
    /// The method is neither `S256` nor `plain`.
    #[error("code_challenge_method must be S256 or plain")]
    Method,
}

impl Challenge {
    /// Reads the two parameters; the default method is `plain` (section 4.3).
    pub fn parse(value: &str, method: Option<&str>) -> Result<Self, InvalidChallenge> {
        let method = match method {
            Some("S256") => Method::S256,
            Some("plain") | None => Method::Plain,
            Some(_) => return Err(InvalidChallenge::Method),
        };
        if !is_well_formed(value) {
            return Err(InvalidChallenge::Value);
        }
        Ok(Self {
            value: value.to_owned(),
            method,
        })
    }

    /// True if the challenge was made from this verifier (section 4.6).
    pub fn verify(&self, verifier: &str) -> bool {
        if !is_well_formed(verifier) {
            return false;
        }
        let computed = match self.method {
            Method::Plain => verifier.to_owned(),
            Method::S256 => URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(
                &aws_lc_rs::digest::SHA256,
                verifier.as_bytes(),
            )),
        };
        aws_lc_rs::constant_time::verify_slices_are_equal(
            computed.as_bytes(),
            self.value.as_bytes(),
        )
        .is_ok()
    }
}

/// 43 to 128 unreserved characters (section 4.1).
fn is_well_formed(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_verifies() {
        let challenge = Challenge::parse(CHALLENGE, Some("S256")).unwrap();
        assert!(challenge.verify(VERIFIER));
        assert!(!challenge.verify(CHALLENGE));
    }

    #[test]
    fn plain_compares_the_verifier_itself() {
        let challenge = Challenge::parse(VERIFIER, None).unwrap();
        assert!(challenge.verify(VERIFIER));
        assert!(!challenge.verify(CHALLENGE));
    }

    #[test]
    fn lengths_and_characters_are_held_to_the_grammar() {
        assert_eq!(
            Challenge::parse("short", Some("S256")),
            Err(InvalidChallenge::Value)
        );
        assert_eq!(
            Challenge::parse(&"a".repeat(129), None),
            Err(InvalidChallenge::Value)
        );
        assert_eq!(
            Challenge::parse(CHALLENGE, Some("s256")),
            Err(InvalidChallenge::Method)
        );
        assert!(!Challenge::parse(&"a".repeat(43), None).unwrap().verify("a"));
    }
}
