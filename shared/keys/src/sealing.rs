//! Sealing: AES-256-GCM-SIV (RFC 8452) under the keyring's keys.
//!
//! A sealed text is a prefix for its purpose, then base64url of key id (4 bytes), nonce (12) and ciphertext with tag.
//! Equal arguments result in the same text, which GCM-SIV makes safe; a refresh token's nonce is derived from its
//! family, so that the text of a generation never changes. Every purpose has its own key (HKDF, RFC 5869), and purpose
//! and client are authenticated with the ciphertext.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ratchet_domain::{
    error::Failure,
    ids::ClientId,
    sealed::{KeyId, Purpose, Sealed, SealedForClient},
    time::Timestamp,
};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

/// Bytes of a sealing key.
pub type KeyBytes = Zeroizing<[u8; 32]>;

/// Nonce of a sealed text.
pub type NonceBytes = [u8; NONCE_LEN];

/// The derived keys of the keyring. Never empty.
pub struct Keyring {
    keys: Vec<SealingKey>,
}

struct SealingKey {
    id: KeyId,
    active_from: Timestamp,
    boxes: Vec<(Purpose, LessSafeKey)>,
    mac: hmac::Key,
}

/// The content of a sealed text.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened {
    /// The key that sealed it.
    pub key_id: KeyId,
    /// The bytes as they were before sealing.
    pub plaintext: Vec<u8>,
}

