//! Contents of sealed texts: refresh tokens, authorization and device codes, opaque access tokens, session cookies,
//! login tickets, the state of the login pages and that of `/continue`. The box itself is `sealing`.

use serde::{Serialize, de::DeserializeOwned};

use super::{
    family_key::FamilyKey,
    ids::{ClientId, FamilyId, Generation, SessionId, UserId},
};

pub use super::ids::KeyId;

/// Bytes of the sealed text of so many bytes: a prefix, then base64url of key id, nonce, box and tag.
pub const fn sealed_length(plaintext: usize) -> usize {
    const PREFIX: usize = 4;
    const KEY_ID: usize = 4;
    const NONCE: usize = 12;
    const TAG: usize = 16;
    PREFIX + ((KEY_ID + NONCE + plaintext + TAG) * 4).div_ceil(3)
}

/// Purpose of a sealed text. It is part of the authenticated data and of the key's derivation, so a text that is sealed
/// for one purpose opens for no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A refresh token, bound to its client.
    RefreshToken,
    /// An authorization code; its stored item names the client.
    AuthorizationCode,
    /// A device code, bound to its client.
    DeviceCode,
    /// An access token for `/userinfo` alone.
    AccessToken,
    /// The browser's session cookie.
    Session,
    /// The `state` of the login and consent pages: the interaction that they belong to.
    Transaction,
    /// The `state` that a browser returns to `/continue` after a redirect by a script.
    Continuation,
    /// A login ticket, bound to its client.
    LoginTicket,
    /// A secret of the configuration that Ratchet needs in clear for a signature.
    Configuration,
    /// The id of a user's grant in the Management API.
    Grant,
    /// The id of a session: the `sid` claim.
    SessionId,
    /// The id of a refresh token in the Management API.
    RefreshTokenId,
}

impl Purpose {
    /// All purposes, each with a key of its own.
    pub const ALL: [Self; 12] = [
        Self::RefreshToken,
        Self::AuthorizationCode,
        Self::DeviceCode,
        Self::AccessToken,
        Self::Session,
        Self::Transaction,
        Self::Continuation,
        Self::LoginTicket,
        Self::Configuration,
        Self::Grant,
        Self::SessionId,
        Self::RefreshTokenId,
    ];

    /// Name in the authenticated data.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh-token",
            Self::AuthorizationCode => "authorization-code",
            Self::DeviceCode => "device-code",
            Self::AccessToken => "access-token",
            Self::Session => "session",
            Self::Transaction => "transaction",
            Self::Continuation => "continuation",
            Self::LoginTicket => "login-ticket",
            Self::Configuration => "configuration",
            Self::Grant => "grant",
            Self::SessionId => "session-id",
            Self::RefreshTokenId => "refresh-token-id",
        }
    }

    /// First characters of the sealed text, which identify its purpose to people and secret scanners.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::RefreshToken => "rt1_",
            Self::AuthorizationCode => "ac1_",
            Self::DeviceCode => "dc1_",
            Self::AccessToken => "at1_",
            Self::Session => "se1_",
            Self::Transaction => "tx1_",
            Self::Continuation => "ct1_",
            Self::LoginTicket => "lt1_",
            Self::Configuration => "cf1_",
            Self::Grant => "gr1_",
            Self::SessionId => "si1_",
            Self::RefreshTokenId => "ri1_",
        }
    }
}

/// A value that travels as sealed JSON, for any client.
pub trait Sealed: Serialize + DeserializeOwned {
    /// Purpose of its texts.
    const PURPOSE: Purpose;
    /// Authenticated with the box: keeps two types of one purpose apart.
    const BINDING: &'static str = "";
}

/// A value that travels as sealed JSON and opens for the client that it was issued to alone.
pub trait SealedForClient: Serialize + DeserializeOwned {
    /// Purpose of its texts.
    const PURPOSE: Purpose;
}

/// Content of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The owner, whose partition holds the item.
    pub user_id: UserId,
    /// The family that the token belongs to.
    pub family_id: FamilyId,
    /// The token's number within the family.
    pub generation: Generation,
}

impl RefreshToken {
    /// The family of a token of this client.
    pub fn family_of(&self, client_id: &ClientId) -> FamilyKey {
        FamilyKey::named(self.user_id.clone(), client_id.clone(), self.family_id)
    }

