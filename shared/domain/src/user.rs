//! Users. Field names follow [Auth0's user profile] and its bulk import format.
//!
//! [Auth0's user profile]: https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    ids::{Audience, ConnectionName, MAX_ID_BYTES, UserId},
    scope::Scope,
    text::composed,
    time::Timestamp,
    valid_from::{Epoch, ValidFrom},
};

/// A user as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// `sub` of every token.
    pub user_id: UserId,
    /// The database from which the user logs in.
    pub connection: ConnectionName,
    /// The claims that the user may see.
    pub profile: Profile,
    /// True if the user is blocked: all of the user's requests are rejected.
    #[serde(default)]
    pub blocked: bool,
    /// `app_metadata`, which administrators and scripts change but the user cannot. Scripts see it; by itself it
    /// appears only in tokens of the legacy pipeline.
    #[serde(default)]
    pub app_metadata: Map<String, Value>,
    /// `user_metadata`, which the user may change. Scripts see it; by itself it appears only in tokens of the legacy
    /// pipeline.
    #[serde(default)]
    pub user_metadata: Map<String, Value>,
    /// Other members at the root of an imported profile: for scripts, the legacy pipeline, and the other claims of
    /// OpenID Connect Core section 5.1.
    #[serde(default)]
    pub attributes: Map<String, Value>,
    /// The user's accounts, if there are others than that of the database; see [`Self::identities`].
    #[serde(default)]
    pub identities: Vec<Identity>,
    /// Names of the user's roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The user's permissions by API, including those of the roles. The import of the tenant file resolves them and
    /// stores them here, because a refresh needs them and makes only one read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub permissions: BTreeMap<Audience, Scope>,
    /// Time of the user's creation.
    pub created_at: Timestamp,
    /// Time of the profile's last change.
    pub updated_at: Timestamp,
    /// Number and time of the user's logins. They are stored beside the profile, so that a replacement of the profile
    /// keeps them.
    #[serde(skip)]
    pub stats: LoginStats,
    /// The epochs of the user's valid sessions and tokens. They are stored beside the profile and changed only by the
    /// store: a replacement of the profile neither revalidates nor ends anything.
    #[serde(skip)]
    pub valid_from: ValidFrom,
}

/// The counted logins of a user: in tenants with scripts, every authentication of the user ([Auth0's count]).
///
/// [Auth0's count]: https://community.auth0.com/t/how-logins-count-work/91318
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginStats {
    /// `logins_count`, `stats.loginsCount`.
    #[serde(default)]
    pub logins_count: u64,
    /// `last_login`; `None` before the first login.
    #[serde(default)]
    pub last_login: Option<Timestamp>,
    /// `last_ip`; `None` if the address is unknown.
    #[serde(default)]
    pub last_ip: Option<IpAddr>,
}

/// An account with which a user logs in. Auth0 stores the provider's own tokens with it; we do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `auth0` for a database.
    pub provider: String,
    /// The user's id at the provider.
    pub user_id: String,
    /// Name of the connection from which the account logs in.
    pub connection: String,
    /// True if the provider is a social network.
    #[serde(rename = "isSocial", default)]
    pub is_social: bool,
}

/// The claims about a user that scopes request.
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

/// The user is blocked: logins, codes, refresh tokens and `/userinfo` are rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("user is blocked")]
pub struct UserBlocked;

impl Profile {
    /// The names under which the user may log in, in the form in which they are compared.
    pub fn login_names(&self) -> Vec<String> {
        self.names(normalize_login_name)
    }

    fn names(&self, form: impl Fn(&str) -> String) -> Vec<String> {
        let mut names: Vec<String> = [&self.email, &self.username]
            .into_iter()
            .flatten()
            .map(|name| form(name))
            .collect();
        // Many user names are the e-mail address itself.
        names.dedup();
        names
    }
}

impl User {
    /// A user with only a profile.
    pub fn new(
        user_id: UserId,
        connection: ConnectionName,
        profile: Profile,
        now: Timestamp,
    ) -> Self {
        Self {
            user_id,
            connection,
            profile,
            blocked: false,
            app_metadata: Map::new(),
            user_metadata: Map::new(),
            attributes: Map::new(),
            identities: Vec::new(),
            roles: Vec::new(),
            permissions: BTreeMap::new(),
            created_at: now,
            updated_at: now,
            stats: LoginStats::default(),
            valid_from: ValidFrom::default(),
        }
    }

    /// The user, or an error if the user is blocked.
    pub fn active(&self) -> Result<&Self, UserBlocked> {
        if self.blocked {
            Err(UserBlocked)
        } else {
            Ok(self)
        }
    }

