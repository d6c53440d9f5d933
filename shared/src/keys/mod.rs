//! Keys: the port to whatever holds them, its two adapters ([`kms`], [`mod@file`]), and the signer of
//! JWTs ([`signer`]).

pub(crate) mod certificate;
pub mod file;
pub mod kms;
pub(crate) mod pair;
pub mod service;
pub mod signer;

use crate::domain::client::SigningAlgorithm;

/// What a wrapped key is bound to: the same words are needed to unwrap it (KMS calls it the
/// encryption context).
pub type Context<'a> = &'a [(&'a str, &'a str)];

/// The key service did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyServiceError {
    /// A passing cause.
    #[error("key service unavailable: {0}")]
    Unavailable(String),
    /// It never will: no such key, a disabled one, or a wrapped key that is not its own.
    #[error("key service refused: {0}")]
    Refused(String),
}

impl KeyServiceError {
    fn no_key(algorithm: SigningAlgorithm) -> Self {
        Self::Refused(format!("no {} key", algorithm.as_str()))
    }
}

/// Where private signing keys are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SigningMode {
    /// In the key service: every signature is a call of it.
    #[default]
    Kms,
    /// In the table, wrapped by the key service and unwrapped once per process: no call per token.
    Wrapped,
}

/// What a process does with keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// It signs, and makes what keys are missing or due.
    SignAndRotate,
    /// It signs, and makes no keys.
    Sign,
    /// It signs logout tokens alone: it makes no keys and runs no scripts.
    SignLogoutTokens,
    /// It verifies or publishes; private keys stay wrapped, and it makes none.
    Verify,
    /// It makes and replaces keys; private ones stay wrapped.
    Rotate,
}

impl KeyUse {
    pub(crate) fn signs(self) -> bool {
        matches!(
            self,
            Self::SignAndRotate | Self::Sign | Self::SignLogoutTokens
        )
    }

    /// Whether it logs users in, and runs the tenant's scripts for that.
    pub(crate) fn runs_scripts(self) -> bool {
        matches!(self, Self::SignAndRotate | Self::Sign)
    }

    pub(crate) fn rotates(self) -> bool {
        matches!(self, Self::SignAndRotate | Self::Rotate)
    }
}
