//! Comparison of passwords with hashes: slow on purpose, therefore on separate threads, and counted. A rejection
//! computes the same hashes for every user and for unknown names: decoys make up for those that the user's own hash
//! does not require ([`HashKinds::beside`]).

use std::sync::LazyLock;

use ratchet_domain::{
    error::{Error, Failure},
    hash_kind::{HashKind, HashKinds, HashWork},
    password_hash::PasswordHash,
    secret::Secret,
};
use ratchet_keys::password::{self, Verification, comparisons};
use ratchet_system::random;
use ratchet_telemetry::cost;
use tokio::sync::Semaphore;

/// Limit of concurrent hash computations, which take 19 MiB and a processor each: more of them than there are
/// processors would only take memory.
static HASHING: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Semaphore::new(processors)
});

/// The comparison of a password with a user's hash, if the user has one.
#[derive(Debug)]
pub(super) struct Compared {
    pub(super) shown: Verification,
    owed: Vec<HashKind>,
}

/// Compares a password with a user's hash.
pub(super) async fn compare(
    hash: Option<PasswordHash>,
    password: &Secret,
    kinds: &HashKinds,
) -> Result<Compared, Error> {
    let kind = hash.as_ref().and_then(PasswordHash::kind);
    let owed = kinds.beside(kind.as_ref());
    let shown = match (hash, kind) {
        (Some(hash), Some(kind)) => {
            count(kind.work(), password);
            let password = password.clone();
            on_a_thread(move || password::verify(&hash, &password)).await?
        }
        _ => Verification::Mismatch,
    };
    Ok(Compared { shown, owed })
}

impl Compared {
    /// Computes the hashes that a rejection of any other name would have computed in addition.
    pub(super) async fn settle(self, password: &Secret) -> Result<(), Error> {
        let decoys = self.owed;
        let work = decoys
            .iter()
            .map(HashKind::work)
            .fold(HashWork::default(), |sum, work| sum + work);
        count(work, password);
        let password = password.clone();
        on_a_thread(move || {
            for decoy in decoys {
                password::verify(&PasswordHash::decoy(&decoy), &password);
            }
        })
        .await
    }
}

fn count(work: HashWork, password: &Secret) {
    cost::hashed(work * comparisons(password));
}

/// Computes our own hash of a password, to replace an imported one.
pub(super) async fn rehash(password: &Secret) -> Result<PasswordHash, Error> {
    let password = password.clone();
    let hashed = on_a_thread(move || password::hash(&password, random())).await?;
    Ok(hashed.map_err(Failure::internal)?)
}

/// Runs slow work, such as hashing, on a separate thread.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let _permit = HASHING.acquire().await.map_err(Failure::internal)?;
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(Failure::internal)?)
}
