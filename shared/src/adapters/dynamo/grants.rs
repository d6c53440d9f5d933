//! What users agreed to.

use super::{Store, error::StoreError, item::to_item, keys::Key};
use crate::domain::{
    authorization::Grant,
    ids::{Audience, ClientId, UserId},
};

impl Store {
    /// What the user agreed to for this client and API.
    pub async fn load_grant(
        &self,
        user: &UserId,
        client: &ClientId,
        audience: Option<&Audience>,
    ) -> Result<Option<Grant>, StoreError> {
        self.load(&Key::grant(user, client, audience)).await
    }

    /// Writes down what the user agreed to.
    pub async fn put_grant(
        &self,
        user: &UserId,
        client: &ClientId,
        audience: Option<&Audience>,
        grant: &Grant,
    ) -> Result<(), StoreError> {
        self.put_item(to_item(&Key::grant(user, client, audience), grant, None)?)
            .await
    }

    /// Forgets what the user agreed to.
    pub async fn delete_grant(
        &self,
        user: &UserId,
        client: &ClientId,
        audience: Option<&Audience>,
    ) -> Result<(), StoreError> {
        self.delete_item(&Key::grant(user, client, audience)).await
    }
}
