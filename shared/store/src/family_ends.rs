//! The end of many families: concurrently, and within the time limit of a request.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{DeleteRequest, ReturnConsumedCapacity, WriteRequest},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use ratchet_domain::{
    family::{Ended, Family},
    family_key::FamilyKey,
    ids::{ClientId, UserId},
};
use ratchet_system::Deadline;
use ratchet_telemetry::cost;

use super::{
    Store,
    calls::units,
    error::StoreError,
    families::log_end,
    keys::{EARLIER_FAMILY_PREFIX, FAMILY_PREFIX, Key, family_prefix},
};

/// Maximum number of items that DynamoDB deletes in one request.
const BATCH: usize = 25;
/// Number of concurrent requests.
const AT_ONCE: usize = 8;
/// Number of families in one read.
const PAGE: usize = 1_000;

impl Store {
    /// Ends the live families of a user that `wanted` selects, with one application or with all, and returns their
    /// number. They end in rounds of two hundred, and at least one round: [`StoreError::OutOfTime`] if the time is over
    /// after that, and the same call continues with the rest. Each of their applications gets a recount when its
    /// families next exceed the limit. That is stored before they end, for a call that is cut short, and after it, for
    /// a login that has counted them meanwhile.
    pub async fn end_families(
        &self,
        user: &UserId,
        client: Option<&ClientId>,
        ended: &Ended,
        until: Deadline,
        wanted: impl Fn(&Family) -> bool + Send + Sync,
    ) -> Result<usize, StoreError> {
        let prefixes = match client {
            None => vec![FAMILY_PREFIX.to_owned()],
            Some(client) => vec![EARLIER_FAMILY_PREFIX.to_owned(), family_prefix(client)],
        };
        let doomed = |family: &Family| {
            client.is_none_or(|client| family.client_id == *client)
                && family.is_live(ended.at)
                && wanted(family)
        };
        let (mut families, mut clients) = (0, BTreeSet::new());
        for prefix in prefixes {
            let mut after = None;
            loop {
                let mut part = self.some_below(user, &prefix, after, PAGE).await?;
                part.items.retain(&doomed);
                for round in part.items.chunks(BATCH * AT_ONCE) {
                    if families > 0 && until.is_over() {
                        self.recount_later(user, &clients).await?;
                        return Err(StoreError::OutOfTime { families });
                    }
                    let of_round = round.iter().map(|family| family.client_id.clone());
                    let of_round: BTreeSet<_> = of_round.collect();
                    self.recount_later(user, of_round.difference(&clients))
                        .await?;
                    clients.extend(of_round);
                    self.remove_families(round, ended).await?;
                    families += round.len();
                }
                let Some(next) = part.next else { break };
                after = Some(Key::family(&next));
            }
        }
        self.recount_later(user, &clients).await?;
        Ok(families)
    }

    /// Deletes families, and logs the end of those that were live.
    pub async fn remove_families(
        &self,
        families: &[Family],
        ended: &Ended,
    ) -> Result<(), StoreError> {
        stream::iter(families.chunks(BATCH))
            .map(Ok)
            .try_for_each_concurrent(AT_ONCE, |batch| self.remove_batch(batch, ended))
            .await
    }

    async fn remove_batch(&self, families: &[Family], ended: &Ended) -> Result<(), StoreError> {
        let requests = families.iter().map(removal).collect::<Result<Vec<_>, _>>();
        let requests = requests.map_err(|error| StoreError::Refused(error.to_string()))?;
        let output = self
            .client
            .batch_write_item()
            .request_items(&self.table, requests)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let capacity = output.consumed_capacity().iter();
        cost::wrote(capacity.map(|capacity| units(Some(capacity))).sum());
        // Throttled deletions are repeated one by one, because the SDK waits between the attempts of one request.
        for left in output
            .unprocessed_items
            .unwrap_or_default()
            .into_values()
            .flatten()
        {
            if let Some(delete) = left.delete_request {
                self.delete_item(&Key::of_item(&delete.key)?).await?;
            }
        }
        for family in families {
            log_end(family, ended);
        }
        Ok(())
    }

    /// Makes the next login over the limit recount the families of each of these applications.
    async fn recount_later(
        &self,
        user: &UserId,
        clients: impl IntoIterator<Item = &ClientId>,
    ) -> Result<(), StoreError> {
        for client in clients {
            self.expire_family_count(user, client).await?;
        }
        Ok(())
    }
}

fn removal(family: &Family) -> Result<WriteRequest, BuildError> {
    let key = Key::family(&FamilyKey::of(family)).to_item();
    let delete = DeleteRequest::builder().set_key(Some(key)).build()?;
    Ok(WriteRequest::builder().delete_request(delete).build())
}
