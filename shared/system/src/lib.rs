//! Time and randomness: the only code that gets either from the machine.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use ratchet_domain::time::{Lifetime, Timestamp};

/// The service's clock: the machine's, or a stopped one for tests. A test or a demonstration may set either forward.
#[derive(Debug, Default)]
pub struct Clock {
    stopped_at: Option<Timestamp>,
    ahead_millis: AtomicU64,
}

impl Clock {
    /// A clock that shows the machine's time.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that moves only when it is set forward or ticks, so that nothing depends on how long a test takes.
    pub fn stopped(at: Timestamp) -> Self {
        Self {
            stopped_at: Some(at),
            ..Self::default()
        }
    }

    /// The current time; a stopped clock shows the same until a test moves it.
    pub fn now(&self) -> Timestamp {
        let base = self.stopped_at.unwrap_or_else(machine_time);
        let ahead = self.ahead_millis.load(Ordering::Relaxed);
        Timestamp::from_millis(base.as_millis().saturating_add(ahead))
    }

    /// Sets a stopped clock one millisecond forward. A test's server does so for every request, so that later events
    /// have later times. The machine's clock stays unchanged.
    pub fn tick(&self) {
        if self.stopped_at.is_some() {
            self.ahead_millis.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sets the clock forward.
    pub fn advance(&self, by: Lifetime) {
        self.ahead_millis
            .fetch_add(by.as_secs().saturating_mul(1000), Ordering::Relaxed);
    }
}

/// Measures how long something takes, independently of changes of the clock.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Whole milliseconds since the start.
    pub fn millis(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The time until which a request may begin another part of its work; the next request can continue the rest. It is
/// measured by the machine's clock, like the function's time-out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// No deadline, for commands that an operator watches.
    pub const NEVER: Self = Self(None);

    /// A deadline so long from now.
    pub fn after(left: Duration) -> Self {
        Self(Instant::now().checked_add(left))
    }

    /// Time left; `None` without a deadline.
    pub fn left(self) -> Option<Duration> {
        self.0
            .map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// True if it has passed.
    pub fn is_over(self) -> bool {
        self.left() == Some(Duration::ZERO)
    }
}

fn machine_time() -> Timestamp {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody asks"
    )]
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

/// Random bytes from the operating system.
///
/// # Panics
///
/// The operating system has none, which happens on no system that we run on: no token could be issued safely.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(
        clippy::expect_used,
        reason = "without randomness nothing safe can be done"
    )]
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system has no randomness");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unlimited_deadline_never_passes() {
        assert!(Deadline::after(Duration::ZERO).is_over());
        assert!(!Deadline::after(Duration::from_hours(1)).is_over());
        assert!(!Deadline::NEVER.is_over());
        assert_eq!(Deadline::NEVER.left(), None);
    }

    #[test]
    fn a_stopped_clock_moves_only_when_it_is_set_forward_or_ticks() {
        let clock = Clock::stopped(Timestamp::from_secs(1_000));
        assert_eq!(clock.now(), Timestamp::from_secs(1_000));
        clock.advance(Lifetime::from_secs(60));
        assert_eq!(clock.now(), Timestamp::from_secs(1_060));
        clock.tick();
        assert_eq!(clock.now(), Timestamp::from_millis(1_060_001));
    }
}
