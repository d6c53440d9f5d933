//! The port to the key service. Four operations: sign a digest, fetch a public key, wrap, unwrap.

use ratchet_domain::signing_key::ServiceKey;
use ratchet_telemetry::cost;
use zeroize::Zeroizing;

use super::{Context, KeyServiceError, file::KeyFile, kms::Kms, wrapping::Wrapped};

/// The key service: KMS on AWS, a file on a laptop.
#[derive(Debug)]
pub enum KeyService {
    /// A key file: for a laptop and for tests.
    File(Box<KeyFile>),
    /// AWS KMS: private keys never leave it.
    Kms(Kms),
}

impl KeyService {
    /// The configured signing keys.
    pub fn signing_keys(&self) -> Vec<ServiceKey> {
        match self {
            Self::File(_) => KeyFile::signing_keys(),
            Self::Kms(kms) => kms.signing_keys().to_vec(),
        }
    }

    /// Signs a SHA-256 digest; the signature has the format of RFC 7518.
    pub async fn sign(
        &self,
        key: &ServiceKey,
        digest: &aws_lc_rs::digest::Digest,
    ) -> Result<Vec<u8>, KeyServiceError> {
        let signature = match self {
            Self::File(file) => file.sign(key, digest),
            // Boxed: the future of an SDK call is large, and a process without KMS makes none.
            Self::Kms(kms) => Box::pin(kms.sign(key, digest)).await,
        };
        cost::signed();
        signature
    }

    /// The public key, as DER (SPKI).
    pub async fn public_key(&self, key: &ServiceKey) -> Result<Vec<u8>, KeyServiceError> {
        match self {
            Self::File(file) => file.public_key(key),
            Self::Kms(kms) => Box::pin(kms.public_key(key)).await,
        }
    }

    /// Encrypts a key with the wrapping key. The same context must be given to unwrap it.
    pub async fn wrap(&self, key: &[u8], context: Context<'_>) -> Result<Wrapped, KeyServiceError> {
        match self {
            Self::File(file) => Ok(Wrapped {
                ciphertext: file.wrap(key, context)?,
                wrapped_by: None,
            }),
            Self::Kms(kms) => Box::pin(kms.wrap(key, context)).await,
        }
    }

    /// Unwraps a key that [`Self::wrap`] wrapped with the same context.
    pub async fn unwrap_key(
        &self,
        wrapped: &Wrapped,
        context: Context<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyServiceError> {
        match self {
            Self::File(file) => file.unwrap_key(&wrapped.ciphertext, context),
            Self::Kms(kms) => Box::pin(kms.unwrap_key(wrapped, context)).await,
        }
    }
}
