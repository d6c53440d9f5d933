//! Conversion between items and our types, and the plain calls that several modules share.

use aws_sdk_dynamodb::{
    operation::{
        delete_item::{DeleteItemError, builders::DeleteItemFluentBuilder},
        put_item::{PutItemError, builders::PutItemFluentBuilder},
        transact_write_items::TransactWriteItemsError,
        update_item::{UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder},
    },
    types::{
        AttributeValue, ConsumedCapacity, KeysAndAttributes, ReturnConsumedCapacity,
        TransactWriteItem,
    },
};
use ratchet_domain::{ids::UserId, time::Timestamp};
use ratchet_telemetry::cost;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Store,
    error::{CommitError, Item, StoreError, failed_on_condition},
    keys::{Key, TTL, user_partition},
};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<T, Id> {
    /// Items in the order of their keys.
    pub items: Vec<T>,
    /// Id of the last item that was read; `None` on the last page.
    pub next: Option<Id>,
}

/// A value as an item with this key. `DynamoDB` may delete the item after `ttl`.
pub(super) fn to_item(
    key: &Key,
    value: &impl Serialize,
    ttl: Option<Timestamp>,
) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(value).map_err(|e| inconsistent(key, e))?;
    item.retain(|_, value| !matches!(value, AttributeValue::Null(_)));
    item.extend(key.to_item());
    if let Some(ttl) = ttl {
        item.insert(TTL.to_owned(), seconds(ttl));
    }
    Ok(item)
}

/// The value of an item.
pub(super) fn from_item<T: DeserializeOwned>(key: &Key, item: Item) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(|e| inconsistent(key, e))
}

pub(super) fn inconsistent(key: &Key, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Inconsistent {
        key: key.to_string(),
        reason: reason.to_string(),
    }
}

/// A time in seconds, as `DynamoDB`'s TTL requires.
pub(super) fn seconds(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_secs().to_string())
}

/// A time in milliseconds, as our attributes contain it.
pub(super) fn millis(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_millis().to_string())
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn units(capacity: Option<&ConsumedCapacity>) -> f64 {
    capacity
        .and_then(ConsumedCapacity::capacity_units)
        .unwrap_or_default()
}

/// Sends an update; a conflict means that its condition did not hold.
pub(super) async fn send_update(update: UpdateItemFluentBuilder) -> Result<(), CommitError> {
    sent_update(update).await.map(|_| ())
}

/// Sends an update and returns its output; a conflict means that its condition did not hold.
pub(super) async fn sent_update(
    update: UpdateItemFluentBuilder,
) -> Result<UpdateItemOutput, CommitError> {
    match update.send().await {
        Ok(output) => {
            cost::wrote(units(output.consumed_capacity()));
            Ok(output)
        }
        Err(error)
            if error
                .as_service_error()
                .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
        {
            Err(CommitError::Conflict)
        }
        Err(error) => Err(StoreError::from(error).into()),
    }
}

/// Sends a put; a conflict means that its condition did not hold.
pub(super) async fn send_put(put: PutItemFluentBuilder) -> Result<(), CommitError> {
    match put.send().await {
        Ok(output) => {
            cost::wrote(units(output.consumed_capacity()));
            Ok(())
        }
        Err(error)
            if error
                .as_service_error()
                .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
        {
            Err(CommitError::Conflict)
        }
        Err(error) => Err(StoreError::from(error).into()),
    }
}

/// Sends a deletion; a conflict means that its condition did not hold.
pub(super) async fn send_delete(delete: DeleteItemFluentBuilder) -> Result<(), CommitError> {
    match delete.send().await {
        Ok(output) => {
            cost::wrote(units(output.consumed_capacity()));
            Ok(())
        }
        Err(error)
            if error
                .as_service_error()
                .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
        {
            Err(CommitError::Conflict)
        }
        Err(error) => Err(StoreError::from(error).into()),
    }
}

