//! Families: the one conditional write that a rotation is, and the end of a family.

use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    Store,
    error::{CommitError, StoreError},
    family_item,
    item::{Part, inconsistent, millis, send_update, text, units},
    keys::{FAMILY_PREFIX, Key, TTL},
};
use crate::{
    domain::{
        family::{Ended, Family},
        ids::{FamilyId, RequestId, UserId},
        valid_from::Epoch,
    },
    telemetry::cost,
};

/// How many families end at once.
const CONCURRENCY: usize = 8;

impl Store {
    /// A family by its id.
    pub async fn load_family(
        &self,
        user: &UserId,
        family: FamilyId,
    ) -> Result<Option<Family>, StoreError> {
        let item = self.load_item(&Key::family(user, family)).await?;
        item.as_ref().map(family_item::from_item).transpose()
    }

    /// All families of a user, live and ended.
    pub async fn load_families(&self, user: &UserId) -> Result<Vec<Family>, StoreError> {
        let items = self.query_user(user, FAMILY_PREFIX).await?;
        items.iter().map(family_item::from_item).collect()
    }

    /// Some of a user's families in the order of their ids, those after `after`: as many as `limit`, live and
    /// ended.
    pub async fn load_some_families(
        &self,
        user: &UserId,
        after: Option<FamilyId>,
        limit: usize,
    ) -> Result<Part<Family, FamilyId>, StoreError> {
        let after = after.map(|id| Key::family(user, id));
        let part = self
            .query_some_of_user(user, FAMILY_PREFIX, after, limit)
            .await?;
        let items = part.items.iter().map(family_item::from_item);
        let id_of = |key: Key| {
            let id = key.sk.strip_prefix(FAMILY_PREFIX).unwrap_or_default();
            FamilyId::parse(id).map_err(|e| inconsistent(&key, e))
        };
        Ok(Part {
            items: items.collect::<Result<_, _>>()?,
            next: part.next.map(id_of).transpose()?,
        })
    }

    /// The parts of a transaction that begin a family. It begins only if the session of its login has not ended.
    pub(super) fn beginning_of(
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

    /// Writes a new family that uses nothing else up. A conflict says that the session of its login has ended.
    pub async fn put_family(&self, family: &Family) -> Result<(), CommitError> {
        if family.session_id.is_some() {
            self.transact(self.beginning_of(family)?).await
        } else {
            self.create_item(family_item::to_item(family)).await
        }
    }

    /// Moves a family from the state it was read in to the next. The write is the check: it happens
    /// only if no other request has rotated or ended the family since, or moved its absolute end (I7).
    /// A write of this very request that landed before (a retry of the SDK's, say) counts as success.
    pub async fn commit_family(
        &self,
        current: &Family,
        next: &Family,
        request: RequestId,
    ) -> Result<(), CommitError> {
        let same_end = match current.expires_at {
            Some(_) => "#expires_at = :same_end",
            None => "attribute_not_exists(#expires_at)",
        };
        let mut update = self
            .update(&Key::family(&current.user_id, current.id))
            .condition_expression(format!(
                "attribute_exists(PK) AND #generation = :current AND {same_end} \
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
        match update.update_expression(expression).send().await {
            Ok(output) => {
                cost::wrote(units(output.consumed_capacity()));
                Ok(())
            }
            Err(error) => match error.as_service_error() {
                Some(service) if service.is_conditional_check_failed_exception() => {
                    let landed = conditional_item(service)
                        .and_then(|item| family_item::from_item(item).ok())
                        .is_some_and(|family| family.was_rotated_by(request));
                    if landed {
                        Ok(())
                    } else {
                        Err(CommitError::Conflict)
                    }
                }
                _ => Err(StoreError::from(error).into()),
            },
        }
    }

    /// Ends a family. Ending an ended or vanished one changes nothing and is no error: what matters
    /// is that afterwards no token of it yields anything.
    pub async fn end_family(
        &self,
        user: &UserId,
        family: FamilyId,
        ended: &Ended,
    ) -> Result<(), StoreError> {
        let update = self
            .update(&Key::family(user, family))
            .update_expression("SET ended_at = :at, ended_reason = :reason, #ttl = :ttl")
            .condition_expression("attribute_exists(PK) AND attribute_not_exists(ended_at)")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":at", millis(ended.at))
            .expression_attribute_values(":reason", text(ended.reason.as_str()))
            .expression_attribute_values(":ttl", family_item::ttl_after_end(ended));
        match send_update(update).await {
            Ok(()) | Err(CommitError::Conflict) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
        }
    }
}

impl Store {
    /// Ends the live families of a user that do not count in this epoch, all of them if there is none; how
    /// many there were.
    pub async fn end_families(
        &self,
        user: &UserId,
        counting: Option<Epoch>,
        ended: &Ended,
    ) -> Result<usize, StoreError> {
        let mut families = self.load_families(user).await?;
        families.retain(|family| family.is_live(ended.at) && counting != Some(family.valid_from));
        stream::iter(&families)
            .map(Ok)
            .try_for_each_concurrent(CONCURRENCY, |family| {
                self.end_family(user, family.id, ended)
            })
            .await?;
        Ok(families.len())
    }
}

fn conditional_item(
    error: &aws_sdk_dynamodb::operation::update_item::UpdateItemError,
) -> Option<&super::error::Item> {
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException;
    match error {
        ConditionalCheckFailedException(exception) => exception.item(),
        _ => None,
    }
}
