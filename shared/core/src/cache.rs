//! Configuration that a warm function caches for about a minute.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ratchet_domain::time::{Lifetime, Timestamp};
use ratchet_store::StoreError;

use super::refreshing::LOOK_AGAIN;

/// Time after its read for which a value is the fallback while the store does not answer.
const FALLBACK: Lifetime = Lifetime::from_secs(600);

/// Maximum number of entries. A tenant with more active clients per function reads some of them again.
const CAPACITY: usize = 1_000;

/// Values by key. Missing values are not cached, so that a new client works at once.
///
/// A value that cannot be read again stays in use until ten minutes after it was read. A value that the store no longer
/// has is removed at once.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    lifetime: Lifetime,
    entries: Mutex<HashMap<K, Entry<V>>>,
}

#[derive(Debug)]
struct Entry<V> {
    value: Arc<V>,
    fresh_until: Timestamp,
    fallback_until: Timestamp,
}

impl<K: Clone + Eq + Hash, V> Cache<K, V> {
    /// An empty cache, whose values are fresh for this time: the longest time until a change is seen.
    pub(super) fn new(lifetime: Lifetime) -> Self {
        Self {
            lifetime,
            entries: Mutex::default(),
        }
    }

    /// The cached value, or else the one that `load` reads.
    pub(super) async fn get_or(
        &self,
        key: &K,
        now: Timestamp,
        load: impl AsyncFnOnce() -> Result<V, StoreError>,
    ) -> Result<Arc<V>, StoreError> {
        if let Some(value) = self.get(key, now) {
            return Ok(value);
        }
        // Boxed: the load is rare and large, and would make every future that reads configuration as large.
        match Box::pin(load()).await {
            Ok(loaded) => Ok(self.put(key.clone(), loaded, now)),
            Err(error) => self.fallback(key, now, error),
        }
    }

    /// [`Self::get_or`] for a value that may not exist.
    pub(super) async fn find_or(
        &self,
        key: &K,
        now: Timestamp,
        load: impl AsyncFnOnce() -> Result<Option<V>, StoreError>,
    ) -> Result<Option<Arc<V>>, StoreError> {
        if let Some(value) = self.get(key, now) {
            return Ok(Some(value));
        }
        match Box::pin(load()).await {
            Ok(Some(loaded)) => Ok(Some(self.put(key.clone(), loaded, now))),
            Ok(None) => {
                self.lock().remove(key);
                Ok(None)
            }
            Err(error) => self.fallback(key, now, error).map(Some),
        }
    }

    pub(super) fn get(&self, key: &K, now: Timestamp) -> Option<Arc<V>> {
        let entries = self.lock();
        let entry = entries.get(key)?;
        (now < entry.fresh_until).then(|| Arc::clone(&entry.value))
    }

    /// The value that was read last, of any age.
    pub(super) fn last(&self, key: &K) -> Option<Arc<V>> {
        self.lock().get(key).map(|entry| Arc::clone(&entry.value))
    }

    /// The value that was read in the last ten minutes, if the store may answer later. A read that the store refuses is
    /// a defect, which must show.
    fn fallback(&self, key: &K, now: Timestamp, error: StoreError) -> Result<Arc<V>, StoreError> {
        let mut entries = self.lock();
        match entries.get_mut(key) {
            Some(entry) if now < entry.fallback_until && error.is_passing() => {
                tracing::warn!(%error, "the configuration that was read last stays in use");
                entry.fresh_until = now.plus(LOOK_AGAIN).min(entry.fallback_until);
                Ok(Arc::clone(&entry.value))
            }
            _ => Err(error),
        }
    }

    /// The value that was read last, fresh for some more seconds while the store does not answer, so that not every
    /// request waits for the store.
    pub(super) fn keep(&self, key: &K, now: Timestamp) -> Option<Arc<V>> {
        let mut entries = self.lock();
        let entry = entries.get_mut(key)?;
        entry.fresh_until = now.plus(LOOK_AGAIN);
        Some(Arc::clone(&entry.value))
    }

    pub(super) fn put(&self, key: K, value: V, now: Timestamp) -> Arc<V> {
        let value = Arc::new(value);
        let mut entries = self.lock();
        if entries.len() >= CAPACITY {
            entries.retain(|_, entry| now < entry.fresh_until);
        }
        if entries.len() < CAPACITY {
            let entry = Entry {
                value: Arc::clone(&value),
                fresh_until: now.plus(self.lifetime),
                fallback_until: now.plus(FALLBACK),
            };
            entries.insert(key, entry);
        }
        value
    }

