//! How often something may be asked for: token buckets ([Auth0's rate limits]).
//!
//! A bucket is kept as one number, the time at which it will be full again: it needs no refilling, and a
//! bucket that is full is the same as none. Tokens come back one by one rather than once per window.
//!
//! [Auth0's rate limits]: https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// A bucket's size, and how fast it fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Requests that a full bucket is good for.
    burst: u32,
    /// Milliseconds until one more request may be made.
    every_millis: u64,
}

impl RateLimit {
    /// Refreshes with one token family from one address, unless client or tenant say otherwise.
    pub const REFRESH: Self = Self::per_second(100, 10);
    /// `/userinfo`, for one user.
    pub const USERINFO: Self = Self::per_minute(10, 5);
    /// `/delegation`, for one user from one address.
    pub const DELEGATION: Self = Self::per_minute(10, 10);
    /// Devices that ask for a code at one address. Each is four write units.
    pub const DEVICE_CODE: Self = Self::per_minute(60, 20);
    /// Clients that fail to prove who they are, one client at one address.
    pub const CLIENT_AUTHENTICATION: Self = Self::per_minute(100, 10);
    /// User codes typed at one address: generous to an office behind it, hopeless for whoever guesses.
    pub const USER_CODE: Self = Self::per_minute(100, 10);
    /// Logins of one user from one address.
    pub const LOGIN: Self = Self::per_minute(20, 10);

    /// Failed logins of one address: a hundred, and a hundred a day.
    pub const SUSPICIOUS_IP: Self = Self::every(100, 864_000);

    /// `burst` at once, then one every so many milliseconds. Zero counts as one.
    pub const fn every(burst: u32, every_millis: u64) -> Self {
        Self::new(burst, every_millis, 1)
    }

    /// `burst` at once, then so many a second. Zero counts as one, and more than a thousand a second as
    /// a thousand.
    pub const fn per_second(burst: u32, refill: u32) -> Self {
        Self::new(burst, 1_000, refill)
    }

    /// `burst` at once, then so many a minute. Zero counts as one.
    pub const fn per_minute(burst: u32, refill: u32) -> Self {
        Self::new(burst, 60_000, refill)
    }

    const fn new(burst: u32, window_millis: u64, refill: u32) -> Self {
        let refill = if refill == 0 { 1 } else { refill as u64 };
        let every = window_millis / refill;
        Self {
            burst: if burst == 0 { 1 } else { burst },
            every_millis: if every == 0 { 1 } else { every },
        }
    }

    /// How long an empty bucket takes to fill, in milliseconds.
    pub const fn capacity_millis(self) -> u64 {
        self.every_millis.saturating_mul(self.burst as u64)
    }

    /// Requests that a full bucket is good for.
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// How long until one more request may be made, in milliseconds.
    pub const fn every_millis(self) -> u64 {
        self.every_millis
    }
}

/// What is left of a bucket: when it will be full again.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bucket(Timestamp);

/// Where requests come from, as far as they are counted together: an address, of IPv6 the first half,
/// because a household has all of the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(IpAddr);

