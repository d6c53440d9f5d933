//! A key file, the replacement for KMS on a laptop. It contains the private keys in clear text, readable only by its
//! owner. It must not be used on a server.

use std::{fmt, fs, io, path::Path};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::Digest,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use ratchet_domain::{client::SigningAlgorithm, signing_key::ServiceKey};
use ratchet_system::random;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Context, KeyServiceError, pair::KeyPair};

/// The keys of a key file, ready for use. Each algorithm has its own key, because a published key names one algorithm.
pub struct KeyFile {
    rs256: KeyPair,
    ps256: KeyPair,
    es256: KeyPair,
    wrapping: LessSafeKey,
}

/// The file: PKCS#8 and raw bytes in base64.
#[derive(Serialize, Deserialize)]
struct Stored {
    rs256: Zeroizing<String>,
    ps256: Zeroizing<String>,
    es256: Zeroizing<String>,
    wrapping: Zeroizing<String>,
}

/// A key file cannot be read, written or parsed.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file system returned an error.
    #[error("key file {path}: {source}")]
    Io {
        /// Path of the file.
        path: String,
        /// The I/O error of the operating system.
        source: io::Error,
    },
    /// The content is invalid.
    #[error("key file {path}: {reason}")]
    Content {
        /// Path of the file.
        path: String,
        /// The reason, without any key material.
        reason: String,
    },
    /// The cryptographic library generated no key.
    #[error("cannot generate keys")]
    Generation,
}

impl KeyFile {
    /// Generates keys that exist in memory only.
    pub fn generate() -> Result<Self, KeyFileError> {
        Self::from_stored(&Stored::generate()?).map_err(|_| KeyFileError::Generation)
    }

    /// Reads the file, or creates it with new keys.
    pub fn open(path: &Path) -> Result<Self, KeyFileError> {
        let name = path.display().to_string();
        let stored = match fs::read_to_string(path).map(Zeroizing::new) {
            Ok(text) => serde_json::from_str(&text).map_err(|e| KeyFileError::Content {
                path: name.clone(),
                reason: e.to_string(),
            })?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let stored = Stored::generate()?;
                write_private(path, &stored).map_err(|source| KeyFileError::Io {
                    path: name.clone(),
                    source,
                })?;
                stored
            }
            Err(source) => return Err(KeyFileError::Io { path: name, source }),
        };
        Self::from_stored(&stored).map_err(|reason| KeyFileError::Content { path: name, reason })
    }

    /// The signing keys of every key file.
    pub(super) fn signing_keys() -> Vec<ServiceKey> {
        [
            SigningAlgorithm::RS256,
            SigningAlgorithm::PS256,
            SigningAlgorithm::ES256,
        ]
        .map(|algorithm| ServiceKey {
            algorithm,
            id: algorithm.as_str().to_owned(),
        })
        .to_vec()
    }

    pub(super) fn sign(
        &self,
        key: &ServiceKey,
        digest: &Digest,
    ) -> Result<Vec<u8>, KeyServiceError> {
        self.pair(key)?.sign(digest)
    }

    pub(super) fn public_key(&self, key: &ServiceKey) -> Result<Vec<u8>, KeyServiceError> {
        self.pair(key)?.public_key()
    }

    pub(super) fn wrap(
        &self,
        key: &[u8],
        context: Context<'_>,
    ) -> Result<Vec<u8>, KeyServiceError> {
        let nonce: [u8; NONCE_LEN] = random();
        let mut wrapped = key.to_vec();
        self.wrapping
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(flatten(context)),
                &mut wrapped,
            )
            .map_err(|_| KeyServiceError::Refused("wrapping failed".to_owned()))?;
        Ok([nonce.as_slice(), &wrapped].concat())
    }

    pub(super) fn unwrap_key(
        &self,
        wrapped: &[u8],
        context: Context<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyServiceError> {
        let foreign =
            || KeyServiceError::Refused("the key was wrapped with another key file".to_owned());
        let (nonce, sealed) = wrapped
            .split_first_chunk::<NONCE_LEN>()
            .ok_or_else(foreign)?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        self.wrapping
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(flatten(context)),
                &mut sealed,
            )
            .map(|key| Zeroizing::new(key.to_vec()))
            .map_err(|_| foreign())
    }

    fn pair(&self, key: &ServiceKey) -> Result<&KeyPair, KeyServiceError> {
        match key.algorithm {
            SigningAlgorithm::RS256 => Ok(&self.rs256),
            SigningAlgorithm::PS256 => Ok(&self.ps256),
            SigningAlgorithm::ES256 => Ok(&self.es256),
            SigningAlgorithm::HS256 => Err(KeyServiceError::no_key(key.algorithm)),
        }
    }

    fn from_stored(stored: &Stored) -> Result<Self, String> {
        let decode = |name: &str, text: &str| {
            STANDARD
                .decode(text)
                .map(Zeroizing::new)
                .map_err(|_| format!("{name} is not base64"))
        };
        let pair = |algorithm: SigningAlgorithm, text: &str| {
            let pkcs8 = decode(algorithm.as_str(), text)?;
            KeyPair::from_pkcs8(algorithm, &pkcs8).map_err(|e| e.to_string())
        };
        let wrapping = UnboundKey::new(&AES_256_GCM, &decode("wrapping", &stored.wrapping)?)
            .map_err(|_| "wrapping is not an AES-256 key".to_owned())?;
        Ok(Self {
            rs256: pair(SigningAlgorithm::RS256, &stored.rs256)?,
            ps256: pair(SigningAlgorithm::PS256, &stored.ps256)?,
            es256: pair(SigningAlgorithm::ES256, &stored.es256)?,
            wrapping: LessSafeKey::new(wrapping),
        })
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFile([redacted])")
    }
}

impl Stored {
    fn generate() -> Result<Self, KeyFileError> {
        let encode = |bytes: &[u8]| Zeroizing::new(STANDARD.encode(bytes));
        let pair = |algorithm| {
            KeyPair::generate(algorithm)
                .map(|pkcs8| encode(&pkcs8))
                .map_err(|_| KeyFileError::Generation)
        };
        Ok(Self {
            rs256: pair(SigningAlgorithm::RS256)?,
            ps256: pair(SigningAlgorithm::PS256)?,
            es256: pair(SigningAlgorithm::ES256)?,
            wrapping: encode(&random::<32>()),
        })
    }
}

/// Writes the whole file or none of it, so that a crash leaves no partial key.
fn write_private(path: &Path, stored: &Stored) -> io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let text = Zeroizing::new(serde_json::to_string_pretty(stored)?);
    let temporary = path.with_extension("tmp");
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?
        .write_all(text.as_bytes())?;
    fs::rename(&temporary, path)
}

fn flatten(context: Context<'_>) -> Vec<u8> {
    let mut flat = Vec::new();
    for (name, value) in context {
        for text in [name, value] {
            flat.extend_from_slice(text.as_bytes());
            flat.push(0);
        }
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_unwraps_with_its_own_context_only() {
        let keys = KeyFile::generate().unwrap();
        let wrapped = keys.wrap(b"key", &[("purpose", "sealing")]).unwrap();
        assert_eq!(
            *keys
                .unwrap_key(&wrapped, &[("purpose", "sealing")])
                .unwrap(),
            b"key"
        );
        assert!(
            keys.unwrap_key(&wrapped, &[("purpose", "signing")])
                .is_err()
        );
        assert!(
            KeyFile::generate()
                .unwrap()
                .unwrap_key(&wrapped, &[])
                .is_err()
        );
    }
}
