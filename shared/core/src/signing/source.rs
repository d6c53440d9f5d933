//! The origin of signing keys: the table, the key service, and the additions that are due.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use ratchet_domain::{
    client::SigningAlgorithm,
    signing_key::{ServiceKey, SigningMode},
    time::{Lifetime, Timestamp},
};
use ratchet_keys::{
    Context,
    pair::KeyPair,
    service::KeyService,
    signer::{KnownKey, PrivateKey, Signer, is_over},
    wrapping::Wrapped,
};
use ratchet_store::{CommitError, Store, StoredPrivateKey, StoredSigningKey, StoredSigningKeys};

use crate::{KeyUse, StartError, config::Issuer};

use super::SIGNING_KEY_DELAY;

/// Time that a wrapped key signs before the next one is generated.
const ROTATE_AFTER: Lifetime = Lifetime::from_secs(90 * 86_400);

/// The origin of signing keys.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) store: Store,
    pub(super) service: Arc<KeyService>,
    pub(super) issuer: Issuer,
    pub(super) mode: SigningMode,
    pub(super) key_use: KeyUse,
}

impl Source {
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
        let signer = self.signer(&stored, now).await?;
        Ok(Some(self.certified(stored, signer, now).await?))
    }

    /// The stored keys, after a function with that permission has added those that are due.
    pub(super) async fn current(&self, now: Timestamp) -> Result<StoredSigningKeys, StartError> {
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

    /// The keys of the function that stored first: ours, or those that are stored now.
    pub(super) async fn settle(
        &self,
        result: Result<(), CommitError>,
        own: StoredSigningKeys,
    ) -> Result<StoredSigningKeys, StartError> {
        match result {
            Ok(()) => Ok(own),
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
            keys.push(self.new_key(key, now, now).await?);
        }
        Ok(keys)
    }

    /// The keys to add: those that the key service has been configured with since, and in `wrapped` mode the successors
    /// of those that have signed long enough.
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
                // The first key of its algorithm signs at once: no client waits for its publication.
                due.push(self.new_key(key, now, now).await?);
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
                due.push(self.new_key(key, now, now.plus(SIGNING_KEY_DELAY)).await?);
            }
        }
        Ok(due)
    }

    pub(super) async fn new_key(
        &self,
        key: ServiceKey,
        now: Timestamp,
        active_from: Timestamp,
    ) -> Result<StoredSigningKey, StartError> {
        let algorithm = key.algorithm;
        let (key, known) = match self.mode {
            SigningMode::Kms => self.find(key, active_from).await?,
            SigningMode::Wrapped => self.draw(algorithm, active_from).await?,
        };
        let certificate = self.certificate(&known, now).await;
        Ok(StoredSigningKey {
            algorithm,
            key,
            active_from,
            certificate: certificate.map(|certificate| STANDARD.encode(certificate)),
        })
    }

    /// A key of the key service, if it can be published. One that cannot must not be stored: it would prevent every
    /// function of the stack from starting.
    async fn find(
        &self,
        key: ServiceKey,
        active_from: Timestamp,
    ) -> Result<(StoredPrivateKey, KnownKey), StartError> {
        let spki = self.service.public_key(&key).await?;
        let stored = StoredPrivateKey::Service(key.id.clone());
        let private = PrivateKey::Service(key.clone());
        let known = KnownKey::new(key.algorithm, &spki, private, active_from)?;
        Ok((stored, known))
    }

    /// A new key pair, and its stored form.
    async fn draw(
        &self,
        algorithm: SigningAlgorithm,
        active_from: Timestamp,
    ) -> Result<(StoredPrivateKey, KnownKey), StartError> {
        let pkcs8 = KeyPair::generate(algorithm)?;
        let pair = KeyPair::from_pkcs8(algorithm, &pkcs8)?;
        let public = pair.public_key()?;
        let private = self.service.wrap(&pkcs8, CONTEXT).await?;
        let stored = StoredPrivateKey::Wrapped {
            private: STANDARD.encode(private.ciphertext),
            public: STANDARD.encode(&public),
            wrapped_by: private.wrapped_by,
        };
        let known = KnownKey::new(algorithm, &public, PrivateKey::Here(pair), active_from)?;
        Ok((stored, known))
    }

    /// The stored keys that are still in use: an expired key may be gone from the key service.
    pub(super) async fn signer(
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
        let certificate = stored.certificate.as_deref();
        let certificate = certificate.map(|text| STANDARD.decode(text)).transpose();
        let (spki, private) = self.halves(stored).await?;
        let mut known = KnownKey::new(stored.algorithm, &spki, private, stored.active_from)?;
        known.set_certificate(certificate.map_err(broken)?);
        Ok(known)
    }

    /// The public half of a stored key, as SPKI in DER, and the private one if it is needed.
    async fn halves(&self, stored: &StoredSigningKey) -> Result<(Vec<u8>, PrivateKey), StartError> {
        let algorithm = stored.algorithm;
        match &stored.key {
            StoredPrivateKey::Service(id) => {
                let key = ServiceKey {
                    algorithm,
                    id: id.clone(),
                };
                let spki = self.service.public_key(&key).await?;
                let private = if self.key_use.signs() {
                    PrivateKey::Service(key)
                } else {
                    PrivateKey::Elsewhere
                };
                Ok((spki, private))
            }
            StoredPrivateKey::Wrapped {
                private,
                public,
                wrapped_by,
            } => {
                let private = if self.key_use.signs() {
                    let wrapped = Wrapped {
                        ciphertext: STANDARD.decode(private).map_err(broken)?,
                        wrapped_by: wrapped_by.clone(),
                    };
                    let pkcs8 = self.service.unwrap_key(&wrapped, CONTEXT).await;
                    let pkcs8 = pkcs8.map_err(|error| {
                        let algorithm = algorithm.as_str();
                        StartError::Keyring(format!(
                            "the signing key for {algorithm} cannot be unwrapped: {error}"
                        ))
                    })?;
                    PrivateKey::Here(KeyPair::from_pkcs8(algorithm, &pkcs8)?)
                } else {
                    PrivateKey::Elsewhere
                };
                Ok((STANDARD.decode(public).map_err(broken)?, private))
            }
        }
    }
}

fn broken(_: base64::DecodeError) -> StartError {
    StartError::Keyring("a signing key is not base64".to_owned())
}

/// The encryption context of a wrapped signing key: its purpose, as for a sealing key.
const CONTEXT: Context<'static> = &[("purpose", "signing")];
