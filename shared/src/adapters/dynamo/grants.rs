//! What users agreed to.

use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};

use super::{
    Store,
    error::StoreError,
    item::{from_item, to_item},
    keys::{GRANT_PREFIX, Key, SK},
};
use crate::domain::{
    authorization::Grant,
    family::{Ended, Family},
    grant::{GrantKey, UserGrant},
    ids::{Audience, ClientId, UserId},
};

impl Store {
    /// The part of a transaction that holds only while what a family rests on has not been withdrawn.
    pub(super) fn check_grant(&self, family: &Family) -> Result<TransactWriteItem, StoreError> {
        let Family {
            user_id,
            client_id,
            audience,
            ..
        } = family;
        let grant = Key::grant(user_id, client_id, audience.as_ref());
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(grant.to_item()))
            .condition_expression("attribute_exists(PK)")
            .build()
            .map_err(|e| StoreError::Refused(e.to_string()))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// What the user agreed to for this client and API.
    pub async fn load_grant(
        &self,
        user: &UserId,
        client: &ClientId,
        audience: Option<&Audience>,
    ) -> Result<Option<Grant>, StoreError> {
        self.load(&Key::grant(user, client, audience)).await
    }

    /// All that a user agreed to.
    pub async fn load_grants(&self, user: &UserId) -> Result<Vec<UserGrant>, StoreError> {
        let items = self.query_user(user, GRANT_PREFIX).await?;
        let mut grants = Vec::with_capacity(items.len());
        for item in items {
            let sort_key = item.get(SK).and_then(|sk| sk.as_s().ok()).cloned();
            let sort_key = sort_key.unwrap_or_default();
            let key = Key::user_item(user, &sort_key);
            let Some((client_id, audience)) = Key::parse_grant(&sort_key) else {
                return Err(super::item::inconsistent(&key, "not the key of a grant"));
            };
            let grant: Grant = from_item(&key, item)?;
            grants.push(UserGrant {
                key: GrantKey {
                    user_id: user.clone(),
                    client_id,
                    audience,
                },
                scope: grant.scope,
            });
        }
        Ok(grants)
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

    /// Withdraws a grant with everything that rests on it; says how many families that ended.
    ///
    /// The grant goes first: from then on no code that rests on it begins a family (the exchange
    /// carries that condition), so the families read afterwards are all there will be. Cut short, it
    /// has not been acknowledged, the families left over still show as granted, and withdrawing the
    /// grant again ends them. A refresh that races this either rotates before its family ends, and
    /// the successor dies with the family, or fails on the end.
    pub async fn end_grant(&self, key: &GrantKey, ended: &Ended) -> Result<usize, StoreError> {
        self.delete_grant(&key.user_id, &key.client_id, key.audience.as_ref())
            .await?;
        let mut families = self.load_families(&key.user_id).await?;
        families.retain(|family| key.carries(family) && family.is_live(ended.at));
        for family in &families {
            self.end_family(&family.user_id, family.id, ended).await?;
        }
        Ok(families.len())
    }
}
