//! The tenant's configuration: clients, APIs, settings.

use super::{Store, error::StoreError, item::to_item, keys::Key};
use crate::domain::{
    client::Client,
    ids::{Audience, ClientId},
    resource_server::ResourceServer,
    settings::Settings,
};

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

    /// Replaces the tenant's settings.
    pub async fn put_settings(&self, settings: &Settings) -> Result<(), StoreError> {
        self.put_item(to_item(&Key::settings(), settings, None)?)
            .await
    }
}
