//! The signing keys in a warm function: written down on first use, looked at every minute, and in
//! [`SigningMode::Wrapped`] replaced on a schedule.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{App, StartError, refreshing::Refreshing};
use crate::{
    adapters::dynamo::{CommitError, Store, StoredPrivateKey, StoredSigningKey, StoredSigningKeys},
    config::Issuer,
    domain::{
        client::SigningAlgorithm,
        time::{Lifetime, Timestamp},
    },
    keys::{
        KeyUse, SigningMode,
        pair::KeyPair,
        service::{KeyService, ServiceKey},
        signer::{KnownKey, PrivateKey, Signer},
    },
};

/// How long a key is published before it signs: longer than the JWKS may be cached.
pub const SIGNING_KEY_DELAY: Lifetime = Lifetime::from_secs(3_600);

/// How long a wrapped key signs before the next one is drawn.
const ROTATE_AFTER: Lifetime = Lifetime::from_secs(90 * 86_400);

/// What is needed to know the signing keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) store: &'a Store,
    pub(super) service: &'a KeyService,
    pub(super) issuer: &'a Issuer,
    pub(super) mode: SigningMode,
    pub(super) key_use: KeyUse,
}

impl Source<'_> {
    /// Reads the signing keys, or writes down the first.
    pub(super) async fn load(&self, now: Timestamp) -> Result<Refreshing<Signer>, StartError> {
        let stored = self.current(now).await?;
        Ok(Refreshing::new(
            stored.version,
            self.signer(&stored).await?,
            now,
        ))
    }

    /// A newer signer than the one of this version, if there is one.
    pub(super) async fn look(
        &self,
        known: u32,
        now: Timestamp,
    ) -> Result<Option<(u32, Signer)>, StartError> {
        let stored = self.current(now).await?;
        if stored.version == known {
            return Ok(None);
        }
        Ok(Some((stored.version, self.signer(&stored).await?)))
    }

    /// The stored keys, after whatever is due has been added to them.
    async fn current(&self, now: Timestamp) -> Result<StoredSigningKeys, StartError> {
        let Some(stored) = self.store.load_signing_keys().await? else {
            let first = StoredSigningKeys {
                keys: self.first(now).await?,
                version: 1,
            };
            let created = self.store.create_signing_keys(&first).await;
            return self.settle(created, first).await;
        };
        let due = self.due(&stored, now).await?;
        if due.is_empty() || self.key_use == KeyUse::Verify {
            return Ok(stored);
        }
        let mut next = stored;
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
                (SigningMode::Kms, _) => !stored
                    .keys
                    .iter()
                    .any(|stored| stored.key == StoredPrivateKey::Service(key.id.clone())),
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
            SigningMode::Kms => StoredPrivateKey::Service(key.id),
            SigningMode::Wrapped => self.draw(algorithm).await?,
        };
        Ok(StoredSigningKey {
            algorithm,
            key,
            active_from,
        })
    }

    async fn draw(&self, algorithm: SigningAlgorithm) -> Result<StoredPrivateKey, StartError> {
        let pkcs8 = KeyPair::generate(algorithm)?;
        let public = KeyPair::from_pkcs8(algorithm, &pkcs8)?.public_key()?;
        let private = self.service.wrap(&pkcs8, &context(self.issuer)).await?;
        Ok(StoredPrivateKey::Wrapped {
            private: STANDARD.encode(private),
            public: STANDARD.encode(public),
        })
    }

    async fn signer(&self, stored: &StoredSigningKeys) -> Result<Signer, StartError> {
        let keys = stored.keys.iter().map(|key| self.known(key));
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
                let private = match self.key_use {
                    KeyUse::Sign => PrivateKey::Service(key),
                    KeyUse::Verify => PrivateKey::Elsewhere,
                };
                (spki, private)
            }
            StoredPrivateKey::Wrapped { private, public } => {
                let private = match self.key_use {
                    KeyUse::Verify => PrivateKey::Elsewhere,
                    KeyUse::Sign => {
                        let wrapped = STANDARD.decode(private).map_err(broken)?;
                        let context = context(self.issuer);
                        let pkcs8 = self.service.unwrap_key(&wrapped, &context).await?;
                        PrivateKey::Here(KeyPair::from_pkcs8(*algorithm, &pkcs8)?)
                    }
                };
                (STANDARD.decode(public).map_err(broken)?, private)
            }
        };
        Ok(KnownKey::new(*algorithm, &spki, private, *active_from)?)
    }
}

/// What a wrapped signing key is bound to: this issuer, this purpose.
fn context(issuer: &Issuer) -> [(&'static str, &str); 2] {
    [("issuer", issuer.as_str()), ("purpose", "signing")]
}

impl App {
    /// The signing keys, looked at again every minute so that new keys are published before they
    /// sign.
    pub async fn signer(&self) -> Arc<Signer> {
        let now = self.clock.now();
        self.signer
            .get(now, async |known| {
                self.signing_source().look(known, now).await
            })
            .await
    }

    pub(super) fn signing_source(&self) -> Source<'_> {
        Source {
            store: &self.store,
            service: &self.key_service,
            issuer: &self.issuer,
            mode: self.signing_mode,
            key_use: self.key_use,
        }
    }

    /// Adds a signing key for every algorithm, which takes over after [`SIGNING_KEY_DELAY`]: new key
    /// pairs in `wrapped` mode, in `kms` mode the keys named.
    pub async fn rotate_signing_keys(
        &self,
        named: &[ServiceKey],
    ) -> Result<(Vec<StoredSigningKey>, Timestamp), StartError> {
        let source = self.signing_source();
        let stored = self.store.load_signing_keys().await?;
        let mut stored =
            stored.ok_or_else(|| StartError::Keyring("no signing keys yet".to_owned()))?;
        let active_from = self.clock.now().plus(SIGNING_KEY_DELAY);
        let keys = match self.signing_mode {
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
