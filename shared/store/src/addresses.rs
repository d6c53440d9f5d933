//! Failed logins per address: a bucket that all environments share.
//!
//! The bucket of an address is one item in its own partition. Only failures write to it, and none once it is empty,
//! except for those already under way. An attacker's address therefore costs only as many writes as it has guesses
//! left, and no partition comes near its limit of 1,000 writes a second.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use ratchet_domain::{
    throttle::{Bucket, Origin, RateLimit},
    time::{Lifetime, Timestamp},
};
use ratchet_telemetry::cost;
use serde::Deserialize;

use super::{
    Store,
    calls::units,
    error::StoreError,
    item::{from_item, millis, seconds},
    keys::{Key, TTL},
};

/// Time for which a bucket is kept after it is full again.
const MEMORY: Lifetime = Lifetime::from_secs(3_600);
/// Maximum number of attempts of a write that alternates with those of other requests.
const ATTEMPTS: usize = 4;

#[derive(Default, Deserialize)]
struct StoredBucket {
    full_at: Timestamp,
}

/// Result of an attempt to take a failure.
enum Taken {
    /// The failure was taken.
    Yes,
    /// The condition of this attempt did not hold; the stored bucket.
    No(Bucket),
}

impl Store {
    /// The bucket of failures of an address.
    pub async fn load_address(&self, origin: Origin) -> Result<Bucket, StoreError> {
        let stored: Option<StoredBucket> = self.load(&Key::address(origin)).await?;
        Ok(stored.map_or_else(Bucket::default, |stored| Bucket::full_at(stored.full_at)))
    }

    /// Takes a failure out of an address's bucket; `false` if it is empty. Concurrent requests take no more failures
    /// than the bucket has.
    pub async fn take_failure(
        &self,
        origin: Origin,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut seen = self.take_from_begun(origin, limit, now).await?;
        for _ in 0..ATTEMPTS {
            seen = match seen {
                Taken::Yes => return Ok(true),
                Taken::No(bucket) if bucket.is_full(now) => {
                    self.take_from_full(origin, limit, now).await?
                }
                Taken::No(bucket) if bucket.take(limit, now).is_err() => return Ok(false),
                Taken::No(_) => self.take_from_begun(origin, limit, now).await?,
            };
        }
        match seen {
            Taken::Yes => Ok(true),
            Taken::No(_) => Err(StoreError::Unavailable("a bucket kept changing".to_owned())),
        }
    }

    /// Takes a failure from a bucket that is neither full nor empty.
    async fn take_from_begun(
        &self,
        origin: Origin,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let last = now
            .as_millis()
            .saturating_add(limit.capacity_millis() - limit.every_millis());
        let update = self
            .update(&Key::address(origin))
            .update_expression("SET full_at = full_at + :every, #ttl = :ttl")
            .condition_expression("full_at > :now AND full_at <= :last")
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":last", AttributeValue::N(last.to_string()))
            .expression_attribute_values(
                ":every",
                AttributeValue::N(limit.every_millis().to_string()),
            );
        take(update, limit, now).await
    }

    /// Takes a failure from a bucket that is full or not stored.
    async fn take_from_full(
        &self,
        origin: Origin,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let next = Timestamp::from_millis(now.as_millis().saturating_add(limit.every_millis()));
        let update = self
            .update(&Key::address(origin))
            .update_expression("SET full_at = :next, #ttl = :ttl")
            .condition_expression("attribute_not_exists(full_at) OR full_at <= :now")
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":next", millis(next));
        take(update, limit, now).await
    }

    /// Deletes the failures of an address.
    pub async fn clear_address(&self, origin: Origin) -> Result<(), StoreError> {
        self.delete_item(&Key::address(origin)).await
    }
}

async fn take(
    update: aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder,
    limit: RateLimit,
    now: Timestamp,
) -> Result<Taken, StoreError> {
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException;
    // No bucket takes longer to fill.
    let end = Timestamp::from_millis(now.as_millis().saturating_add(limit.capacity_millis()));
    let result = update
        .expression_attribute_names("#ttl", TTL)
        .expression_attribute_values(":ttl", seconds(end.plus(MEMORY)))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    match result {
        Ok(output) => {
            cost::wrote(units(output.consumed_capacity()));
            Ok(Taken::Yes)
        }
        Err(error) => match error.as_service_error() {
            Some(ConditionalCheckFailedException(failed)) => {
                let item = failed.item().cloned();
                let stored: StoredBucket = match item {
                    Some(item) if !item.is_empty() => from_item(&Key::of_item(&item)?, item)?,
                    _ => StoredBucket::default(),
                };
                Ok(Taken::No(Bucket::full_at(stored.full_at)))
            }
            _ => Err(error.into()),
        },
    }
}
