//! Keys: the port to the key service ([`service`]), its two adapters ([`kms`], [`mod@file`]), and the signer of JWTs
//! ([`signer`]).

pub(crate) mod certificate;
pub mod file;
pub mod kms;
pub(crate) mod pair;
pub mod service;
pub mod signer;

use crate::domain::client::SigningAlgorithm;

/// The pairs that a wrapped key is bound to: unwrapping needs the same ones (KMS's encryption context).
pub type Context<'a> = &'a [(&'a str, &'a str)];

/// The key service failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyServiceError {
    /// A temporary failure.
    #[error("key service unavailable: {0}")]
    Unavailable(String),
    /// A permanent failure: a missing or disabled key, or a key that another service wrapped.
    #[error("key service refused: {0}")]
    Refused(String),
}

impl KeyServiceError {
    fn no_key(algorithm: SigningAlgorithm) -> Self {
        Self::Refused(format!("no {} key", algorithm.as_str()))
    }
}

/// The location of private signing keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SigningMode {
    /// In the key service: every signature is a call.
    #[default]
    Kms,
    /// In the table, wrapped by the key service and unwrapped once per process: no call per token.
    Wrapped,
}

/// The operations of a process on keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// It signs, and generates keys that are missing or due.
    SignAndRotate,
    /// It signs, and generates no keys.
    Sign,
    /// It signs only logout tokens: it generates no keys and runs no scripts.
    SignLogoutTokens,
    /// It verifies or publishes; private keys stay wrapped, and it generates none.
    Verify,
    /// It generates and replaces keys; private ones stay wrapped.
    Rotate,
}

impl KeyUse {
    pub(crate) fn signs(self) -> bool {
        matches!(
            self,
            Self::SignAndRotate | Self::Sign | Self::SignLogoutTokens
        )
    }

    /// True if the process logs users in, and runs the tenant's scripts for that.
    pub(crate) fn runs_scripts(self) -> bool {
        matches!(self, Self::SignAndRotate | Self::Sign)
    }

    pub(crate) fn rotates(self) -> bool {
        matches!(self, Self::SignAndRotate | Self::Rotate)
    }
}