    /// Expires every entry: each is read again and is no fallback, and stays available as the last value.
    pub(super) fn expire(&self) {
        for entry in self.lock().values_mut() {
            entry.fresh_until = Timestamp::default();
            entry.fallback_until = Timestamp::default();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Entry<V>>> {
        // A panic elsewhere cannot leave the map half changed.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Lifetime = Lifetime::from_secs(60);

    type Answer = Result<Option<u32>, StoreError>;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(1_000 + secs)
    }

    fn down() -> Answer {
        Err(StoreError::Unavailable("down".to_owned()))
    }

    /// The value at a time, and whether it was read.
    async fn find(cache: &Cache<&str, u32>, secs: u64, answer: Answer) -> (Option<u32>, bool) {
        let mut read = false;
        let load = async || {
            read = true;
            answer
        };
        let found = cache.find_or(&"a", at(secs), load).await;
        (found.ok().flatten().as_deref().copied(), read)
    }

    #[tokio::test]
    async fn a_value_is_read_again_after_its_lifetime() {
        for lifetime in [45, 74] {
            let cache = Cache::new(Lifetime::from_secs(lifetime));
            assert_eq!(find(&cache, 0, Ok(Some(1))).await, (Some(1), true));
            let last = lifetime - 1;
            assert_eq!(find(&cache, last, Ok(Some(2))).await, (Some(1), false));
            assert_eq!(find(&cache, lifetime, Ok(Some(2))).await, (Some(2), true));
        }
    }

    #[tokio::test]
    async fn the_last_value_is_the_fallback_for_ten_minutes_while_the_store_does_not_answer() {
        let cache = Cache::new(MINUTE);
        assert_eq!(find(&cache, 0, down()).await, (None, true));
        assert_eq!(find(&cache, 0, Ok(Some(1))).await, (Some(1), true));
        assert_eq!(find(&cache, 60, down()).await, (Some(1), true));
        // Not every request waits for the store.
        assert_eq!(find(&cache, 64, Ok(Some(2))).await, (Some(1), false));
        assert_eq!(find(&cache, 65, down()).await, (Some(1), true));
        assert_eq!(find(&cache, 599, down()).await, (Some(1), true));
        assert_eq!(find(&cache, 600, down()).await, (None, true));
        assert_eq!(find(&cache, 601, Ok(Some(2))).await, (Some(2), true));
    }

    #[tokio::test]
    async fn a_value_that_the_store_no_longer_has_is_no_fallback() {
        let cache = Cache::new(MINUTE);
        find(&cache, 0, Ok(Some(1))).await;
        assert_eq!(find(&cache, 60, Ok(None)).await, (None, true));
        assert_eq!(cache.last(&"a"), None);
        assert_eq!(find(&cache, 61, down()).await, (None, true));
    }

    #[tokio::test]
    async fn a_read_that_the_store_refuses_is_an_error_at_once() {
        let cache = Cache::new(MINUTE);
        find(&cache, 0, Ok(Some(1))).await;
        let denied = Err(StoreError::Refused("denied".to_owned()));
        assert_eq!(find(&cache, 60, denied).await, (None, true));
    }

    #[tokio::test]
    async fn an_expired_entry_is_read_again_is_no_fallback_and_is_still_the_last() {
        let cache = Cache::new(MINUTE);
        find(&cache, 0, Ok(Some(1))).await;
        cache.expire();
        assert_eq!(find(&cache, 1, down()).await, (None, true));
        assert_eq!(cache.last(&"a").as_deref(), Some(&1));
    }

    #[test]
    fn a_value_of_any_age_is_kept_for_five_seconds() {
        let cache = Cache::new(MINUTE);
        assert_eq!(cache.keep(&"a", at(0)), None);
        cache.put("a", 1, at(0));
        assert_eq!(cache.keep(&"a", at(3_600)).as_deref(), Some(&1));
        assert!(cache.get(&"a", at(3_604)).is_some());
        assert_eq!(cache.get(&"a", at(3_605)), None);
    }

    #[test]
    fn a_full_cache_makes_room_by_age_and_never_grows() {
        let cache = Cache::new(MINUTE);
        for key in 0..CAPACITY {
            cache.put(key, (), at(0));
        }
        cache.put(CAPACITY, (), at(1));
        assert_eq!(cache.get(&CAPACITY, at(1)), None);
        cache.put(CAPACITY, (), at(61));
        assert!(cache.get(&CAPACITY, at(61)).is_some());
    }
}
