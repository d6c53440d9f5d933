//! The certificates of signing keys: made with a key, or for one that has none by the first function that
//! signs with it; and written down, so that all publish the same.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::source::Source;
use crate::{
    adapters::dynamo::{CommitError, StoredSigningKeys},
    app::StartError,
    domain::time::Timestamp,
    keys::signer::{KnownKey, Signer},
};

impl Source {
    /// The certificate of a key, in DER, if it is to have one. A key that may not sign just now goes
    /// without: tokens do not need it, and the next function that starts tries again.
    pub(super) async fn certificate(&self, known: &KnownKey, now: Timestamp) -> Option<Vec<u8>> {
        if !known.lacks_certificate() {
            return None;
        }
        // Boxed: it is rare, and large.
        let making = Box::pin(known.make_certificate(&self.service, self.issuer.host(), now));
        match making.await {
            Ok(certificate) => Some(certificate),
            Err(error) => {
                tracing::warn!(reason = %error, "a signing key has no certificate yet");
                None
            }
        }
    }

    /// The keys with the certificates that they lacked, and the version of what is written down.
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
            // Whoever was first has made them.
            Err(CommitError::Conflict) => {
                let theirs = self.current(now).await?;
                let signer = self.signer(&theirs, now).await?;
                Ok((theirs.version, signer))
            }
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}
