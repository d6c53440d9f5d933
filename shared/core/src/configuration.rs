//! The tenant's configuration in a warm function: read on first use, and again after about a minute.

use std::{collections::BTreeMap, sync::Arc};

use ratchet_domain::{
    brute_force::AttackProtection,
    client::Client,
    connection::Connection,
    error::Error,
    ids::{Audience, ClientId, ConnectionName},
    login_flow::ScriptsVersion,
    mobile::MobileApps,
    resource_server::ResourceServer,
    settings::{Conformance, Settings},
};
use ratchet_store::{Store, StoreError, StoredScripts, TenantReads};
use ratchet_system::Clock;

use super::{App, Parts, StartError, cache::Cache};

/// Clients, APIs, settings and connections of the tenant, each cached for about a minute.
#[derive(Debug)]
pub(super) struct Configuration {
    store: Store,
    reads: TenantReads,
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
        let reads = parts.freshness.reads(store);
        let lifetime = parts.freshness.reread_after();
        // Boxed: it happens once, and the SDK's futures are large.
        let loaded = Box::pin(reads.settings()).await;
        let loaded = loaded.map_err(|error| StartError::from(error).of(store))?;
        let settings = Cache::new(lifetime);
        settings.put((), loaded.unwrap_or_default(), now);
        Ok(Self {
            store: store.clone(),
            reads,
            clock: Arc::clone(&parts.clock),
            clients: Cache::new(lifetime),
            resource_servers: Cache::new(lifetime),
            settings,
            connections: Cache::new(lifetime),
            attack_protection: Cache::new(lifetime),
            mobile_apps: Cache::new(lifetime),
        })
    }

    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StoreError> {
        let load = async || self.reads.client(id).await;
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
            self.reads.resource_server(identifier).await
        };
        let now = self.clock.now();
        self.resource_servers.find_or(identifier, now, load).await
    }

    pub(super) async fn settings(&self) -> Result<Arc<Settings>, StoreError> {
        let load = async || Ok(self.reads.settings().await?.unwrap_or_default());
        self.settings.get_or(&(), self.clock.now(), load).await
    }

    /// The settings as they are stored now, without the cache.
    pub(super) async fn settings_now(&self) -> Result<Arc<Settings>, StoreError> {
        let settings = self.store.load_settings().await?.unwrap_or_default();
        Ok(self.settings.put((), settings, self.clock.now()))
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
        let load = async || self.reads.realm(realm).await;
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

    /// The stored scripts of a version, which is not cached here.
    pub(super) async fn scripts(
        &self,
        version: &ScriptsVersion,
    ) -> Result<StoredScripts, StoreError> {
        self.reads.scripts(version.import()).await
    }

    async fn attack_protection(&self) -> Result<Arc<AttackProtection>, StoreError> {
        let load = async || {
            let loaded = self.reads.attack_protection().await?;
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
        let load = async || self.reads.mobile_apps().await;
        match self.mobile_apps.get_or(&(), now, load).await {
            Ok(apps) => Ok(apps),
            Err(error) => self.mobile_apps.keep(&(), now).ok_or(error),
        }
    }

    fn forget(&self) {
        self.settings.expire();
        self.mobile_apps.expire();
        self.clients.expire();
        self.resource_servers.expire();
        self.connections.expire();
        self.attack_protection.expire();
    }
}

impl App {
    /// A client, cached for about a minute.
    pub async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Error> {
        Ok(self.configuration.client(id).await?)
    }

    /// An API, cached for about a minute.
    pub async fn resource_server(
        &self,
        identifier: &Audience,
    ) -> Result<Option<Arc<ResourceServer>>, Error> {
        let management = || self.management_audience();
        let api = self.configuration.resource_server(identifier, management);
        Ok(api.await?)
    }

    /// The tenant's settings, cached for about a minute.
    pub async fn settings(&self) -> Result<Arc<Settings>, Error> {
        Ok(self.configuration.settings().await?)
    }

    /// Conformance of error responses, from the settings that were read last, so that cheap rejections need no I/O.
    pub fn known_conformance(&self) -> Conformance {
        let settings = self.configuration.settings.last(&());
        settings.map_or_else(Conformance::default, |settings| settings.conformance)
    }

    /// The tenant's limits on failed logins, cached for about a minute.
    pub(super) async fn attack_protection(&self) -> Result<Arc<AttackProtection>, Error> {
        Ok(self.configuration.attack_protection().await?)
    }

    /// Expires all cached configuration, so that a change is seen at once.
    pub fn forget_configuration(&self) {
        self.configuration.forget();
    }
}
