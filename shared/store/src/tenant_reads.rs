//! The tenant's configuration and the checks for new keys, as a process reads them.

use std::collections::BTreeMap;

use ratchet_domain::{
    brute_force::AttackProtection,
    client::Client,
    connection::Connection,
    ids::{Audience, ClientId, ConnectionName},
    login_flow::ImportId,
    mobile::MobileApps,
    resource_server::ResourceServer,
    settings::Settings,
};
use serde::de::DeserializeOwned;

use super::{
    Consistency, Store, StoreError, StoredKeyring, StoredScripts, StoredSigningKeys, keys::Key,
};

/// Reads of the tenant's partition, which all environments share: [`Consistency::Eventual`] for functions, which cache
/// the result for a minute anyway, [`Consistency::Strong`] for an operator's commands.
///
/// A replica may lag by about a second. The absence of an item is therefore confirmed by a strongly consistent read
/// where it would reject a request, so that a new client works at once.
#[derive(Debug, Clone)]
pub struct TenantReads {
    store: Store,
    consistency: Consistency,
}

impl TenantReads {
    /// Reads of the table of a store.
    pub fn new(store: Store, consistency: Consistency) -> Self {
        Self { store, consistency }
    }

    /// A client; `None` if the tenant has none of this id.
    pub async fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        self.confirmed(&Key::client(id)).await
    }

    /// An API; `None` if the tenant has none of this identifier.
    pub async fn resource_server(
        &self,
        identifier: &Audience,
    ) -> Result<Option<ResourceServer>, StoreError> {
        self.confirmed(&Key::api(identifier)).await
    }

    /// A connection by its name or one of its other realms.
    pub async fn realm(&self, realm: &ConnectionName) -> Result<Option<Connection>, StoreError> {
        let found = self.store.load_realm_as(realm, self.consistency).await?;
        match (found, self.consistency) {
            (None, Consistency::Eventual) => self.store.load_realm(realm).await,
            (found, _) => Ok(found),
        }
    }

    /// The tenant's settings, if any are stored.
    pub async fn settings(&self) -> Result<Option<Settings>, StoreError> {
        self.store.load_as(&Key::settings(), self.consistency).await
    }

    /// The protection against password guessing, if any is stored.
    pub async fn attack_protection(&self) -> Result<Option<AttackProtection>, StoreError> {
        let key = Key::attack_protection();
        self.store.load_as(&key, self.consistency).await
    }

    /// The apps of every client that has some.
    pub async fn mobile_apps(&self) -> Result<BTreeMap<ClientId, MobileApps>, StoreError> {
        self.store.load_mobile_apps_as(self.consistency).await
    }

    /// The scripts of an import. Some of those that were stored or deleted a moment ago may be wrong: their digest tells.
    pub async fn scripts(&self, import: &ImportId) -> Result<StoredScripts, StoreError> {
        self.store.load_scripts_as(import, self.consistency).await
    }

    /// The keyring, for a process that has one.
    pub async fn keyring(&self) -> Result<Option<StoredKeyring>, StoreError> {
        self.store.load_as(&Key::keyring(), self.consistency).await
    }

    /// The signing keys, for a process that has some.
    pub async fn signing_keys(&self) -> Result<Option<StoredSigningKeys>, StoreError> {
        let key = Key::signing_keys();
        self.store.load_as(&key, self.consistency).await
    }

    async fn confirmed<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        let found = self.store.load_as(key, self.consistency).await?;
        match (found, self.consistency) {
            (None, Consistency::Eventual) => self.store.load(key).await,
            (found, _) => Ok(found),
        }
    }
}