    /// The names under which the user may log in, in the form in which they are compared.
    pub fn login_names(&self) -> Vec<String> {
        self.profile.login_names()
    }

    /// The login names in the form in which they were stored before they were composed; most are equal.
    pub fn uncomposed_login_names(&self) -> Vec<String> {
        self.profile.names(uncomposed_login_name)
    }

    /// The accounts with which the user logs in; at least the one in the database.
    pub fn identities(&self) -> Vec<Identity> {
        if !self.identities.is_empty() {
            return self.identities.clone();
        }
        let id = self.user_id.as_str();
        let (provider, user_id) = id.split_once('|').unwrap_or(("auth0", id));
        vec![Identity {
            provider: provider.to_owned(),
            user_id: user_id.to_owned(),
            connection: self.connection.to_string(),
            is_social: false,
        }]
    }

    /// Number of the user's logins, including those before the import of the user.
    pub fn logins_count(&self) -> u64 {
        let imported = self.attributes.get("logins_count").and_then(Value::as_u64);
        self.stats
            .logins_count
            .saturating_add(imported.unwrap_or(0))
    }

    /// True if a session of this epoch is still valid.
    pub fn honours(&self, begun: Epoch) -> bool {
        self.valid_from.sessions == begun
    }

    /// The user's permissions at an API.
    pub fn permissions_at(&self, api: &Audience) -> Scope {
        self.permissions.get(api).cloned().unwrap_or_default()
    }

    /// The name by which a page addresses the user.
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

/// The form in which user names and e-mail addresses are compared: trimmed, in lower case, with letters and their
/// diacritics as one character ([`composed`]).
pub fn normalize_login_name(name: &str) -> String {
    composed(&uncomposed_login_name(name)).into_owned()
}

/// The form in which names were compared and stored before they were composed. Users stored then are found under it,
/// and their ids were derived from it.
pub fn uncomposed_login_name(name: &str) -> String {
    name.trim().to_lowercase()
}

/// A name that a user typed at a login, in the form in which names are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginName {
    name: String,
    uncomposed: Option<String>,
}

impl LoginName {
    /// `None` for an empty name, or one that exceeds the size of a key in the table.
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = uncomposed_login_name(typed);
        let name = composed(&typed).into_owned();
        let fits = |name: &str| !name.is_empty() && name.len() <= MAX_ID_BYTES;
        fits(&name).then(|| Self {
            uncomposed: (typed != name && fits(&typed)).then_some(typed),
            name,
        })
    }

    /// The name in its composed form.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The name as typed, if that differs from the composed form: a user may be stored under it.
    pub fn uncomposed(&self) -> Option<&str> {
        self.uncomposed.as_deref()
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A user with only an id.
    pub(crate) fn user(id: &str) -> User {
        User {
            user_id: UserId::parse(id).unwrap(),
            connection: ConnectionName::parse("Username-Password-Authentication").unwrap(),
            profile: Profile::default(),
            blocked: false,
            app_metadata: Map::new(),
            user_metadata: Map::new(),
            attributes: Map::new(),
            identities: Vec::new(),
            roles: Vec::new(),
            permissions: BTreeMap::new(),
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            stats: LoginStats::default(),
            valid_from: ValidFrom::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_active_until_blocked() {
        let ada = testing::user("auth0|ada");
        assert_eq!(ada.active(), Ok(&ada));
        let blocked = User {
            blocked: true,
            ..ada
        };
        assert_eq!(blocked.active(), Err(UserBlocked));
    }

    #[test]
    fn a_login_name_has_neither_blanks_around_it_nor_capitals_and_an_end() {
        let name = LoginName::parse(" Ada@Example.COM ").unwrap();
        assert_eq!(name.as_str(), "ada@example.com");
        let longest = "a".repeat(MAX_ID_BYTES);
        assert!(LoginName::parse(&longest).is_some());
        for typed in ["", " \t", &format!("{longest}a")] {
            assert_eq!(LoginName::parse(typed), None);
        }
    }

    #[test]
    fn a_login_name_is_composed_and_remembers_what_was_typed() {
        let name = LoginName::parse("ZOE\u{308}").unwrap();
        assert_eq!(name.as_str(), "zo\u{eb}");
        assert_eq!(name.uncomposed(), Some("zoe\u{308}"));
        for typed in ["zo\u{eb}", "Zo\u{cb}", "ada"] {
            assert_eq!(LoginName::parse(typed).unwrap().uncomposed(), None);
        }
    }
}
