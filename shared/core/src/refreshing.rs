//! A value of the table that a warm function keeps and checks about every minute.

use std::sync::{Arc, PoisonError, RwLock};

use ratchet_domain::time::{Lifetime, Timestamp};
use tokio::sync::Mutex;

/// Time until the next attempt after the store has not answered, so that requests that need no store stay fast.
pub(super) const LOOK_AGAIN: Lifetime = Lifetime::from_secs(5);

/// A value with the version that it was made from.
#[derive(Debug)]
pub(super) struct Refreshing<T> {
    look_every: Lifetime,
    known: RwLock<Known<T>>,
    /// Held by the caller that checks.
    turn: Mutex<()>,
}

#[derive(Debug)]
struct Known<T> {
    version: u32,
    look_at: Timestamp,
    value: Arc<T>,
}

impl<T> Refreshing<T> {
    /// A value that has just been read, and the time between two checks for a newer version.
    pub(super) fn new(version: u32, value: T, now: Timestamp, look_every: Lifetime) -> Self {
        let known = Known {
            version,
            look_at: now.plus(look_every),
            value: Arc::new(value),
        };
        Self {
            look_every,
            known: RwLock::new(known),
            turn: Mutex::default(),
        }
    }

    /// The current value, without a check.
    pub(super) fn last(&self) -> Arc<T> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&known.value)
    }

    /// The value, if no check is due.
    fn current(&self, now: Timestamp) -> Option<Arc<T>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        (now < known.look_at).then(|| Arc::clone(&known.value))
    }

    /// The value. From time to time `look` gets the known version and returns a newer value, if there is one. The current
    /// value stays in use if that fails, and the next attempt follows some seconds later.
    pub(super) async fn get<E: std::fmt::Display>(
        &self,
        now: Timestamp,
        look: impl AsyncFnOnce(u32) -> Result<Option<(u32, T)>, E>,
    ) -> Arc<T> {
        if let Some(value) = self.current(now) {
            return value;
        }
        // The two signatures of one request, which need the keys at the same time, cost one check. The second waits for
        // it: after a long pause of the environment only the newest keys may open what it is asked to open.
        let _turn = self.turn.lock().await;
        if let Some(value) = self.current(now) {
            return value;
        }
        let (version, value) = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            (known.version, Arc::clone(&known.value))
        };
        // Boxed: it is rare and large, and would make every future that needs a key as large.
        let (version, value, look_at) = match Box::pin(look(version)).await {
            Ok(Some((version, fresh))) => (version, Arc::new(fresh), now.plus(self.look_every)),
            Ok(None) => (version, value, now.plus(self.look_every)),
            Err(error) => {
                // The alarm on KMS matches this message.
                tracing::warn!(reason = %error, "cannot look for new keys");
                (version, value, now.plus(LOOK_AGAIN))
            }
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Known {
            version,
            look_at,
            value: Arc::clone(&value),
        };
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
        let minute = Lifetime::from_secs(60);
        let value = Refreshing::new(1, "old", Timestamp::from_secs(0), minute);
        assert_eq!(get(&value, 59, Ok(Some((2, "new")))).await, "old");
        assert_eq!(get(&value, 60, Err("down")).await, "old");
        assert_eq!(get(&value, 64, Ok(Some((2, "new")))).await, "old");
        assert_eq!(get(&value, 65, Ok(Some((2, "new")))).await, "new");
        assert_eq!(get(&value, 66, Ok(Some((3, "newer")))).await, "new");
        assert_eq!(get(&value, 125, Ok(None)).await, "new");
    }
    #[tokio::test]
    async fn of_two_callers_at_once_one_looks_and_both_have_what_it_finds() {
        let minute = Lifetime::from_secs(60);
        let value = Refreshing::new(1, "old", Timestamp::from_secs(0), minute);
        let looks = std::cell::Cell::new(0);
        let get = async || {
            let look = async |_| {
                looks.set(looks.get() + 1);
                tokio::task::yield_now().await;
                Ok::<_, &str>(Some((2, "new")))
            };
            *value.get(Timestamp::from_secs(60), look).await
        };
        let (first, second) = tokio::join!(get(), get());
        assert_eq!((first, second, looks.get()), ("new", "new", 1));
    }
}
