//! A random part of a time, which keeps environments that started together from doing the same at the same time.

use crate::time::Lifetime;

/// A point between an earliest and a latest time, drawn once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Jitter(u16);

impl Jitter {
    /// The earliest time.
    pub const EARLIEST: Self = Self(0);
    /// The middle.
    pub const MIDDLE: Self = Self(u16::MAX / 2 + 1);
    /// The latest time.
    pub const LATEST: Self = Self(u16::MAX);

    /// From random bytes.
    pub const fn from_random(bytes: [u8; 2]) -> Self {
        Self(u16::from_be_bytes(bytes))
    }

    /// The time at this point from `earliest` to `latest`, both included, in whole seconds.
    #[must_use]
    pub fn between(self, earliest: Lifetime, latest: Lifetime) -> Lifetime {
        let span = latest.as_secs().saturating_sub(earliest.as_secs());
        let part = (u128::from(span.saturating_add(1)) * u128::from(self.0)) >> u16::BITS;
        // The part is at most the span.
        let part = u64::try_from(part).unwrap_or(span);
        Lifetime::from_secs(earliest.as_secs().saturating_add(part))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn between(jitter: Jitter, earliest: u64, latest: u64) -> u64 {
        let (earliest, latest) = (Lifetime::from_secs(earliest), Lifetime::from_secs(latest));
        jitter.between(earliest, latest).as_secs()
    }

    #[test]
    fn both_ends_and_the_middle_are_reached_and_nothing_beyond() {
        assert_eq!(between(Jitter::EARLIEST, 45, 74), 45);
        assert_eq!(between(Jitter::MIDDLE, 45, 74), 60);
        assert_eq!(between(Jitter::LATEST, 45, 74), 74);
        assert_eq!(
            between(Jitter::LATEST, 0, u64::MAX - 1),
            u64::MAX - (1 << 48)
        );
        assert_eq!(between(Jitter::LATEST, 5, 4), 5);
    }

    #[test]
    fn every_second_is_drawn_about_equally_often() {
        let mut seconds = std::collections::BTreeMap::<u64, u32>::new();
        for drawn in 0..=u16::MAX {
            let jitter = Jitter::from_random(drawn.to_be_bytes());
            *seconds.entry(between(jitter, 45, 74)).or_default() += 1;
        }
        assert_eq!(
            seconds.keys().copied().collect::<Vec<_>>(),
            (45..=74).collect::<Vec<_>>()
        );
        let counts: BTreeSet<_> = seconds.into_values().collect();
        assert!(
            counts.iter().all(|count| (2184..=2185).contains(count)),
            "{counts:?}"
        );
    }
}
