//! Where each thing lies: partition and sort keys, in one place.

use aws_sdk_dynamodb::types::AttributeValue;

use super::error::Item;
use crate::domain::ids::{Audience, ClientId, CodeId, ConnectionName, FamilyId, SessionId, UserId};

pub(super) const PK: &str = "PK";
pub(super) const SK: &str = "SK";
pub(super) const TTL: &str = "ttl";

pub(super) const FAMILY_PREFIX: &str = "FAMILY#";
pub(super) const GRANT_PREFIX: &str = "GRANT#";

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    pub(super) fn profile(user: &UserId) -> Self {
        Self::new(user_partition(user), "PROFILE")
    }

    pub(super) fn family(user: &UserId, family: FamilyId) -> Self {
        Self::new(user_partition(user), format!("{FAMILY_PREFIX}{family}"))
    }

    /// `audience` may be absent: tokens for `/userinfo` alone.
    pub(super) fn grant(user: &UserId, client: &ClientId, audience: Option<&Audience>) -> Self {
        let audience = audience.map_or("", Audience::as_str);
        Self::new(
            user_partition(user),
            format!("{GRANT_PREFIX}{client}#{audience}"),
        )
    }

    /// Client and API in the sort key of a grant. A client's id has no `#`, an API's may have.
    pub(super) fn parse_grant(sort_key: &str) -> Option<(ClientId, Option<Audience>)> {
        let (client, audience) = sort_key.strip_prefix(GRANT_PREFIX)?.split_once('#')?;
        let audience = match audience {
            "" => None,
            audience => Some(Audience::parse(audience).ok()?),
        };
        Some((ClientId::parse(client).ok()?, audience))
    }

    /// Anything in a user's partition.
    pub(super) fn user_item(user: &UserId, sort_key: &str) -> Self {
        Self::new(user_partition(user), sort_key)
    }

    pub(super) fn session(user: &UserId, session: SessionId) -> Self {
        Self::new(user_partition(user), format!("SESSION#{session}"))
    }

    pub(super) fn code(user: &UserId, code: CodeId) -> Self {
        Self::new(user_partition(user), format!("CODE#{code}"))
    }

    pub(super) fn login(connection: &ConnectionName, name: &str) -> Self {
        Self::new(format!("LOGIN#{connection}#{name}"), "LOGIN")
    }

    /// A client assertion that was used (RFC 7523 section 3, `jti`).
    pub(super) fn assertion(client: &ClientId, digest: &str) -> Self {
        Self::new(format!("ASSERTION#{client}#{digest}"), "ASSERTION")
    }

    pub(super) fn client(client: &ClientId) -> Self {
        Self::new(TENANT, format!("CLIENT#{client}"))
    }

    pub(super) fn api(identifier: &Audience) -> Self {
        Self::new(TENANT, format!("API#{identifier}"))
    }

    pub(super) fn settings() -> Self {
        Self::new(TENANT, "SETTINGS")
    }

    pub(super) fn keyring() -> Self {
        Self::new(TENANT, "KEYRING#SEALING")
    }

    pub(super) fn signing_keys() -> Self {
        Self::new(TENANT, "KEYRING#SIGNING")
    }

    pub(super) fn to_item(&self) -> Item {
        Item::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.pk, self.sk)
    }
}

const TENANT: &str = "TENANT";

pub(super) fn user_partition(user: &UserId) -> String {
    format!("USER#{user}")
}
