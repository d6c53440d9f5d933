//! Rate limits in the memory of one function, for requests that are counted without a write.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use ratchet_domain::{
    denial::Denial,
    throttle::{Bucket, Quota, RateLimit},
    time::Timestamp,
};

use super::App;

/// Maximum number of buckets. Full buckets are dropped first, then the fullest one: a flood of new names evicts the
/// buckets that have counted the least.
const CAPACITY: usize = 10_000;

/// The requests that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Limited {
    /// Name of the limited operation; equal names share a limit.
    pub what: &'static str,
    /// The limited party: ids and addresses, never a secret.
    pub by: String,
}

/// Buckets by the party that they limit.
#[derive(Debug, Default)]
pub(super) struct Limiter(Mutex<HashMap<Limited, Bucket>>);

impl Limiter {
    /// The state of a bucket.
    fn left(&self, limited: &Limited) -> Bucket {
        let buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.get(limited).copied().unwrap_or_default()
    }

    /// Takes one request out of a bucket; `elsewhere` is its state outside of this function's memory.
    fn take(
        &self,
        limited: Limited,
        elsewhere: Bucket,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<(Bucket, Quota), Quota> {
        // A panic elsewhere cannot leave the map half changed.
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = buckets.get(&limited).copied().unwrap_or_default();
        let (left, quota) = known.max(elsewhere).take(limit, now)?;
        if buckets.len() >= CAPACITY && !buckets.contains_key(&limited) {
            buckets.retain(|_, bucket| !bucket.is_full(now));
            let fullest = buckets.iter().min_by_key(|(_, bucket)| **bucket);
            if buckets.len() >= CAPACITY
                && let Some(key) = fullest.map(|(key, _)| key.clone())
            {
                buckets.remove(&key);
            }
        }
        buckets.insert(limited, left);
        Ok((left, quota))
    }
}

impl App {
    /// Rejects a request whose bucket is empty with [`Denial::Throttled`]; counts nothing.
    pub(super) fn has_room(
        &self,
        limited: &Limited,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<(), Denial> {
        let bucket = self.limiter.left(limited);
        bucket
            .take(limit, now)
            .map(|_| ())
            .map_err(Denial::Throttled)
    }

    /// Counts a request; rejects it with [`Denial::Throttled`] if there have been too many.
    pub fn throttle(
        &self,
        limited: Limited,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<Quota, Denial> {
        self.throttle_shared(limited, Bucket::default(), limit, now)
            .map(|(_, quota)| quota)
    }

    /// Counts a request whose bucket is also stored in the table: `stored` is the bucket as it was read, and the
    /// returned one is to be stored.
    pub fn throttle_shared(
        &self,
        limited: Limited,
        stored: Bucket,
        limit: RateLimit,
        now: Timestamp,
    ) -> Result<(Bucket, Quota), Denial> {
        self.limiter
            .take(limited, stored, limit, now)
            .map_err(Denial::Throttled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit::per_second(2, 1);

    fn limited(by: impl Into<String>) -> Limited {
        Limited {
            what: "test",
            by: by.into(),
        }
    }

    #[test]
    fn each_name_has_a_bucket_of_its_own() {
        let limiter = Limiter::default();
        let now = Timestamp::from_secs(1);
        let take = |by| {
            limiter
                .take(limited(by), Bucket::default(), LIMIT, now)
                .is_ok()
        };
        assert_eq!(
            [take("a"), take("a"), take("a"), take("b")],
            [true, true, false, true]
        );
    }

    #[test]
    fn the_emptier_of_two_records_counts() {
        let limiter = Limiter::default();
        let now = Timestamp::from_secs(1);
        let empty = Bucket::full_at(Timestamp::from_secs(3));
        assert!(limiter.take(limited("a"), empty, LIMIT, now).is_err());
        assert!(
            limiter
                .take(limited("a"), Bucket::default(), LIMIT, now)
                .is_ok()
        );
    }

    #[test]
    fn memory_is_bounded_and_the_emptiest_buckets_stay() {
        let limiter = Limiter::default();
        let now = Timestamp::from_secs(1);
        let take = |by: String| limiter.take(limited(by), Bucket::default(), LIMIT, now);
        take("busy".to_owned()).unwrap();
        take("busy".to_owned()).unwrap();
        for number in 0..CAPACITY + 10 {
            take(number.to_string()).unwrap();
        }
        assert_eq!(limiter.0.lock().unwrap().len(), CAPACITY);
        assert!(take("busy".to_owned()).is_err());
    }
}
