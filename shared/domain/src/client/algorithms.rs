//! Algorithms of client assertions and of issued tokens.

use serde::{Deserialize, Serialize};

use crate::{signing_algorithms::SigningAlgorithm, time::Lifetime};

/// Algorithms of client assertions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of RFC 7518")]
pub enum AssertionAlgorithm {
    RS256,
    RS384,
    PS256,
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
