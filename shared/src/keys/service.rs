//! The port to whatever holds the keys. Four verbs: sign a digest, fetch a public key, wrap, unwrap.

use zeroize::Zeroizing;

use super::{Context, KeyServiceError, file::KeyFile};
use crate::domain::client::SigningAlgorithm;

/// Whatever holds the keys. On a laptop that is a file.
#[derive(Debug)]
pub enum KeyService {
    /// A key file.
    File(KeyFile),
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
