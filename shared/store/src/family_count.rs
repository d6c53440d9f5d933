//! The number of families of a user with an application: one item, so that a login need not read the families.
//! [`ratchet_domain::family_limit`] decides what follows from a count. Families of earlier versions are not counted:
//! they are not in the order in which they began, and expire by themselves.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use ratchet_domain::{
    family::{Ended, Family},
    family_key::FamilyKey,
    family_limit::{FamilyCount, Recounted},
    ids::{ClientId, UserId},
    time::{Lifetime, Timestamp},
};
use serde::Deserialize;

use super::{
    Store,
    calls::{send_update, sent_update},
    error::{CommitError, StoreError},
    families::read,
    item::{from_item, millis, seconds},
    keys::{Key, TTL, family_prefix},
};

/// Time for which a count is kept after the last login: far longer than the lifetime of an unused family, unless that
/// is unlimited. A new count then starts at zero, and allows such a user twice as many families.
const MEMORY: Lifetime = Lifetime::from_secs(400 * 86_400);

#[derive(Deserialize)]
struct CountItem {
    present: usize,
    #[serde(default)]
    recount_at: Timestamp,
    #[serde(default)]
    revision: u64,
}

impl Store {
    /// Counts a new family.
    pub async fn count_family(
        &self,
        new: &Family,
        now: Timestamp,
    ) -> Result<FamilyCount, CommitError> {
        let key = Key::family_count(&new.user_id, &new.client_id);
        let update = self
            .update(&key)
            .update_expression("SET #ttl = :ttl ADD present :one, revision :one")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":ttl", seconds(now.plus(MEMORY)))
            .expression_attribute_values(":one", number(&1))
            .return_values(ReturnValue::AllNew);
        let counted = sent_update(update).await?.attributes.unwrap_or_default();
        let CountItem {
            present,
            recount_at,
            revision,
        } = from_item(&key, counted)?;
        Ok(FamilyCount {
            present,
            recount_at,
            revision,
        })
    }

    /// The families in the count of this one, in the order in which they began.
    pub async fn load_counted_families(&self, new: &Family) -> Result<Vec<Family>, StoreError> {
        let prefix = family_prefix(&new.client_id);
        read(&self.query_user(&new.user_id, &prefix).await?)
    }

    /// Ends the oldest family in the count of `new` that no concurrent login ends. `over` is the number of families
    /// over the limit.
    pub async fn end_oldest_family(
        &self,
        new: &Family,
        over: usize,
        ended: &Ended,
    ) -> Result<(), StoreError> {
        let prefix = family_prefix(&new.client_id);
        let mut after = None;
        loop {
            let oldest = self.some_below(&new.user_id, &prefix, after, over).await?;
            for family in &oldest.items {
                if self.end_family(&FamilyKey::of(family), ended).await? {
                    return Ok(());
                }
            }
            // Other logins have ended all of these since they were read.
            let Some(next) = oldest.next else {
                return Ok(());
            };
            after = Some(Key::family(&next));
        }
    }

    /// Stores the number of families, unless the count has changed since it was read.
    pub async fn commit_family_count(
        &self,
        new: &Family,
        seen: FamilyCount,
        recounted: &Recounted,
    ) -> Result<(), CommitError> {
        let update = self
            .update(&Key::family_count(&new.user_id, &new.client_id))
            .update_expression("SET present = :present, recount_at = :recount_at ADD revision :one")
            .condition_expression("revision = :seen")
            .expression_attribute_values(":present", number(&recounted.present()))
            .expression_attribute_values(":recount_at", millis(recounted.recount_at))
            .expression_attribute_values(":one", number(&1))
            .expression_attribute_values(":seen", number(&seen.revision));
        send_update(update).await
    }

    /// Subtracts a deleted family. The family has ended by now, so a failure is logged and fails no request: the count
    /// is then too large until the next recount.
    pub(super) async fn uncount_family(&self, removed: &Family) {
        let (user_id, client_id) = (&removed.user_id, &removed.client_id);
        let update = self
            .update(&Key::family_count(user_id, client_id))
            .update_expression("ADD present :less, revision :one")
            .condition_expression("present > :zero")
            .expression_attribute_values(":less", AttributeValue::N("-1".to_owned()))
            .expression_attribute_values(":one", number(&1))
            .expression_attribute_values(":zero", number(&0));
        if let Err(error) = CommitError::written(send_update(update).await) {
            tracing::warn!(%user_id, %client_id, reason = %error, "a family is still counted that has ended");
        }
    }

    /// Makes the next login over the limit recount the families of an application.
    pub(super) async fn expire_family_count(
        &self,
        user: &UserId,
        client: &ClientId,
    ) -> Result<(), StoreError> {
        let update = self
            .update(&Key::family_count(user, client))
            .update_expression("REMOVE recount_at ADD revision :one")
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_values(":one", number(&1));
        CommitError::written(send_update(update).await).map(drop)
    }
}

fn number(number: &impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
