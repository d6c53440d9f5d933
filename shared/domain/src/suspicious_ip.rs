//! Throttling of addresses with too many failed logins, with any user name
//! ([Auth0's suspicious IP throttling]). Each address has a bucket of failures. A failed login takes one out, a
//! successful one takes none, and one is added at a fixed interval. With an empty bucket every password is rejected, as
//! at Auth0; sessions and refresh tokens continue to work.
//!
//! [Auth0's suspicious IP throttling]: https://auth0.com/docs/secure/attack-protection/suspicious-ip-throttling

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{
    network::AddressRange,
    throttle::{Origin, RateLimit},
};

/// `suspiciousIpThrottling`, with Auth0's switches resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SuspiciousIpThrottling {
    /// Response to an address with too many failures.
    pub response: Response,
    /// Addresses whose failures are not counted.
    pub allowlist: Vec<AddressRange>,
    /// `stage.pre-login`: `max_attempts` failures, and one more every `rate` milliseconds.
    pub pre_login: RateLimit,
}

/// Response to an address with too many failures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// Logins are rejected: `enabled`, and `block` among the `shields`.
    #[default]
    Block,
    /// Logins are logged only: `enabled` without that shield.
    Log,
    /// Failures are not counted: `enabled` is false.
    Nothing,
}

impl Default for SuspiciousIpThrottling {
    fn default() -> Self {
        Self {
            response: Response::default(),
            allowlist: Vec::new(),
            pre_login: RateLimit::SUSPICIOUS_IP,
        }
    }
}

impl SuspiciousIpThrottling {
    /// The origin whose failures are counted; `None` if they are not. Clients whose address the front does not know are
    /// not counted: they would all share one bucket.
    pub fn counted(&self, address: Option<IpAddr>) -> Option<Origin> {
        let address = address?;
        let is_trusted = self.allowlist.iter().any(|range| range.contains(address));
        (self.response != Response::Nothing && !is_trusted).then(|| Origin::of(Some(address)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{throttle::Bucket, time::Timestamp};

    fn counted(throttling: &SuspiciousIpThrottling, address: &str) -> Option<String> {
        let counted = throttling.counted(Some(address.parse().unwrap()));
        counted.map(|origin| origin.to_string())
    }

    #[test]
    fn failures_are_counted_unless_the_address_is_trusted_or_it_is_disabled() {
        let mut throttling = SuspiciousIpThrottling {
            allowlist: vec![AddressRange::parse("10.0.0.0/8").unwrap()],
            ..SuspiciousIpThrottling::default()
        };
        assert_eq!(counted(&throttling, "10.1.2.3"), None);
        assert_eq!(
            counted(&throttling, "11.1.2.3").as_deref(),
            Some("11.1.2.3")
        );
        assert_eq!(
            counted(&throttling, "2001:db8::1:2:3:4").as_deref(),
            Some("2001:db8::")
        );
        assert_eq!(throttling.counted(None), None);
        throttling.response = Response::Log;
        assert!(counted(&throttling, "11.1.2.3").is_some());
        throttling.response = Response::Nothing;
        assert_eq!(counted(&throttling, "11.1.2.3"), None);
    }

    #[test]
    fn the_default_allows_a_hundred_failures_and_a_hundred_more_a_day() {
        let limit = SuspiciousIpThrottling::default().pre_login;
        let (mut bucket, now) = (Bucket::default(), Timestamp::from_secs(1_800_000_000));
        for _ in 0..100 {
            bucket = bucket.take(limit, now).unwrap().0;
        }
        assert!(bucket.take(limit, now).is_err());
        let soon = Timestamp::from_secs(now.as_secs() + 863);
        assert!(bucket.take(limit, soon).is_err());
        let then = Timestamp::from_secs(now.as_secs() + 864);
        assert!(bucket.take(limit, then).is_ok());
    }

    #[test]
    fn an_unset_field_has_auth0s_default() {
        let read: SuspiciousIpThrottling = serde_json::from_str("{}").unwrap();
        assert_eq!(read, SuspiciousIpThrottling::default());
    }
}
