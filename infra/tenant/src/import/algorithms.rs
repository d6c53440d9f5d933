//! Recording which algorithms a tenant's clients and APIs are set to, by which the JWKS is published.
//!
//! It happens twice in an import: before clients and APIs are written, so that a key is published before
//! it signs, and after it, so that one that is no longer used is retired. Both go by all clients and APIs
//! of the table, because a file need not name those that stay as they are.

use std::collections::BTreeSet;

use ratchet_domain::{
    client::SigningAlgorithm, signing_algorithms::SigningAlgorithms, time::Timestamp,
};
use ratchet_store::{CommitError, Store};
use ratchet_system::Clock;

use crate::{import::error::ImportError, model::Tenant};

/// How often a record that other imports change is read again.
const TRIES: usize = 5;

/// The algorithms that a file brings to a table with clients or APIs, and whose keys are not in the JWKS yet. They
/// sign as soon as they are imported, and a JWKS that was read before lacks them for up to six minutes: one in a
/// warm function and five in a cache. A table without clients and APIs has no readers.
pub async fn unpublished_algorithms(
    tenant: &Tenant,
    store: &Store,
    now: Timestamp,
) -> Result<Vec<SigningAlgorithm>, ImportError> {
    if store.load_configured_algorithms().await?.is_none() {
        return Ok(Vec::new());
    }
    let settings = store.load_settings().await?.unwrap_or_default();
    let mut coming = coming(tenant);
    coming.remove(&SigningAlgorithm::HS256);
    coming.retain(|algorithm| !settings.publishes(*algorithm, now));
    Ok(coming.into_iter().collect())
}

/// Records what the table has and what the file is about to bring.
pub(crate) async fn announce_algorithms(
    tenant: &Tenant,
    store: &Store,
    clock: &Clock,
) -> Result<(), ImportError> {
    record(store, clock, &coming(tenant)).await
}

/// What the clients and APIs of a file are set to.
fn coming(tenant: &Tenant) -> BTreeSet<SigningAlgorithm> {
    let clients = tenant.clients.iter();
    let clients = clients.map(|entry| entry.client.jwt_configuration.alg);
    let apis = tenant.resource_servers.iter();
    let apis = apis.map(|entry| entry.resource_server.signing_alg);
    clients.chain(apis).collect()
}

/// Records what the table has.
pub(crate) async fn settle_algorithms(store: &Store, clock: &Clock) -> Result<(), ImportError> {
    record(store, clock, &BTreeSet::new()).await
}

async fn record(
    store: &Store,
    clock: &Clock,
    coming: &BTreeSet<SigningAlgorithm>,
) -> Result<(), ImportError> {
    for _ in 0..TRIES {
        // The record first: what another import writes after this changes its revision.
        let settings = store.load_settings().await?.unwrap_or_default();
        let configured = store.load_configured_algorithms().await?;
        let before = match (settings.signing_algorithms, &configured) {
            (Some(before), _) => before,
            (None, Some(_)) => SigningAlgorithms::unknown(),
            (None, None) => SigningAlgorithms::default(),
        };
        let algorithms = configured.unwrap_or_default();
        let algorithms = algorithms.union(coming).copied().collect();
        let mut next = before.changed_to(&algorithms, clock.now());
        if next == before && next.revision > 0 {
            return Ok(());
        }
        // A first record is written even where it says no more than that RS256 is all.
        next.revision = before.revision + 1;
        match store.commit_signing_algorithms(&next).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(ImportError::AlgorithmsOvertaken)
}