    /// Family (16 bytes), generation (4, big-endian), user id (the rest).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(20 + self.user_id.as_str().len());
        bytes.extend_from_slice(self.family_id.as_bytes());
        bytes.extend_from_slice(&self.generation.number().to_be_bytes());
        bytes.extend_from_slice(self.user_id.as_str().as_bytes());
        bytes
    }

    /// Reads the output of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (family, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, user) = rest.split_first_chunk::<4>()?;
        Some(Self {
            family_id: FamilyId::from_bytes(*family),
            generation: Generation::new(u32::from_be_bytes(*generation)),
            user_id: UserId::parse(std::str::from_utf8(user).ok()?).ok()?,
        })
    }
}

/// Content of a session cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionCookie {
    /// The owner, whose partition holds the item.
    pub user_id: UserId,
    /// Id of the session's item.
    pub session_id: SessionId,
    /// Number of renewals of the session when this cookie was set.
    pub renewals: u32,
}

impl SessionCookie {
    /// Session (16 bytes), a zero, renewals (4, big-endian), user id (the rest).
    pub fn to_bytes(&self) -> Vec<u8> {
        [
            self.session_id.as_bytes().as_slice(),
            &[RENEWALS_FOLLOW],
            &self.renewals.to_be_bytes(),
            self.user_id.as_str().as_bytes(),
        ]
        .concat()
    }

    /// Reads the output of [`Self::to_bytes`], and the cookies of earlier versions, which have only session and user
    /// id. No user id begins with a zero byte.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (session, rest) = bytes.split_first_chunk::<16>()?;
        let (renewals, user) = match rest.split_first()? {
            (&RENEWALS_FOLLOW, rest) => {
                let (renewals, user) = rest.split_first_chunk::<4>()?;
                (u32::from_be_bytes(*renewals), user)
            }
            _ => (0, rest),
        };
        Some(Self {
            user_id: UserId::parse(std::str::from_utf8(user).ok()?).ok()?,
            session_id: SessionId::from_bytes(*session),
            renewals,
        })
    }
}

const RENEWALS_FOLLOW: u8 = 0;

/// An id and its user: an authorization code, a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The owner, whose partition holds the item.
    pub user_id: UserId,
    /// The id: 128 random bits.
    pub id: [u8; 16],
}

impl Owned {
    /// Id (16 bytes), user id (the rest).
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.id.as_slice(), self.user_id.as_str().as_bytes()].concat()
    }

    /// Reads the output of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (id, user) = bytes.split_first_chunk::<16>()?;
        let user_id = UserId::parse(std::str::from_utf8(user).ok()?).ok()?;
        Some(Self { user_id, id: *id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_read_what_they_write_and_refuse_less() {
        let token = RefreshToken {
            user_id: UserId::parse("auth0|ada").unwrap(),
            family_id: FamilyId::from_bytes([9; 16]),
            generation: Generation::new(70_000),
        };
        assert_eq!(RefreshToken::from_bytes(&token.to_bytes()), Some(token));
        assert_eq!(RefreshToken::from_bytes(&[0; 20]), None);
        let code = Owned {
            user_id: UserId::parse("auth0|ada").unwrap(),
            id: [3; 16],
        };
        assert_eq!(Owned::from_bytes(&code.to_bytes()), Some(code));
        assert_eq!(Owned::from_bytes(&[0; 15]), None);
    }

    #[test]
    fn a_session_cookie_reads_what_it_writes_and_those_of_earlier_versions() {
        let cookie = |renewals| SessionCookie {
            user_id: UserId::parse("auth0|ada").unwrap(),
            session_id: SessionId::from_bytes([3; 16]),
            renewals,
        };
        for renewals in [0, 1, u32::MAX] {
            let cookie = cookie(renewals);
            let bytes = cookie.to_bytes();
            assert_eq!(SessionCookie::from_bytes(&bytes), Some(cookie));
            assert_eq!(SessionCookie::from_bytes(&bytes[..21]), None);
        }
        let earlier = Owned {
            user_id: UserId::parse("auth0|ada").unwrap(),
            id: [3; 16],
        };
        assert_eq!(
            SessionCookie::from_bytes(&earlier.to_bytes()),
            Some(cookie(0))
        );
        for less in [&[][..], &[3; 16], &[3; 15]] {
            assert_eq!(SessionCookie::from_bytes(less), None);
        }
    }
}
