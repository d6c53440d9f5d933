//! Recording the signing algorithms that a tenant's clients and APIs use; the JWKS is published according to this
//! record.
//!
//! An import records twice: before it writes clients and APIs, so that a key is published before it signs, and after
//! it, so that a key that is no longer used is retired. Both times count all clients and APIs of the table, because
//! a file need not name those that stay as they are.

use std::collections::BTreeSet;

use ratchet_domain::{
    client::SigningAlgorithm, signing_algorithms::SigningAlgorithms, time::Timestamp,
};
use ratchet_store::{CommitError, Store};
use ratchet_system::Clock;

use crate::{import::error::ImportError, model::Tenant};

/// Attempts at the record while other imports change it.
const TRIES: usize = 5;

/// The algorithms that a file brings to a table with clients or APIs, and whose keys are not in the JWKS yet. They
/// sign as soon as they are imported. A JWKS that was read before lacks them for up to seven minutes: 75 seconds in a
/// warm function and five minutes in a cache. A table without clients and APIs has no readers.
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

/// Records the algorithms of the table and those that the file is about to bring.
pub(crate) async fn announce_algorithms(
    tenant: &Tenant,
    store: &Store,
    clock: &Clock,
) -> Result<(), ImportError> {
    record(store, clock, &coming(tenant)).await
}

/// The algorithms of the file's clients and APIs.
fn coming(tenant: &Tenant) -> BTreeSet<SigningAlgorithm> {
    let clients = tenant.clients.iter();
    let clients = clients.map(|entry| entry.client.jwt_configuration.alg);
    let apis = tenant.resource_servers.iter();
    let apis = apis.map(|entry| entry.resource_server.signing_alg);
    clients.chain(apis).collect()
}

/// Records the algorithms of the table.
pub(crate) async fn settle_algorithms(store: &Store, clock: &Clock) -> Result<(), ImportError> {
    record(store, clock, &BTreeSet::new()).await
}

async fn record(
    store: &Store,
    clock: &Clock,
    coming: &BTreeSet<SigningAlgorithm>,
) -> Result<(), ImportError> {
    for _ in 0..TRIES {
        // Read the record first: another import that writes after this changes its revision.
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
        // Write a first record even if RS256 is its only algorithm.
        next.revision = before.revision + 1;
        match store.commit_signing_algorithms(&next).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(ImportError::AlgorithmsOvertaken)
}
