//! The connection that a request names, and the check that its client may use it.

use std::sync::Arc;

use ratchet_domain::{
    client::Client,
    connection::{Connection, DEFAULT_CONNECTION},
    denial::Denial,
    error::{Error, Failure},
    ids::ConnectionName,
};

use super::App;

impl App {
    /// The connection that a realm names: by its own name, or by one of its other realms. A connection that is not
    /// enabled for the client is rejected.
    pub async fn realm(&self, realm: &str, client: &Client) -> Result<Arc<Connection>, Error> {
        let unknown = || Denial::UnknownRealm(realm.to_owned());
        let name = ConnectionName::parse(realm).map_err(|_| unknown())?;
        match self.connection(&name).await? {
            Some(connection) => Ok(enabled(connection, client)?),
            // A tenant whose file lists no databases still has the default one.
            None if name == self.default_connection().await? => Ok(self.open_connection(name)),
            None => Err(unknown().into()),
        }
    }

    /// The tenant's default directory, which the `password` grant needs.
    pub async fn default_directory(&self, client: &Client) -> Result<Arc<Connection>, Error> {
        let settings = self.settings().await?;
        let name = settings.default_directory.clone();
        let name = name.ok_or(Failure::NoDefaultDirectory)?;
        self.named(name, client).await
    }

    /// The connection of the hosted login: the requested one, or the default directory, or else the database that every
    /// tenant has.
    pub async fn login_connection(
        &self,
        asked: Option<&ConnectionName>,
        client: &Client,
    ) -> Result<Arc<Connection>, Error> {
        match asked {
            Some(name) => self.realm(name.as_str(), client).await,
            None => self.named(self.default_connection().await?, client).await,
        }
    }

    async fn default_connection(&self) -> Result<ConnectionName, Error> {
        match &self.settings().await?.default_directory {
            Some(name) => Ok(name.clone()),
            None => Ok(ConnectionName::parse(DEFAULT_CONNECTION).map_err(Failure::internal)?),
        }
    }

    async fn named(&self, name: ConnectionName, client: &Client) -> Result<Arc<Connection>, Error> {
        match self.connection(&name).await? {
            Some(connection) => Ok(enabled(connection, client)?),
            None => Ok(self.open_connection(name)),
        }
    }

    /// A connection by its name or one of its realms, cached for about a minute.
    async fn connection(&self, realm: &ConnectionName) -> Result<Option<Arc<Connection>>, Error> {
        Ok(self.configuration.connection(realm).await?)
    }

    /// A connection that is not stored.
    fn open_connection(&self, name: ConnectionName) -> Arc<Connection> {
        self.configuration.keep_connection(Connection::open(name))
    }
}

fn enabled(connection: Arc<Connection>, client: &Client) -> Result<Arc<Connection>, Denial> {
    if connection.is_enabled_for(&client.client_id) {
        Ok(connection)
    } else {
        Err(Denial::ConnectionNotEnabled(connection.name.to_string()))
    }
}
