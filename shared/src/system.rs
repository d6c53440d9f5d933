//! Time and randomness: the only places that ask the machine for either.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::domain::time::{Lifetime, Timestamp};

/// The service's clock: the machine's, set forward by whatever a test or a demonstration asks for.
#[derive(Debug, Default)]
pub struct Clock {
    ahead_millis: AtomicU64,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the clock that everybody asks"
        )]
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
        Timestamp::from_millis(millis.saturating_add(self.ahead_millis.load(Ordering::Relaxed)))
    }

    /// Sets the clock forward.
    pub fn advance(&self, by: Lifetime) {
        self.ahead_millis
            .fetch_add(by.as_secs().saturating_mul(1000), Ordering::Relaxed);
    }
}

/// Random bytes from the operating system.
///
/// # Panics
///
/// When there are none, which happens on no system we run on: nothing could be issued safely.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(
        clippy::expect_used,
        reason = "without randomness nothing safe can be done"
    )]
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system has no randomness");
    bytes
}
