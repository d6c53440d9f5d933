//! The tenant's configuration in a warm function: read on first use, and again after a minute.

use std::{collections::BTreeMap, sync::Arc};

use ratchet_domain::{
    brute_force::AttackProtection,
    client::Client,
    connection::Connection,
    error::Error,
    ids::{Audience, ClientId, ConnectionName},
    mobile::MobileApps,
    resource_server::ResourceServer,
    settings::{Conformance, Settings},
};
use ratchet_store::{Store, StoreError};
use ratchet_system::Clock;

use super::{App, Parts, StartError, cache::Cache};

/// Clients, APIs, settings and connections of the tenant, each cached for a minute.
#[derive(Debug)]
pub(super) struct Configuration {
    store: Store,
    clock: Arc<Clock>,
    clients: Cache<ClientId, Client>,
    resource_servers: Cache<Audience, ResourceServer>,
    settings: Cache<(), Settings>,
    connections: Cache<ConnectionName, Connection>,
    attack_protection: Cache<(), AttackProtection>,
    mobile_apps: Cache<(), BTreeMap<ClientId, MobileApps>>,
}

impl Configuration {
    /// Reads the settings, which every request needs.
    pub(super) async fn load(parts: &Parts) -> Result<Self, StartError> {
        let store = &parts.store;
        let now = parts.clock.now();
        // Boxed: it happens once, and the SDK's futures are large.
        let loaded = Box::pin(store.load_settings()).await;
        let loaded = loaded.map_err(|error| StartError::from(error).of(store))?;
        let settings = Cache::default();
        settings.put((), loaded.unwrap_or_default(), now);
        Ok(Self {
            store: store.clone(),
            clock: Arc::clone(&parts.clock),
            clients: Cache::default(),
            resource_servers: Cache::default(),
            settings,
            connections: Cache::default(),
            attack_protection: Cache::default(),
            mobile_apps: Cache::default(),
        })
    }

    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StoreError> {
        let load = async || self.store.load_client(id).await;
        self.clients.find_or(id, self.clock.now(), load).await
    }

    /// The client that was read last, of any age.
    pub(super) fn last_client(&self, id: &ClientId) -> Option<Arc<Client>> {
        self.clients.last(id)
    }

    /// `management` is the identifier of the Management API, which every tenant has and no store contains.
    async fn resource_server(
        &self,
        identifier: &Audience,
        management: impl FnOnce() -> String,
    ) -> Result<Option<Arc<ResourceServer>>, StoreError> {
        let load = async || {
            if identifier.as_str() == management() {
                return Ok(Some(ResourceServer::management(identifier.clone())));
            }
            self.store.load_resource_server(identifier).await
        };
        let now = self.clock.now();
        self.resource_servers.find_or(identifier, now, load).await
    }

    pub(super) async fn settings(&self) -> Result<Arc<Settings>, StoreError> {
        let load = async || Ok(self.store.load_settings().await?.unwrap_or_default());
        self.settings.get_or(&(), self.clock.now(), load).await
    }

    /// The settings, or those that were read last while the store does not answer: a client that starts now needs
    /// keys and metadata more than it needs the newest settings.
    pub(super) async fn settings_or_last(&self) -> Arc<Settings> {
        match self.settings().await {
            Ok(settings) => settings,
            Err(error) => {
                tracing::error!(%error, "keys and metadata go by the settings that were read last");
                let kept = self.settings.keep(&(), self.clock.now());
                kept.unwrap_or_default()
            }
        }
    }

    /// A connection by its name or one of its realms.
    pub(super) async fn connection(
        &self,
        realm: &ConnectionName,
    ) -> Result<Option<Arc<Connection>>, StoreError> {
        let load = async || self.store.load_realm(realm).await;
        self.connections
            .find_or(realm, self.clock.now(), load)
            .await
    }

    /// Caches a connection that is not stored, like a stored one.
    pub(super) fn keep_connection(&self, connection: Connection) -> Arc<Connection> {
        let now = self.clock.now();
        self.connections
            .put(connection.name.clone(), connection, now)
    }

    async fn attack_protection(&self) -> Result<Arc<AttackProtection>, StoreError> {
        let load = async || {
            let loaded = self.store.load_attack_protection().await?;
            Ok(loaded.unwrap_or_default())
        };
        self.attack_protection
            .get_or(&(), self.clock.now(), load)
            .await
    }

    /// The mobile apps of all clients, or those that were read last while the store does not answer.
    pub(super) async fn mobile_apps(
        &self,
    ) -> Result<Arc<BTreeMap<ClientId, MobileApps>>, StoreError> {
        let now = self.clock.now();
        let load = async || self.store.load_mobile_apps().await;
        match self.mobile_apps.get_or(&(), now, load).await {
            Ok(apps) => Ok(apps),
            Err(error) => self.mobile_apps.keep(&(), now).ok_or(error),
        }
    }

    /// Expires the settings: they are read again on their next use.
    pub(super) fn forget_settings(&self) {
        self.settings.expire();
        self.mobile_apps.expire();
    }

    fn forget(&self) {
        self.forget_settings();
        self.clients.expire();
        self.resource_servers.expire();
        self.connections.expire();
        self.attack_protection.expire();
    }
}

impl App {
    /// A client, cached for a minute.
    pub async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Error> {
        Ok(self.configuration.client(id).await?)
    }

    /// An API, cached for a minute.
    pub async fn resource_server(
        &self,
        identifier: &Audience,
    ) -> Result<Option<Arc<ResourceServer>>, Error> {
        let management = || self.management_audience();
        let api = self.configuration.resource_server(identifier, management);
        Ok(api.await?)
    }

    /// The tenant's settings, cached for a minute.
    pub async fn settings(&self) -> Result<Arc<Settings>, Error> {
        Ok(self.configuration.settings().await?)
    }

    /// Conformance of error responses, from the settings that were read last, so that cheap rejections need no I/O.
    pub fn known_conformance(&self) -> Conformance {
        let settings = self.configuration.settings.last(&());
        settings.map_or_else(Conformance::default, |settings| settings.conformance)
    }

    /// The tenant's limits on failed logins, cached for a minute.
    pub(super) async fn attack_protection(&self) -> Result<Arc<AttackProtection>, Error> {
        Ok(self.configuration.attack_protection().await?)
    }

    /// Expires all cached configuration, so that a change is seen at once.
    pub fn forget_configuration(&self) {
        self.configuration.forget();
    }
}
