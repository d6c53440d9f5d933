//! The signing keys that have to be added: those that the key service has been configured with since, and the successors
//! of those that have signed long enough.

use ratchet_domain::{
    signing_key::{ServiceKey, SigningMode},
    time::{Lifetime, Timestamp},
};
use ratchet_store::{StoredPrivateKey, StoredSigningKey, StoredSigningKeys};

use super::SIGNING_KEY_DELAY;

/// Time that a wrapped key signs before its successor is generated.
const ROTATE_AFTER: Lifetime = Lifetime::from_secs(90 * 86_400);

/// Time after which a process finds that a wrapped key needs a successor, if it puts that off by `delay`.
pub(super) const fn rotate_after(delay: Lifetime) -> Lifetime {
    Lifetime::from_secs(ROTATE_AFTER.as_secs() + delay.as_secs())
}

/// A key to add.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) key: ServiceKey,
    /// Time from which it signs: at once for the first key of its algorithm, because no client waits for its
    /// publication.
    pub(super) active_from: Timestamp,
}

/// The keys to add to the stored ones. In `wrapped` mode a key needs a successor when it has signed for `rotate_after`.
pub(super) fn due(
    stored: &StoredSigningKeys,
    configured: Vec<ServiceKey>,
    mode: SigningMode,
    rotate_after: Lifetime,
    now: Timestamp,
) -> Vec<Due> {
    let due = configured.into_iter().filter_map(|key| {
        let of_algorithm = || {
            let keys = stored.keys.iter();
            keys.filter(|stored| stored.algorithm == key.algorithm)
        };
        let Some(newest) = of_algorithm().max_by_key(|stored| stored.active_from) else {
            return Some(Due {
                key,
                active_from: now,
            });
        };
        let is_due = match mode {
            SigningMode::Kms => {
                let named = StoredPrivateKey::Service(key.id.clone());
                !of_algorithm().any(|stored| stored.key == named)
            }
            SigningMode::Wrapped => needs_successor(newest, rotate_after, now),
        };
        is_due.then(|| Due {
            key,
            active_from: now.plus(SIGNING_KEY_DELAY),
        })
    });
    due.collect()
}

fn needs_successor(newest: &StoredSigningKey, rotate_after: Lifetime, now: Timestamp) -> bool {
    match newest.key {
        StoredPrivateKey::Service(_) => true,
        StoredPrivateKey::Wrapped { .. } => newest.active_from.plus(rotate_after) <= now,
    }
}

#[cfg(test)]
mod tests {
    use ratchet_domain::client::SigningAlgorithm;

    use super::*;

    const START: Timestamp = Timestamp::from_secs(1_000_000);
    const DAYS_90: u64 = 90 * 86_400;

    fn wrapped() -> StoredPrivateKey {
        StoredPrivateKey::Wrapped {
            private: String::new(),
            public: String::new(),
            wrapped_by: None,
        }
    }

    /// The seconds from `secs` after the start until each due key of RS256 signs.
    fn waits(keys: Vec<StoredPrivateKey>, mode: SigningMode, delay: u64, secs: u64) -> Vec<u64> {
        let keys = keys.into_iter().map(|key| StoredSigningKey {
            algorithm: SigningAlgorithm::RS256,
            key,
            active_from: START,
            certificate: None,
        });
        let stored = StoredSigningKeys {
            keys: keys.collect(),
            version: 1,
        };
        let configured = vec![ServiceKey {
            algorithm: SigningAlgorithm::RS256,
            id: "a".to_owned(),
        }];
        let now = START.plus(Lifetime::from_secs(secs));
        let rotate_after = rotate_after(Lifetime::from_secs(delay));
        let due = due(&stored, configured, mode, rotate_after, now);
        due.iter()
            .map(|due| due.active_from.since(now).as_secs())
            .collect()
    }

    #[test]
    fn the_first_key_of_an_algorithm_signs_at_once() {
        for mode in [SigningMode::Kms, SigningMode::Wrapped] {
            assert_eq!(waits(vec![], mode, 0, 0), [0]);
        }
    }

    #[test]
    fn a_wrapped_key_needs_a_successor_after_ninety_days_and_the_delay_of_the_process() {
        let waits = |delay, secs| waits(vec![wrapped()], SigningMode::Wrapped, delay, secs);
        assert_eq!(waits(0, DAYS_90 - 1), [0; 0]);
        assert_eq!(waits(0, DAYS_90), [3_600]);
        assert_eq!(waits(3_600, DAYS_90 + 3_599), [0; 0]);
        assert_eq!(waits(3_600, DAYS_90 + 3_600), [3_600]);
    }

    #[test]
    fn a_key_of_kms_has_a_successor_when_another_one_is_configured() {
        let named = |id: &str| StoredPrivateKey::Service(id.to_owned());
        let kms = |keys| waits(keys, SigningMode::Kms, 0, DAYS_90);
        assert_eq!(kms(vec![named("a")]), [0; 0]);
        assert_eq!(kms(vec![named("b")]), [3_600]);
        assert_eq!(kms(vec![named("b"), named("a")]), [0; 0]);
        assert_eq!(kms(vec![wrapped()]), [3_600]);
        assert_eq!(waits(vec![named("a")], SigningMode::Wrapped, 0, 0), [3_600]);
    }
}
