//! The signing keys in a warm function: written down on first use, looked at every minute, and in
//! [`SigningMode::Wrapped`] replaced on a schedule.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{App, Parts, StartError, cache::Cache, refreshing::Refreshing};
use crate::{
    adapters::dynamo::{
        CommitError, Store, StoreError, StoredPrivateKey, StoredSigningKey, StoredSigningKeys,
    },
    config::Issuer,
    domain::{
        client::SigningAlgorithm,
        settings::Settings,
        time::{Lifetime, Timestamp},
    },
    keys::{
        Context, KeyUse, SigningMode,
        pair::KeyPair,
        service::{KeyService, ServiceKey},
        signer::{KnownKey, PrivateKey, PublishedKey, Signer, is_over},
    },
    system::Clock,
};

/// How long a key is published before it signs: longer than the JWKS may be cached.
pub const SIGNING_KEY_DELAY: Lifetime = Lifetime::from_secs(3_600);

/// How long a wrapped key signs before the next one is drawn.
const ROTATE_AFTER: Lifetime = Lifetime::from_secs(90 * 86_400);

/// The signing keys of a stack, as one process uses them, and its tenant's settings: all that discovery
/// needs.
#[derive(Debug)]
pub struct SigningKeys {
    source: Source,
    clock: Arc<Clock>,
    known: Refreshing<Signer>,
    settings: Cache<(), Settings>,
}

