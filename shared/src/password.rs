//! Passwords of users: argon2id for those we hash, bcrypt for those that come from an import
//! ([Auth0's bulk import]) and are hashed anew at the next login.
//!
//! [Auth0's bulk import]: https://auth0.com/docs/manage-users/user-migration/bulk-user-imports

use std::fmt;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};

use crate::domain::secret::Secret;

/// The hash of a password: argon2id as a PHC string, or bcrypt.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

/// A text is neither an argon2 nor a bcrypt hash, or hashing failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PasswordHashError(&'static str);

/// What comparing a password with its hash showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// The right password.
    Match,
    /// The right password under an old hash: hash it anew.
    MatchOutdated,
    /// Another password.
    Mismatch,
}

impl PasswordHash {
    /// Hashes a password with argon2id and the parameters of RFC 9106's second choice for memory-
    /// constrained places (the crate's default: 19 MiB, two passes). The salt is drawn by the caller.
    pub fn hash(password: &Secret, salt: [u8; 16]) -> Result<Self, PasswordHashError> {
        Argon2::default()
            .hash_password_with_salt(password.expose().as_bytes(), &salt)
            .map(|hash| Self(hash.to_string()))
            .map_err(|_| PasswordHashError("the password cannot be hashed"))
    }

    /// Takes a hash made elsewhere.
    pub fn import(text: impl Into<String>) -> Result<Self, PasswordHashError> {
        let text = text.into();
        let is_bcrypt = is_bcrypt(&text) && text.len() == 60;
        let is_argon2 = text.starts_with("$argon2") && argon2::PasswordHash::new(&text).is_ok();
        if is_bcrypt || is_argon2 {
            Ok(Self(text))
        } else {
            Err(PasswordHashError(
                "must be an argon2 PHC string or a bcrypt hash",
            ))
        }
    }

    /// Compares a password with the hash. Takes tens of milliseconds of CPU, as it must.
    pub fn verify(&self, password: &Secret) -> Verification {
        let password = password.expose();
        if is_bcrypt(&self.0) {
            return match bcrypt::verify(password, &self.0) {
                Ok(true) => Verification::MatchOutdated,
                Ok(false) | Err(_) => Verification::Mismatch,
            };
        }
        match Argon2::default().verify_password(password.as_bytes(), self.0.as_str()) {
            Ok(()) if self.0.starts_with("$argon2id$") => Verification::Match,
            Ok(()) => Verification::MatchOutdated,
            Err(_) => Verification::Mismatch,
        }
    }

    /// The text that is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

fn is_bcrypt(text: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"]
        .iter()
        .any(|prefix| text.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_hash_verifies_its_password_only() {
        let hash = PasswordHash::hash(&Secret::new("correct horse"), [7; 16]).unwrap();
        assert!(hash.as_str().starts_with("$argon2id$"));
        assert_eq!(
            hash.verify(&Secret::new("correct horse")),
            Verification::Match
        );
        assert_eq!(
            hash.verify(&Secret::new("Correct horse")),
            Verification::Mismatch
        );
    }

    #[test]
    fn an_imported_bcrypt_hash_matches_and_asks_to_be_replaced() {
        let text = bcrypt::hash("hunter2", 4).unwrap();
        let hash = PasswordHash::import(text).unwrap();
        assert_eq!(
            hash.verify(&Secret::new("hunter2")),
            Verification::MatchOutdated
        );
        assert_eq!(hash.verify(&Secret::new("hunter3")), Verification::Mismatch);
    }

    #[test]
    fn other_texts_are_no_hashes() {
        for text in [
            "",
            "hunter2",
            "$2b$tooshort",
            "$argon2id$v=19$nonsense",
            "$1$md5",
        ] {
            assert!(PasswordHash::import(text).is_err(), "{text}");
        }
    }
}
