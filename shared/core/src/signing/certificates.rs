//! Self-signed certificates for RS256 keys. They are created with the key (or, for older keys, by the first function
//! that signs with it) and stored, so that all functions publish the same one.

use base64::{Engine, engine::general_purpose::STANDARD};
use ratchet_domain::time::Timestamp;
use ratchet_keys::signer::{KnownKey, Signer};
use ratchet_store::{CommitError, StoredSigningKeys};

use super::source::Source;
use crate::StartError;

impl Source {
    /// The certificate of a key, in DER, if it needs one. A key that cannot sign now stays without one: tokens do not
    /// need it, and the next function that starts tries again.
    pub(super) async fn certificate(&self, known: &KnownKey, now: Timestamp) -> Option<Vec<u8>> {
        if !known.lacks_certificate() {
            return None;
        }
        // Boxed: it is rare and large.
        let making = Box::pin(known.make_certificate(&self.service, self.issuer.host(), now));
        match making.await {
            Ok(certificate) => Some(certificate),
            Err(error) => {
                tracing::warn!(reason = %error, "a signing key has no certificate yet");
                None
            }
        }
    }

    /// Adds missing certificates to the keys, and returns the version of the stored keys.
    pub(super) async fn certified(
        &self,
        mut stored: StoredSigningKeys,
        mut signer: Signer,
        now: Timestamp,
    ) -> Result<(u32, Signer), StartError> {
        let mut changed = false;
        if self.key_use.signs() && self.key_use.rotates() {
            for known in signer.keys_mut() {
                let Some(certificate) = self.certificate(known, now).await else {
                    continue;
                };
                let term = known.term();
                let mut keys = stored.keys.iter_mut();
                if let Some(key) = keys.find(|key| (key.algorithm, key.active_from) == term) {
                    key.certificate = Some(STANDARD.encode(&certificate));
                    known.set_certificate(Some(certificate));
                    changed = true;
                }
            }
        }
        if !changed {
            return Ok((stored.version, signer));
        }
        stored.version += 1;
        match self.store.commit_signing_keys(&stored).await {
            Ok(()) => Ok((stored.version, signer)),
            // Another function has stored its certificates first.
            Err(CommitError::Conflict) => {
                let theirs = self.stored_now().await?;
                let signer = self.signer(&theirs, now).await?;
                Ok((theirs.version, signer))
            }
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}
