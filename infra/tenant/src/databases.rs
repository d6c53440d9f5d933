//! `databases`: where users log in from. Only the names count; passwords and users are Ratchet's own.

use std::collections::BTreeSet;

use serde::Deserialize;
use shared::domain::ids::ConnectionName;

use crate::{
    fields::{id, one_of},
    path::{Checked, Fault, Path},
};

/// The database that every new tenant of Auth0 has.
const DEFAULT: &str = "Username-Password-Authentication";

/// A database as it is written.
#[derive(Debug, Deserialize)]
pub(crate) struct RawDatabase {
    name: String,
    strategy: Option<String>,
}

/// The databases of the file.
#[derive(Debug)]
pub(crate) struct Databases(Vec<ConnectionName>);

/// Checks the names.
pub(crate) fn check(raw: Option<Vec<RawDatabase>>, at: &Path) -> Checked<Databases> {
    let mut names = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, database) in raw.unwrap_or_default().into_iter().enumerate() {
        let at = at.index(index);
        if let Some(strategy) = &database.strategy {
            one_of(&at.key("strategy"), strategy, &[("auth0", ())])?;
        }
        let at = at.key("name");
        let name = connection_name(&at, &database.name)?;
        if !seen.insert(name.clone()) {
            return Err(Fault::new(
                at,
                format!("`{name}` is the name of another database"),
            ));
        }
        names.push(name);
    }
    Ok(Databases(names))
}

/// Takes a text as the name of a database. `#` separates the parts of a key in the table.
pub(crate) fn connection_name(at: &Path, name: &str) -> Checked<ConnectionName> {
    if name.contains('#') {
        return Err(Fault::new(at.clone(), "must not contain `#`"));
    }
    id(at, ConnectionName::parse(name))
}

impl Databases {
    /// The database of users who name none: the first.
    pub(crate) fn default_name(&self, at: &Path) -> Checked<ConnectionName> {
        self.0
            .first()
            .map_or_else(|| connection_name(at, DEFAULT), |name| Ok(name.clone()))
    }

    /// Whether the file lists databases and this is none of them.
    pub(crate) fn lack(&self, name: &ConnectionName) -> bool {
        !self.0.is_empty() && !self.0.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{error, tenant};

    #[test]
    fn a_database_has_a_name_of_its_own_and_auth0s_strategy() {
        assert_eq!(
            error("databases:\n  - name: a\n  - name: a"),
            "3:5: databases[1].name: `a` is the name of another database"
        );
        assert_eq!(
            error("databases:\n  - {name: a, strategy: ad}"),
            "2:15: databases[0].strategy: must be `auth0`, not `ad`"
        );
        assert_eq!(
            error("databases:\n  - strategy: auth0"),
            "2:5: databases[0]: `name` is missing"
        );
    }

    #[test]
    fn what_else_auth0_knows_of_a_database_is_passed_over() {
        let tenant = tenant(
            "databases:
  - name: a
    strategy: auth0
    enabled_clients: [x]
    options: {disable_signup: true, customScripts: {login: ./login.js}}
    realms: [a]",
        );
        assert_eq!(tenant.warnings, Vec::<String>::new());
    }
}
