//! `users`, with the fields of [Auth0's bulk import] and two more: `connection` names the database, `password` gives
//! the password in clear.
//!
//! [Auth0's bulk import]: https://auth0.com/docs/manage-users/user-migration/bulk-user-imports

mod email;
mod passwords;
mod roles;

pub use self::email::{InvalidEmail, parse_email};
pub(super) use self::roles::{RawRole, Roles};

use std::collections::BTreeSet;

use ratchet_domain::{
    ids::{ConnectionName, InvalidId, UserId},
    secret::Secret,
    time::Timestamp,
    user::{Identity, Profile, normalize_login_name, uncomposed_login_name},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use self::{
    email::email,
    passwords::RawPasswordHash,
    roles::{RawPermission, permissions},
};
use crate::{
    model::{Access, ResourceServerEntry, UserEntry},
    sections::{
        databases::{Databases, connection_name},
        fields::{derived_id, id},
        unread::Attributes,
        urls,
    },
    yaml::path::{Checked, Fault, Notes, Path},
};

/// Prefix of user ids in Auth0's own databases.
const PROVIDER: &str = "auth0|";

/// A user as the file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawUser {
    user_id: Option<String>,
    connection: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
    username: Option<String>,
    name: Option<String>,
    given_name: Option<String>,
    middle_name: Option<String>,
    family_name: Option<String>,
    nickname: Option<String>,
    picture: Option<String>,
    phone_number: Option<String>,
    phone_verified: Option<bool>,
    blocked: Option<bool>,
    app_metadata: Option<Map<String, Value>>,
    user_metadata: Option<Map<String, Value>>,
    identities: Option<Vec<RawIdentity>>,
    created_at: Option<String>,
    updated_at: Option<String>,
    roles: Option<Vec<String>>,
    permissions: Option<Vec<RawPermission>>,
    password: Option<Secret>,
    password_hash: Option<Secret>,
    custom_password_hash: Option<RawPasswordHash>,
}

/// An account that a user logs in with, as in exports. Its other fields, among them the provider's own tokens, are
/// ignored.
#[derive(Debug, Deserialize)]
struct RawIdentity {
    provider: String,
    user_id: String,
    connection: String,
    #[serde(default, rename = "isSocial")]
    is_social: bool,
}

/// Other parts of the file that users refer to.
pub(crate) struct Referenced<'a> {
    pub(crate) databases: &'a Databases,
    pub(crate) roles: &'a Roles,
    pub(crate) apis: Option<&'a [ResourceServerEntry]>,
}

/// Bytes of permissions that fit, beside an ordinary profile, into the 4 KB of one read unit. Every refresh reads its
/// user.
const CHEAP_PERMISSIONS: usize = 3_000;

/// Checks each user by itself and all of them against one another. `attributes` are the keys of the profiles that are
/// not fields.
pub(crate) fn check(
    raw: Option<Vec<RawUser>>,
    attributes: &Attributes,
    at: &Path,
    around: &Referenced<'_>,
    notes: &mut Notes,
) -> Checked<Vec<UserEntry>> {
    let mut entries = Vec::new();
    let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
    for (index, user) in raw.unwrap_or_default().into_iter().enumerate() {
        let at = at.index(index);
        let (user_id, mut entry) = user.check(&at, around)?;
        entry.attributes = attributes.get(&index).cloned();
        if let Some(access) = &entry.access {
            note_size(access, &at, notes);
        }
        let UserEntry {
            connection,
            profile,
            ..
        } = &entry;
        if !ids.insert(user_id.clone()) {
            let message = format!("`{user_id}` is the id of another user");
            return Err(Fault::new(at.key("user_id"), message));
        }
        // The user name of a user may be the user's own e-mail address.
        let mut own = BTreeSet::new();
        for (key, name) in [("email", &profile.email), ("username", &profile.username)] {
            let Some(name) = name else { continue };
            let login = (connection.clone(), normalize_login_name(name));
            if own.insert(login.clone()) && !names.insert(login) {
                let message = format!("another user of `{connection}` logs in as `{name}`");
                return Err(Fault::new(at.key(key), message));
            }
        }
        entries.push(entry);
    }
    Ok(entries)
}

