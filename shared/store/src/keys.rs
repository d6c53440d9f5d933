//! Partition and sort keys of all items.

use aws_sdk_dynamodb::types::AttributeValue;
use ratchet_domain::{
    brute_force::{Counter, Guessed},
    continuation::Continuation,
    family::Family,
    family_key::FamilyKey,
    ids::{
        AccessTokenDigest, Audience, ClientId, CodeId, ConnectionName, DeviceId, FamilyId,
        SessionId, UserId,
    },
    login_flow::ImportId,
    login_ticket::LoginTicket,
    throttle::Origin,
};

use super::error::{Item, StoreError};

pub(super) const PK: &str = "PK";
pub(super) const SK: &str = "SK";
pub(super) const TTL: &str = "ttl";

/// The attributes of a user's epochs, [`ratchet_domain::valid_from::ValidFrom`].
pub(super) const SESSIONS_FROM: &str = "sessions_valid_from";
pub(super) const REFRESH_TOKENS_FROM: &str = "refresh_tokens_valid_from";

pub(super) const API_PREFIX: &str = "API#";
pub(super) const CLIENT_PREFIX: &str = "CLIENT#";
pub(super) const CODE_PREFIX: &str = "CODE#";
/// Prefix of all families of a user, of this and of earlier versions.
pub(super) const FAMILY_PREFIX: &str = "FAMILY";
/// Prefix of families of earlier versions, whose keys do not contain the application.
pub(super) const EARLIER_FAMILY_PREFIX: &str = "FAMILY#";
const FAMILY_OF_PREFIX: &str = "FAMILY_OF#";
pub(super) const FAILURES: &str = "FAILURES";
pub(super) const GRANT_PREFIX: &str = "GRANT#";
pub(super) const SESSION_PREFIX: &str = "SESSION#";
pub(super) const SCRIPTS_PREFIX: &str = "SCRIPTS#";

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

    /// The trace of a deleted user.
    pub(super) fn tombstone(user: &UserId) -> Self {
        Self::new(user_partition(user), "DELETED")
    }

    /// A family: below its application, in the order in which those began, or, from earlier versions, directly below
    /// its user.
    pub(super) fn family(key: &FamilyKey) -> Self {
        let FamilyKey {
            user_id,
            client_id,
            id,
        } = key;
        let prefix = client_id
            .as_ref()
            .map_or_else(|| EARLIER_FAMILY_PREFIX.to_owned(), family_prefix);
        Self::new(user_partition(user_id), format!("{prefix}{id}"))
    }

    /// A family that has been read.
    pub(super) fn of_family(family: &Family) -> Self {
        Self::family(&FamilyKey::of(family))
    }

    /// The other possible key of a family: a random id of an earlier version may look like a current one.
    pub(super) fn earlier_family(key: &FamilyKey) -> Option<Self> {
        key.client_id.as_ref()?;
        Some(Self::family(&FamilyKey {
            client_id: None,
            ..key.clone()
        }))
    }

    /// The family that the sort key of a user's item names.
    pub(super) fn parse_family(user: &UserId, sort_key: &str) -> Option<FamilyKey> {
        let (client, id) = match sort_key.strip_prefix(FAMILY_OF_PREFIX) {
            Some(rest) => {
                let (client, id) = rest.rsplit_once('#')?;
                (Some(ClientId::parse(client).ok()?), id)
            }
            None => (None, sort_key.strip_prefix(EARLIER_FAMILY_PREFIX)?),
        };
        Some(FamilyKey {
            user_id: user.clone(),
            client_id: client,
            id: FamilyId::parse(id).ok()?,
        })
    }

    /// The number of families of a user with an application. No prefix of families matches it.
    pub(super) fn family_count(user: &UserId, client: &ClientId) -> Self {
        Self::new(user_partition(user), format!("FAMILIES#{client}"))
    }

    /// A grant; without `audience` that for tokens for `/userinfo` only.
    pub(super) fn grant(user: &UserId, client: &ClientId, audience: Option<&Audience>) -> Self {
        let audience = audience.map_or("", Audience::as_str);
        Self::new(
            user_partition(user),
            format!("{GRANT_PREFIX}{client}#{audience}"),
        )
    }

    /// Client and API in the sort key of a grant. A client's id contains no `#`, but an API's identifier may.
    pub(super) fn parse_grant(sort_key: &str) -> Option<(ClientId, Option<Audience>)> {
        let (client, audience) = sort_key.strip_prefix(GRANT_PREFIX)?.split_once('#')?;
        let audience = match audience {
            "" => None,
            audience => Some(Audience::parse(audience).ok()?),
        };
        Some((ClientId::parse(client).ok()?, audience))
    }

    /// Any item in a user's partition.
    pub(super) fn user_item(user: &UserId, sort_key: &str) -> Self {
        Self::new(user_partition(user), sort_key)
    }

    pub(super) fn session(user: &UserId, session: SessionId) -> Self {
        Self::new(user_partition(user), format!("{SESSION_PREFIX}{session}"))
    }

    pub(super) fn code(user: &UserId, code: CodeId) -> Self {
        Self::new(user_partition(user), format!("{CODE_PREFIX}{code}"))
    }

    /// A revoked access token.
    pub(super) fn revoked(user: &UserId, token: &AccessTokenDigest) -> Self {
        Self::new(user_partition(user), format!("REVOKED#{}", token.as_str()))
    }

    /// A device, which has no user until a user confirms its code.
    pub(super) fn device(device: DeviceId) -> Self {
        Self::new(format!("DEVICE#{device}"), "DEVICE")
    }

    /// A user code, by its digest.
    pub(super) fn user_code(digest: &str) -> Self {
        Self::new(format!("USERCODE#{digest}"), "USERCODE")
    }

    pub(super) fn login(connection: &ConnectionName, name: &str) -> Self {
        Self::new(login_partition(connection, name), "LOGIN")
    }

    /// Failed logins as a user, or with an unknown name. They are not in the user's own partition: an attacker must not
    /// use up the write capacity for the user's tokens.
    pub(super) fn failures(guessed: &Guessed, counter: &Counter) -> Self {
        let sk = match counter {
            Counter::AllOrigins => FAILURES.to_owned(),
            Counter::Origin(origin) => format!("{FAILURES}#{origin}"),
        };
        Self::new(failures_partition(guessed), sk)
    }

    /// Failed logins of an address.
    pub(super) fn address(origin: Origin) -> Self {
        Self::new(format!("{FAILURES}#ADDRESS#{origin}"), "BUCKET")
    }

    /// A used login ticket.
    pub(super) fn used_ticket(ticket: &LoginTicket) -> Self {
        Self::new(
            user_partition(&ticket.user_id),
            format!("TICKET#{}", ticket.id),
        )
    }

    /// A used return of a browser to `/continue`.
    pub(super) fn used_continuation(continuation: &Continuation) -> Self {
        Self::new(
            user_partition(&continuation.user_id),
            format!("CONTINUED#{}", continuation.id),
        )
    }

    /// A used client assertion (RFC 7523 section 3, `jti`).
    pub(super) fn assertion(client: &ClientId, digest: &str) -> Self {
        Self::new(format!("ASSERTION#{client}#{digest}"), "ASSERTION")
    }

    pub(super) fn client(client: &ClientId) -> Self {
        Self::new(TENANT, format!("{CLIENT_PREFIX}{client}"))
    }

    pub(super) fn api(identifier: &Audience) -> Self {
        Self::new(TENANT, format!("{API_PREFIX}{identifier}"))
    }

    pub(super) fn connection(name: &ConnectionName) -> Self {
        Self::new(TENANT, format!("CONNECTION#{name}"))
    }

    /// A realm that is not a connection's own name.
    pub(super) fn realm(realm: &ConnectionName) -> Self {
        Self::new(TENANT, format!("REALM#{realm}"))
    }

    pub(super) fn attack_protection() -> Self {
        Self::new(TENANT, "ATTACK_PROTECTION")
    }

    pub(super) fn settings() -> Self {
        Self::new(TENANT, "SETTINGS")
    }

    /// The mobile apps of all clients.
    pub(super) fn mobile_apps() -> Self {
        Self::new(TENANT, "MOBILE_APPS")
    }

    pub(super) fn keyring() -> Self {
        Self::new(TENANT, "KEYRING#SEALING")
    }

    pub(super) fn signing_keys() -> Self {
        Self::new(TENANT, "KEYRING#SIGNING")
    }

    /// The lease for generating signing keys. Its partition is its own: all environments read the tenant's.
    pub(super) fn signing_keys_lease() -> Self {
        Self::new("LEASE#SIGNING_KEYS", "LEASE")
    }

    /// A script of an import, or one of its configuration values.
    pub(super) fn script(import: &ImportId, script: &ScriptKey) -> Self {
        let import = import.as_str();
        let script = match script {
            ScriptKey::Rule(order) => format!("RULE#{order:010}"),
            ScriptKey::Action(position) => format!("ACTION#{position:010}"),
            ScriptKey::Configuration(name) => format!("CONFIG#{name}"),
        };
        Self::new(TENANT, format!("{SCRIPTS_PREFIX}{import}#{script}"))
    }

    /// The key of an item that was read.
    pub(super) fn of_item(item: &Item) -> Result<Self, StoreError> {
        let part = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        match (part(PK), part(SK)) {
            (Some(pk), Some(sk)) => Ok(Self { pk, sk }),
            _ => Err(StoreError::Refused("an item without its key".to_owned())),
        }
    }

    /// True if an item has this key.
    pub(super) fn is_of(&self, item: &Item) -> bool {
        let part = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
        part(PK) == Some(&self.pk) && part(SK) == Some(&self.sk)
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

pub(super) const TENANT: &str = "TENANT";

/// A part of a tenant's scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ScriptKey {
    /// The Rule with this order.
    Rule(u32),
    /// The Action at a position.
    Action(usize),
    /// A value of `configuration` by its name.
    Configuration(String),
}

impl ScriptKey {
    /// Import and part in a sort key.
    pub(super) fn parse(sort_key: &str) -> Option<(ImportId, Self)> {
        let (import, script) = sort_key.strip_prefix(SCRIPTS_PREFIX)?.split_once('#')?;
        let script = match script.split_once('#')? {
            ("RULE", order) => Self::Rule(order.parse().ok()?),
            ("ACTION", position) => Self::Action(position.parse().ok()?),
            ("CONFIG", name) => Self::Configuration(name.to_owned()),
            _ => return None,
        };
        Some((ImportId::parse(import)?, script))
    }
}

/// Prefix of the families with one application.
pub(super) fn family_prefix(client: &ClientId) -> String {
    format!("{FAMILY_OF_PREFIX}{client}#")
}

pub(super) fn user_partition(user: &UserId) -> String {
    format!("USER#{user}")
}

pub(super) fn failures_partition(guessed: &Guessed) -> String {
    match guessed {
        Guessed::User(user) => format!("{FAILURES}#USER#{user}"),
        Guessed::Name(connection, name) => login_partition(connection, name.as_str()),
    }
}

pub(super) fn login_partition(connection: &ConnectionName, name: &str) -> String {
    format!("LOGIN#{connection}#{name}")
}
