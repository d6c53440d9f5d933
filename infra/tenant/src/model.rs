//! A tenant as a file describes it, in the types of the domain.

use std::collections::BTreeMap;

use ratchet_domain::{
    brute_force::AttackProtection,
    client::Client,
    connection::Connection,
    ids::{Audience, ConnectionName, UserId},
    mobile::MobileApps,
    password_hash::PasswordHash,
    resource_server::ResourceServer,
    scope::Scope,
    secret::Secret,
    settings::Settings,
    time::Timestamp,
    user::{Identity, Profile},
};
use ratchet_scripts::{Action, Rule};
use serde_json::{Map, Value};

use crate::best_practice::finding::Finding;

/// Contents of a tenant file.
#[derive(Debug, Clone, Default)]
pub struct Tenant {
    /// Settings of the whole tenant (`tenant` and `branding`), with Auth0's defaults for absent keys. `None` if the
    /// file has neither section: the settings in the table stay, as with the deploy CLI.
    pub settings: Option<Settings>,
    /// Protection of passwords against guessing (`attackProtection`); `None` leaves the table's settings.
    pub attack_protection: Option<AttackProtection>,
    /// User databases (`databases`); an import leaves those that the file omits.
    pub connections: Vec<Connection>,
    /// The applications, with their client grants.
    pub clients: Vec<ClientEntry>,
    /// APIs (`resourceServers`); an import leaves those that the file omits.
    pub resource_servers: Vec<ResourceServerEntry>,
    /// Rules and Actions; each section that the file has replaces all of its kind.
    pub scripts: ScriptEntries,
    /// Users (`users`, an addition to Auth0's format).
    pub users: Vec<UserEntry>,
    /// Warnings, one line each: `14:3: clients[0].callback: unknown key`.
    pub warnings: Vec<String>,
    /// Places of the file that break RFC 9700.
    pub findings: Vec<Finding>,
}

/// An application, with the secret that must not be stored in clear.
#[derive(Debug, Clone)]
pub struct ClientEntry {
    /// The application, its `secret` still unset.
    pub client: Client,
    /// `client_secret`; `None` for public clients and for clients that only have a key.
    pub client_secret: Option<Secret>,
    /// `mobile`: the phone apps that its https callbacks open.
    pub mobile: MobileApps,
}

/// An API, with the secret that must not be stored in clear.
#[derive(Debug, Clone)]
pub struct ResourceServerEntry {
    /// The API, its `sealed_signing_secret` still unset.
    pub resource_server: ResourceServer,
    /// `signing_secret`; present exactly for HS256.
    pub signing_secret: Option<Secret>,
}

/// A user as the file describes it. An existing user keeps the stored value of every field that is `None`.
#[derive(Debug, Clone)]
pub struct UserEntry {
    /// `user_id`. Without it, an existing user with the same login name keeps the id, and a new user gets a random one.
    pub user_id: Option<UserId>,
    /// Database that the user logs in from.
    pub connection: ConnectionName,
    /// The standard claims. They replace those in the table.
    pub profile: Profile,
    /// `blocked`; `None` leaves an existing user as it is.
    pub blocked: Option<bool>,
    /// `app_metadata`; `None` for an empty mapping, too.
    pub app_metadata: Option<Map<String, Value>>,
    /// `user_metadata`; `None` for an empty mapping, too.
    pub user_metadata: Option<Map<String, Value>>,
    /// Fields at the root of the profile that Auth0 does not define.
    pub attributes: Option<Map<String, Value>>,
    /// `identities`; `None` for an empty list, too.
    pub identities: Option<Vec<Identity>>,
    /// Roles and permissions, resolved; `None` leaves those of an existing user.
    pub access: Option<Access>,
    /// `created_at`. Without it, a new user's is the time of the import.
    pub created_at: Option<Timestamp>,
    /// `updated_at`, or `created_at` if that is later. Without both, an import that changes the user sets it.
    pub updated_at: Option<Timestamp>,
    /// The password, its hash, or neither.
    pub password: Password,
}

/// Roles and permissions of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Names of the roles.
    pub roles: Vec<String>,
    /// Permissions by API, including those of the roles.
    pub permissions: BTreeMap<Audience, Scope>,
}

/// A user's password as the tenant file gives it.
#[derive(Debug, Clone)]
pub enum Password {
    /// Not given: a new user cannot log in with a password, an existing user keeps the old one.
    Absent,
    /// In clear (`password`); the import hashes it.
    Plain(Secret),
    /// A hash (`password_hash` or `custom_password_hash`).
    Hash(PasswordHash),
}

/// Scripts of a login. A section that the file lacks is `None`, and the table keeps its scripts; a section that the
/// file has replaces those in the table.
#[derive(Debug, Clone, Default)]
pub struct ScriptEntries {
    /// The rules that are enabled, in ascending order.
    pub rules: Option<Vec<Rule>>,
    /// The Actions that are deployed and bound to `post-login`, in the order of their bindings.
    pub actions: Option<Vec<Action>>,
    /// `rulesConfigs`. An empty list counts as absent: every export has one, because Auth0 does not disclose the
    /// values.
    pub configuration: Option<BTreeMap<String, Secret>>,
}

impl ScriptEntries {
    /// True if the file has no section of scripts.
    pub fn is_empty(&self) -> bool {
        self.rules.is_none() && self.actions.is_none() && self.configuration.is_none()
    }
}
