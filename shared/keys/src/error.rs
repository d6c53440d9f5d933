//! Why a key service failed, and why a JWT could not be signed.

use ratchet_domain::{client::SigningAlgorithm, error::Failure};

use super::wrapping::NotConfigured;

/// The key service failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyServiceError {
    /// A temporary failure: throttled, unreachable or timed out. The same call may succeed later.
    #[error("key service unavailable: {0}")]
    Unavailable(String),
    /// A permanent failure: a missing or disabled key, or a key that another service wrapped.
    #[error("key service refused: {0}")]
    Refused(String),
}

impl KeyServiceError {
    /// There is no key for this algorithm.
    pub(super) fn no_key(algorithm: SigningAlgorithm) -> Self {
        Self::Refused(format!("no {} key", algorithm.as_str()))
    }
}

impl From<NotConfigured> for KeyServiceError {
    fn from(error: NotConfigured) -> Self {
        Self::Refused(error.to_string())
    }
}

/// A JWT could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key service failed.
    #[error(transparent)]
    KeyService(#[from] KeyServiceError),
    /// Header or claims cannot be written as JSON, or a key is missing or invalid.
    #[error("cannot make a JWT: {0}")]
    Jwt(String),
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        match error {
            SignError::KeyService(KeyServiceError::Unavailable(_)) => Self::unavailable(error),
            SignError::KeyService(KeyServiceError::Refused(_)) | SignError::Jwt(_) => {
                Self::internal(error)
            }
        }
    }
}
