//! The ids that the Management API gives to grants. They are sealed, so that they need no index and reveal nothing.

use ratchet_domain::{error::Error, grant::GrantKey, sealed::Purpose};

use super::App;

/// The only nonce, so that the id of a grant stays the same. GCM-SIV allows that: equal grants have equal ids, and
/// nothing else is revealed.
const NONCE: [u8; 12] = [0; 12];

impl App {
    /// The id of a grant. It is sealed with the oldest key, so that it stays the same when the active key changes.
    pub async fn grant_id(&self, key: &GrantKey) -> Result<String, Error> {
        let keyring = self.keyring().await;
        let oldest = keyring.oldest();
        Ok(keyring.seal(oldest, Purpose::Grant, "", NONCE, &key.to_bytes())?)
    }

    /// The grant of an id; `None` for a text that we did not seal.
    pub async fn open_grant_id(&self, id: &str) -> Option<GrantKey> {
        let opened = self.keyring().await.open(Purpose::Grant, "", id)?;
        GrantKey::from_bytes(&opened.plaintext)
    }
}
