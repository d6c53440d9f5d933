//! Certificates for the signing keys that have none yet: made by the first function that signs with them,
//! and written down, so that all publish the same.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::source::Source;
use crate::{
    adapters::dynamo::{CommitError, StoredSigningKeys},
    app::StartError,
    domain::time::Timestamp,
    keys::signer::Signer,
};

impl Source {
    /// The keys with the certificates that they lacked, and the version of what is written down. A key
    /// that cannot sign just now goes without until the next start: tokens do not need it.
    pub(super) async fn certified(
        &self,
        mut stored: StoredSigningKeys,
        mut signer: Signer,
        now: Timestamp,
    ) -> Result<(u32, Signer), StartError> {
        let read = stored.version;
        if !self.key_use.signs() || !self.key_use.rotates() {
            return Ok((read, signer));
        }
        // Boxed: it is rare, and large.
        if !Box::pin(self.certify(&mut stored, &mut signer, now)).await {
            return Ok((read, signer));
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

    /// Whether there were any to make.
    async fn certify(
        &self,
        stored: &mut StoredSigningKeys,
        signer: &mut Signer,
        now: Timestamp,
    ) -> bool {
        let mut changed = false;
        for known in signer.keys_mut() {
            let of_known = stored
                .keys
                .iter_mut()
                .find(|key| (key.algorithm, key.active_from) == known.term());
            let Some(key) = of_known.filter(|_| known.lacks_certificate()) else {
                continue;
            };
            let host = self.issuer.host();
            match known.make_certificate(&self.service, host, now).await {
                Ok(certificate) => {
                    key.certificate = Some(STANDARD.encode(&certificate));
                    known.set_certificate(Some(certificate));
                    changed = true;
                }
                Err(error) => {
                    tracing::warn!(reason = %error, "a signing key has no certificate yet");
                }
            }
        }
        changed
    }
}
