//! The keys that sign, and the location of their private halves: values that an operator configures.

use super::client::SigningAlgorithm;

/// The location of private signing keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SigningMode {
    /// In the key service: every signature is a call.
    #[default]
    Kms,
    /// In the table, wrapped by the key service and unwrapped once per process: no call per token.
    Wrapped,
}

/// A signing key as the key service knows it: an ARN in KMS, the algorithm's name in a key file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceKey {
    /// The only algorithm that the key is used with.
    pub algorithm: SigningAlgorithm,
    /// Its id; empty if it has none.
    pub id: String,
}

impl ServiceKey {
    /// Reads `RS256=<key id or ARN>`; the error is the reason, for the operator.
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

    /// An algorithm whose key has no id, because it is generated rather than configured.
    pub fn unnamed(algorithm: SigningAlgorithm) -> Self {
        Self {
            algorithm,
            id: String::new(),
        }
    }
}
