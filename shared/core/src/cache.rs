//! Configuration that a warm function caches for a minute.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ratchet_domain::time::{Lifetime, Timestamp};

use super::refreshing::LOOK_AGAIN;

/// Lifetime of a cached value, and so the longest time until a change is seen.
const FRESH: Lifetime = Lifetime::from_secs(60);

/// Maximum number of entries. A tenant with more active clients per function reads some of them again.
const CAPACITY: usize = 1_000;

/// Values by key, each fresh for a minute. Missing values are not cached, so that a new client works at once.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    entries: Mutex<HashMap<K, (Timestamp, Arc<V>)>>,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
        }
    }
}

impl<K: Clone + Eq + Hash, V> Cache<K, V> {
    /// The cached value, or else the one that `load` reads.
    pub(super) async fn get_or<E>(
        &self,
        key: &K,
        now: Timestamp,
        load: impl AsyncFnOnce() -> Result<V, E>,
    ) -> Result<Arc<V>, E> {
        if let Some(value) = self.get(key, now) {
            return Ok(value);
        }
        // Boxed: the load is rare and large, and would make every future that reads configuration as large.
        let loaded = Box::pin(load()).await?;
        Ok(self.put(key.clone(), loaded, now))
    }

    /// [`Self::get_or`] for a value that may not exist.
    pub(super) async fn find_or<E>(
        &self,
        key: &K,
        now: Timestamp,
        load: impl AsyncFnOnce() -> Result<Option<V>, E>,
    ) -> Result<Option<Arc<V>>, E> {
        if let Some(value) = self.get(key, now) {
            return Ok(Some(value));
        }
        let loaded = Box::pin(load()).await?;
        Ok(loaded.map(|value| self.put(key.clone(), value, now)))
    }

    pub(super) fn get(&self, key: &K, now: Timestamp) -> Option<Arc<V>> {
        let entries = self.lock();
        let (fresh_until, value) = entries.get(key)?;
        (now < *fresh_until).then(|| Arc::clone(value))
    }

    /// The value that was read last, of any age.
    pub(super) fn last(&self, key: &K) -> Option<Arc<V>> {
        self.lock().get(key).map(|(_, value)| Arc::clone(value))
    }

    /// The value that was read last, fresh for some more seconds while the store does not answer, so that not every
    /// request waits for the store.
    pub(super) fn keep(&self, key: &K, now: Timestamp) -> Option<Arc<V>> {
        let mut entries = self.lock();
        let (fresh_until, value) = entries.get_mut(key)?;
        *fresh_until = now.plus(LOOK_AGAIN);
        Some(Arc::clone(value))
    }

    pub(super) fn put(&self, key: K, value: V, now: Timestamp) -> Arc<V> {
        let value = Arc::new(value);
        let mut entries = self.lock();
        if entries.len() >= CAPACITY {
            entries.retain(|_, (fresh_until, _)| now < *fresh_until);
        }
        if entries.len() < CAPACITY {
            entries.insert(key, (now.plus(FRESH), Arc::clone(&value)));
        }
        value
    }

    /// Expires every entry: each is read again, and stays available as the last value.
    pub(super) fn expire(&self) {
        for (fresh_until, _) in self.lock().values_mut() {
            *fresh_until = Timestamp::default();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, (Timestamp, Arc<V>)>> {
        // A panic elsewhere cannot leave the map half changed.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_served_for_a_minute() {
        let cache = Cache::default();
        let start = Timestamp::from_secs(1_000);
        cache.put("a", 1, start);
        assert_eq!(
            cache.get(&"a", Timestamp::from_secs(1_059)).as_deref(),
            Some(&1)
        );
        assert_eq!(cache.get(&"a", Timestamp::from_secs(1_060)), None);
    }

    #[test]
    fn an_expired_entry_is_read_again_and_is_still_the_last() {
        let cache = Cache::default();
        let now = Timestamp::from_secs(1_000);
        cache.put("a", 1, now);
        cache.expire();
        assert_eq!(cache.get(&"a", now), None);
        assert_eq!(cache.last(&"a").as_deref(), Some(&1));
    }

    #[test]
    fn an_entry_is_kept_for_five_seconds_where_the_store_does_not_answer() {
        let cache = Cache::default();
        assert_eq!(cache.keep(&"a", Timestamp::from_secs(1_000)), None);
        cache.put("a", 1, Timestamp::from_secs(1_000));
        let late = Timestamp::from_secs(1_060);
        assert_eq!(cache.get(&"a", late), None);
        assert_eq!(cache.keep(&"a", late).as_deref(), Some(&1));
        assert!(cache.get(&"a", Timestamp::from_secs(1_064)).is_some());
        assert_eq!(cache.get(&"a", Timestamp::from_secs(1_065)), None);
    }

    #[test]
    fn a_full_cache_makes_room_by_age_and_never_grows() {
        let cache = Cache::default();
        for key in 0..CAPACITY {
            cache.put(key, (), Timestamp::from_secs(0));
        }
        cache.put(CAPACITY, (), Timestamp::from_secs(1));
        assert_eq!(cache.get(&CAPACITY, Timestamp::from_secs(1)), None);
        cache.put(CAPACITY, (), Timestamp::from_secs(61));
        assert!(cache.get(&CAPACITY, Timestamp::from_secs(61)).is_some());
    }
}
