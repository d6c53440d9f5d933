//! The keyring in a warm function: created on first use, unwrapped once, checked about every minute.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use ratchet_domain::{
    sealed::KeyId,
    time::{Lifetime, Timestamp},
};
use ratchet_keys::{
    Context,
    sealing::{KeyBytes, Keyring},
    service::KeyService,
    wrapping::Wrapped,
};
use ratchet_store::{CommitError, Store, StoredKey, StoredKeyring};
use ratchet_system::random;
use zeroize::Zeroizing;

use super::{App, Parts, StartError, refreshing::Refreshing};

/// Time from the addition of a key until it begins to seal. It is longer than a warm function goes without a check,
/// so that no function receives a token whose key it does not know.
pub const KEY_ACTIVATION_DELAY: Lifetime = Lifetime::from_secs(300);

/// Reads the keyring, or creates the first one. The read is strongly consistent: a function that starts after an operator
/// has replaced the keyring never goes by the former one.
pub(super) async fn load(parts: &Parts) -> Result<Refreshing<Keyring>, StartError> {
    let loaded = try_load(parts).await;
    loaded.map_err(|error| error.of(&parts.store))
}

async fn try_load(parts: &Parts) -> Result<Refreshing<Keyring>, StartError> {
    let Parts {
        store,
        key_service: service,
        clock,
        key_use,
        freshness,
        ..
    } = parts;
    let now = clock.now();
    let stored = match store.load_keyring().await? {
        Some(stored) => stored,
        None if !key_use.rotates() => return Err(StartError::NoKeysYet),
        None => create(store, service, now).await?,
    };
    let keyring = unwrap(&stored, service).await?;
    let look_every = freshness.reread_after();
    Ok(Refreshing::new(stored.version, keyring, now, look_every))
}

async fn create(
    store: &Store,
    service: &KeyService,
    now: Timestamp,
) -> Result<StoredKeyring, StartError> {
    let first = new_key(KeyId::new(1), service, now).await?;
    let keyring = StoredKeyring {
        keys: vec![first],
        version: 1,
    };
    match store.create_keyring(&keyring).await {
        Ok(()) => Ok(keyring),
        Err(CommitError::Conflict) => existing(store.load_keyring().await?),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

fn existing(stored: Option<StoredKeyring>) -> Result<StoredKeyring, StartError> {
    stored.ok_or_else(|| StartError::Keyring("it has vanished".to_owned()))
}

async fn new_key(
    id: KeyId,
    service: &KeyService,
    active_from: Timestamp,
) -> Result<StoredKey, StartError> {
    let key: KeyBytes = Zeroizing::new(random());
    let wrapped = service.wrap(key.as_slice(), CONTEXT).await?;
    Ok(StoredKey {
        id,
        wrapped: STANDARD.encode(wrapped.ciphertext),
        wrapped_by: wrapped.wrapped_by,
        active_from,
    })
}

async fn unwrap(stored: &StoredKeyring, service: &KeyService) -> Result<Keyring, StartError> {
    let mut keys = Vec::with_capacity(stored.keys.len());
    for key in &stored.keys {
        let broken = |what: &str| StartError::Keyring(format!("key {} {what}", key.id.number()));
        let ciphertext = STANDARD.decode(&key.wrapped);
        let wrapped = Wrapped {
            ciphertext: ciphertext.map_err(|_| broken("is not base64"))?,
            wrapped_by: key.wrapped_by.clone(),
        };
        let unwrapped = service.unwrap_key(&wrapped, CONTEXT).await;
        let unwrapped =
            unwrapped.map_err(|error| broken(&format!("cannot be unwrapped: {error}")))?;
        let bytes = <[u8; 32]>::try_from(unwrapped.as_slice())
            .map_err(|_| broken("has the wrong length"))?;
        keys.push((key.id, Zeroizing::new(bytes), key.active_from));
    }
    Ok(Keyring::new(keys)?)
}

/// The encryption context of a sealing key. The wrapping key belongs to one stack, so only the purpose has to be
/// distinguished; the issuer or the table may be renamed without losing the keys.
const CONTEXT: Context<'static> = &[("purpose", "sealing")];

impl App {
    /// The keyring, checked about every minute so that functions know new keys before these seal.
    pub async fn keyring(&self) -> Arc<Keyring> {
        let look = async |known| -> Result<_, StartError> {
            let stored = existing(self.reads.keyring().await?)?;
            // A replica may lag behind an earlier check.
            if stored.version <= known {
                return Ok(None);
            }
            let keyring = unwrap(&stored, &self.key_service).await?;
            Ok(Some((stored.version, keyring)))
        };
        self.keyring.get(self.clock.now(), look).await
    }

    /// Adds a sealing key, which takes over after [`KEY_ACTIVATION_DELAY`]. The others still open what they sealed.
    /// Returns the new key's id and the time from which it seals.
    pub async fn rotate_sealing_key(&self) -> Result<(KeyId, Timestamp), StartError> {
        let mut stored = existing(self.store.load_keyring().await?)?;
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
            .push(new_key(id, &self.key_service, active_from).await?);
        stored.version += 1;
        match self.store.commit_keyring(&stored).await {
            Ok(()) => Ok((id, active_from)),
            Err(CommitError::Conflict) => Err(StartError::Keyring(
                "another command is rotating it; try again".to_owned(),
            )),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}
