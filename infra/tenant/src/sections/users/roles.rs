//! `roles` and the permissions of users, resolved to the scopes of each API.
//!
//! A role is a name for permissions, in the shape of [Auth0's deploy CLI]. Only the file defines roles: an operator
//! who changes a role imports its users again.
//!
//! [Auth0's deploy CLI]: https://auth0.com/docs/deploy-monitor/deploy-cli-tool/resource-specific-documentation

use std::collections::BTreeMap;

use ratchet_domain::{ids::Audience, scope::Scope};
use serde::Deserialize;

use crate::{
    model::ResourceServerEntry,
    sections::fields::{display_name, id},
    yaml::path::{Checked, Fault, Path},
};

pub(crate) type Permissions = BTreeMap<Audience, Scope>;

/// A role as the file has it.
#[derive(Debug, Deserialize)]
pub(crate) struct RawRole {
    name: String,
    permissions: Option<Vec<RawPermission>>,
}

/// A permission as the file has it.
#[derive(Debug, Deserialize)]
pub(crate) struct RawPermission {
    permission_name: String,
    resource_server_identifier: String,
}

/// Roles of the file.
#[derive(Debug, Default)]
pub(crate) struct Roles(BTreeMap<String, Permissions>);

impl Roles {
    /// Checks each role by itself and all of them against one another.
    pub(crate) fn check(
        raw: Option<Vec<RawRole>>,
        at: &Path,
        apis: Option<&[ResourceServerEntry]>,
    ) -> Checked<Self> {
        let mut roles = BTreeMap::new();
        for (index, role) in raw.unwrap_or_default().into_iter().enumerate() {
            let at = at.index(index);
            let name = display_name(&at.key("name"), &role.name)?;
            let permissions = permissions(role.permissions, &at.key("permissions"), apis)?;
            if roles.insert(name.clone(), permissions).is_some() {
                let message = format!("`{name}` is the name of another role");
                return Err(Fault::new(at.key("name"), message));
            }
        }
        Ok(Self(roles))
    }

    /// All permissions of a user: the user's own and those of these roles.
    pub(crate) fn resolve(
        &self,
        names: &[String],
        at: &Path,
        own: Permissions,
    ) -> Checked<Permissions> {
        let mut held = own;
        for (index, name) in names.iter().enumerate() {
            let Some(role) = self.0.get(name) else {
                let message = format!("`{name}` is not the name of a role in this file");
                return Err(Fault::new(at.index(index), message));
            };
            for (audience, scope) in role {
                let known = held.entry(audience.clone()).or_default();
                *known = known.union(scope);
            }
        }
        Ok(held)
    }
}

/// Checks permissions against the APIs of the file, if it has any.
pub(crate) fn permissions(
    raw: Option<Vec<RawPermission>>,
    at: &Path,
    apis: Option<&[ResourceServerEntry]>,
) -> Checked<Permissions> {
    let mut names: BTreeMap<Audience, Vec<String>> = BTreeMap::new();
    for (index, permission) in raw.unwrap_or_default().into_iter().enumerate() {
        let at = at.index(index);
        let RawPermission {
            permission_name: name,
            resource_server_identifier: identifier,
        } = permission;
        let api_at = at.key("resource_server_identifier");
        let audience = id(&api_at, Audience::parse(identifier))?;
        let name_at = at.key("permission_name");
        if let Some(apis) = apis {
            let mut apis = apis.iter().map(|entry| &entry.resource_server);
            let Some(api) = apis.find(|api| api.identifier == audience) else {
                let message = format!("`{audience}` is not the identifier of an API in this file");
                return Err(Fault::new(api_at, message));
            };
            if !api.scopes.iter().any(|scope| scope.value == name) {
                let message = format!("`{name}` is not a scope of `{audience}`");
                return Err(Fault::new(name_at, message));
            }
        } else if !Scope::parse(&name).iter().eq([name.as_str()]) {
            let message = format!("`{name}` is no scope name (RFC 6749 section 3.3)");
            return Err(Fault::new(name_at, message));
        }
        names.entry(audience).or_default().push(name);
    }
    let scopes = names.into_iter();
    Ok(scopes
        .map(|(audience, names)| (audience, names.iter().map(String::as_str).collect()))
        .collect())
}

#[cfg(test)]
mod tests {
    use crate::testing::{error, tenant, warnings};

    const APIS: &str = "resourceServers:
  - {identifier: https://a, scopes: [{value: read}, {value: write}]}
  - {identifier: https://b, scopes: [{value: read}]}
roles:
  - name: Reader
    description: Reads
    permissions:
      - {permission_name: read, resource_server_identifier: https://a, resource_server_name: A}
      - {permission_name: read, resource_server_identifier: https://b}
  - {name: Empty}
";

    fn held(user: &str) -> Vec<String> {
        let file = format!("{APIS}users:\n  - email: ada@example.com\n    {user}");
        assert_eq!(warnings(&file), Vec::<String>::new());
        let access = tenant(&file).users.remove(0).access.unwrap();
        let permissions = access.permissions.iter();
        permissions
            .map(|(audience, scope)| format!("{audience} {scope}"))
            .collect()
    }

    #[test]
    fn a_user_holds_what_the_roles_hold_and_more() {
        assert_eq!(
            held("roles: [Reader]"),
            ["https://a read", "https://b read"]
        );
        assert_eq!(
            held(
                "roles: [Reader, Empty]
    permissions: [{permission_name: write, resource_server_identifier: https://a}]"
            ),
            ["https://a write read", "https://b read"]
        );
        assert_eq!(held("roles: [Empty]"), Vec::<String>::new());
    }

    #[test]
    fn a_user_without_roles_and_permissions_keeps_the_stored_ones() {
        let user = |fields: &str| {
            let file = format!("{APIS}users:\n  - email: ada@example.com\n    {fields}");
            tenant(&file).users.remove(0)
        };
        assert!(user("name: Ada").access.is_none());
        assert!(user("roles: []").access.is_some());
        assert!(user("permissions: []").access.is_some());
    }

    #[test]
    fn wrong_roles_are_refused() {
        let user = |fields: &str| format!("{APIS}users:\n  - email: a@b.c\n    {fields}");
        for (file, message) in [
            (
                user("roles: [Writer]"),
                "13:13: users[0].roles[0]: `Writer` is not the name of a role in this file",
            ),
            (
                user("permissions: [{permission_name: x, resource_server_identifier: https://a}]"),
                "13:20: users[0].permissions[0].permission_name: `x` is not a scope of `https://a`",
            ),
            (
                "resourceServers: []
roles:
  - name: R
    permissions:
      - permission_name: x
        resource_server_identifier: https://a"
                    .to_owned(),
                "6:9: roles[0].permissions[0].resource_server_identifier: `https://a` is not the \
                 identifier of an API in this file",
            ),
            (
                "roles:\n  - {name: R}\n  - {name: R}".to_owned(),
                "3:6: roles[1].name: `R` is the name of another role",
            ),
            (
                "roles:\n  - description: no name".to_owned(),
                "2:5: roles[0]: `name` is missing",
            ),
        ] {
            assert_eq!(error(&file), message);
        }
    }
}
