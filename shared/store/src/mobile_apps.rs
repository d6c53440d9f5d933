//! The mobile apps of all clients, in one item: only discovery reads them, and publishes them together. Each client has
//! its own attribute, so that concurrent imports of different clients do not undo each other. A table without the item
//! has no apps.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use ratchet_domain::{ids::ClientId, mobile::MobileApps};

use super::{
    Store,
    calls::{Consistency, send_update},
    error::{CommitError, StoreError},
    item::inconsistent,
    keys::Key,
};

/// Prefix of the attribute of a client.
const PREFIX: &str = "client:";

/// Maximum number of clients in one update, whose expression is limited to four kilobytes.
const PER_UPDATE: usize = 100;

impl Store {
    /// The apps of every client that has some, strongly consistent.
    pub async fn load_mobile_apps(&self) -> Result<BTreeMap<ClientId, MobileApps>, StoreError> {
        self.load_mobile_apps_as(Consistency::Strong).await
    }

    /// [`Self::load_mobile_apps`] with this consistency.
    pub(super) async fn load_mobile_apps_as(
        &self,
        consistency: Consistency,
    ) -> Result<BTreeMap<ClientId, MobileApps>, StoreError> {
        let key = Key::mobile_apps();
        let item = self.load_item_as(&key, consistency).await?;
        let item = item.unwrap_or_default();
        let named = item.into_iter().filter_map(|(name, value)| {
            let id = name.strip_prefix(PREFIX)?.to_owned();
            Some((id, value))
        });
        named
            .map(|(id, value)| {
                let id = ClientId::parse(id).map_err(|e| inconsistent(&key, e))?;
                let apps = serde_dynamo::from_attribute_value(value);
                Ok((id, apps.map_err(|e| inconsistent(&key, e))?))
            })
            .collect()
    }

    /// Replaces the apps of these clients, and removes the attribute of a client without apps.
    pub async fn put_mobile_apps(
        &self,
        changed: &[(ClientId, MobileApps)],
    ) -> Result<(), StoreError> {
        for changed in changed.chunks(PER_UPDATE) {
            self.update_mobile_apps(changed).await?;
        }
        Ok(())
    }

    async fn update_mobile_apps(
        &self,
        changed: &[(ClientId, MobileApps)],
    ) -> Result<(), StoreError> {
        let key = Key::mobile_apps();
        let mut update = self.update(&key);
        let (mut sets, mut removes) = (Vec::new(), Vec::new());
        for (number, (id, apps)) in changed.iter().enumerate() {
            update =
                update.expression_attribute_names(format!("#{number}"), format!("{PREFIX}{id}"));
            if apps.is_empty() {
                removes.push(format!("#{number}"));
                continue;
            }
            let value: AttributeValue =
                serde_dynamo::to_attribute_value(apps).map_err(|e| inconsistent(&key, e))?;
            sets.push(format!("#{number} = :{number}"));
            update = update.expression_attribute_values(format!(":{number}"), value);
        }
        let clause = |verb: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{verb} {} ", parts.join(", ")),
        };
        let expression = clause("SET", &sets) + &clause("REMOVE", &removes);
        match send_update(update.update_expression(expression.trim_end())).await {
            Ok(()) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
            Err(CommitError::Conflict) => Err(inconsistent(&key, "a condition that was not set")),
        }
    }
}