/// Where signing keys come from.
#[derive(Debug, Clone)]
struct Source {
    store: Store,
    service: Arc<KeyService>,
    issuer: Issuer,
    mode: SigningMode,
    key_use: KeyUse,
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
        let stored = source.current(now).await?;
        let signer = source.signer(&stored, now).await?;
        let known = Refreshing::new(stored.version, signer, now);
        Ok(Self {
            source,
            clock: Arc::clone(&parts.clock),
            known,
            settings: Cache::default(),
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

    /// Forgets them, so that a change shows at once.
    pub(super) fn forget_settings(&self) {
        self.settings.clear();
    }

    /// Who the tokens say they are from.
    pub fn issuer(&self) -> &Issuer {
        &self.source.issuer
    }

    /// The keys of the JWKS.
    pub async fn published(&self) -> Vec<PublishedKey> {
        let signer = self.current().await;
        signer.published(self.clock.now()).cloned().collect()
    }

    /// The keys, looked at again every minute so that new ones are published before they sign.
    pub async fn current(&self) -> Arc<Signer> {
        let now = self.clock.now();
        self.known
            .get(now, async |known| self.source.look(known, now).await)
            .await
    }
}

impl Source {
    /// A newer signer than the one of this version, if there is one.
    async fn look(&self, known: u32, now: Timestamp) -> Result<Option<(u32, Signer)>, StartError> {
        let stored = self.current(now).await?;
        if stored.version == known {
            return Ok(None);
        }
        Ok(Some((stored.version, self.signer(&stored, now).await?)))
    }

    /// The stored keys, after whatever is due has been added to them by a function that may.
    async fn current(&self, now: Timestamp) -> Result<StoredSigningKeys, StartError> {
        let stored = self.store.load_signing_keys().await?;
        let mut next = match stored {
            None if !self.key_use.rotates() => return Err(StartError::NoKeysYet),
            None => {
                let first = StoredSigningKeys {
                    keys: self.first(now).await?,
                    version: 1,
                };
                let created = self.store.create_signing_keys(&first).await;
                return self.settle(created, first).await;
            }
            Some(stored) if !self.key_use.rotates() => return Ok(stored),
            Some(stored) => stored,
        };
        let due = self.due(&next, now).await?;
        if due.is_empty() {
            return Ok(next);
        }
        next.keys.extend(due);
        next.version += 1;
        let committed = self.store.commit_signing_keys(&next).await;
        self.settle(committed, next).await
    }

    /// Whoever wrote first has decided; the others take what is there.
    async fn settle(
        &self,
        result: Result<(), CommitError>,
        ours: StoredSigningKeys,
    ) -> Result<StoredSigningKeys, StartError> {
        match result {
            Ok(()) => Ok(ours),
            Err(CommitError::Conflict) => self
                .store
                .load_signing_keys()
                .await?
                .ok_or_else(|| StartError::Keyring("the signing keys have vanished".to_owned())),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    async fn first(&self, now: Timestamp) -> Result<Vec<StoredSigningKey>, StartError> {
        let mut keys = Vec::new();
        for key in self.service.signing_keys() {
            keys.push(self.new_key(key, now).await?);
        }
        Ok(keys)
    }

    /// Keys to be added: those the key service was set up with since, and in `wrapped` mode the
    /// successors of those that have signed long enough.
    async fn due(
        &self,
        stored: &StoredSigningKeys,
        now: Timestamp,
    ) -> Result<Vec<StoredSigningKey>, StartError> {
        let mut due = Vec::new();
        for key in self.service.signing_keys() {
            let newest = stored
                .keys
                .iter()
                .filter(|stored| stored.algorithm == key.algorithm)
                .max_by_key(|stored| stored.active_from);
            let Some(newest) = newest else {
                // The first of its algorithm: nobody waits for it to be published.
                due.push(self.new_key(key, now).await?);
                continue;
            };
            let is_new = match (self.mode, &newest.key) {
                (SigningMode::Kms, _) => !stored.keys.iter().any(|stored| {
                    stored.algorithm == key.algorithm
                        && stored.key == StoredPrivateKey::Service(key.id.clone())
                }),
                (SigningMode::Wrapped, StoredPrivateKey::Service(_)) => true,
                (SigningMode::Wrapped, StoredPrivateKey::Wrapped { .. }) => {
                    newest.active_from.plus(ROTATE_AFTER) <= now
                }
            };
            if is_new {
                due.push(self.new_key(key, now.plus(SIGNING_KEY_DELAY)).await?);
            }
        }
        Ok(due)
    }

    async fn new_key(
        &self,
        key: ServiceKey,
        active_from: Timestamp,
    ) -> Result<StoredSigningKey, StartError> {
        let algorithm = key.algorithm;
        let key = match self.mode {
            SigningMode::Kms => {
                self.check(&key, active_from).await?;
                StoredPrivateKey::Service(key.id)
            }
            SigningMode::Wrapped => self.draw(algorithm).await?,
        };
        Ok(StoredSigningKey {
            algorithm,
            key,
            active_from,
        })
    }

    /// Whether a key can be published. One that cannot must not be written down: it would keep every
    /// function of the stack from starting.
    async fn check(&self, key: &ServiceKey, active_from: Timestamp) -> Result<(), StartError> {
        let spki = self.service.public_key(key).await?;
        KnownKey::new(key.algorithm, &spki, PrivateKey::Elsewhere, active_from)?;
        Ok(())
    }

    async fn draw(&self, algorithm: SigningAlgorithm) -> Result<StoredPrivateKey, StartError> {
        let pkcs8 = KeyPair::generate(algorithm)?;
        let public = KeyPair::from_pkcs8(algorithm, &pkcs8)?.public_key()?;
        let private = self.service.wrap(&pkcs8, CONTEXT).await?;
        Ok(StoredPrivateKey::Wrapped {
            private: STANDARD.encode(private),
            public: STANDARD.encode(public),
        })
    }

    /// Of the stored keys those that still matter: one that is over may be gone from the key service.
    async fn signer(
        &self,
        stored: &StoredSigningKeys,
        now: Timestamp,
    ) -> Result<Signer, StartError> {
        let terms: Vec<_> = stored
            .keys
            .iter()
            .map(|key| (key.algorithm, key.active_from))
            .collect();
        let keys = stored
            .keys
            .iter()
            .filter(|key| !is_over((key.algorithm, key.active_from), &terms, now))
            .map(|key| self.known(key));
        Ok(Signer::new(futures_util::future::try_join_all(keys).await?))
    }

    async fn known(&self, stored: &StoredSigningKey) -> Result<KnownKey, StartError> {
        let broken = |_| StartError::Keyring("a signing key is not base64".to_owned());
        let StoredSigningKey {
            algorithm,
            key,
            active_from,
        } = stored;
        let (spki, private) = match key {
            StoredPrivateKey::Service(id) => {
                let key = ServiceKey {
                    algorithm: *algorithm,
                    id: id.clone(),
                };
                let spki = self.service.public_key(&key).await?;
                let private = if self.key_use.signs() {
                    PrivateKey::Service(key)
                } else {
                    PrivateKey::Elsewhere
                };
                (spki, private)
            }
            StoredPrivateKey::Wrapped { private, public } => {
                let private = if self.key_use.signs() {
                    let wrapped = STANDARD.decode(private).map_err(broken)?;
                    let pkcs8 = self.service.unwrap_key(&wrapped, CONTEXT).await;
                    let pkcs8 = pkcs8.map_err(|error| {
                        let algorithm = algorithm.as_str();
                        StartError::Keyring(format!(
                            "the signing key for {algorithm} cannot be unwrapped: {error}"
                        ))
                    })?;
                    PrivateKey::Here(KeyPair::from_pkcs8(*algorithm, &pkcs8)?)
                } else {
                    PrivateKey::Elsewhere
                };
                (STANDARD.decode(public).map_err(broken)?, private)
            }
        };
        Ok(KnownKey::new(*algorithm, &spki, private, *active_from)?)
    }
}

/// What a wrapped signing key is bound to: as a sealing key, to its purpose.
const CONTEXT: Context<'static> = &[("purpose", "signing")];

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
        let active_from = self.clock.now().plus(SIGNING_KEY_DELAY);
        let keys = match source.mode {
            SigningMode::Kms if named.is_empty() => {
                return Err(StartError::Keyring("name the new keys in KMS".to_owned()));
            }
            SigningMode::Kms => named.to_vec(),
            SigningMode::Wrapped => self.key_service.signing_keys(),
        };
        let mut added = Vec::new();
        for key in keys {
            added.push(source.new_key(key, active_from).await?);
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
