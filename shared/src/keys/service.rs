//! The port to whatever holds the keys. Four verbs: sign a digest, fetch a public key, wrap, unwrap.

use zeroize::Zeroizing;

use super::{Context, KeyServiceError, file::KeyFile, kms::Kms};
use crate::{domain::client::SigningAlgorithm, telemetry::cost};

/// Whatever holds the keys: KMS on AWS, a file on a laptop.
#[derive(Debug)]
pub enum KeyService {
    /// A key file.
    File(Box<KeyFile>),
    /// AWS KMS.
    Kms(Kms),
}

/// A signing key as the key service knows it: an ARN in KMS, the algorithm's name in a key file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceKey {
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// Its name.
    pub id: String,
}

impl ServiceKey {
    /// Reads `RS256=<key id or ARN>`; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (algorithm, id) = text.split_once('=').unwrap_or((text, ""));
        let algorithm = SigningAlgorithm::parse(algorithm.trim())
            .filter(|algorithm| *algorithm != SigningAlgorithm::HS256)
            .ok_or_else(|| format!("`{text}` does not begin with RS256, PS256 or ES256"))?;
        if id.trim().is_empty() {
            return Err(format!("`{text}` names no key"));
        }
        Ok(Self {
            algorithm,
            id: id.trim().to_owned(),
        })
    }

    /// An algorithm whose key has no name, because it is drawn rather than found.
    pub(crate) fn unnamed(algorithm: SigningAlgorithm) -> Self {
        Self {
            algorithm,
            id: String::new(),
        }
    }
}

impl KeyService {
    /// The signing keys it was set up with.
    pub fn signing_keys(&self) -> Vec<ServiceKey> {
        match self {
            Self::File(_) => KeyFile::signing_keys(),
            Self::Kms(kms) => kms.signing_keys().to_vec(),
        }
    }

    /// Signs a SHA-256 digest; the signature comes in the form of RFC 7518.
    pub async fn sign(
        &self,
        key: &ServiceKey,
        digest: &aws_lc_rs::digest::Digest,
    ) -> Result<Vec<u8>, KeyServiceError> {
        let signature = match self {
            Self::File(file) => file.sign(key, digest),
            // Boxed: a call of the SDK is large, and without KMS nobody makes one.
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

    /// Wraps a key.
    pub async fn wrap(&self, key: &[u8], context: Context<'_>) -> Result<Vec<u8>, KeyServiceError> {
        match self {
            Self::File(file) => file.wrap(key, context),
            Self::Kms(kms) => Box::pin(kms.wrap(key, context)).await,
        }
    }

    /// Unwraps what [`Self::wrap`] gave, with the same context.
    pub async fn unwrap_key(
        &self,
        wrapped: &[u8],
        context: Context<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyServiceError> {
        match self {
            Self::File(file) => file.unwrap_key(wrapped, context),
            Self::Kms(kms) => Box::pin(kms.unwrap_key(wrapped, context)).await,
        }
    }
}
