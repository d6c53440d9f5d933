//! The port to whatever holds the keys. Four verbs: sign a digest, fetch a public key, wrap, unwrap.

use zeroize::Zeroizing;

use super::file::KeyFile;
use crate::domain::client::SigningAlgorithm;

/// Whatever holds the keys. On a laptop that is a file.
#[derive(Debug)]
pub enum KeyService {
    /// A key file.
    File(KeyFile),
}

/// What a wrapped key is bound to: the same words are needed to unwrap it (KMS calls it the
/// encryption context).
pub type Context<'a> = &'a [(&'a str, &'a str)];

/// The key service did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyServiceError {
    /// A passing cause.
    #[error("key service unavailable: {0}")]
    Unavailable(String),
    /// It never will: no such key, or a wrapped key that is not its own.
    #[error("key service refused: {0}")]
    Refused(String),
}

impl KeyService {
    /// The algorithms it has a signing key for.
    pub fn algorithms(&self) -> &[SigningAlgorithm] {
        match self {
            Self::File(_) => &KeyFile::ALGORITHMS,
        }
    }

    /// Signs a SHA-256 digest; the signature comes in the form of RFC 7518.
    pub async fn sign(
        &self,
        algorithm: SigningAlgorithm,
        digest: &aws_lc_rs::digest::Digest,
    ) -> Result<Vec<u8>, KeyServiceError> {
        match self {
            Self::File(file) => std::future::ready(file.sign(algorithm, digest)).await,
        }
    }

    /// The public key of an algorithm, as DER (SPKI).
    pub async fn public_key(
        &self,
        algorithm: SigningAlgorithm,
    ) -> Result<Vec<u8>, KeyServiceError> {
        match self {
            Self::File(file) => std::future::ready(file.public_key(algorithm)).await,
        }
    }

    /// Wraps a symmetric key.
    pub async fn wrap(&self, key: &[u8], context: Context<'_>) -> Result<Vec<u8>, KeyServiceError> {
        match self {
            Self::File(file) => std::future::ready(file.wrap(key, context)).await,
        }
    }

    /// Unwraps what [`Self::wrap`] gave, with the same context.
    pub async fn unwrap_key(
        &self,
        wrapped: &[u8],
        context: Context<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyServiceError> {
        match self {
            Self::File(file) => std::future::ready(file.unwrap_key(wrapped, context)).await,
        }
    }
}
