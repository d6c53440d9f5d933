//! Connections: the user databases that users of a client may log in from. Field names follow
//! [Auth0's connection object].
//!
//! [Auth0's connection object]: https://auth0.com/docs/api/management/v2/connections/get-connections-by-id

use serde::{Deserialize, Serialize};

use super::ids::{ClientId, ConnectionName};

/// Database of tenants that name none: Auth0's name for the first one that it creates.
pub const DEFAULT_CONNECTION: &str = "Username-Password-Authentication";

/// A user database (`databases`): user names and e-mail addresses are unique within it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Name, which is also a realm.
    pub name: ConnectionName,
    /// Further realms that name this database.
    #[serde(default)]
    pub realms: Vec<ConnectionName>,
    /// Clients that may use it; `None`, for a tenant file without the list, is all of them.
    #[serde(default)]
    pub enabled_clients: Option<Vec<ClientId>>,
}

impl Connection {
    /// A database with no further settings: all clients may use it.
    pub fn open(name: ConnectionName) -> Self {
        Self {
            name,
            realms: Vec::new(),
            enabled_clients: None,
        }
    }

    /// True if users of this client may log in from this database.
    pub fn is_enabled_for(&self, client: &ClientId) -> bool {
        self.enabled_clients
            .as_ref()
            .is_none_or(|clients| clients.contains(client))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_for_those_it_names_or_for_all() {
        let (app, other) = (
            ClientId::parse("app").unwrap(),
            ClientId::parse("other").unwrap(),
        );
        let mut connection = Connection::open(ConnectionName::parse("Users").unwrap());
        assert!(connection.is_enabled_for(&app));
        connection.enabled_clients = Some(vec![app.clone()]);
        assert!(connection.is_enabled_for(&app) && !connection.is_enabled_for(&other));
        connection.enabled_clients = Some(Vec::new());
        assert!(!connection.is_enabled_for(&app));
    }
}
