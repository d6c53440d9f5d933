//! The plain calls that several modules share. Each counts the capacity that it consumed.

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        delete_item::{DeleteItemOutput, builders::DeleteItemFluentBuilder},
        put_item::{PutItemOutput, builders::PutItemFluentBuilder},
        query::builders::QueryFluentBuilder,
        transact_write_items::TransactWriteItemsError,
        update_item::{UpdateItemOutput, builders::UpdateItemFluentBuilder},
    },
    types::{ConsumedCapacity, ReturnConsumedCapacity, TransactWriteItem},
};
use ratchet_domain::ids::UserId;
use ratchet_telemetry::cost;
use serde::de::DeserializeOwned;

use super::{
    Store,
    error::{CommitError, Item, StoreError, failed_on_condition},
    item::{Part, from_item, text},
    keys::{Key, user_partition},
};

/// Consistency of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// It shows every write that was acknowledged before.
    Strong,
    /// It costs half the units, any replica answers it, and it may miss the writes of about the last second.
    Eventual,
}

impl Consistency {
    fn is_strong(self) -> bool {
        self == Self::Strong
    }
}

/// Code of an error: the condition of a write did not hold.
const CONDITION_FAILED: &str = "ConditionalCheckFailedException";

pub(super) fn units(capacity: Option<&ConsumedCapacity>) -> f64 {
    capacity
        .and_then(ConsumedCapacity::capacity_units)
        .unwrap_or_default()
}

/// The output of a write that was sent; a conflict means that its condition did not hold.
fn written<O, E>(
    sent: Result<O, SdkError<E>>,
    capacity: impl FnOnce(&O) -> Option<&ConsumedCapacity>,
) -> Result<O, CommitError>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match sent {
        Ok(output) => {
            cost::wrote(units(capacity(&output)));
            Ok(output)
        }
        Err(error) if error.code() == Some(CONDITION_FAILED) => Err(CommitError::Conflict),
        Err(error) => Err(StoreError::from(error).into()),
    }
}

/// Sends an update; a conflict means that its condition did not hold.
pub(super) async fn send_update(update: UpdateItemFluentBuilder) -> Result<(), CommitError> {
    sent_update(update).await.map(drop)
}

/// Sends an update and returns its output; a conflict means that its condition did not hold.
pub(super) async fn sent_update(
    update: UpdateItemFluentBuilder,
) -> Result<UpdateItemOutput, CommitError> {
    written(update.send().await, UpdateItemOutput::consumed_capacity)
}

/// Sends a put; a conflict means that its condition did not hold.
pub(super) async fn send_put(put: PutItemFluentBuilder) -> Result<(), CommitError> {
    written(put.send().await, PutItemOutput::consumed_capacity).map(drop)
}

/// Sends a deletion; a conflict means that its condition did not hold.
pub(super) async fn send_delete(delete: DeleteItemFluentBuilder) -> Result<(), CommitError> {
    written(delete.send().await, DeleteItemOutput::consumed_capacity).map(drop)
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
        self.load_item_as(key, Consistency::Strong).await
    }

    /// Reads one item.
    pub(super) async fn load_item_as(
        &self,
        key: &Key,
        consistency: Consistency,
    ) -> Result<Option<Item>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.to_item()))
            .consistent_read(consistency.is_strong())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        cost::read(units(output.consumed_capacity()));
        Ok(output.item)
    }

    /// Reads one item as a value, strongly consistent.
    pub(super) async fn load<T: DeserializeOwned>(
        &self,
        key: &Key,
    ) -> Result<Option<T>, StoreError> {
        self.load_as(key, Consistency::Strong).await
    }

    /// Reads one item as a value.
    pub(super) async fn load_as<T: DeserializeOwned>(
        &self,
        key: &Key,
        consistency: Consistency,
    ) -> Result<Option<T>, StoreError> {
        self.load_item_as(key, consistency)
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
        self.query_as(partition, prefix, Consistency::Strong).await
    }

    /// Reads all items of a partition with this prefix of the sort key, in their order.
    pub(super) async fn query_as(
        &self,
        partition: impl Into<String>,
        prefix: &str,
        consistency: Consistency,
    ) -> Result<Vec<Item>, StoreError> {
        let read = self.query_below(partition, prefix);
        let read = read.consistent_read(consistency.is_strong());
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let read = read.clone().set_exclusive_start_key(start);
            let output = read.send().await?;
            cost::read(units(output.consumed_capacity()));
            items.extend(output.items.unwrap_or_default());
            start = output.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// Builder of a strongly consistent read of a partition's items with this prefix of the sort key.
    pub(super) fn query_below(
        &self,
        partition: impl Into<String>,
        prefix: &str,
    ) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .key_condition_expression("PK = :partition AND begins_with(SK, :prefix)")
            .expression_attribute_values(":partition", text(partition))
            .expression_attribute_values(":prefix", text(prefix))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
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
            .query_below(user_partition(user), prefix)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after.map(|key| key.to_item()))
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
