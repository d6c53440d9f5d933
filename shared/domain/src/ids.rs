//! Identifiers. Each kind has its own type, so that no function takes a user for a client, and is validated once, where
//! it enters.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// The text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_ID_BYTES} bytes without control characters")]
pub struct InvalidId;

/// The longest identifier in bytes; a `DynamoDB` sort key holds two of them.
pub const MAX_ID_BYTES: usize = 400;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Validates a text as an identifier.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                if text.is_empty() || text.len() > MAX_ID_BYTES || text.chars().any(char::is_control) {
                    return Err(InvalidId);
                }
                Ok(Self(text))
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

text_id! {
    /// `client_id` of a client.
    ClientId
}
text_id! {
    /// Id of a user, as Auth0 writes it: `auth0|5f7c8ec7c33c6c004bbafe82`. The `sub` of the user's tokens.
    UserId
}
impl UserId {
    /// The id of a new database user: `auth0|` and hexadecimal digits, as at Auth0, of 128 random bits from the caller.
    pub fn from_random(bits: [u8; 16]) -> Self {
        Self(format!("auth0|{:032x}", u128::from_be_bytes(bits)))
    }
}
text_id! {
    /// Identifier of an API (resource server): the value of `audience`.
    Audience
}
text_id! {
    /// Name of a connection, which is a user database.
    ConnectionName
}

/// Digest of an access token: the form that the table stores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccessTokenDigest(String);

impl AccessTokenDigest {
    /// Wraps the text of a digest.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Name of a device, from the legacy parameter `device`. It labels the refresh token that is issued to the device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceName(String);

/// The text is not a device name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MAX_DEVICE_BYTES} bytes without control characters")]
pub struct InvalidDeviceName;

/// Longest device name in bytes: a refresh token family has to stay small.
pub const MAX_DEVICE_BYTES: usize = 100;

impl DeviceName {
    /// Validates a text as a device name.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidDeviceName> {
        let text = text.into();
        if text.is_empty() || text.len() > MAX_DEVICE_BYTES || text.chars().any(char::is_control) {
            return Err(InvalidDeviceName);
        }
        Ok(Self(text))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DeviceName {
    type Error = InvalidDeviceName;

    fn try_from(text: String) -> Result<Self, InvalidDeviceName> {
        Self::parse(text)
    }
}

impl From<DeviceName> for String {
    fn from(name: DeviceName) -> Self {
        name.0
    }
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 16]);

        impl $name {
            /// Wraps 128 random bits from the caller.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 128 bits, as they are sealed.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Reads the 32 hexadecimal digits that `Display` writes.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let digits = text.as_bytes();
                if digits.len() != 32 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(InvalidId);
                }
                u128::from_str_radix(text, 16)
                    .map(|bits| Self(bits.to_be_bytes()))
                    .map_err(|_| InvalidId)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", u128::from_be_bytes(self.0))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

random_id! {
    /// Id of a refresh token family, which is all tokens that descend from one login. It is a UUID of version 7
    /// (RFC 9562 section 5.7) without hyphens, so that families sort by their beginning; earlier versions drew 128
    /// random bits. No id is a secret: a token contains it sealed.
    FamilyId
}
impl FamilyId {
    /// The id of a family that begins now, with random bits from the caller: 48 bits of milliseconds, version and
    /// variant, and 74 of the random bits.
    pub fn new(now: Timestamp, random: [u8; 16]) -> Self {
        let mut bytes = random;
        let [_, _, millis @ ..] = now.as_millis().to_be_bytes();
        bytes[..6].copy_from_slice(&millis);
        bytes[6] = 0x70 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        Self(bytes)
    }

    /// Beginning of the family; `None` unless the id has the form of [`Self::new`]. One in 64 ids of earlier versions
    /// has that form by chance and gives a wrong time.
    pub fn began_at(self) -> Option<Timestamp> {
        let version_7 = self.0[6] >> 4 == 7 && self.0[8] >> 6 == 0b10;
        let bits = u128::from_be_bytes(self.0) >> 80;
        let millis = u64::try_from(bits).ok().filter(|_| version_7)?;
        Some(Timestamp::from_millis(millis))
    }
}
random_id! {
    /// Id of an authorization code.
    CodeId
}
random_id! {
    /// Id of a consent: of one user for one client and API, from the first press to its withdrawal.
    ConsentId
}
random_id! {
    /// Id of a device authorization request (RFC 8628).
    DeviceId
}
random_id! {
    /// Id of a browser session. The `sid` claim is this id, sealed.
    SessionId
}
random_id! {
    /// Id of one HTTP request, drawn on its arrival; a rotation stores the id of its request.
    RequestId
}

/// Number of a token within its family; the first is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u32);

impl Generation {
    /// Generation of the token that a login issues.
    pub const FIRST: Self = Self(0);

    /// The one with this number, as it is stored and sealed.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number, as it is stored and sealed.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The generation after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// True if `other` is the generation after this one.
    pub(crate) const fn is_parent_of(self, other: Self) -> bool {
        matches!(other.0.checked_sub(self.0), Some(1))
    }
}

/// Number of a key of the keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(u32);

impl KeyId {
    /// The one with this number, as it is stored and sealed.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number, as it is stored and sealed.
    pub const fn number(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_id_refuses_what_could_break_a_key_or_a_header() {
        assert!(ClientId::parse("").is_err());
        assert!(ClientId::parse("a\r\nb").is_err());
        assert!(ClientId::parse("a\0b").is_err());
        assert!(ClientId::parse("x".repeat(MAX_ID_BYTES + 1)).is_err());
        assert_eq!(UserId::parse("auth0|1").unwrap().as_str(), "auth0|1");
    }

    #[test]
    fn the_name_of_a_device_is_short_and_readable() {
        assert_eq!(
            DeviceName::parse("Ada's phone ☎").unwrap().as_str(),
            "Ada's phone ☎"
        );
        assert!(DeviceName::parse("").is_err());
        assert!(DeviceName::parse("a\nb").is_err());
        assert!(DeviceName::parse("x".repeat(MAX_DEVICE_BYTES + 1)).is_err());
    }

    #[test]
    fn a_random_id_reads_what_it_writes_and_nothing_else() {
        let id = FamilyId::from_bytes([7; 16]);
        assert_eq!(FamilyId::parse(&id.to_string()), Ok(id));
        assert!(FamilyId::parse("+7070707070707070707070707070707").is_err());
        assert!(FamilyId::parse("07").is_err());
    }

    #[test]
    fn the_id_of_a_family_is_a_uuid_of_version_7_that_sorts_by_its_time() {
        // The example of RFC 9562, appendix A.6.
        let at = Timestamp::from_millis(0x017f_22e2_79b0);
        let random = 0x0000_0000_0000_0cc3_18c4_dc0c_0c07_398f_u128.to_be_bytes();
        let id = FamilyId::new(at, random);
        assert_eq!(id.to_string(), "017f22e279b07cc398c4dc0c0c07398f");
        assert_eq!(id.began_at(), Some(at));
        let (low, high) = ([0; 16], [0xff; 16]);
        assert!(
            FamilyId::new(at, high) < FamilyId::new(Timestamp::from_millis(0x017f_22e2_79b1), low)
        );
        assert_eq!(FamilyId::new(at, high).began_at(), Some(at));
        for other in [low, high, [0x07; 16], [0x77; 16]] {
            assert_eq!(FamilyId::from_bytes(other).began_at(), None, "{other:?}");
        }
    }
}
