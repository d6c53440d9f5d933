//! The signing keys in a warm function: written down on first use, looked at every minute, and in
//! [`SigningMode::Wrapped`] replaced on a schedule.

mod certificates;
mod source;

use std::{collections::BTreeMap, sync::Arc};

use super::{App, Parts, StartError, cache::Cache, refreshing::Refreshing};
use crate::{
    adapters::dynamo::{CommitError, StoreError, StoredSigningKey},
    config::Issuer,
    domain::{
        client::SigningAlgorithm,
        ids::ClientId,
        mobile::MobileApps,
        settings::Settings,
        time::{Lifetime, Timestamp},
    },
    keys::{
        SigningMode,
        service::ServiceKey,
        signer::{PublishedKey, Signer},
    },
    system::Clock,
};

use source::Source;

/// How long a key is published before it signs: longer than the JWKS may be cached.
pub const SIGNING_KEY_DELAY: Lifetime = Lifetime::from_secs(3_600);

/// The signing keys of a stack, as one process uses them, and its tenant's settings: all that discovery
/// needs.
#[derive(Debug)]
pub struct SigningKeys {
    source: Source,
    clock: Arc<Clock>,
    known: Refreshing<Signer>,
    settings: Cache<(), Settings>,
    mobile_apps: Cache<(), BTreeMap<ClientId, MobileApps>>,
}

impl SigningKeys {
    /// Reads the signing keys, or writes down the first.
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
        };
        let now = parts.clock.now();
        // Boxed: it happens once, and calls of the SDK are large.
        let settings = Box::pin(async { Ok(source.store.load_settings().await?) });
        let (stored, loaded) =
            futures_util::future::try_join(source.current(now), settings).await?;
        let settings = Cache::default();
        settings.put((), loaded.unwrap_or_default(), now);
        let signer = source.signer(&stored, now).await?;
        let (version, signer) = source.certified(stored, signer, now).await?;
        let known = Refreshing::new(version, signer, now);
        Ok(Self {
            source,
            clock: Arc::clone(&parts.clock),
            known,
            settings,
            mobile_apps: Cache::default(),
        })
    }

    /// The tenant's settings, from memory if they were read less than a minute ago.
    pub async fn settings(&self) -> Result<Arc<Settings>, StoreError> {
        let now = self.clock.now();
        if let Some(settings) = self.settings.get(&(), now) {
            return Ok(settings);
        }
        let loaded = self.source.store.load_settings().await?;
        Ok(self.settings.put((), loaded.unwrap_or_default(), now))
    }

    /// The settings, or those that were read last while the store does not answer: a client that starts now needs
    /// keys and metadata more than it needs the newest of them.
    pub async fn settings_or_last(&self) -> Arc<Settings> {
        match self.settings().await {
            Ok(settings) => settings,
            Err(error) => {
                tracing::error!(%error, "keys and metadata go by the settings that were read last");
                let kept = self.settings.keep(&(), self.clock.now());
                kept.unwrap_or_default()
            }
        }
    }

    /// The phone apps of all applications, likewise; those that were read last if the store is away.
    pub async fn mobile_apps(&self) -> Result<Arc<BTreeMap<ClientId, MobileApps>>, StoreError> {
        let now = self.clock.now();
        if let Some(apps) = self.mobile_apps.get(&(), now) {
            return Ok(apps);
        }
        match self.source.store.load_mobile_apps().await {
            Ok(loaded) => Ok(self.mobile_apps.put((), loaded, now)),
            Err(error) => self.mobile_apps.keep(&(), now).ok_or(error),
        }
    }

    /// The settings that were read last, without I/O.
    pub(super) fn last_settings(&self) -> Option<Arc<Settings>> {
        self.settings.last(&())
    }

    /// Forgets them, so that a change shows at once.
    pub(super) fn forget_settings(&self) {
        self.settings.expire();
        self.mobile_apps.expire();
    }

    /// Who the tokens say they are from.
    pub fn issuer(&self) -> &Issuer {
        &self.source.issuer
    }

    /// The keys of the JWKS: those whose algorithms the tenant uses. A store that does not answer leaves
    /// it at those that were published last.
    pub async fn published(&self) -> Vec<PublishedKey> {
        let settings = self.settings_or_last().await;
        let now = self.clock.now();
        let signer = self.current().await;
        let known = signer.published(now);
        known
            .filter(|key| settings.publishes(key.algorithm, now))
            .cloned()
            .collect()
    }

    /// The certificate of the key that RS256 tokens are signed with, in DER.
    pub async fn certificate(&self) -> Option<Vec<u8>> {
        let signer = self.current().await;
        let certificate = signer.certificate(SigningAlgorithm::RS256, self.clock.now());
        certificate.map(<[u8]>::to_vec)
    }

    /// The keys, looked at again every minute so that new ones are published before they sign.
    pub async fn current(&self) -> Arc<Signer> {
        let now = self.clock.now();
        self.known
            .get(now, async |known| self.source.look(known, now).await)
            .await
    }
}

impl App {
    /// The signing keys.
    pub fn signing_keys(&self) -> &SigningKeys {
        &self.signing
    }

    pub(super) async fn signer(&self) -> Arc<Signer> {
        self.signing.current().await
    }

    /// Adds a signing key for every algorithm, which takes over after [`SIGNING_KEY_DELAY`]: new key
    /// pairs in `wrapped` mode, in `kms` mode the keys named.
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
                "somebody else is rotating them; try again".to_owned(),
            )),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}