/// The keyring is empty or lacks the requested key, or a primitive rejected its arguments.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("sealing failed: {0}")]
pub struct SealingError(&'static str);

impl Keyring {
    /// Derives the keys for all purposes from id, bytes, and the time from which each key seals.
    pub fn new(
        keys: impl IntoIterator<Item = (KeyId, KeyBytes, Timestamp)>,
    ) -> Result<Self, SealingError> {
        let keys = keys
            .into_iter()
            .map(|(id, bytes, active_from)| SealingKey::derive(id, &bytes, active_from))
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(SealingError("the keyring has no key"));
        }
        Ok(Self { keys })
    }

    /// The key that seals at this time: the newest active one.
    pub fn active(&self, now: Timestamp) -> KeyId {
        self.keys
            .iter()
            .filter(|key| key.active_from <= now)
            .max_by_key(|key| (key.active_from, key.id))
            // A clock before the activation of the first key still gets that key.
            .or_else(|| self.keys.iter().min_by_key(|key| key.active_from))
            .map_or(KeyId::new(0), |key| key.id)
    }

    /// The oldest key, which stays in place through rotations: for digests that are look-up keys.
    pub fn oldest(&self) -> KeyId {
        let keys = self.keys.iter();
        keys.min_by_key(|key| (key.active_from, key.id))
            .map_or(KeyId::new(0), |key| key.id)
    }

    /// Seals a text. `binding` is, for instance, the id of the client that it is for; opening requires the same one.
    pub fn seal(
        &self,
        key: KeyId,
        purpose: Purpose,
        binding: &str,
        nonce: NonceBytes,
        plaintext: &[u8],
    ) -> Result<String, SealingError> {
        let sealing_key = self.key(key).ok_or(SealingError("unknown key"))?;
        let mut sealed = Vec::with_capacity(4 + NONCE_LEN + plaintext.len() + MAX_TAG_LEN);
        sealed.extend_from_slice(&key.number().to_be_bytes());
        sealed.extend_from_slice(&nonce);
        let mut content = Zeroizing::new(plaintext.to_vec());
        let tag = sealing_key
            .for_purpose(purpose)
            .ok_or(SealingError("unknown purpose"))?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(authenticated_data(purpose, binding)),
                &mut content,
            )
            .map_err(|_| SealingError("the box refused its content"))?;
        sealed.extend_from_slice(&content);
        sealed.extend_from_slice(tag.as_ref());
        Ok(format!(
            "{}{}",
            purpose.prefix(),
            URL_SAFE_NO_PAD.encode(sealed)
        ))
    }

    /// Opens a text; `None` for a text that we did not seal for this purpose and binding.
    pub fn open(&self, purpose: Purpose, binding: &str, text: &str) -> Option<Opened> {
        let encoded = text.strip_prefix(purpose.prefix())?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
        let (key_id, rest) = bytes.split_first_chunk::<4>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let key_id = KeyId::new(u32::from_be_bytes(*key_id));
        let mut content = sealed.to_vec();
        let plaintext = self
            .key(key_id)?
            .for_purpose(purpose)?
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(authenticated_data(purpose, binding)),
                &mut content,
            )
            .ok()?
            .to_vec();
        Some(Opened { key_id, plaintext })
    }

    /// Seals a value as JSON.
    pub fn seal_value<T: Sealed>(
        &self,
        key: KeyId,
        nonce: NonceBytes,
        value: &T,
    ) -> Result<String, SealingError> {
        self.seal_json(key, T::PURPOSE, T::BINDING, nonce, value)
    }

    /// Opens the text of a value; `None` for a text that [`Self::seal_value`] did not seal for this type.
    pub fn open_value<T: Sealed>(&self, text: &str) -> Option<T> {
        self.open_json(T::PURPOSE, T::BINDING, text)
    }

    /// Seals a value as JSON for one client.
    pub fn seal_value_for<T: SealedForClient>(
        &self,
        key: KeyId,
        client_id: &ClientId,
        nonce: NonceBytes,
        value: &T,
    ) -> Result<String, SealingError> {
        self.seal_json(key, T::PURPOSE, client_id.as_str(), nonce, value)
    }

    /// Opens the text of a value that was sealed for this client.
    pub fn open_value_for<T: SealedForClient>(
        &self,
        client_id: &ClientId,
        text: &str,
    ) -> Option<T> {
        self.open_json(T::PURPOSE, client_id.as_str(), text)
    }

    fn seal_json(
        &self,
        key: KeyId,
        purpose: Purpose,
        binding: &str,
        nonce: NonceBytes,
        value: &impl Serialize,
    ) -> Result<String, SealingError> {
        let plaintext =
            serde_json::to_vec(value).map_err(|_| SealingError("the value is no JSON"))?;
        self.seal(key, purpose, binding, nonce, &plaintext)
    }

    fn open_json<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        binding: &str,
        text: &str,
    ) -> Option<T> {
        let opened = self.open(purpose, binding, text)?;
        serde_json::from_slice(&opened.plaintext).ok()
    }

    /// A keyed digest (HMAC-SHA-256) of data that is looked up or compared and never needed in clear, as
    /// `<key id>.<base64url>`.
    pub fn digest(&self, key: KeyId, label: &str, data: &[u8]) -> Result<String, SealingError> {
        let sealing_key = self.key(key).ok_or(SealingError("unknown key"))?;
        let tag = hmac::sign(&sealing_key.mac, &labelled(label, data));
        Ok(format!("{}.{}", key.number(), URL_SAFE_NO_PAD.encode(tag)))
    }

    /// A keyed digest of a few bytes, for data that is only compared with other data of its kind: equal data have equal
    /// digests under one key, and a digest reveals nothing about its data.
    pub fn short_digest<const N: usize>(
        &self,
        key: KeyId,
        label: &str,
        data: &[u8],
    ) -> Result<[u8; N], SealingError> {
        let sealing_key = self.key(key).ok_or(SealingError("unknown key"))?;
        let tag = hmac::sign(&sealing_key.mac, &labelled(label, data));
        let bytes = tag
            .as_ref()
            .get(..N)
            .and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or(SealingError("a digest has 32 bytes"))
    }

    /// True if [`Self::digest`] returns this digest for this data, compared in constant time.
    pub fn digest_matches(&self, digest: &str, label: &str, data: &[u8]) -> bool {
        let Some((key, tag)) = digest.split_once('.') else {
            return false;
        };
        let Ok(number) = key.parse() else {
            return false;
        };
        let Some(key) = self.key(KeyId::new(number)) else {
            return false;
        };
        let Ok(tag) = URL_SAFE_NO_PAD.decode(tag) else {
            return false;
        };
        hmac::verify(&key.mac, &labelled(label, data), &tag).is_ok()
    }

    fn key(&self, id: KeyId) -> Option<&SealingKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}

