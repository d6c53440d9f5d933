//! A tenant as a file describes it, in the types of the domain.

use std::collections::BTreeMap;

use shared::{
    domain::{
        brute_force::AttackProtection,
        client::Client,
        connection::Connection,
        login_flow::{Action, Rule},
        mobile::MobileApps,
        resource_server::ResourceServer,
        secret::Secret,
        settings::Settings,
        user::User,
    },
    password::PasswordHash,
};

use crate::best_practice::Finding;

/// What a tenant file says.
#[derive(Debug, Clone, Default)]
pub struct Tenant {
    /// Settings of the whole tenant (`tenant` and `branding`); Auth0's defaults where the file is
    /// silent.
    pub settings: Settings,
    /// Whether the file has `tenant` or `branding` at all. As with the deploy CLI, an absent key
    /// leaves what is in the table untouched.
    pub settings_given: bool,
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

/// A user and how the password is given.
#[derive(Debug, Clone)]
pub struct UserEntry {
    /// The user. `created_at` and `updated_at` are zero where the file is silent, and `user_id` only stands for
    /// the user within the file.
    pub user: User,
    /// The password, or nothing that can be compared with one.
    pub password: Password,
    /// Whether the file gives `user_id`; otherwise a user who exists under the same login name keeps
    /// the id, and a new user gets a random one.
    pub id_given: bool,
    /// Whether the file says `blocked`; otherwise a user who exists stays as blocked as before.
    pub blocked_given: bool,
    /// Whether the file says `roles` or `permissions`; otherwise a user who exists keeps them.
    pub permissions_given: bool,
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
