//! The identity of a family in the store.

use super::{
    family::Family,
    ids::{ClientId, FamilyId, UserId},
};

/// The key of a family: user, client and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyKey {
    /// The user whose partition holds the family.
    pub user_id: UserId,
    /// Its client; `None` if its stored key contains only the user, as for families of earlier versions.
    pub client_id: Option<ClientId>,
    /// Id of the family: 128 random bits.
    pub id: FamilyId,
}

/// Separator before and after the client in a key; no id of a user or a client contains it.
const SEPARATOR: u8 = 0;

impl FamilyKey {
    /// The family that a client's token or a code names. One in 64 families of earlier versions has an id that looks
    /// like a current one; [`Self::of`] recognises it.
    pub fn named(user_id: UserId, client_id: ClientId, id: FamilyId) -> Self {
        Self {
            user_id,
            client_id: id.began_at().is_some().then_some(client_id),
            id,
        }
    }

    /// The key of a family. It contains the client if the family's id contains the time of its beginning.
    pub fn of(family: &Family) -> Self {
        let with_client = family.id.began_at() == Some(family.created_at);
        Self {
            user_id: family.user_id.clone(),
            client_id: with_client.then(|| family.client_id.clone()),
            id: family.id,
        }
    }

    /// Id (16 bytes), then the client between zeros if there is one, then the user: earlier versions wrote the ids of
    /// their families without a client.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.id.as_bytes().to_vec();
        if let Some(client) = &self.client_id {
            bytes.push(SEPARATOR);
            bytes.extend_from_slice(client.as_str().as_bytes());
            bytes.push(SEPARATOR);
        }
        bytes.extend_from_slice(self.user_id.as_str().as_bytes());
        bytes
    }

    /// Parses the bytes of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (client, user) = match rest.split_first()? {
            (&SEPARATOR, rest) => {
                let end = rest.iter().position(|byte| *byte == SEPARATOR)?;
                (Some(rest.get(..end)?), rest.get(end + 1..)?)
            }
            _ => (None, rest),
        };
        let text = |bytes| std::str::from_utf8(bytes).ok();
        Some(Self {
            user_id: UserId::parse(text(user)?).ok()?,
            client_id: match client {
                Some(client) => Some(ClientId::parse(text(client)?).ok()?),
                None => None,
            },
            id: FamilyId::from_bytes(*id),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sealed::Owned, time::Timestamp};

    fn user() -> UserId {
        UserId::parse("auth0|ada").unwrap()
    }

    fn client() -> ClientId {
        ClientId::parse("phone").unwrap()
    }

    #[test]
    fn a_key_reads_what_it_writes_and_those_of_earlier_versions() {
        let now = FamilyId::new(Timestamp::from_secs(1_800_000_000), [3; 16]);
        let key = FamilyKey::named(user(), client(), now);
        assert_eq!(key.client_id, Some(client()));
        let bytes = key.to_bytes();
        assert_eq!(FamilyKey::from_bytes(&bytes), Some(key));
        for less in [&bytes[..16], &bytes[..17], &bytes[..22], &bytes[..23]] {
            assert_eq!(FamilyKey::from_bytes(less), None, "{less:?}");
        }
        let earlier = FamilyKey::named(user(), client(), FamilyId::from_bytes([3; 16]));
        assert_eq!(earlier.client_id, None);
        let owned = Owned {
            user_id: user(),
            id: [3; 16],
        };
        assert_eq!(earlier.to_bytes(), owned.to_bytes());
        assert_eq!(FamilyKey::from_bytes(&owned.to_bytes()), Some(earlier));
    }
}