impl SealingKey {
    fn derive(id: KeyId, bytes: &KeyBytes, active_from: Timestamp) -> Result<Self, SealingError> {
        let boxes = Purpose::ALL
            .into_iter()
            .map(|purpose| {
                let key = expand(bytes, purpose.as_str())?;
                UnboundKey::new(&AES_256_GCM_SIV, key.as_slice())
                    .map(|key| (purpose, LessSafeKey::new(key)))
                    .map_err(|_| SealingError("the box refused its key"))
            })
            .collect::<Result<_, _>>()?;
        let mac = hmac::Key::new(hmac::HMAC_SHA256, expand(bytes, "digest")?.as_slice());
        Ok(Self {
            id,
            active_from,
            boxes,
            mac,
        })
    }

    fn for_purpose(&self, purpose: Purpose) -> Option<&LessSafeKey> {
        self.boxes
            .iter()
            .find(|(known, _)| *known == purpose)
            .map(|(_, key)| key)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|key| key.id))
            .finish()
    }
}

fn expand(key: &KeyBytes, label: &str) -> Result<KeyBytes, SealingError> {
    let mut expanded = Zeroizing::new([0; 32]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"ratchet/v1")
        .extract(key.as_slice())
        .expand(&[label.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(expanded.as_mut_slice()))
        .map_err(|_| SealingError("key derivation refused its arguments"))?;
    Ok(expanded)
}

fn authenticated_data(purpose: Purpose, binding: &str) -> Vec<u8> {
    [
        b"ratchet/v1/".as_slice(),
        purpose.as_str().as_bytes(),
        b"\0",
        binding.as_bytes(),
    ]
    .concat()
}

fn labelled(label: &str, data: &[u8]) -> Vec<u8> {
    [label.as_bytes(), b"\0", data].concat()
}

impl From<SealingError> for Failure {
    fn from(error: SealingError) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratchet_domain::sealed::sealed_length;

    const NONCE: NonceBytes = [1; NONCE_LEN];
    const KEY: KeyId = KeyId::new(1);

    fn keyring() -> Keyring {
        let key = |id, byte, from| {
            (
                KeyId::new(id),
                Zeroizing::new([byte; 32]),
                Timestamp::from_secs(from),
            )
        };
        Keyring::new([key(1, 1, 0), key(2, 2, 100)]).unwrap()
    }

    #[test]
    fn the_length_of_a_sealed_text_is_known_beforehand() {
        for length in 0..8 {
            let plaintext = vec![b'x'; length];
            let sealed = keyring().seal(KEY, Purpose::Transaction, "", NONCE, &plaintext);
            assert_eq!(sealed.unwrap().len(), sealed_length(length), "{length}");
        }
    }

    fn seal(purpose: Purpose, binding: &str) -> String {
        keyring()
            .seal(KEY, purpose, binding, NONCE, b"content")
            .unwrap()
    }

    #[test]
    fn equal_arguments_give_the_equal_text() {
        assert_eq!(
            seal(Purpose::RefreshToken, "app"),
            seal(Purpose::RefreshToken, "app")
        );
    }

    #[test]
    fn sealed_data_opens_with_the_same_purpose_and_binding_only() {
        let text = seal(Purpose::RefreshToken, "app");
        let opened = keyring().open(Purpose::RefreshToken, "app", &text).unwrap();
        assert_eq!(
            opened,
            Opened {
                key_id: KEY,
                plaintext: b"content".to_vec()
            }
        );
        assert_eq!(keyring().open(Purpose::RefreshToken, "other", &text), None);
        let as_code = text.replace("rt1_", "ac1_");
        assert_eq!(
            keyring().open(Purpose::AuthorizationCode, "app", &as_code),
            None
        );
    }

    #[test]
    fn a_value_is_sealed_as_its_json_and_opens_as_its_own_type_for_its_own_client_alone() {
        #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
        struct Login(u8);
        #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
        struct Logout(u8);
        impl Sealed for Login {
            const PURPOSE: Purpose = Purpose::Transaction;
        }
        impl Sealed for Logout {
            const PURPOSE: Purpose = Purpose::Transaction;
            const BINDING: &'static str = "logout";
        }
        impl SealedForClient for Login {
            const PURPOSE: Purpose = Purpose::LoginTicket;
        }
        let keyring = keyring();
        let text = keyring.seal_value(KEY, NONCE, &Login(7)).unwrap();
        let by_hand = keyring.seal(KEY, Purpose::Transaction, "", NONCE, b"7");
        assert_eq!(text, by_hand.unwrap());
        assert_eq!(keyring.open_value(&text), Some(Login(7)));
        assert_eq!(keyring.open_value::<Logout>(&text), None);
        let text = keyring.seal_value(KEY, NONCE, &Logout(7)).unwrap();
        let by_hand = keyring.seal(KEY, Purpose::Transaction, "logout", NONCE, b"7");
        assert_eq!(text, by_hand.unwrap());
        let [app, other] = ["app", "other"].map(|id| ClientId::parse(id).unwrap());
        let text = keyring.seal_value_for(KEY, &app, NONCE, &Login(7)).unwrap();
        let by_hand = keyring.seal(KEY, Purpose::LoginTicket, "app", NONCE, b"7");
        assert_eq!(text, by_hand.unwrap());
        assert_eq!(keyring.open_value_for(&app, &text), Some(Login(7)));
        assert_eq!(keyring.open_value_for::<Login>(&other, &text), None);
    }

    #[test]
    fn every_changed_character_and_every_truncation_is_noticed() {
        let text = seal(Purpose::RefreshToken, "app");
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(
                keyring().open(Purpose::RefreshToken, "app", &changed),
                None,
                "{at}"
            );
            assert_eq!(
                keyring().open(Purpose::RefreshToken, "app", &text[..at]),
                None,
                "{at}"
            );
        }
        assert_eq!(
            keyring().open(Purpose::RefreshToken, "app", &format!("{text}=")),
            None
        );
    }

    #[test]
    fn the_newest_key_that_is_due_seals() {
        assert_eq!(keyring().active(Timestamp::from_secs(99)), KEY);
        assert_eq!(keyring().active(Timestamp::from_secs(100)), KeyId::new(2));
    }

    #[test]
    fn a_rotation_leaves_the_oldest_key_in_place() {
        assert_eq!(keyring().oldest(), KEY);
    }

    #[test]
    fn a_short_digest_is_of_its_data_and_label() {
        let of = |label: &str, data: &[u8]| keyring().short_digest::<4>(KEY, label, data).unwrap();
        assert_eq!(of("address", b"1"), of("address", b"1"));
        assert_ne!(of("address", b"1"), of("address", b"2"));
        assert_ne!(of("address", b"1"), of("agent", b"1"));
        assert!(keyring().short_digest::<33>(KEY, "address", b"1").is_err());
    }

    #[test]
    fn a_digest_matches_its_own_data_and_label() {
        let digest = keyring().digest(KEY, "client-secret", b"hunter2").unwrap();
        assert!(keyring().digest_matches(&digest, "client-secret", b"hunter2"));
        assert!(!keyring().digest_matches(&digest, "client-secret", b"hunter3"));
        assert!(!keyring().digest_matches(&digest, "csrf", b"hunter2"));
        assert!(!keyring().digest_matches("nonsense", "csrf", b"hunter2"));
    }
}
