//! The tenant's configuration: clients, APIs, connections, settings.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use ratchet_domain::{
    brute_force::AttackProtection,
    client::{Client, JwtConfiguration, SigningAlgorithm},
    connection::Connection,
    hash_kind::HashKinds,
    ids::{Audience, ClientId, ConnectionName},
    resource_server::ResourceServer,
    settings::Settings,
    signing_algorithms::SigningAlgorithms,
};
use ratchet_telemetry::cost;
use serde::{Deserialize, Serialize};

use super::{
    Store,
    calls::{Consistency, send_update, units},
    error::{CommitError, Item, StoreError},
    item::{from_item, inconsistent, to_item},
    keys::{API_PREFIX, CLIENT_PREFIX, Key, TENANT},
};

/// The attributes of the settings that [`Store::commit_scripts`], [`Store::commit_signing_algorithms`] and
/// [`Store::commit_password_hashes`] write.
const WRITTEN_ELSEWHERE: [&str; 3] = ["scripts", "signing_algorithms", "password_hashes"];

/// The configured signing algorithm of a client.
#[derive(Deserialize)]
struct ClientAlgorithm {
    jwt_configuration: JwtConfiguration,
}

/// The configured signing algorithm of an API.
#[derive(Deserialize)]
struct ApiAlgorithm {
    signing_alg: SigningAlgorithm,
}

/// The connection of a realm.
#[derive(Serialize, Deserialize)]
struct Realm {
    connection: ConnectionName,
}

impl Store {
    /// Loads a client, strongly consistent; `None` if the tenant has none of this id.
    pub async fn load_client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        self.load(&Key::client(id)).await
    }

    /// Creates or replaces a client.
    pub async fn put_client(&self, client: &Client) -> Result<(), StoreError> {
        self.put_item(to_item(&Key::client(&client.client_id), client, None)?)
            .await
    }

    /// Deletes a client; `false` if there was none.
    pub async fn delete_client(&self, id: &ClientId) -> Result<bool, StoreError> {
        let delete = self.delete(&Key::client(id));
        let output = delete.return_values(ReturnValue::AllOld).send().await?;
        cost::wrote(units(output.consumed_capacity()));
        Ok(output.attributes.is_some_and(|item| !item.is_empty()))
    }

    /// Loads an API, strongly consistent; `None` if the tenant has none of this identifier.
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

    /// The tenant's settings, if any are stored.
    pub async fn load_settings(&self) -> Result<Option<Settings>, StoreError> {
        self.load(&Key::settings()).await
    }

    /// Replaces the tenant's settings except for the version of the scripts, the algorithms in use and the kinds of
    /// password hashes: other imports write those, possibly at the same time.
    pub async fn put_settings(&self, settings: &Settings) -> Result<(), StoreError> {
        let key = Key::settings();
        let attributes: Item =
            serde_dynamo::to_item(settings).map_err(|e| inconsistent(&key, e))?;
        let mut update = self.update(&key);
        let (mut sets, mut removes) = (Vec::new(), Vec::new());
        for (name, value) in attributes {
            if WRITTEN_ELSEWHERE.contains(&name.as_str()) {
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
            Err(CommitError::Conflict) => Err(inconsistent(
                &key,
                "a condition failed, but the request has none",
            )),
        }
    }

    /// The configured algorithms of all clients and APIs in the table; `None` if there are neither. Reads all of them.
    pub async fn load_configured_algorithms(
        &self,
    ) -> Result<Option<BTreeSet<SigningAlgorithm>>, StoreError> {
        let mut algorithms = None::<BTreeSet<_>>;
        for item in self.query(TENANT, CLIENT_PREFIX).await? {
            let client: ClientAlgorithm = from_item(&Key::of_item(&item)?, item)?;
            let algorithm = client.jwt_configuration.alg;
            algorithms.get_or_insert_default().insert(algorithm);
        }
        for item in self.query(TENANT, API_PREFIX).await? {
            let api: ApiAlgorithm = from_item(&Key::of_item(&item)?, item)?;
            algorithms.get_or_insert_default().insert(api.signing_alg);
        }
        Ok(algorithms)
    }

    /// Stores the algorithms in use, if the stored record is the one of the revision before.
    pub async fn commit_signing_algorithms(
        &self,
        next: &SigningAlgorithms,
    ) -> Result<(), CommitError> {
        let key = Key::settings();
        let record = serde_dynamo::to_attribute_value(next).map_err(|e| inconsistent(&key, e))?;
        let update = self
            .update(&key)
            .update_expression("SET signing_algorithms = :next")
            .expression_attribute_values(":next", record);
        let update = match next.revision.saturating_sub(1) {
            0 => update.condition_expression("attribute_not_exists(signing_algorithms)"),
            before => update
                .condition_expression("signing_algorithms.revision = :before")
                .expression_attribute_values(":before", AttributeValue::N(before.to_string())),
        };
        send_update(update).await
    }

    /// Stores the kinds of password hashes, if the stored record is still `before`.
    pub async fn commit_password_hashes(
        &self,
        before: Option<&HashKinds>,
        next: &HashKinds,
    ) -> Result<(), CommitError> {
        let key = Key::settings();
        let record = |kinds| {
            serde_dynamo::to_attribute_value::<_, AttributeValue>(kinds)
                .map_err(|e| inconsistent(&key, e))
        };
        let update = self
            .update(&key)
            .update_expression("SET password_hashes = :next")
            .expression_attribute_values(":next", record(next)?);
        let update = match before {
            None => update.condition_expression("attribute_not_exists(password_hashes)"),
            Some(before) => update
                .condition_expression("password_hashes = :before")
                .expression_attribute_values(":before", record(before)?),
        };
        send_update(update).await
    }

    /// A connection by its name or one of its other realms, strongly consistent.
    pub async fn load_realm(
        &self,
        realm: &ConnectionName,
    ) -> Result<Option<Connection>, StoreError> {
        self.load_realm_as(realm, Consistency::Strong).await
    }

    /// [`Self::load_realm`] with this consistency.
    pub(super) async fn load_realm_as(
        &self,
        realm: &ConnectionName,
        consistency: Consistency,
    ) -> Result<Option<Connection>, StoreError> {
        let own = self.load_as(&Key::connection(realm), consistency).await?;
        if own.is_some() {
            return Ok(own);
        }
        let Some(Realm { connection }) = self.load_as(&Key::realm(realm), consistency).await?
        else {
            return Ok(None);
        };
        let key = Key::connection(&connection);
        let connection: Option<Connection> = self.load_as(&key, consistency).await?;
        // The item of a realm that the connection no longer has may still exist.
        Ok(connection.filter(|connection| connection.realms.contains(realm)))
    }

    /// Creates or replaces a connection, with its realms.
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

    /// The protection against password guessing, if any is stored.
    pub async fn load_attack_protection(&self) -> Result<Option<AttackProtection>, StoreError> {
        self.load(&Key::attack_protection()).await
    }

    /// Replaces the protection against password guessing.
    pub async fn put_attack_protection(
        &self,
        protection: &AttackProtection,
    ) -> Result<(), StoreError> {
        self.put_item(to_item(&Key::attack_protection(), protection, None)?)
            .await
    }
}
