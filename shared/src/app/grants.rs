//! Grants by the ids that the Management API gives them: sealed, so that an id needs no index to be
//! found by and tells nothing to whoever sees it.

use super::App;
use crate::domain::{denial::Denial, grant::GrantKey, sealed::Purpose};

/// A grant's id has to stay the same, so it has one nonce. GCM-SIV allows that: equal grants have
/// equal ids, and nothing else can be seen.
const NONCE: [u8; 12] = [0; 12];

impl App {
    /// The id of a grant. It is sealed with the oldest key, so that it outlives changes of the active
    /// one.
    pub async fn grant_id(&self, key: &GrantKey) -> Result<String, Denial> {
        let keyring = self.keyring().await;
        let oldest = keyring.oldest();
        Ok(keyring.seal(oldest, Purpose::Grant, "", NONCE, &key.to_bytes())?)
    }

    /// The grant of an id; `None` for whatever we did not seal.
    pub async fn open_grant_id(&self, id: &str) -> Option<GrantKey> {
        let opened = self.keyring().await.open(Purpose::Grant, "", id)?;
        GrantKey::from_bytes(&opened.plaintext)
    }
}
