//! Algorithms of client assertions and of issued tokens.

use serde::{Deserialize, Serialize};

use crate::domain::time::Lifetime;

/// Algorithms of client assertions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of RFC 7518")]
pub enum AssertionAlgorithm {
    RS256,
    RS384,
    PS256,
}

/// Algorithms of the tokens that Ratchet signs (RFC 7518).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of RFC 7518")]
pub enum SigningAlgorithm {
    RS256,
    PS256,
    ES256,
    HS256,
}

impl SigningAlgorithm {
    /// Reads the `alg` of a JWT header.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::RS256, Self::PS256, Self::ES256, Self::HS256]
            .into_iter()
            .find(|algorithm| algorithm.as_str() == name)
    }

    /// `alg` in a JWT header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::HS256 => "HS256",
        }
    }
}

/// `jwt_configuration`: for ID tokens only, despite the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwtConfiguration {
    /// Configured algorithm; [`Client::id_token_algorithm`](super::Client::id_token_algorithm) is the effective one.
    pub alg: SigningAlgorithm,
    /// Lifetime of an ID token.
    pub lifetime: Lifetime,
}

impl Default for JwtConfiguration {
    fn default() -> Self {
        Self {
            alg: SigningAlgorithm::RS256,
            lifetime: Lifetime::from_secs(36_000),
        }
    }
}
