//! Users. Field names follow [Auth0's user profile] and its bulk import format.
//!
//! [Auth0's user profile]: https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    ids::{Audience, ConnectionName, UserId},
    scope::Scope,
    time::Timestamp,
};

/// A user as the store keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// `sub` of every token.
    pub user_id: UserId,
    /// The database the user logs in from.
    pub connection: ConnectionName,
    /// What the user may be told about.
    pub profile: Profile,
    /// Whether everything is refused.
    #[serde(default)]
    pub blocked: bool,
    /// What the tenant's administrators keep; seen by rules, never in a token by itself.
    #[serde(default)]
    pub app_metadata: Map<String, Value>,
    /// What the user may change; seen by rules, never in a token by itself.
    #[serde(default)]
    pub user_metadata: Map<String, Value>,
    /// The names of the user's roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The user's permissions by API, those of the roles among them. A refresh needs them and makes
    /// one read, so they lie here, resolved when the tenant file was imported.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub permissions: BTreeMap<Audience, Scope>,
    /// When the user came to be.
    pub created_at: Timestamp,
    /// When the profile last changed.
    pub updated_at: Timestamp,
}

/// The claims about a user that scopes open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the names are those of OpenID Connect Core section 5.1"
)]
pub struct Profile {
    pub email: Option<String>,
    #[serde(default)]
    pub email_verified: bool,
    pub username: Option<String>,
    pub name: Option<String>,
    pub given_name: Option<String>,
    pub middle_name: Option<String>,
    pub family_name: Option<String>,
    pub nickname: Option<String>,
    pub picture: Option<String>,
    pub phone_number: Option<String>,
    #[serde(default)]
    pub phone_verified: bool,
}

impl User {
    /// The names under which the user may log in, in the form they are compared in.
    pub fn login_names(&self) -> Vec<String> {
        let mut names: Vec<String> = [&self.profile.email, &self.profile.username]
            .into_iter()
            .flatten()
            .map(|name| normalize_login_name(name))
            .collect();
        // Many a user name is the address itself.
        names.dedup();
        names
    }

    /// The permissions that the user holds at an API.
    pub fn permissions_at(&self, api: &Audience) -> Scope {
        self.permissions.get(api).cloned().unwrap_or_default()
    }

    /// The name a page greets the user by.
    pub fn display_name(&self) -> &str {
        let profile = &self.profile;
        [&profile.name, &profile.email, &profile.username]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .next()
            .unwrap_or(self.user_id.as_str())
    }
}

/// The form in which user names and e-mail addresses are compared: no outer blanks, lower case.
pub fn normalize_login_name(name: &str) -> String {
    name.trim().to_lowercase()
}
