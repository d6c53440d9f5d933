//! The tenant's configuration in a warm function: read when it is first needed, and again after a minute.

use std::{collections::BTreeMap, sync::Arc};

use super::{App, Parts, StartError, cache::Cache};
use crate::{
    adapters::dynamo::{Store, StoreError},
    domain::{
        brute_force::AttackProtection,
        client::Client,
        connection::Connection,
        denial::Denial,
        ids::{Audience, ClientId, ConnectionName},
        mobile::MobileApps,
        resource_server::ResourceServer,
        settings::{Conformance, Settings},
    },
    system::Clock,
};

/// Applications, APIs, settings and databases of the tenant, each from memory if it was read less than a minute
/// ago.
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
    /// Reads the settings, which every request goes by.
    pub(super) async fn load(parts: &Parts) -> Result<Self, StartError> {
        let store = &parts.store;
        let now = parts.clock.now();
        // Boxed: it happens once, and calls of the SDK are large.
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

    /// The application as it was read last, however long ago.
    pub(super) fn last_client(&self, id: &ClientId) -> Option<Arc<Client>> {
        self.clients.last(id)
    }

    /// `management` is the identifier of the Management API, which every tenant has and no store.
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
    /// keys and metadata more than it needs the newest of them.
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

    /// A user database by name or realm.
    pub(super) async fn connection(
        &self,
        realm: &ConnectionName,
    ) -> Result<Option<Arc<Connection>>, StoreError> {
        let load = async || self.store.load_realm(realm).await;
        self.connections
            .find_or(realm, self.clock.now(), load)
            .await
    }

    /// A user database that nothing is stored of, remembered like those that are stored.
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

    /// The phone apps of all applications; those that were read last while the store does not answer.
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

    /// Reads the settings again before they are used again.
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
    /// A client, from memory if it was read less than a minute ago.
    pub async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Denial> {
        Ok(self.configuration.client(id).await?)
    }

    /// An API, likewise.
    pub async fn resource_server(
        &self,
        identifier: &Audience,
    ) -> Result<Option<Arc<ResourceServer>>, Denial> {
        let management = || self.management_audience();
        let api = self.configuration.resource_server(identifier, management);
        Ok(api.await?)
    }

    /// The tenant's settings, likewise.
    pub async fn settings(&self) -> Result<Arc<Settings>, Denial> {
        Ok(self.configuration.settings().await?)
    }

    /// How a refusal that costs nothing is worded: by the settings that were read last, without a read.
    pub fn known_conformance(&self) -> Conformance {
        let settings = self.configuration.settings.last(&());
        settings.map_or_else(Conformance::default, |settings| settings.conformance)
    }

    /// How the tenant limits failed logins, from memory if it was read less than a minute ago.
    pub(super) async fn attack_protection(&self) -> Result<Arc<AttackProtection>, Denial> {
        Ok(self.configuration.attack_protection().await?)
    }

    /// Forgets what was read of the configuration, so that a change shows at once.
    pub fn forget_configuration(&self) {
        self.configuration.forget();
    }
}
