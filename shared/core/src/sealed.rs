//! Sealed values that clients and browsers hold, under the current keyring.

use ratchet_domain::{
    error::Error,
    ids::ClientId,
    sealed::{Sealed, SealedForClient},
};
use ratchet_system::random;

use super::App;

impl App {
    /// Seals a value with the key that seals now and a new nonce: the text differs each time.
    pub async fn seal<T: Sealed + Sync>(&self, value: &T) -> Result<String, Error> {
        let (keyring, key) = self.active_key().await;
        Ok(keyring.seal_value(key, random(), value)?)
    }

    /// Opens the text of a value; `None` for a text that is not of this type.
    pub async fn open<T: Sealed>(&self, text: &str) -> Option<T> {
        self.keyring().await.open_value(text)
    }

    /// Seals a value for one client.
    pub async fn seal_for<T: SealedForClient + Sync>(
        &self,
        client_id: &ClientId,
        value: &T,
    ) -> Result<String, Error> {
        let (keyring, key) = self.active_key().await;
        Ok(keyring.seal_value_for(key, client_id, random(), value)?)
    }

    /// Opens the text of a value that was sealed for this client.
    pub async fn open_for<T: SealedForClient>(
        &self,
        client_id: &ClientId,
        text: &str,
    ) -> Option<T> {
        self.keyring().await.open_value_for(client_id, text)
    }
}
