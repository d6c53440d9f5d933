//! Leases: work that all environments find due at the same time is done by one of them.
//!
//! A lease saves work and decides nothing: the write of the work's result has its own condition. It is an item outside the
//! tenant's partition, which every environment reads.

use ratchet_domain::time::{Lifetime, Timestamp};
use serde::Serialize;

use super::{
    Store,
    calls::send_put,
    error::{CommitError, StoreError},
    item::{millis, to_item},
    keys::Key,
};

/// Time after which another environment may take the lease. Its holder may have been stopped.
pub const LEASE_TIME: Lifetime = Lifetime::from_secs(60);

#[derive(Serialize)]
struct Lease {
    held_until: Timestamp,
}

impl Store {
    /// Takes the lease for generating signing keys; `false` if it is held. It is not returned: it is over after
    /// [`LEASE_TIME`]. A request that the SDK repeats because the first answer was lost does not get the lease.
    pub async fn take_signing_keys_lease(&self, now: Timestamp) -> Result<bool, StoreError> {
        let held_until = now.plus(LEASE_TIME);
        let item = to_item(
            &Key::signing_keys_lease(),
            &Lease { held_until },
            Some(held_until),
        )?;
        let put = self
            .put(item)
            .condition_expression("attribute_not_exists(PK) OR held_until <= :now")
            .expression_attribute_values(":now", millis(now));
        CommitError::written(send_put(put).await)
    }
}
