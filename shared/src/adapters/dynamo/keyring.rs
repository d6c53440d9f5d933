//! The keyring: wrapped sealing keys.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::{
    Store,
    error::{CommitError, Item, StoreError},
    item::{send_put, to_item},
    keys::Key,
};
use crate::domain::{client::SigningAlgorithm, sealed::KeyId, time::Timestamp};

/// The keyring as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKeyring {
    /// Its keys, oldest first.
    pub keys: Vec<StoredKey>,
    /// Counts its changes.
    pub version: u32,
}

/// A sealing key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKey {
    /// Which.
    pub id: KeyId,
    /// The key, wrapped by the key service, in base64.
    pub wrapped: String,
    /// From when it seals. Until then every function has time to learn of it.
    pub active_from: Timestamp,
}

/// The signing keys as they are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSigningKeys {
    /// The keys, oldest first. Of one algorithm, the newest that is due signs.
    pub keys: Vec<StoredSigningKey>,
    /// Counts its changes.
    pub version: u32,
}

/// A signing key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSigningKey {
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// Where the private key is.
    pub key: StoredPrivateKey,
    /// From when it signs. It is published before that.
    pub active_from: Timestamp,
    /// Its certificate, DER in base64; of RS256 keys, once a function that signs has seen them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// Where a private key is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredPrivateKey {
    /// In the key service, under this name.
    Service(String),
    /// Here, wrapped by the key service; the public half is in clear. Both in base64.
    Wrapped {
        /// PKCS#8, wrapped.
        private: String,
        /// SPKI.
        public: String,
    },
}

impl Store {
    /// The keyring, once there is one.
    pub async fn load_keyring(&self) -> Result<Option<StoredKeyring>, StoreError> {
        self.load(&Key::keyring()).await
    }

    /// Writes the first keyring; a conflict says that somebody else did.
    pub async fn create_keyring(&self, keyring: &StoredKeyring) -> Result<(), CommitError> {
        self.create_item(to_item(&Key::keyring(), keyring, None)?)
            .await
    }

    /// Replaces the keyring if its version is still the one before.
    pub async fn commit_keyring(&self, keyring: &StoredKeyring) -> Result<(), CommitError> {
        self.commit_version(to_item(&Key::keyring(), keyring, None)?, keyring.version)
            .await
    }

    /// The signing keys, once there are any.
    pub async fn load_signing_keys(&self) -> Result<Option<StoredSigningKeys>, StoreError> {
        self.load(&Key::signing_keys()).await
    }

    /// Writes the first signing keys; a conflict says that somebody else did.
    pub async fn create_signing_keys(&self, keys: &StoredSigningKeys) -> Result<(), CommitError> {
        self.create_item(to_item(&Key::signing_keys(), keys, None)?)
            .await
    }

    /// Replaces the signing keys if their version is still the one before.
    pub async fn commit_signing_keys(&self, keys: &StoredSigningKeys) -> Result<(), CommitError> {
        self.commit_version(to_item(&Key::signing_keys(), keys, None)?, keys.version)
            .await
    }

    async fn commit_version(&self, item: Item, version: u32) -> Result<(), CommitError> {
        let before = version.saturating_sub(1);
        let put = self
            .put(item)
            .condition_expression("version = :before")
            .expression_attribute_values(":before", AttributeValue::N(before.to_string()));
        send_put(put).await
    }
}
