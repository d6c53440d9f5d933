//! Proof Key for Code Exchange (RFC 7636), and random texts.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// A fresh verifier of 43 characters.
pub fn verifier() -> String {
    random()
}

pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

/// 256 random bits as text.
pub fn random() -> String {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("the system has randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}
