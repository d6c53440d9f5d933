//! Reads of several items in one round trip.

use std::time::Duration;

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use ratchet_system::random;
use ratchet_telemetry::cost;

use super::{
    Store,
    calls::units,
    error::{Item, StoreError},
    keys::Key,
};

/// Shortest pause before the keys that `DynamoDB` has not processed are requested again. The SDK repeats a request that
/// failed, but not one that was answered in part.
const PAUSE: Duration = Duration::from_millis(50);

impl Store {
    /// Reads several items in one round trip, each strongly consistent. Missing items are omitted. Items that `DynamoDB`
    /// throttles are requested once more after a pause.
    pub(super) async fn load_items(&self, keys: &[&Key]) -> Result<Vec<Item>, StoreError> {
        let asked = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(|key| key.to_item()).collect()))
            .consistent_read(true)
            .build()
            .map_err(|e| StoreError::Refused(e.to_string()))?;
        let (mut items, unprocessed) = self.load_batch(asked).await?;
        let Some(unprocessed) = unprocessed else {
            return Ok(items);
        };
        tokio::time::sleep(pause(random())).await;
        let (rest, unprocessed) = self.load_batch(unprocessed).await?;
        if unprocessed.is_some() {
            return Err(StoreError::Unavailable(
                "a read was throttled in part, twice".to_owned(),
            ));
        }
        items.extend(rest);
        Ok(items)
    }

    /// The items that `DynamoDB` has read, and the keys that it has not processed.
    async fn load_batch(
        &self,
        asked: KeysAndAttributes,
    ) -> Result<(Vec<Item>, Option<KeysAndAttributes>), StoreError> {
        let output = self
            .client
            .batch_get_item()
            .request_items(&self.table, asked)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let capacity = output.consumed_capacity().iter();
        cost::read(capacity.map(|capacity| units(Some(capacity))).sum());
        let mut items = output.responses.unwrap_or_default();
        let mut unprocessed = output.unprocessed_keys.unwrap_or_default();
        Ok((
            items.remove(&self.table).unwrap_or_default(),
            unprocessed.remove(&self.table),
        ))
    }
}

/// The pause of one request: up to twice the shortest, so that requests that were throttled together do not return
/// together.
fn pause(drawn: [u8; 1]) -> Duration {
    PAUSE + PAUSE * u32::from(drawn[0]) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_spread() {
        assert_eq!(pause([0]), Duration::from_millis(50));
        assert_eq!(pause([255]), Duration::from_millis(100));
    }
}
