//! `databases`: the databases that users log in from, in the shape of [Auth0's connection object]. Only names, realms
//! and enabled clients are read; passwords and users are Ratchet's own.
//!
//! [Auth0's connection object]: https://auth0.com/docs/api/management/v2/connections/get-connections-by-id

use std::collections::BTreeSet;

use ratchet_domain::{
    connection::{Connection, DEFAULT_CONNECTION},
    ids::{ClientId, ConnectionName},
};
use serde::Deserialize;

use crate::{
    model::ClientEntry,
    sections::fields::{id, one_of},
    yaml::path::{Checked, Fault, Notes, Path},
};

/// A database as the file has it.
#[derive(Debug, Deserialize)]
pub(crate) struct RawDatabase {
    name: String,
    strategy: Option<String>,
    realms: Option<Vec<String>>,
    enabled_clients: Option<Vec<String>>,
}

/// Databases of the file.
#[derive(Debug)]
pub(crate) struct Databases(Vec<Connection>);

/// Checks each database by itself and all of them against one another.
pub(crate) fn check(
    raw: Option<Vec<RawDatabase>>,
    at: &Path,
    clients: &[ClientEntry],
    notes: &mut Notes,
) -> Checked<Databases> {
    let mut databases = Vec::new();
    let mut realms = BTreeSet::new();
    for (index, database) in raw.unwrap_or_default().into_iter().enumerate() {
        let at = at.index(index);
        let database = database.check(&at, clients, notes)?;
        let name = &database.name;
        if !realms.insert(name.clone()) {
            let message = format!("`{name}` is the name of another database");
            return Err(Fault::new(at.key("name"), message));
        }
        for (index, realm) in database.realms.iter().enumerate() {
            if !realms.insert(realm.clone()) {
                let message = format!("`{realm}` stands for another database");
                return Err(Fault::new(at.key("realms").index(index), message));
            }
        }
        databases.push(database);
    }
    Ok(Databases(databases))
}

impl RawDatabase {
    fn check(self, at: &Path, clients: &[ClientEntry], notes: &mut Notes) -> Checked<Connection> {
        if let Some(strategy) = &self.strategy {
            one_of(&at.key("strategy"), strategy, &[("auth0", ())])?;
        }
        let name = connection_name(&at.key("name"), &self.name)?;
        let mut realms = Vec::new();
        for (index, realm) in self.realms.unwrap_or_default().into_iter().enumerate() {
            let realm = connection_name(&at.key("realms").index(index), &realm)?;
            // At Auth0, a database without further realms lists its own name as a realm.
            if realm != name && !realms.contains(&realm) {
                realms.push(realm);
            }
        }
        let at = at.key("enabled_clients");
        let enabled_clients = self
            .enabled_clients
            .map(|names| enabled(&names, &at, clients, notes))
            .transpose()?;
        Ok(Connection {
            name,
            realms,
            enabled_clients,
        })
    }
}

/// The ids of clients that are given by name or id. A client of another file must be given by its id.
fn enabled(
    names: &[String],
    at: &Path,
    clients: &[ClientEntry],
    notes: &mut Notes,
) -> Checked<Vec<ClientId>> {
    let mut enabled = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let at = at.index(index);
        let known = clients
            .iter()
            .map(|entry| &entry.client)
            .find(|client| client.name == *name || client.client_id.as_str() == name);
        let client_id = match known {
            Some(client) => client.client_id.clone(),
            None => {
                let message = format!("`{name}` is no client in this file, and taken as an id");
                notes.warn(at.clone(), message);
                id(&at, ClientId::parse(name.as_str()))?
            }
        };
        if !enabled.contains(&client_id) {
            enabled.push(client_id);
        }
    }
    Ok(enabled)
}

/// Parses the name of a database. `#` separates the parts of a key in the table.
pub(crate) fn connection_name(at: &Path, name: &str) -> Checked<ConnectionName> {
    if name.contains('#') {
        return Err(Fault::new(at.clone(), "must not contain `#`"));
    }
    id(at, ConnectionName::parse(name))
}

impl Databases {
    /// The database of users whose `connection` is absent: the first one.
    pub(crate) fn default_name(&self, at: &Path) -> Checked<ConnectionName> {
        match self.0.first() {
            Some(database) => Ok(database.name.clone()),
            None => connection_name(at, DEFAULT_CONNECTION),
        }
    }

    /// True if the file lists databases, but not this one.
    pub(crate) fn lack(&self, name: &ConnectionName) -> bool {
        !self.0.is_empty() && !self.0.iter().any(|database| database.name == *name)
    }

    /// The connections to store.
    pub(crate) fn into_connections(self) -> Vec<Connection> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use ratchet_domain::ids::ClientId;

    use crate::testing::{error, tenant, warnings};

    #[test]
    fn clients_are_enabled_by_name_or_id_and_all_of_them_by_default() {
        let enabled = |fields: &str| {
            let file = format!(
                "clients: [{{name: Shop, client_id: shop, app_type: spa}}]
databases:
  - {{name: people{fields}}}"
            );
            let mut tenant = tenant(&file);
            (
                tenant.connections.remove(0).enabled_clients,
                tenant.warnings,
            )
        };
        let shop = || vec![ClientId::parse("shop").unwrap()];
        assert_eq!(enabled(""), (None, vec![]));
        assert_eq!(enabled(", enabled_clients: []"), (Some(vec![]), vec![]));
        assert_eq!(
            enabled(", enabled_clients: [Shop, shop]"),
            (Some(shop()), vec![])
        );
        let (other, warnings) = enabled(", enabled_clients: [gone]");
        assert_eq!(other, Some(vec![ClientId::parse("gone").unwrap()]));
        assert_eq!(
            warnings,
            [
                "3:38: databases[0].enabled_clients[0]: `gone` is no client in this file, and taken as \
              an id"
            ]
        );
    }

    #[test]
    fn a_realm_means_one_database() {
        assert_eq!(
            error("databases:\n  - name: a\n  - {name: b, realms: [b, a]}"),
            "3:24: databases[1].realms[0]: `a` stands for another database"
        );
        assert_eq!(
            error("databases:\n  - {name: b, realms: ['x#y']}"),
            "2:24: databases[0].realms[0]: must not contain `#`"
        );
        let none = warnings("databases: [{name: a, realms: [a, b]}]");
        assert_eq!(none, Vec::<String>::new());
    }

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
    fn other_database_fields_of_auth0_are_ignored() {
        let tenant = tenant(
            "databases:
  - name: a
    strategy: auth0
    options: {disable_signup: true, customScripts: {login: ./login.js}}
    realms: [a]",
        );
        assert_eq!(tenant.warnings, Vec::<String>::new());
    }
}
