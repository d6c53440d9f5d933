//! The keyring: wrapped sealing keys.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::{
    Store,
    error::{CommitError, StoreError},
    item::{send_put, to_item},
    keys::Key,
};
use crate::domain::{sealed::KeyId, time::Timestamp};

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
        let before = keyring.version.saturating_sub(1);
        let item = to_item(&Key::keyring(), keyring, None)?;
        let put = self
            .put(item)
            .condition_expression("version = :before")
            .expression_attribute_values(":before", AttributeValue::N(before.to_string()));
        send_put(put).await
    }
}