impl Store {
    /// Builder of an update of one item.
    pub(super) fn update(&self, key: &Key) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.to_item()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }

    /// Reads one item, strongly consistent.
    pub(super) async fn load_item(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.to_item()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        cost::read(units(output.consumed_capacity()));
        Ok(output.item)
    }

    /// Reads several items in one round trip, each strongly consistent. Missing items are omitted.
    pub(super) async fn load_items(&self, keys: &[&Key]) -> Result<Vec<Item>, StoreError> {
        let asked = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(|key| key.to_item()).collect()))
            .consistent_read(true)
            .build()
            .map_err(|e| StoreError::Refused(e.to_string()))?;
        let output = self
            .client
            .batch_get_item()
            .request_items(&self.table, asked)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        cost::read(
            output
                .consumed_capacity()
                .iter()
                .map(|capacity| units(Some(capacity)))
                .sum(),
        );
        // A batch that was throttled in part returns only the other items.
        if output
            .unprocessed_keys()
            .is_some_and(|keys| !keys.is_empty())
        {
            return Err(StoreError::Unavailable(
                "a read was throttled in part".to_owned(),
            ));
        }
        let mut responses = output.responses.unwrap_or_default();
        Ok(responses.remove(&self.table).unwrap_or_default())
    }

    /// Reads one item as a value.
    pub(super) async fn load<T: DeserializeOwned>(
        &self,
        key: &Key,
    ) -> Result<Option<T>, StoreError> {
        self.load_item(key)
            .await?
            .map(|item| from_item(key, item))
            .transpose()
    }

    /// Reads all items of a user with this prefix of the sort key, strongly consistent.
    pub(super) async fn query_user(
        &self,
        user: &UserId,
        prefix: &str,
    ) -> Result<Vec<Item>, StoreError> {
        self.query(user_partition(user), prefix).await
    }

    /// Reads all items of a partition with this prefix of the sort key, in their order, strongly consistent.
    pub(super) async fn query(
        &self,
        partition: impl Into<String>,
        prefix: &str,
    ) -> Result<Vec<Item>, StoreError> {
        let partition = text(partition);
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let output = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("PK = :partition AND begins_with(SK, :prefix)")
                .expression_attribute_values(":partition", partition.clone())
                .expression_attribute_values(":prefix", text(prefix))
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await?;
            cost::read(units(output.consumed_capacity()));
            items.extend(output.items.unwrap_or_default());
            start = output.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// Reads some items of a user with this prefix of the sort key, those after a key, in one strongly consistent read.
    pub(super) async fn query_some_of_user(
        &self,
        user: &UserId,
        prefix: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<Part<Item, Key>, StoreError> {
        let output = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("PK = :partition AND begins_with(SK, :prefix)")
            .expression_attribute_values(":partition", text(user_partition(user)))
            .expression_attribute_values(":prefix", text(prefix))
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after.map(|key| key.to_item()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        cost::read(units(output.consumed_capacity()));
        let next = output.last_evaluated_key.as_ref();
        Ok(Part {
            items: output.items.unwrap_or_default(),
            next: next.map(Key::of_item).transpose()?,
        })
    }

    /// Creates or replaces one item.
    pub(super) async fn put_item(&self, item: Item) -> Result<(), StoreError> {
        let output = self.put(item).send().await?;
        cost::wrote(units(output.consumed_capacity()));
        Ok(())
    }

    /// Creates one item; a conflict means that it exists already.
    pub(super) async fn create_item(&self, item: Item) -> Result<(), CommitError> {
        send_put(
            self.put(item)
                .condition_expression("attribute_not_exists(PK)"),
        )
        .await
    }

    /// Builder of a put of one item.
    pub(super) fn put(&self, item: Item) -> PutItemFluentBuilder {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }

    /// Deletes one item, which need not exist.
    pub(super) async fn delete_item(&self, key: &Key) -> Result<(), StoreError> {
        let output = self.delete(key).send().await?;
        cost::wrote(units(output.consumed_capacity()));
        Ok(())
    }

    /// Builder of a deletion of one item.
    pub(super) fn delete(&self, key: &Key) -> DeleteItemFluentBuilder {
        self.client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key.to_item()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }

    /// Writes all or nothing; a conflict means that a condition did not hold.
    pub(super) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<(), CommitError> {
        let result = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match result {
            Ok(output) => {
                let capacity = output.consumed_capacity().iter();
                cost::wrote(capacity.map(|capacity| units(Some(capacity))).sum());
                Ok(())
            }
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    if failed_on_condition(cancelled.cancellation_reasons()) {
                        Err(CommitError::Conflict)
                    } else {
                        Err(StoreError::Unavailable("transaction cancelled".to_owned()).into())
                    }
                }
                _ => Err(StoreError::from(error).into()),
            },
        }
    }
}
