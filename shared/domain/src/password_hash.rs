//! The hash of a user's password, as it is stored. The keys' crate makes and compares it.

use std::fmt;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::hash_kind::HashKind;

/// The hash of a password: argon2id as a PHC string, or bcrypt.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes the text of a hash. A text that is not a hash matches no password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A hash of this kind that matches no known password.
    pub fn decoy(kind: &HashKind) -> Self {
        Self(kind.decoy())
    }

    /// Its kind; `None` for a text that is not a hash and matches nothing.
    pub fn kind(&self) -> Option<HashKind> {
        HashKind::of(&self.0)
    }

    /// The hash in PHC or modular crypt format, as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The fingerprint of a hash that has been replaced: enough to recognize it, and useless for guessing passwords,
    /// because the salt is gone.
    pub fn fingerprint(&self) -> String {
        let hash = digest::digest(&digest::SHA256, self.0.as_bytes());
        URL_SAFE_NO_PAD.encode(hash)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
