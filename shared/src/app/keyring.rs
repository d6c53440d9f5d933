//! The keyring in a warm function: created on first use, unwrapped once, looked at every minute.

use std::sync::{Arc, RwLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::StartError;
use crate::{
    adapters::dynamo::{CommitError, Store, StoredKey, StoredKeyring},
    config::Issuer,
    domain::{
        sealed::KeyId,
        time::{Lifetime, Timestamp},
    },
    keys::service::KeyService,
    sealing::{KeyBytes, Keyring},
    system::random,
};

/// How long after it was added a key begins to seal: longer than any warm function goes without
/// looking, so that none meets a token whose key it does not know.
pub const KEY_ACTIVATION_DELAY: Lifetime = Lifetime::from_secs(300);

/// How often a warm function looks for new keys.
const LOOK_EVERY: Lifetime = Lifetime::from_secs(60);

/// The keyring as this process knows it.
#[derive(Debug)]
pub(super) struct Current(RwLock<Known>);

#[derive(Debug, Clone)]
struct Known {
    version: u32,
    looked_at: Timestamp,
    keyring: Arc<Keyring>,
}

impl Current {
    pub(super) async fn load(
        store: &Store,
        service: &KeyService,
        issuer: &Issuer,
        now: Timestamp,
    ) -> Result<Self, StartError> {
        let stored = match store.load_keyring().await? {
            Some(stored) => stored,
            None => create(store, service, issuer, now).await?,
        };
        let keyring = Arc::new(unwrap(&stored, service, issuer).await?);
        Ok(Self(RwLock::new(Known {
            version: stored.version,
            looked_at: now,
            keyring,
        })))
    }

    pub(super) async fn get(
        &self,
        store: &Store,
        service: &KeyService,
        issuer: &Issuer,
        now: Timestamp,
    ) -> Arc<Keyring> {
        let known = self.known();
        if now < known.looked_at.plus(LOOK_EVERY) {
            return known.keyring;
        }
        match refresh(&known, store, service, issuer, now).await {
            Ok(fresh) => {
                let keyring = Arc::clone(&fresh.keyring);
                *self
                    .0
                    .write()
                    .unwrap_or_else(std::sync::PoisonError::into_inner) = fresh;
                keyring
            }
            Err(error) => {
                // The keys we have still work; the next request looks again.
                tracing::warn!(%error, "cannot look for new sealing keys");
                known.keyring
            }
        }
    }

    fn known(&self) -> Known {
        self.0
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }
}

async fn refresh(
    known: &Known,
    store: &Store,
    service: &KeyService,
    issuer: &Issuer,
    now: Timestamp,
) -> Result<Known, StartError> {
    let stored = store.load_keyring().await?;
    let stored = stored.ok_or_else(|| StartError::Keyring("it has vanished".to_owned()))?;
    let keyring = if stored.version == known.version {
        Arc::clone(&known.keyring)
    } else {
        Arc::new(unwrap(&stored, service, issuer).await?)
    };
    Ok(Known {
        version: stored.version,
        looked_at: now,
        keyring,
    })
}

async fn create(
    store: &Store,
    service: &KeyService,
    issuer: &Issuer,
    now: Timestamp,
) -> Result<StoredKeyring, StartError> {
    let first = new_key(KeyId::new(1), service, issuer, now).await?;
    let keyring = StoredKeyring {
        keys: vec![first],
        version: 1,
    };
    match store.create_keyring(&keyring).await {
        Ok(()) => Ok(keyring),
        Err(CommitError::Conflict) => store
            .load_keyring()
            .await?
            .ok_or_else(|| StartError::Keyring("it has vanished".to_owned())),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

async fn new_key(
    id: KeyId,
    service: &KeyService,
    issuer: &Issuer,
    active_from: Timestamp,
) -> Result<StoredKey, StartError> {
    let key: KeyBytes = Zeroizing::new(random());
    let wrapped = service.wrap(key.as_slice(), &context(issuer)).await?;
    Ok(StoredKey {
        id,
        wrapped: STANDARD.encode(wrapped),
        active_from,
    })
}

async fn unwrap(
    stored: &StoredKeyring,
    service: &KeyService,
    issuer: &Issuer,
) -> Result<Keyring, StartError> {
    let mut keys = Vec::with_capacity(stored.keys.len());
    for key in &stored.keys {
        let broken = |what| StartError::Keyring(format!("key {} {what}", key.id.number()));
        let wrapped = STANDARD
            .decode(&key.wrapped)
            .map_err(|_| broken("is not base64"))?;
        let unwrapped = service.unwrap_key(&wrapped, &context(issuer)).await?;
        let bytes = <[u8; 32]>::try_from(unwrapped.as_slice())
            .map_err(|_| broken("has the wrong length"))?;
        keys.push((key.id, Zeroizing::new(bytes), key.active_from));
    }
    Ok(Keyring::new(keys)?)
}

/// What a sealing key is bound to: this issuer, this purpose.
fn context(issuer: &Issuer) -> [(&'static str, &str); 2] {
    [("issuer", issuer.as_str()), ("purpose", "sealing")]
}

impl super::App {
    /// Adds a sealing key, which takes over after [`KEY_ACTIVATION_DELAY`]. The others still open
    /// what they sealed. Gives the new key's id and the time from which it seals.
    pub async fn rotate_sealing_key(&self) -> Result<(KeyId, Timestamp), StartError> {
        let stored = self.store.load_keyring().await?;
        let mut stored = stored.ok_or_else(|| StartError::Keyring("it has vanished".to_owned()))?;
        let newest = stored
            .keys
            .iter()
            .map(|key| key.id.number())
            .max()
            .unwrap_or_default();
        let id = KeyId::new(newest.saturating_add(1));
        let active_from = self.clock.now().plus(KEY_ACTIVATION_DELAY);
        stored
            .keys
            .push(new_key(id, &self.key_service, &self.issuer, active_from).await?);
        stored.version += 1;
        match self.store.commit_keyring(&stored).await {
            Ok(()) => Ok((id, active_from)),
            Err(CommitError::Conflict) => Err(StartError::Keyring(
                "somebody else is rotating it; try again".to_owned(),
            )),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}
