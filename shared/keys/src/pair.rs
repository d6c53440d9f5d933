//! Key pairs in the process's own memory: from a key file, or unwrapped from the keyring. The private key is parsed
//! once, not for every token.

use std::fmt;

use aws_lc_rs::{
    digest::Digest,
    encoding::AsDer,
    error::Unspecified,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaKeyPair,
    },
};
use ratchet_domain::client::SigningAlgorithm;
use zeroize::Zeroizing;

use super::KeyServiceError;

/// A key pair for one algorithm.
pub struct KeyPair {
    algorithm: SigningAlgorithm,
    key: Key,
}

enum Key {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
}

impl KeyPair {
    /// Generates a key pair and returns it as PKCS#8.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<Zeroizing<Vec<u8>>, KeyServiceError> {
        let rsa = || -> Result<Vec<u8>, Unspecified> {
            Ok(RsaKeyPair::generate(KeySize::Rsa2048)?
                .as_der()?
                .as_ref()
                .to_vec())
        };
        let ecdsa = || -> Result<Vec<u8>, Unspecified> {
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
            Ok(key.to_pkcs8v1()?.as_ref().to_vec())
        };
        let pkcs8 = match algorithm {
            SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => rsa(),
            SigningAlgorithm::ES256 => ecdsa(),
            SigningAlgorithm::HS256 => return Err(KeyServiceError::no_key(algorithm)),
        };
        pkcs8
            .map(Zeroizing::new)
            .map_err(|_| KeyServiceError::Refused("key generation failed".to_owned()))
    }

    /// Reads a private key in PKCS#8 (DER); an error if it does not fit the algorithm.
    pub fn from_pkcs8(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, KeyServiceError> {
        let wrong =
            || KeyServiceError::Refused(format!("not a private key for {}", algorithm.as_str()));
        let key = match algorithm {
            SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => {
                Key::Rsa(RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| wrong())?)
            }
            SigningAlgorithm::ES256 => Key::Ecdsa(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
                    .map_err(|_| wrong())?,
            ),
            SigningAlgorithm::HS256 => return Err(KeyServiceError::no_key(algorithm)),
        };
        Ok(Self { algorithm, key })
    }

    /// Signs a SHA-256 digest; the signature has the format of RFC 7518.
    pub fn sign(&self, digest: &Digest) -> Result<Vec<u8>, KeyServiceError> {
        let signature = match &self.key {
            Key::Ecdsa(key) => key
                .sign_digest(digest)
                .map(|signature| signature.as_ref().to_vec()),
            Key::Rsa(key) => {
                let padding = match self.algorithm {
                    SigningAlgorithm::PS256 => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign_digest(padding, digest, &mut signature)
                    .map(|()| signature)
            }
        };
        signature.map_err(|_| KeyServiceError::Refused("signing failed".to_owned()))
    }

    /// The public key as DER (SPKI).
    pub fn public_key(&self) -> Result<Vec<u8>, KeyServiceError> {
        let der = match &self.key {
            Key::Rsa(key) => key.public_key().as_der(),
            Key::Ecdsa(key) => key.public_key().as_der(),
        };
        der.map(|der| der.as_ref().to_vec())
            .map_err(|_| KeyServiceError::Refused("the public key has no DER".to_owned()))
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({})", self.algorithm.as_str())
    }
}