impl Origin {
    /// The origin of a request. Those from nowhere are counted together.
    pub fn of(address: Option<IpAddr>) -> Self {
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Self(match address.to_canonical() {
            IpAddr::V6(long) => {
                let network = long.to_bits() >> 64 << 64;
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
            short @ IpAddr::V4(_) => short,
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Origin {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(|address| Self::of(Some(address)))
    }
}

/// The buckets of one thing, by where its requests come from. Full ones are not kept, and of the others
/// only a few, so that they fit beside what they are stored with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buckets(BTreeMap<Origin, Bucket>);

impl Buckets {
    /// Buckets that are not full, at most.
    const MAX: usize = 4;

    /// What is left for requests from there.
    pub fn of(&self, origin: Origin) -> Bucket {
        self.0.get(&origin).copied().unwrap_or_default()
    }

    /// With one bucket changed. Where there are too many, the fullest go: they lose the least.
    #[must_use]
    pub fn with(&self, origin: Origin, bucket: Bucket, now: Timestamp) -> Self {
        let mut kept = self.0.clone();
        kept.insert(origin, bucket);
        kept.retain(|_, bucket| !bucket.is_full(now));
        while kept.len() > Self::MAX
            && let Some(fullest) = kept
                .iter()
                .filter(|(known, _)| **known != origin)
                .min_by_key(|(_, bucket)| **bucket)
                .map(|(known, _)| *known)
        {
            kept.remove(&fullest);
        }
        Self(kept)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Origin, Bucket)> {
        self.0.iter().map(|(origin, bucket)| (*origin, *bucket))
    }
}

impl FromIterator<(Origin, Bucket)> for Buckets {
    fn from_iter<I: IntoIterator<Item = (Origin, Bucket)>>(buckets: I) -> Self {
        Self(buckets.into_iter().collect())
    }
}

/// Where a caller stands with its bucket: Auth0's `x-ratelimit-*` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The bucket's size.
    pub limit: u32,
    /// Requests left in it.
    pub remaining: u32,
    /// When it gets one more.
    pub reset: Timestamp,
    /// How long until then, in whole seconds, at least one.
    pub retry_after_secs: u64,
}

impl Bucket {
    /// A bucket that will be full at that time.
    pub const fn full_at(at: Timestamp) -> Self {
        Self(at)
    }

    /// When it will be full.
    pub const fn when_full(self) -> Timestamp {
        self.0
    }

    /// Whether it is full, so that nothing need be remembered of it.
    pub fn is_full(self, now: Timestamp) -> bool {
        self.0 <= now
    }

    /// Takes one request out of it: what is left afterwards, and where the caller stands. An error
    /// says that the bucket is empty; it stays as it is.
    pub fn take(self, limit: RateLimit, now: Timestamp) -> Result<(Self, Quota), Quota> {
        let now_millis = now.as_millis();
        let capacity = limit.capacity_millis();
        // A smaller limit than the one that the bucket was filled under does not lock anybody out for
        // longer than the smaller bucket takes to fill.
        let missing = self.0.as_millis().saturating_sub(now_millis).min(capacity);
        let after = missing.saturating_add(limit.every_millis);
        if after > capacity {
            return Err(quota(limit, missing, now));
        }
        let left = Self(Timestamp::from_millis(now_millis.saturating_add(after)));
        Ok((left, quota(limit, after, now)))
    }
}

/// `missing` is how many milliseconds the bucket is from full.
fn quota(limit: RateLimit, missing: u64, now: Timestamp) -> Quota {
    let every = limit.every_millis;
    let left = limit.capacity_millis().saturating_sub(missing);
    // The next token is there when what is missing has shrunk to a whole number of tokens.
    let wait = match missing % every {
        0 => every,
        part => part,
    };
    Quota {
        limit: limit.burst,
        remaining: u32::try_from(left / every).unwrap_or(u32::MAX),
        reset: Timestamp::from_millis(now.as_millis().saturating_add(wait)),
        retry_after_secs: wait.div_ceil(1_000).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn take_all(limit: RateLimit, mut bucket: Bucket, now: Timestamp) -> (u32, Bucket, Quota) {
        let mut taken = 0;
        loop {
            match bucket.take(limit, now) {
                Ok((left, _)) => {
                    bucket = left;
                    taken += 1;
                }
                Err(quota) => return (taken, bucket, quota),
            }
        }
    }

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_its_rate() {
        let (taken, empty, quota) = take_all(RateLimit::REFRESH, Bucket::default(), NOW);
        assert_eq!((taken, quota.remaining, quota.limit), (100, 0, 100));
        assert_eq!(
            (quota.retry_after_secs, quota.reset.as_millis()),
            (1, 1_000_100)
        );
        let second_later = Timestamp::from_secs(1_001);
        assert_eq!(take_all(RateLimit::REFRESH, empty, second_later).0, 10);
        let much_later = Timestamp::from_secs(1_010);
        assert!(empty.is_full(much_later));
        assert_eq!(take_all(RateLimit::REFRESH, empty, much_later).0, 100);
    }

    #[test]
    fn a_caller_is_told_what_is_left() {
        let (bucket, quota) = Bucket::default().take(RateLimit::USERINFO, NOW).unwrap();
        assert_eq!((quota.limit, quota.remaining), (10, 9));
        assert_eq!(quota.reset, Timestamp::from_secs(1_012));
        let (_, quota) = bucket
            .take(RateLimit::USERINFO, Timestamp::from_secs(1_006))
            .unwrap();
        assert_eq!(
            (quota.remaining, quota.reset),
            (8, Timestamp::from_secs(1_012))
        );
    }

    #[test]
    fn a_refusal_takes_nothing() {
        let (_, empty, first) = take_all(RateLimit::DELEGATION, Bucket::default(), NOW);
        assert_eq!(empty.take(RateLimit::DELEGATION, NOW), Err(first));
        assert_eq!(first.retry_after_secs, 6);
        assert!(
            empty
                .take(RateLimit::DELEGATION, Timestamp::from_secs(1_006))
                .is_ok()
        );
    }

    #[test]
    fn a_limit_that_shrank_does_not_lock_out_for_longer_than_it_takes_to_fill() {
        let far = Bucket::full_at(Timestamp::from_secs(9_999));
        let small = RateLimit::per_second(2, 1);
        assert_eq!(far.take(small, NOW).unwrap_err().retry_after_secs, 1);
    }

    #[test]
    fn addresses_of_one_household_are_one_origin() {
        let of = |text: &str| Origin::of(Some(text.parse().unwrap()));
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::4"), of("2001:db8:1:3::4"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
        let origin = of("2001:db8:1:2::");
        assert_eq!(origin.to_string().parse(), Ok(origin));
    }

    #[test]
    fn only_a_few_buckets_are_kept_and_no_full_one() {
        let origin = |last: u8| Origin::of(Some(IpAddr::from([192, 0, 2, last])));
        let at = |secs| Bucket::full_at(Timestamp::from_secs(secs));
        let mut buckets = Buckets::default().with(origin(9), at(1_000), NOW);
        assert_eq!(buckets.iter().count(), 0);
        for last in 1..=6 {
            buckets = buckets.with(origin(last), at(1_100 - u64::from(last)), NOW);
        }
        let kept: Vec<_> = buckets.iter().map(|(origin, _)| origin).collect();
        // The newest stays although it is the fullest; of the others the emptiest do.
        assert_eq!(kept, [origin(1), origin(2), origin(3), origin(6)]);
        assert_eq!(buckets.of(origin(1)), at(1_099));
        assert_eq!(buckets.of(origin(4)), Bucket::default());
    }

    #[test]
    fn nonsense_limits_still_let_one_through() {
        let (taken, ..) = take_all(RateLimit::per_second(0, 0), Bucket::default(), NOW);
        assert_eq!(taken, 1);
        let (taken, ..) = take_all(RateLimit::per_second(3, u32::MAX), Bucket::default(), NOW);
        assert_eq!(taken, 3);
    }
}
