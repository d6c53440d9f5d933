//! The signing keys in a warm function: stored on first use, checked about every minute, and in [`SigningMode::Wrapped`]
//! replaced on a schedule.

mod certificates;
mod due;
mod source;

use std::sync::Arc;

use ratchet_domain::{
    client::SigningAlgorithm,
    settings::Settings,
    signing_key::{ServiceKey, SigningMode},
    time::{Lifetime, Timestamp},
};
use ratchet_keys::signer::{PublishedKey, Signer};
use ratchet_store::{CommitError, StoredSigningKey};
use ratchet_system::Clock;

use super::{App, Parts, StartError, refreshing::Refreshing};
use crate::config::Issuer;

use source::Source;

/// Time from the publication of a key until it signs: longer than the JWKS may be cached.
pub const SIGNING_KEY_DELAY: Lifetime = Lifetime::from_secs(3_600);

/// The signing keys of a stack, as one process uses them.
#[derive(Debug)]
pub struct SigningKeys {
    source: Source,
    clock: Arc<Clock>,
    known: Refreshing<Signer>,
}

impl SigningKeys {
    /// Reads the signing keys, or stores the first ones.
    pub async fn load(parts: &Parts) -> Result<Self, StartError> {
        let loaded = Self::try_load(parts).await;
        loaded.map_err(|error| error.of(&parts.store))
    }

    async fn try_load(parts: &Parts) -> Result<Self, StartError> {
        let source = Source {
            store: parts.store.clone(),
            service: Arc::clone(&parts.key_service),
            issuer: parts.issuer.clone(),
            mode: parts.signing_mode,
            key_use: parts.key_use,
            reads: parts.freshness.reads(&parts.store),
            rotate_after: due::rotate_after(parts.freshness.rotation_delay()),
        };
        let now = parts.clock.now();
        // Strongly consistent: a function that starts after an operator has replaced the keys never goes by the former ones.
        let stored = parts.store.load_signing_keys().await?;
        let stored = source.current(stored, now).await?;
        let signer = source.signer(&stored, now).await?;
        let (version, signer) = source.certified(stored, signer, now).await?;
        let look_every = parts.freshness.reread_after();
        let known = Refreshing::new(version, signer, now, look_every);
        Ok(Self {
            source,
            clock: Arc::clone(&parts.clock),
            known,
        })
    }

    /// The issuer of the tokens.
    pub fn issuer(&self) -> &Issuer {
        &self.source.issuer
    }

    /// The keys of the JWKS: those whose algorithms the tenant uses by these settings. They stay as they were last read
    /// while the store does not answer.
    pub(super) async fn published(&self, settings: &Settings) -> Vec<PublishedKey> {
        let now = self.clock.now();
        let signer = self.current().await;
        let known = signer.published(now);
        known
            .filter(|key| settings.publishes(key.algorithm, now))
            .cloned()
            .collect()
    }

    /// The certificate of the key that signs RS256 tokens, in DER.
    pub async fn certificate(&self) -> Option<Vec<u8>> {
        let signer = self.current().await;
        let certificate = signer.certificate(SigningAlgorithm::RS256, self.clock.now());
        certificate.map(<[u8]>::to_vec)
    }

    /// The keys, checked about every minute so that new ones are published before they sign.
    pub async fn current(&self) -> Arc<Signer> {
        let now = self.clock.now();
        self.known
            .get(now, async |known| self.source.look(known, now).await)
            .await
    }
}

impl App {
    /// The keys that sign JWTs and are published in the JWKS.
    pub fn signing_keys(&self) -> &SigningKeys {
        &self.signing
    }

    pub(super) async fn signer(&self) -> Arc<Signer> {
        self.signing.current().await
    }

    /// Adds a signing key for every algorithm, which takes over after [`SIGNING_KEY_DELAY`]: a new key pair in
    /// `wrapped` mode, in `kms` mode the named keys.
    pub async fn rotate_signing_keys(
        &self,
        named: &[ServiceKey],
    ) -> Result<(Vec<StoredSigningKey>, Timestamp), StartError> {
        let source = &self.signing.source;
        let stored = self.store.load_signing_keys().await?;
        let mut stored =
            stored.ok_or_else(|| StartError::Keyring("no signing keys yet".to_owned()))?;
        let now = self.clock.now();
        let active_from = now.plus(SIGNING_KEY_DELAY);
        let keys = match source.mode {
            SigningMode::Kms if named.is_empty() => {
                return Err(StartError::Keyring("name the new keys in KMS".to_owned()));
            }
            SigningMode::Kms => named.to_vec(),
            SigningMode::Wrapped => self.key_service.signing_keys(),
        };
        let mut added = Vec::new();
        for key in keys {
            added.push(source.new_key(key, now, active_from).await?);
        }
        stored.keys.extend(added.clone());
        stored.version += 1;
        match self.store.commit_signing_keys(&stored).await {
            Ok(()) => Ok((added, active_from)),
            Err(CommitError::Conflict) => Err(StartError::Keyring(
                "another command is rotating them; try again".to_owned(),
            )),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}
