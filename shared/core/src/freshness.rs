//! The age that a process allows its configuration.

use ratchet_domain::{jitter::Jitter, time::Lifetime};
use ratchet_store::{Consistency, Store, TenantReads};

/// Shortest time for which a function goes by what it has read.
const EARLIEST: Lifetime = Lifetime::from_secs(45);

/// Longest time for which a function goes by what it has read. A replica may lag by another second, so that a change
/// takes effect within 75 seconds.
const LATEST: Lifetime = Lifetime::from_secs(74);

/// Longest time from the moment in which signing keys are due until an environment finds that they are.
const LATEST_ROTATION: Lifetime = Lifetime::from_secs(3_600);

/// The consistency of a process's reads of configuration, and the lifetime of their results. Environments of a
/// function that start together differ in it, so that they do not read the tenant's partition in the same second
/// again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    consistency: Consistency,
    jitter: Jitter,
}

impl Freshness {
    /// An operator's command: it sees what the command before it has stored.
    pub const OF_OPERATOR: Self = Self {
        consistency: Consistency::Strong,
        jitter: Jitter::EARLIEST,
    };

    /// An environment of a function, with its jitter.
    pub const fn of_function(jitter: Jitter) -> Self {
        Self {
            consistency: Consistency::Eventual,
            jitter,
        }
    }

    pub(super) fn reads(self, store: &Store) -> TenantReads {
        TenantReads::new(store.clone(), self.consistency)
    }

    /// Time after which configuration and keys are read again: 45 to 74 seconds.
    pub(super) fn reread_after(self) -> Lifetime {
        self.jitter.between(EARLIEST, LATEST)
    }

    /// Time by which this process puts the scheduled generation of signing keys off: up to an hour.
    pub(super) fn rotation_delay(self) -> Lifetime {
        self.jitter.between(Lifetime::default(), LATEST_ROTATION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_read_again_after_45_to_74_seconds() {
        for (jitter, seconds, delay) in [
            (Jitter::EARLIEST, 45, 0),
            (Jitter::MIDDLE, 60, 1_800),
            (Jitter::LATEST, 74, 3_600),
        ] {
            let freshness = Freshness::of_function(jitter);
            assert_eq!(freshness.reread_after(), Lifetime::from_secs(seconds));
            assert_eq!(freshness.rotation_delay(), Lifetime::from_secs(delay));
        }
    }
}