/// Warns of users whose refreshes cost more because of their permissions.
fn note_size(access: &Access, at: &Path, notes: &mut Notes) {
    let permissions = access.permissions.iter();
    let bytes: usize = permissions
        .map(|(audience, scope)| audience.as_str().len() + scope.to_string().len())
        .sum();
    if bytes > CHEAP_PERMISSIONS {
        let message = format!(
            "{bytes} bytes of permissions; beyond {CHEAP_PERMISSIONS} every refresh of this user \
             reads more than it need"
        );
        notes.warn(at.clone(), message);
    }
}

impl RawUser {
    /// The user, and the id that identifies the user within the file.
    fn check(self, at: &Path, around: &Referenced<'_>) -> Checked<(UserId, UserEntry)> {
        let (email, username) = self.names(at)?;
        let connection = self.connection(&at.key("connection"), around.databases)?;
        let Some(login_name) = email.as_ref().or(username.as_ref()) else {
            return Err(Fault::new(at.clone(), "`email` or `username` is missing"));
        };
        let user_id = user_id(at, self.user_id.as_deref(), &connection, login_name)?;
        let has_access = self.roles.is_some() || self.permissions.is_some();
        let own = permissions(self.permissions, &at.key("permissions"), around.apis)?;
        let roles = self.roles.unwrap_or_default();
        let permissions = around.roles.resolve(&roles, &at.key("roles"), own)?;
        let password = passwords::check(
            at,
            self.password,
            self.password_hash.as_ref(),
            self.custom_password_hash.as_ref(),
        )?;
        let created_at = timestamp(&at.key("created_at"), self.created_at.as_deref())?;
        let updated_at = timestamp(&at.key("updated_at"), self.updated_at.as_deref())?;
        let profile = Profile {
            email,
            email_verified: self.email_verified.unwrap_or(false),
            username,
            name: self.name,
            given_name: self.given_name,
            middle_name: self.middle_name,
            family_name: self.family_name,
            nickname: self.nickname,
            picture: urls::picture(&at.key("picture"), self.picture)?,
            phone_number: self.phone_number,
            phone_verified: self.phone_verified.unwrap_or(false),
        };
        let entry = UserEntry {
            user_id: self.user_id.is_some().then(|| user_id.clone()),
            connection,
            profile,
            blocked: self.blocked,
            app_metadata: self.app_metadata.filter(|metadata| !metadata.is_empty()),
            user_metadata: self.user_metadata.filter(|metadata| !metadata.is_empty()),
            attributes: None,
            identities: identities(self.identities),
            access: has_access.then_some(Access { roles, permissions }),
            created_at,
            updated_at: updated_at.max(created_at),
            password,
        };
        Ok((user_id, entry))
    }

    fn names(&self, at: &Path) -> Checked<(Option<String>, Option<String>)> {
        let email = self
            .email
            .as_deref()
            .map(|text| email(&at.key("email"), text));
        let username = self
            .username
            .as_deref()
            .map(|text| username(&at.key("username"), text));
        Ok((email.transpose()?, username.transpose()?))
    }

    fn connection(&self, at: &Path, databases: &Databases) -> Checked<ConnectionName> {
        let Some(name) = &self.connection else {
            return databases.default_name(at);
        };
        let connection = connection_name(at, name)?;
        if databases.lack(&connection) {
            let message = format!("`{connection}` is not the name of a database in this file");
            return Err(Fault::new(at.clone(), message));
        }
        Ok(connection)
    }
}

/// The id. Bulk import expects it without `auth0|` and exports have it with the prefix, so both are accepted. Without
/// an id, the derived one only identifies the user within the file: an import keeps the id of the existing user with
/// the login name, or generates one.
fn user_id(
    at: &Path,
    given: Option<&str>,
    connection: &ConnectionName,
    login_name: &str,
) -> Checked<UserId> {
    let at = at.key("user_id");
    match given {
        Some(given) if given.contains('#') => Err(Fault::new(at, "must not contain `#`")),
        Some(given) if given.trim().is_empty() => Err(Fault::new(at, "must not be empty")),
        Some(given) if given.contains('|') => id(&at, UserId::parse(given)),
        Some(given) => id(&at, UserId::parse(format!("{PROVIDER}{given}"))),
        None => id(&at, derived_user_id(connection, login_name)),
    }
}

fn username(at: &Path, text: &str) -> Checked<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > 128 || text.chars().any(char::is_control) {
        return Err(Fault::new(
            at.clone(),
            "must have 1 to 128 bytes, none a control character",
        ));
    }
    Ok(text.to_owned())
}

