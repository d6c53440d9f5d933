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

use crate::best_practice::Finding;

/// What a tenant file says.
#[derive(Debug, Clone, Default)]
pub struct Tenant {
    /// Settings of the whole tenant (`tenant` and `branding`), with Auth0's defaults where these sections are
    /// silent. Without either section the settings in the table stay, as with the deploy CLI.
    pub settings: Option<Settings>,
    /// What stands between a guesser and a password (`attackProtection`); `None` leaves it as it is.
    pub attack_protection: Option<AttackProtection>,
    /// The user databases.
    pub connections: Vec<Connection>,
    /// The applications, with their client grants.
    pub clients: Vec<ClientEntry>,
    /// The APIs.
    pub resource_servers: Vec<ResourceServerEntry>,
    /// What runs at a login.
    pub scripts: ScriptEntries,
    /// The users.
    pub users: Vec<UserEntry>,
    /// What was passed over, one line each: `14:3: clients[0].callback: unknown key`.
    pub warnings: Vec<String>,
    /// What of RFC 9700 the file breaks.
    pub findings: Vec<Finding>,
}

/// An application and what must not be stored in clear.
#[derive(Debug, Clone)]
pub struct ClientEntry {
    /// The application, its `secret` still unset.
    pub client: Client,
    /// `client_secret`; `None` for public clients and for those that only hold a key.
    pub client_secret: Option<Secret>,
    /// `mobile`: the phone apps that its https callbacks open.
    pub mobile: MobileApps,
}

/// An API and what must not be stored in clear.
#[derive(Debug, Clone)]
pub struct ResourceServerEntry {
    /// The API, its `sealed_signing_secret` still unset.
    pub resource_server: ResourceServer,
    /// `signing_secret`; present exactly for HS256.
    pub signing_secret: Option<Secret>,
}

/// A user as the file describes one. Of a field that is `None`, a user who exists keeps what is in the table.
#[derive(Debug, Clone)]
pub struct UserEntry {
    /// `user_id`. Without it, a user who exists under the same login name keeps the id, and a new user gets a random
    /// one.
    pub user_id: Option<UserId>,
    /// The database the user logs in from.
    pub connection: ConnectionName,
    /// The standard claims. They replace those in the table.
    pub profile: Profile,
    /// `blocked`.
    pub blocked: Option<bool>,
    /// `app_metadata`; `None` for an empty mapping, too.
    pub app_metadata: Option<Map<String, Value>>,
    /// `user_metadata`; `None` for an empty mapping, too.
    pub user_metadata: Option<Map<String, Value>>,
    /// The fields at the root of the profile that Auth0 has no name for.
    pub attributes: Option<Map<String, Value>>,
    /// `identities`; `None` for an empty list, too.
    pub identities: Option<Vec<Identity>>,
    /// `roles` and `permissions`.
    pub access: Option<Access>,
    /// `created_at`. A new user without it was created at the import.
    pub created_at: Option<Timestamp>,
    /// `updated_at`, or `created_at` if that is later. Without both, an import that changes the user sets it.
    pub updated_at: Option<Timestamp>,
    /// The password, or nothing that can be compared with one.
    pub password: Password,
}

/// What a user may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The names of the roles.
    pub roles: Vec<String>,
    /// The permissions by API, those of the roles among them.
    pub permissions: BTreeMap<Audience, Scope>,
}

/// How a tenant file gives a user's password.
#[derive(Debug, Clone)]
pub enum Password {
    /// Not at all: a new user cannot log in with one, an existing user keeps the old one.
    Absent,
    /// In clear (`password`); hashed on import.
    Plain(Secret),
    /// As a hash (`password_hash` or `custom_password_hash`).
    Hash(PasswordHash),
}

/// What of the file runs at a login. A section that the file does not have is `None`, and what is in the
/// table stays; one that it has replaces what is there.
#[derive(Debug, Clone, Default)]
pub struct ScriptEntries {
    /// The rules that are enabled, in ascending order.
    pub rules: Option<Vec<Rule>>,
    /// The Actions that are deployed and bound to `post-login`, in the order of their bindings.
    pub actions: Option<Vec<Action>>,
    /// `rulesConfigs`. An empty list counts as absent: that is what every export has, because Auth0 does
    /// not give the values away.
    pub configuration: Option<BTreeMap<String, Secret>>,
}

impl ScriptEntries {
    /// Whether the file says anything about scripts.
    pub fn is_empty(&self) -> bool {
        self.rules.is_none() && self.actions.is_none() && self.configuration.is_none()
    }
}
