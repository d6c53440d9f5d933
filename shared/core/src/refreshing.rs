//! A value of the table that a warm function keeps and checks every minute.

use std::sync::{Arc, PoisonError, RwLock};

use ratchet_domain::time::{Lifetime, Timestamp};

/// Time between two checks for a newer version.
const LOOK_EVERY: Lifetime = Lifetime::from_secs(60);

/// Time until the next attempt after the store has not answered, so that requests that need no store stay fast.
pub(super) const LOOK_AGAIN: Lifetime = Lifetime::from_secs(5);

/// A value with the version that it was made from.
#[derive(Debug)]
pub(super) struct Refreshing<T>(RwLock<Known<T>>);

#[derive(Debug)]
struct Known<T> {
    version: u32,
    look_at: Timestamp,
    value: Arc<T>,
}

impl<T> Refreshing<T> {
    pub(super) fn new(version: u32, value: T, now: Timestamp) -> Self {
        Self(RwLock::new(Known {
            version,
            look_at: now.plus(LOOK_EVERY),
            value: Arc::new(value),
        }))
    }

    /// The current value, without a check.
    pub(super) fn last(&self) -> Arc<T> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&known.value)
    }

    /// The value. Once a minute `look` gets the known version and returns a newer value, if there is one. The current
    /// value stays in use if that fails, and the next attempt follows some seconds later.
    pub(super) async fn get<E: std::fmt::Display>(
        &self,
        now: Timestamp,
        look: impl AsyncFnOnce(u32) -> Result<Option<(u32, T)>, E>,
    ) -> Arc<T> {
        let (version, look_at, value) = {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            (known.version, known.look_at, Arc::clone(&known.value))
        };
        if now < look_at {
            return value;
        }
        // Boxed: it is rare and large, and would make every future that needs a key as large.
        let (version, value, look_at) = match Box::pin(look(version)).await {
            Ok(Some((version, fresh))) => (version, Arc::new(fresh), now.plus(LOOK_EVERY)),
            Ok(None) => (version, value, now.plus(LOOK_EVERY)),
            Err(error) => {
                // The alarm on KMS matches this message.
                tracing::warn!(reason = %error, "cannot look for new keys");
                (version, value, now.plus(LOOK_AGAIN))
            }
        };
        let fresh = Known {
            version,
            look_at,
            value: Arc::clone(&value),
        };
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // The slower one of two concurrent checks may have read the older state.
        if known.version <= fresh.version {
            *known = fresh;
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(
        value: &Refreshing<&'static str>,
        secs: u64,
        answer: Result<Option<(u32, &'static str)>, &'static str>,
    ) -> &'static str {
        *value
            .get(Timestamp::from_secs(secs), async |_| answer)
            .await
    }

    #[tokio::test]
    async fn it_looks_once_a_minute_and_keeps_what_it_has_when_it_cannot() {
        let value = Refreshing::new(1, "old", Timestamp::from_secs(0));
        assert_eq!(get(&value, 59, Ok(Some((2, "new")))).await, "old");
        assert_eq!(get(&value, 60, Err("down")).await, "old");
        assert_eq!(get(&value, 64, Ok(Some((2, "new")))).await, "old");
        assert_eq!(get(&value, 65, Ok(Some((2, "new")))).await, "new");
        assert_eq!(get(&value, 66, Ok(Some((3, "newer")))).await, "new");
        assert_eq!(get(&value, 125, Ok(None)).await, "new");
    }
}
