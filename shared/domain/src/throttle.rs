//! Rate limits by token buckets ([Auth0's rate limits]).
//!
//! A bucket is stored as one number, the time at which it is full again: it needs no refilling, and a full bucket
//! equals an absent one. Tokens return one by one rather than once per window.
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

/// Size of a bucket, and its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Requests in a full bucket.
    burst: u32,
    /// Milliseconds until one more request is allowed.
    every_millis: u64,
}

impl RateLimit {
    /// Refreshes of one family from one address, unless client or tenant set another limit.
    pub const REFRESH: Self = Self::per_second(100, 10);
    /// `/userinfo` requests for one user.
    pub const USERINFO: Self = Self::per_minute(10, 5);
    /// `/delegation` requests for one user from one address.
    pub const DELEGATION: Self = Self::per_minute(10, 10);
    /// Device codes for one address. Each costs four write units.
    pub const DEVICE_CODE: Self = Self::per_minute(60, 20);
    /// Failed authentications of one client from one address.
    pub const CLIENT_AUTHENTICATION: Self = Self::per_minute(100, 10);
    /// User codes typed at one address: generous for an office behind it, hopeless for guessing.
    pub const USER_CODE: Self = Self::per_minute(100, 10);
    /// Logins of one user from one address.
    pub const LOGIN: Self = Self::per_minute(20, 10);

    /// Failed logins from one address: a hundred at once, then a hundred a day.
    pub const SUSPICIOUS_IP: Self = Self::every(100, 864_000);

    /// `burst` at once, then one every `every_millis` milliseconds. Zero counts as one.
    pub const fn every(burst: u32, every_millis: u64) -> Self {
        Self::new(burst, every_millis, 1)
    }

    /// `burst` at once, then `refill` a second. Zero counts as one, and more than a thousand a second as a thousand.
    pub const fn per_second(burst: u32, refill: u32) -> Self {
        Self::new(burst, 1_000, refill)
    }

    /// `burst` at once, then `refill` a minute. Zero counts as one.
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

    /// Milliseconds that an empty bucket takes to fill.
    pub const fn capacity_millis(self) -> u64 {
        self.every_millis.saturating_mul(self.burst as u64)
    }

    /// Requests in a full bucket.
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// Milliseconds until one more request is allowed.
    pub const fn every_millis(self) -> u64 {
        self.every_millis
    }
}

/// A bucket: the time at which it is full again.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bucket(Timestamp);

/// Origin of requests that share a bucket: an IPv4 address, or the first half of an IPv6 address, because a household
/// has all of the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(IpAddr);

impl Origin {
    /// The origin of a request. Requests without a known address share one.
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

/// Buckets of one item, by origin. Full ones are not stored, and only a few of the others, so that they fit beside the
/// item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buckets(BTreeMap<Origin, Bucket>);

impl Buckets {
    /// Maximum number of buckets.
    const MAX: usize = 4;

    /// The bucket of an origin.
    pub fn of(&self, origin: Origin) -> Bucket {
        self.0.get(&origin).copied().unwrap_or_default()
    }

    /// The buckets with one replaced. Beyond the maximum the fullest others are dropped: they lose the least.
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

    /// The stored buckets, each with its origin.
    pub fn iter(&self) -> impl Iterator<Item = (Origin, Bucket)> {
        self.0.iter().map(|(origin, bucket)| (*origin, *bucket))
    }
}

impl FromIterator<(Origin, Bucket)> for Buckets {
    fn from_iter<I: IntoIterator<Item = (Origin, Bucket)>>(buckets: I) -> Self {
        Self(buckets.into_iter().collect())
    }
}

/// State of a bucket for the client: Auth0's `x-ratelimit-*` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Requests that a full bucket allows at once.
    pub limit: u32,
    /// Requests left in it.
    pub remaining: u32,
    /// Time of the next request that returns to the bucket.
    pub reset: Timestamp,
    /// Whole seconds until `reset`, at least one.
    pub retry_after_secs: u64,
}

impl Bucket {
    /// A bucket that is full at this time.
    pub const fn full_at(at: Timestamp) -> Self {
        Self(at)
    }

    /// Time at which it is full.
    pub const fn when_full(self) -> Timestamp {
        self.0
    }

    /// True if it is full, so that it need not be stored.
    pub fn is_full(self, now: Timestamp) -> bool {
        self.0 <= now
    }

    /// Takes one request out: the bucket after it, and its state for the client. An error means that the bucket is
    /// empty; it stays as it is.
    pub fn take(self, limit: RateLimit, now: Timestamp) -> Result<(Self, Quota), Quota> {
        let now_millis = now.as_millis();
        let capacity = limit.capacity_millis();
        // The bucket may have been filled under a larger limit. A client waits no longer than the present one takes
        // to fill.
        let missing = self.0.as_millis().saturating_sub(now_millis).min(capacity);
        let after = missing.saturating_add(limit.every_millis);
        if after > capacity {
            return Err(quota(limit, missing, now));
        }
        let left = Self(Timestamp::from_millis(now_millis.saturating_add(after)));
        Ok((left, quota(limit, after, now)))
    }
}

/// State of a bucket that lacks `missing` milliseconds to be full.
fn quota(limit: RateLimit, missing: u64, now: Timestamp) -> Quota {
    let every = limit.every_millis;
    let left = limit.capacity_millis().saturating_sub(missing);
    // The next token returns once `missing` has shrunk to a whole number of tokens.
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
    fn a_caller_learns_its_remaining_requests() {
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
        // The newest stays although it is the fullest; of the others the emptiest stay.
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
