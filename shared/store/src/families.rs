//! Refresh token families: the single conditional write of a rotation, and the end of a family.

use aws_sdk_dynamodb::{
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    types::{
        AttributeValue, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    },
};
use ratchet_domain::{
    family::{EndReason, Ended, Family},
    family_key::FamilyKey,
    ids::{ClientId, RequestId, UserId},
};
use ratchet_telemetry::{cost, event};

use super::{
    Store,
    calls::{sent_update, units},
    error::{CommitError, Item, StoreError},
    family_item::{self, FENCE},
    item::{Part, inconsistent, millis},
    keys::{EARLIER_FAMILY_PREFIX, FAMILY_PREFIX, Key, family_prefix},
    recovery::recover,
};

impl Store {
    /// A family by its key.
    pub async fn load_family(&self, key: &FamilyKey) -> Result<Option<Family>, StoreError> {
        match self.load_item(&Key::family(key)).await? {
            Some(item) => family_item::from_item(&item).map(Some),
            None => self.load_earlier_family(key).await,
        }
    }

    /// A family of an earlier version, which is stored under another key than its id implies.
    pub(super) async fn load_earlier_family(
        &self,
        key: &FamilyKey,
    ) -> Result<Option<Family>, StoreError> {
        let Some(key) = Key::earlier_family(key) else {
            return Ok(None);
        };
        let item = self.load_item(&key).await?;
        item.as_ref().map(family_item::from_item).transpose()
    }

    /// All families of a user, with every application. Their number has no limit, so only requests that concern all of
    /// them may call this, never the request of a client.
    pub async fn load_families(&self, user: &UserId) -> Result<Vec<Family>, StoreError> {
        read(&self.query_user(user, FAMILY_PREFIX).await?)
    }

    /// All families of a user with one application, in the order in which they began; those of earlier versions, which
    /// are stored among the families of other applications, come first.
    pub async fn load_families_of(
        &self,
        user: &UserId,
        client: &ClientId,
    ) -> Result<Vec<Family>, StoreError> {
        let mut families = read(&self.query_user(user, EARLIER_FAMILY_PREFIX).await?)?;
        families.extend(read(&self.query_user(user, &family_prefix(client)).await?)?);
        families.retain(|family| family.client_id == *client);
        Ok(families)
    }

    /// Some of a user's families, those after `after`, with one application or with all, in the order of their ids;
    /// those of earlier versions come first. At most `limit` are read, live and ended.
    pub async fn load_some_families(
        &self,
        user: &UserId,
        client: Option<&ClientId>,
        after: Option<&FamilyKey>,
        limit: usize,
    ) -> Result<Part<Family, FamilyKey>, StoreError> {
        let Some(client) = client else {
            let after = after.map(Key::family);
            return self.some_below(user, FAMILY_PREFIX, after, limit).await;
        };
        let prefix = family_prefix(client);
        let (mut families, next) = match after {
            Some(after) if after.client_id.is_some() => {
                let after = Some(Key::family(after));
                let part = self.some_below(user, &prefix, after, limit).await?;
                (part.items, part.next)
            }
            _ => {
                let after = after.map(Key::family);
                let earlier = EARLIER_FAMILY_PREFIX;
                let mut part = self.some_below(user, earlier, after, limit).await?;
                if part.next.is_none() {
                    let left = limit.saturating_sub(part.items.len()).max(1);
                    let own = self.some_below(user, &prefix, None, left).await?;
                    part.items.extend(own.items);
                    part.next = own.next;
                }
                (part.items, part.next)
            }
        };
        families.retain(|family| family.client_id == *client);
        Ok(Part {
            items: families,
            next,
        })
    }

    /// Some of a user's families with this prefix of the sort key, those after a key.
    pub(super) async fn some_below(
        &self,
        user: &UserId,
        prefix: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<Part<Family, FamilyKey>, StoreError> {
        let part = self.query_some_of_user(user, prefix, after, limit).await?;
        let name = |key: Key| {
            let name = Key::parse_family(user, &key.sk);
            name.ok_or_else(|| inconsistent(&key, "not the key of a family"))
        };
        Ok(Part {
            items: read(&part.items)?,
            next: part.next.map(name).transpose()?,
        })
    }

    /// The writes of a transaction that creates a family, on condition that the session of its login has not ended.
    pub(super) fn creation_writes(
        &self,
        family: &Family,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(family_item::to_item(family)))
            .condition_expression("attribute_not_exists(PK)")
            .build()
            .map_err(|e| StoreError::Refused(e.to_string()))?;
        let mut writes = vec![TransactWriteItem::builder().put(put).build()];
        if let Some(session) = family.session_id {
            writes.push(self.check_session(&family.user_id, session)?);
        }
        Ok(writes)
    }

    /// Stores a new family and nothing else. A conflict means that the session of its login has ended.
    pub async fn put_family(&self, family: &Family) -> Result<(), CommitError> {
        if family.session_id.is_some() {
            self.transact(self.creation_writes(family)?).await
        } else {
            self.create_item(family_item::to_item(family)).await
        }
    }

