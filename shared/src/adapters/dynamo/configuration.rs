//! The tenant's configuration: clients, APIs, connections, settings.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::{
    Store,
    error::{CommitError, Item, StoreError},
    item::{inconsistent, send_update, to_item},
    keys::Key,
};
use crate::domain::{
    brute_force::AttackProtection,
    client::Client,
    connection::Connection,
    ids::{Audience, ClientId, ConnectionName},
    resource_server::ResourceServer,
    settings::Settings,
};

/// The attribute of the settings that [`Store::commit_scripts`] writes.
const SCRIPTS: &str = "scripts";

/// What a realm stands for.
#[derive(Serialize, Deserialize)]
struct Realm {
    connection: ConnectionName,
}

impl Store {
    /// A client.
    pub async fn load_client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        self.load(&Key::client(id)).await
    }

    /// Creates or replaces a client.
    pub async fn put_client(&self, client: &Client) -> Result<(), StoreError> {
        self.put_item(to_item(&Key::client(&client.client_id), client, None)?)
            .await
    }

    /// An API.
    pub async fn load_resource_server(
        &self,
        identifier: &Audience,
    ) -> Result<Option<ResourceServer>, StoreError> {
        self.load(&Key::api(identifier)).await
    }

    /// Creates or replaces an API.
    pub async fn put_resource_server(&self, api: &ResourceServer) -> Result<(), StoreError> {
        self.put_item(to_item(&Key::api(&api.identifier), api, None)?)
            .await
    }

    /// The tenant's settings, if any were put.
    pub async fn load_settings(&self) -> Result<Option<Settings>, StoreError> {
        self.load(&Key::settings()).await
    }

    /// Replaces the tenant's settings, except for which scripts there are: those have an import of their
    /// own, and one of the two may overtake the other.
    pub async fn put_settings(&self, settings: &Settings) -> Result<(), StoreError> {
        let key = Key::settings();
        let attributes: Item =
            serde_dynamo::to_item(settings).map_err(|e| inconsistent(&key, e))?;
        let mut update = self.update(&key);
        let (mut sets, mut removes) = (Vec::new(), Vec::new());
        for (name, value) in attributes {
            if name == SCRIPTS {
                continue;
            }
            update = update.expression_attribute_names(format!("#{name}"), &name);
            if matches!(value, AttributeValue::Null(_)) {
                removes.push(format!("#{name}"));
            } else {
                sets.push(format!("#{name} = :{name}"));
                update = update.expression_attribute_values(format!(":{name}"), value);
            }
        }
        let mut expression = format!("SET {}", sets.join(", "));
        if !removes.is_empty() {
            expression = format!("{expression} REMOVE {}", removes.join(", "));
        }
        match send_update(update.update_expression(expression)).await {
            Ok(()) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
            Err(CommitError::Conflict) => Err(inconsistent(&key, "a condition that nobody set")),
        }
    }

    /// A connection by its name.
    pub async fn load_connection(
        &self,
        name: &ConnectionName,
    ) -> Result<Option<Connection>, StoreError> {
        self.load(&Key::connection(name)).await
    }

    /// A connection by its name or one of its other realms.
    pub async fn load_realm(
        &self,
        realm: &ConnectionName,
    ) -> Result<Option<Connection>, StoreError> {
        if let Some(connection) = self.load_connection(realm).await? {
            return Ok(Some(connection));
        }
        let Some(Realm { connection }) = self.load(&Key::realm(realm)).await? else {
            return Ok(None);
        };
        let connection = self.load_connection(&connection).await?;
        // A realm that was taken away from the connection may still lie there.
        Ok(connection.filter(|connection| connection.realms.contains(realm)))
    }

    /// Creates or replaces a connection, with the realms that mean it.
    pub async fn put_connection(&self, connection: &Connection) -> Result<(), StoreError> {
        self.put_item(to_item(
            &Key::connection(&connection.name),
            connection,
            None,
        )?)
        .await?;
        for realm in &connection.realms {
            let meant = Realm {
                connection: connection.name.clone(),
            };
            self.put_item(to_item(&Key::realm(realm), &meant, None)?)
                .await?;
        }
        Ok(())
    }

    /// What stands between a guesser and a password, if anything was put.
    pub async fn load_attack_protection(&self) -> Result<Option<AttackProtection>, StoreError> {
        self.load(&Key::attack_protection()).await
    }

    /// Replaces that.
    pub async fn put_attack_protection(
        &self,
        protection: &AttackProtection,
    ) -> Result<(), StoreError> {
        self.put_item(to_item(&Key::attack_protection(), protection, None)?)
            .await
    }
}
