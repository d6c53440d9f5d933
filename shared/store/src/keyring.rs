//! The keyring and the signing keys, wrapped by the key service.

use aws_sdk_dynamodb::types::AttributeValue;
use ratchet_domain::{client::SigningAlgorithm, sealed::KeyId, time::Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Store,
    calls::send_put,
    error::{CommitError, Item, StoreError},
    item::to_item,
    keys::Key,
};

/// The keyring as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKeyring {
    /// Its keys, oldest first.
    pub keys: Vec<StoredKey>,
    /// Number of its changes.
    pub version: u32,
}

/// A sealing key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKey {
    /// Id of the key, which each sealed text begins with.
    pub id: KeyId,
    /// The key, wrapped by the key service, in base64.
    pub wrapped: String,
    /// ARN of the KMS key that wrapped it; `None` for a key file, and in items of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapped_by: Option<String>,
    /// Time from which it seals. All functions load it before that.
    pub active_from: Timestamp,
}

/// The signing keys as they are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSigningKeys {
    /// The keys, oldest first. The newest active key of an algorithm signs.
    pub keys: Vec<StoredSigningKey>,
    /// Number of their changes.
    pub version: u32,
}

/// A signing key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSigningKey {
    /// The only algorithm that the key is used with.
    pub algorithm: SigningAlgorithm,
    /// Location of the private key.
    pub key: StoredPrivateKey,
    /// Time from which it signs. It is published before that.
    pub active_from: Timestamp,
    /// Its certificate, DER in base64: only for RS256 keys, once a function that signs has loaded them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// Location of a private key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredPrivateKey {
    /// Name of a key in the key service.
    Service(String),
    /// A key in the table, wrapped by the key service; the public half is not encrypted. Both are base64.
    Wrapped {
        /// PKCS#8 (DER), wrapped.
        private: String,
        /// `SubjectPublicKeyInfo` (DER), not encrypted.
        public: String,
        /// ARN of the KMS key that wrapped it; `None` for a key file, and in items of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wrapped_by: Option<String>,
    },
}

impl Store {
    /// The keyring, if it has been created.
    pub async fn load_keyring(&self) -> Result<Option<StoredKeyring>, StoreError> {
        self.load(&Key::keyring()).await
    }

    /// Stores the first keyring; a conflict means that another function has done so.
    pub async fn create_keyring(&self, keyring: &StoredKeyring) -> Result<(), CommitError> {
        self.create_item(to_item(&Key::keyring(), keyring, None)?)
            .await
    }

    /// Replaces the keyring if the stored version is the previous one.
    pub async fn commit_keyring(&self, keyring: &StoredKeyring) -> Result<(), CommitError> {
        self.commit_version(to_item(&Key::keyring(), keyring, None)?, keyring.version)
            .await
    }

    /// The signing keys, if they have been created.
    pub async fn load_signing_keys(&self) -> Result<Option<StoredSigningKeys>, StoreError> {
        self.load(&Key::signing_keys()).await
    }

    /// Stores the first signing keys; a conflict means that another function has done so.
    pub async fn create_signing_keys(&self, keys: &StoredSigningKeys) -> Result<(), CommitError> {
        self.create_item(to_item(&Key::signing_keys(), keys, None)?)
            .await
    }

    /// Replaces the signing keys if the stored version is the previous one.
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