    /// Moves a family from the state in which it was read to the next. The write is the check: it happens only if no
    /// other request has rotated or ended the family since, or moved its absolute end (I7). An earlier rotation by the
    /// same request counts as success: the SDK may have repeated the write, or its response may have been lost.
    ///
    /// A write of unknown outcome is fenced off before the caller learns of the failure. It might be applied later
    /// otherwise, when the client has its answer and presents the token again.
    pub async fn commit_family(
        &self,
        current: &Family,
        next: &Family,
        request: RequestId,
    ) -> Result<(), CommitError> {
        let error = match self.rotation(current, next).send().await {
            Ok(output) => {
                cost::wrote(units(output.consumed_capacity()));
                return Ok(());
            }
            Err(error) => error,
        };
        let (failure, found) = match error.as_service_error() {
            // The SDK's error contains the item.
            Some(service) if service.is_conditional_check_failed_exception() => {
                let found = conditional_item(service);
                let found = found.and_then(|item| family_item::from_item(item).ok());
                (CommitError::Conflict, found)
            }
            _ => {
                let found = self.fenced_family(current).await?;
                (StoreError::from(error).into(), found)
            }
        };
        Ok(recover(failure, found, |family| {
            family.was_rotated_by(request)
        })?)
    }

    /// The family as it is stored after a write of unknown outcome, which is fenced off. It is read without a fence if the
    /// outcome of that write is unknown as well.
    async fn fenced_family(&self, current: &Family) -> Result<Option<Family>, StoreError> {
        match self.fence_family(current).await {
            Ok(found) => Ok(found),
            Err(_) => self.load_family(&FamilyKey::of(current)).await,
        }
    }

    /// Lets every write fail whose request read the family before, and returns the family as it is stored; `None` if it
    /// has ended.
    async fn fence_family(&self, family: &Family) -> Result<Option<Family>, StoreError> {
        let fence = self
            .update(&Key::of_family(family))
            .condition_expression("attribute_exists(PK)")
            .update_expression(format!("ADD {FENCE} :one"))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values(ReturnValue::AllNew);
        match sent_update(fence).await {
            Ok(output) => {
                let item = output.attributes();
                item.map(family_item::from_item).transpose()
            }
            Err(CommitError::Conflict) => Ok(None),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// The write of [`Self::commit_family`], with its condition.
    fn rotation(&self, current: &Family, next: &Family) -> UpdateItemFluentBuilder {
        let same_end = match current.expires_at {
            Some(_) => "#expires_at = :same_end",
            None => "attribute_not_exists(#expires_at)",
        };
        let same_fence = match current.fence {
            0 => "attribute_not_exists(fence)",
            _ => "fence = :fence",
        };
        let mut update = self
            .update(&Key::of_family(current))
            .condition_expression(format!(
                "attribute_exists(PK) AND #generation = :current AND {same_end} AND {same_fence} \
                 AND attribute_not_exists(ended_at)",
            ))
            .expression_attribute_values(
                ":current",
                AttributeValue::N(current.generation.number().to_string()),
            )
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Some(end) = current.expires_at {
            update = update.expression_attribute_values(":same_end", millis(end));
        }
        if current.fence > 0 {
            let fence = AttributeValue::N(current.fence.to_string());
            update = update.expression_attribute_values(":fence", fence);
        }
        let (mut sets, mut removes) = (Vec::new(), Vec::new());
        for (name, value) in family_item::changing(next) {
            update = update.expression_attribute_names(format!("#{name}"), name);
            match value {
                Some(value) => {
                    sets.push(format!("#{name} = :{name}"));
                    update = update.expression_attribute_values(format!(":{name}"), value);
                }
                None => removes.push(format!("#{name}")),
            }
        }
        let mut expression = format!("SET {}", sets.join(", "));
        if !removes.is_empty() {
            expression = format!("{expression} REMOVE {}", removes.join(", "));
        }
        update.update_expression(expression)
    }

    /// Ends a family by deleting its item: unknown families are rejected like ended ones. A missing family is not an
    /// error: all that matters is that none of its tokens is valid afterwards. The call that deleted the item logs the
    /// reason, once, and returns `true`.
    pub async fn end_family(&self, key: &FamilyKey, ended: &Ended) -> Result<bool, StoreError> {
        let mut removed = self.remove_family(&Key::family(key)).await?;
        if removed.is_none()
            && let Some(earlier) = Key::earlier_family(key)
        {
            removed = self.remove_family(&earlier).await?;
        }
        if let Some(family) = &removed {
            log_end(family, ended);
            if FamilyKey::of(family).client_id.is_some() {
                self.uncount_family(family).await;
            }
        }
        Ok(removed.is_some())
    }

    async fn remove_family(&self, key: &Key) -> Result<Option<Family>, StoreError> {
        let delete = self.delete(key).return_values(ReturnValue::AllOld);
        let output = delete.send().await?;
        cost::wrote(units(output.consumed_capacity()));
        let item = output.attributes.filter(|item| !item.is_empty());
        item.as_ref().map(family_item::from_item).transpose()
    }
}

pub(super) fn read(items: &[Item]) -> Result<Vec<Family>, StoreError> {
    items.iter().map(family_item::from_item).collect()
}

/// Logs the end of a family, its only remaining trace. Nothing is logged for a family that had already ended or
/// expired.
pub(super) fn log_end(family: &Family, ended: &Ended) {
    if !family.is_live(ended.at) {
        return;
    }
    let code = match ended.reason {
        EndReason::LimitExceeded => event::CLEANED_UP,
        _ => event::FAMILY_ENDED,
    };
    tracing::info!(
        r#type = code,
        user_id = %family.user_id,
        client_id = %family.client_id,
        family_id = %family.id,
        reason = %ended.reason,
    );
}

fn conditional_item(error: &UpdateItemError) -> Option<&super::error::Item> {
    match error {
        UpdateItemError::ConditionalCheckFailedException(exception) => exception.item(),
        _ => None,
    }
}
