//! The keys of a stack for a program that seals and serves no request.

use std::sync::Arc;

use ratchet_domain::sealed::KeyId;
use ratchet_keys::sealing::Keyring;

use super::{Parts, SigningKeys, StartError, keyring};

/// The current keyring of a stack, and the key that seals.
#[derive(Debug, Clone)]
pub struct StackKeys {
    /// All sealing keys: the active one, and earlier ones that still open what they sealed.
    pub keyring: Arc<Keyring>,
    /// Id of the key that seals now.
    pub active: KeyId,
}

impl StackKeys {
    /// Reads signing keys and keyring as [`App::new`](super::App::new) does, and creates those that are missing or due
    /// if the process may.
    pub async fn load(parts: &Parts) -> Result<Self, StartError> {
        let (_, keyring) =
            futures_util::future::try_join(SigningKeys::load(parts), keyring::load(parts)).await?;
        let keyring = keyring.last();
        let active = keyring.active(parts.clock.now());
        Ok(Self { keyring, active })
    }
}
