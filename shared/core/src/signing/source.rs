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
use ratchet_store::{
    CommitError, Store, StoredPrivateKey, StoredSigningKey, StoredSigningKeys, TenantReads,
};

use crate::{KeyUse, StartError, config::Issuer};

use super::due::{Due, due};

/// The origin of signing keys.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) store: Store,
    pub(super) service: Arc<KeyService>,
    pub(super) issuer: Issuer,
    pub(super) mode: SigningMode,
    pub(super) key_use: KeyUse,
    pub(super) reads: TenantReads,
    /// Time that a wrapped key signs before this process finds that it needs a successor.
    pub(super) rotate_after: Lifetime,
}

impl Source {
    /// A newer signer than the one of this version, if there is one.
    pub(super) async fn look(
        &self,
        known: u32,
        now: Timestamp,
    ) -> Result<Option<(u32, Signer)>, StartError> {
        let stored = self.reads.signing_keys().await?;
        let stored = self.current(stored, now).await?;
        // A replica may lag behind an earlier check.
        if stored.version <= known {
            return Ok(None);
        }
        let signer = self.signer(&stored, now).await?;
        Ok(Some(self.certified(stored, signer, now).await?))
    }

    /// The keys that were read, after a function with that permission has added those that are due.
    pub(super) async fn current(
        &self,
        stored: Option<StoredSigningKeys>,
        now: Timestamp,
    ) -> Result<StoredSigningKeys, StartError> {
        match stored {
            None if !self.key_use.rotates() => Err(StartError::NoKeysYet),
            None => {
                let first = StoredSigningKeys {
                    keys: self.first(now).await?,
                    version: 1,
                };
                let created = self.store.create_signing_keys(&first).await;
                self.settle(created, first).await
            }
            Some(stored) if !self.key_use.rotates() => Ok(stored),
            Some(stored) => self.with_due(stored, now).await,
        }
    }

    /// The stored keys with those that are due. Only the holder of the lease generates successors on schedule: every
    /// environment finds them due, and each would spend seconds of a request on keys that no one needs yet.
    async fn with_due(
        &self,
        stored: StoredSigningKeys,
        now: Timestamp,
    ) -> Result<StoredSigningKeys, StartError> {
        let mut due = self.due(&stored, now);
        let is_urgent = |due: &Due| self.mode == SigningMode::Kms || due.active_from <= now;
        if due.is_empty() || due.iter().any(is_urgent) {
            due.retain(is_urgent);
            return self.add(stored, due, now).await;
        }
        if !self.takes_lease(now).await {
            return Ok(stored);
        }
        // The previous holder may have stored its keys after this read.
        let stored = self.stored_now().await?;
        let due = self.due(&stored, now);
        self.add(stored, due, now).await
    }

    /// True if this environment holds the lease now. The stored keys still sign: a failure delays the new ones.
    async fn takes_lease(&self, now: Timestamp) -> bool {
        let taken = self.store.take_signing_keys_lease(now).await;
        taken.unwrap_or_else(|error| {
            tracing::warn!(reason = %error, "cannot take the lease for new signing keys");
            false
        })
    }

    fn due(&self, stored: &StoredSigningKeys, now: Timestamp) -> Vec<Due> {
        let configured = self.service.signing_keys();
        due(stored, configured, self.mode, self.rotate_after, now)
    }

    async fn add(
        &self,
        mut stored: StoredSigningKeys,
        due: Vec<Due>,
        now: Timestamp,
    ) -> Result<StoredSigningKeys, StartError> {
        if due.is_empty() {
            return Ok(stored);
        }
        for Due { key, active_from } in due {
            stored.keys.push(self.new_key(key, now, active_from).await?);
        }
        stored.version += 1;
        let committed = self.store.commit_signing_keys(&stored).await;
        self.settle(committed, stored).await
    }

    pub(super) async fn stored_now(&self) -> Result<StoredSigningKeys, StartError> {
        let stored = self.store.load_signing_keys().await?;
        stored.ok_or_else(|| StartError::Keyring("the signing keys have vanished".to_owned()))
    }

    /// The keys of the function that stored first: ours, or those that are stored now.
    pub(super) async fn settle(
        &self,
        result: Result<(), CommitError>,
        own: StoredSigningKeys,
    ) -> Result<StoredSigningKeys, StartError> {
        match result {
            Ok(()) => Ok(own),
            Err(CommitError::Conflict) => self.stored_now().await,
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
