//! The cost of one request: calls, and the consumed capacity units that `DynamoDB` itself reports
//! (`ReturnConsumedCapacity`).

use std::cell::RefCell;

use ratchet_domain::hash_kind::HashWork;
use serde::Serialize;

/// The cost of one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Round trips that read.
    pub read_calls: u32,
    /// Round trips that wrote.
    pub write_calls: u32,
    /// Read capacity units, as `DynamoDB` reports them.
    pub read_units: f64,
    /// Write capacity units, as `DynamoDB` reports them.
    pub write_units: f64,
    /// Signatures by the key service.
    pub sign_calls: u32,
    /// Work of comparing passwords with argon2 hashes, in KiB filled: memory times passes.
    pub argon2_kib: u64,
    /// Work of comparing passwords with bcrypt hashes, in rounds.
    pub bcrypt_rounds: u64,
}

tokio::task_local! {
    static COST: RefCell<Cost>;
}

/// Runs work and counts its cost.
pub async fn counted<T>(work: impl Future<Output = T>) -> (T, Cost) {
    COST.scope(RefCell::default(), async {
        let value = work.await;
        (value, COST.with(|cost| *cost.borrow()))
    })
    .await
}

/// Counts a round trip that read.
pub fn read(units: f64) {
    add(|cost| {
        cost.read_calls += 1;
        cost.read_units += units;
    });
}

/// Counts a round trip that wrote.
pub fn wrote(units: f64) {
    add(|cost| {
        cost.write_calls += 1;
        cost.write_units += units;
    });
}

/// Counts a signature by the key service for the current request.
pub fn signed() {
    add(|cost| cost.sign_calls += 1);
}

/// Counts the work of comparing passwords.
pub fn hashed(work: HashWork) {
    add(|cost| {
        cost.argon2_kib += work.argon2_kib;
        cost.bcrypt_rounds += work.bcrypt_rounds;
    });
}

fn add(change: impl FnOnce(&mut Cost)) {
    // Outside a request (start-up, the command line) nothing is counted.
    if COST
        .try_with(|cost| change(&mut cost.borrow_mut()))
        .is_err()
    {
        tracing::trace!("cost outside a request");
    }
}
