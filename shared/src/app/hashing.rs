//! Comparing passwords with hashes: slow on purpose, so on threads of their own, and counted. A refusal computes the
//! same hashes for every user and for names without one: what the user's own hash leaves of them is computed with
//! decoys ([`HashKinds::beside`]).

use std::sync::LazyLock;

use tokio::sync::Semaphore;

use crate::{
    domain::{
        denial::Denial,
        hash_kind::{HashKind, HashKinds, HashWork},
        secret::Secret,
    },
    password::{PasswordHash, Verification, comparisons},
    system::random,
    telemetry::cost,
};

/// Hashing takes 19 MiB and a processor for as long as it lasts: more at once than there are processors
/// would take memory and gain nothing.
static HASHING: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Semaphore::new(processors)
});

/// A password that was compared with a user's hash, if there is one.
#[derive(Debug)]
pub(super) struct Compared {
    /// What that showed.
    pub(super) shown: Verification,
    owed: Vec<HashKind>,
}

/// Compares a password with a user's hash.
pub(super) async fn compare(
    hash: Option<PasswordHash>,
    password: &Secret,
    kinds: &HashKinds,
) -> Result<Compared, Denial> {
    let kind = hash.as_ref().and_then(PasswordHash::kind);
    let owed = kinds.beside(kind.as_ref());
    let shown = match (hash, kind) {
        (Some(hash), Some(kind)) => {
            count(kind.work(), password);
            let password = password.clone();
            on_a_thread(move || hash.verify(&password)).await?
        }
        _ => Verification::Mismatch,
    };
    Ok(Compared { shown, owed })
}

impl Compared {
    /// Computes what a refusal of any other name would have computed beside that.
    pub(super) async fn settle(self, password: &Secret) -> Result<(), Denial> {
        let decoys = self.owed;
        let work = decoys
            .iter()
            .map(HashKind::work)
            .fold(HashWork::default(), |sum, work| sum + work);
        count(work, password);
        let password = password.clone();
        on_a_thread(move || {
            for decoy in decoys {
                PasswordHash::decoy(&decoy).verify(&password);
            }
        })
        .await
    }
}

fn count(work: HashWork, password: &Secret) {
    cost::hashed(work * comparisons(password));
}

/// An imported hash gives way to one of ours, now that the password is at hand.
pub(super) async fn rehash(password: &Secret) -> Result<PasswordHash, Denial> {
    let password = password.clone();
    on_a_thread(move || PasswordHash::hash(&password, random()))
        .await?
        .map_err(|e| Denial::Internal(e.to_string()))
}

/// Hashing is slow on purpose: it takes a thread of its own.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Denial> {
    let internal = |e: &dyn std::error::Error| Denial::Internal(e.to_string());
    let _permit = HASHING.acquire().await.map_err(|e| internal(&e))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| internal(&e))
}
