//! Certificates for the signing keys that have none yet: made by the first function that may sign with
//! them, and written down, so that all publish the same.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::source::Source;
use crate::{
    adapters::dynamo::StoredSigningKey,
    app::StartError,
    domain::{client::SigningAlgorithm, time::Timestamp},
    keys::{certificate::Draft, signer::PrivateKey},
};

impl Source {
    /// Gives RS256 keys the certificates that they lack; whether there were any. A key that cannot sign
    /// just now goes without: tokens do not need it, and it is tried again.
    pub(super) async fn certify(&self, keys: &mut [StoredSigningKey], now: Timestamp) -> bool {
        let mut changed = false;
        if !self.key_use.signs() {
            return changed;
        }
        let lacking = |key: &&mut StoredSigningKey| {
            key.algorithm == SigningAlgorithm::RS256 && key.certificate.is_none()
        };
        for key in keys.iter_mut().filter(lacking) {
            // Boxed: it is rare, and large.
            match Box::pin(self.certificate(key, now)).await {
                Ok(certificate) => {
                    key.certificate = Some(STANDARD.encode(certificate));
                    changed = true;
                }
                Err(error) => {
                    tracing::warn!(reason = %error, "a signing key has no certificate yet");
                }
            }
        }
        changed
    }

    async fn certificate(
        &self,
        stored: &StoredSigningKey,
        now: Timestamp,
    ) -> Result<Vec<u8>, StartError> {
        let (spki, private) = self.halves(stored).await?;
        let draft = Draft::new(&spki, self.issuer.host(), now)?;
        let digest = draft.digest()?;
        let signature = match private {
            PrivateKey::Service(key) => self.service.sign(&key, &digest).await?,
            PrivateKey::Here(pair) => pair.sign(&digest)?,
            PrivateKey::Elsewhere => {
                let reason = "a function that does not sign makes no certificate";
                return Err(StartError::Keyring(reason.to_owned()));
            }
        };
        Ok(draft.with_signature(signature)?)
    }
}