fn identities(raw: Option<Vec<RawIdentity>>) -> Option<Vec<Identity>> {
    let identity = |raw: RawIdentity| Identity {
        provider: raw.provider,
        user_id: raw.user_id,
        connection: raw.connection,
        is_social: raw.is_social,
    };
    let raw = raw.filter(|raw| !raw.is_empty())?;
    Some(raw.into_iter().map(identity).collect())
}

fn timestamp(at: &Path, given: Option<&str>) -> Checked<Option<Timestamp>> {
    let Some(given) = given else { return Ok(None) };
    match Timestamp::parse_rfc3339(given) {
        // The epoch counts as absent: no user of Auth0 is that old.
        Some(time) if time == Timestamp::default() => Ok(None),
        Some(time) => Ok(Some(time)),
        None => Err(Fault::new(
            at.clone(),
            "must be a time like `2024-05-01T12:00:00Z`",
        )),
    }
}

/// Id within the file of a user without an id, derived from the database and the login name.
fn derived_user_id(connection: &ConnectionName, login_name: &str) -> Result<UserId, InvalidId> {
    let text = format!("{connection}\0{}", uncomposed_login_name(login_name));
    UserId::parse(format!("{PROVIDER}{}", derived_id("user", &text, 24)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::Password,
        testing::{error, tenant},
    };

    fn user(fields: &str) -> UserEntry {
        tenant(&format!("users:\n  - email: Ada@example.com\n    {fields}"))
            .users
            .remove(0)
    }

    #[test]
    fn a_user_is_read_in_the_fields_of_bulk_import() {
        let entry = user(
            "user_id: 5f7c8ec7c33c6c004bbafe82
    email_verified: true
    username: ada
    name: Ada Lovelace
    given_name: Ada
    family_name: Lovelace
    nickname: ada
    picture: https://example.com/ada.png
    blocked: true
    phone_number: '+441234567890'
    app_metadata: {plan: gold, limits: [1, 2]}
    user_metadata: {theme: dark}
    created_at: 2024-05-01T12:00:00.000Z
    password: correct horse battery staple",
        );
        let UserEntry {
            user_id,
            connection,
            profile,
            blocked,
            app_metadata,
            ..
        } = &entry;
        assert_eq!(
            user_id.as_ref().unwrap().as_str(),
            "auth0|5f7c8ec7c33c6c004bbafe82"
        );
        assert_eq!(connection.as_str(), "Username-Password-Authentication");
        assert_eq!(profile.email.as_deref(), Some("Ada@example.com"));
        assert!(profile.email_verified);
        assert_eq!(profile.phone_number.as_deref(), Some("+441234567890"));
        assert_eq!(*blocked, Some(true));
        assert_eq!(serde_json::to_value(app_metadata).unwrap()["limits"][1], 2);
        assert_eq!(
            entry.created_at.unwrap().to_rfc3339(),
            "2024-05-01T12:00:00.000Z"
        );
        assert_eq!(entry.updated_at, entry.created_at);
        let Password::Plain(password) = entry.password else {
            panic!("{:?}", entry.password)
        };
        assert_eq!(password.expose(), "correct horse battery staple");
    }

    #[test]
    fn an_unknown_profile_field_is_an_attribute() {
        let file = "users:
  - {email: a@b.example, favorite_color: blue, groups: [editor], last_ip: 192.0.2.1, address: {a: 1}}
  - {email: c@d.example, identities: [{provider: google-oauth2, user_id: '7', connection: google,
     isSocial: true, access_token: secret}]}";
        let tenant = tenant(file);
        assert_eq!(tenant.warnings, Vec::<String>::new());
        let user = |index: usize| &tenant.users[index];
        let attributes = serde_json::to_value(&user(0).attributes).unwrap();
        let expected = serde_json::json!({
            "favorite_color": "blue", "groups": ["editor"], "address": {"a": 1},
        });
        assert_eq!(attributes, expected);
        assert_eq!(user(1).attributes, None);
        let identity = Identity {
            provider: "google-oauth2".to_owned(),
            user_id: "7".to_owned(),
            connection: "google".to_owned(),
            is_social: true,
        };
        assert_eq!(user(1).identities, Some(vec![identity]));
    }

    #[test]
    fn roles_and_permissions_are_no_attributes() {
        let file = "resourceServers: [{identifier: https://api, name: A, scopes: [{value: read}]}]
roles: [{name: Reader, permissions: [{permission_name: read, resource_server_identifier: https://api}]}]
users:
  - {email: a@b.example, roles: [Reader]}
  - email: c@d.example
    permissions: [{permission_name: read, resource_server_identifier: https://api}]";
        for entry in tenant(file).users {
            assert_eq!(entry.attributes, None, "{entry:?}");
            let access = entry.access.unwrap();
            assert_eq!(access.permissions.len(), 1, "{access:?}");
        }
    }

    #[test]
    fn an_id_keeps_its_provider_or_gets_auth0s_or_follows_from_the_login_name() {
        let id = |fields: &str| user(fields).user_id.map(|id| id.to_string());
        assert_eq!(id("user_id: auth0|1").unwrap(), "auth0|1");
        assert_eq!(id("user_id: 'google-oauth2|1'").unwrap(), "google-oauth2|1");
        assert_eq!(id("user_id: '1'").unwrap(), "auth0|1");
        assert_eq!(id("name: Ada"), None);
        let derived = |text: &str| {
            let UserEntry {
                connection,
                profile,
                ..
            } = tenant(text).users.remove(0);
            let id = derived_user_id(&connection, &profile.email.unwrap());
            id.unwrap().to_string()
        };
        let ada = derived("users: [{email: Ada@example.com}]");
        assert_eq!(ada.len(), "auth0|5f7c8ec7c33c6c004bbafe82".len());
        assert_eq!(derived("users: [{email: ' ada@EXAMPLE.com'}]"), ada);
        let other = "users: [{email: ada@example.com, connection: other}]";
        assert_ne!(derived(other), ada);
    }

    #[test]
    fn users_log_in_from_the_first_database_unless_they_say_otherwise() {
        let tenant = tenant(
            "databases: [{name: people}, {name: staff}]
users:
  - {email: a@example.com}
  - {email: a@example.com, connection: staff}",
        );
        let connections: Vec<_> = tenant
            .users
            .iter()
            .map(|entry| entry.connection.as_str())
            .collect();
        assert_eq!(connections, ["people", "staff"]);
    }

    #[test]
    fn wrong_values_are_refused() {
        for (fields, message) in [
            (
                "name: Ada",
                "2:5: users[0]: `email` or `username` is missing",
            ),
            (
                "email: ada",
                "2:5: users[0].email: must be an e-mail address",
            ),
            (
                "email: 'a @b.example'",
                "2:5: users[0].email: must be an e-mail address",
            ),
            (
                "username: ''",
                "2:5: users[0].username: must have 1 to 128 bytes, none a control character",
            ),
            (
                "email: a@b.example\n    user_id: ''",
                "3:5: users[0].user_id: must not be empty",
            ),
            (
                "email: a@b.example\n    user_id: a#b",
                "3:5: users[0].user_id: must not contain `#`",
            ),
            (
                "email: a@b.example\n    created_at: yesterday",
                "3:5: users[0].created_at: must be a time like `2024-05-01T12:00:00Z`",
            ),
            (
                "email: a@b.example\n    app_metadata: [1]",
                "3:5: users[0].app_metadata: must be a mapping",
            ),
            (
                "email: a@b.example\n    picture: ada.png",
                "3:5: users[0].picture: must be an absolute URL",
            ),
        ] {
            assert_eq!(error(&format!("users:\n  - {fields}")), message);
        }
    }

    #[test]
    fn two_users_share_neither_id_nor_login_name() {
        assert_eq!(
            error(
                "users:\n  - {email: a@b.example, user_id: x}\n  - {email: c@d.example, user_id: x}"
            ),
            "3:26: users[1].user_id: `auth0|x` is the id of another user"
        );
        assert_eq!(
            error(
                "users:
  - {email: a@b.example, username: ada}
  - {email: c@d.example, username: A@B.example}"
            ),
            "3:26: users[1].username: another user of `Username-Password-Authentication` logs in as \
             `A@B.example`"
        );
        let own_address_as_name = "users: [{email: a@b.example, username: a@b.example}]";
        assert_eq!(tenant(own_address_as_name).users.len(), 1);
    }

    #[test]
    fn a_user_comes_from_a_database_of_the_file() {
        assert_eq!(
            error("databases: [{name: a}]\nusers:\n  - {email: a@b.example, connection: b}"),
            "3:26: users[0].connection: `b` is not the name of a database in this file"
        );
    }
}
