//! Failed logins: the number that is allowed, and the counter that each belongs to ([Auth0's brute-force protection]).
//!
//! [Auth0's brute-force protection]: https://auth0.com/docs/secure/attack-protection/brute-force-protection

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{
    ids::{ConnectionName, UserId},
    network::AddressRange,
    suspicious_ip::SuspiciousIpThrottling,
    throttle::Origin,
    time::{Lifetime, Timestamp},
    user::LoginName,
};

/// `attackProtection`: defences against guessed passwords.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AttackProtection {
    /// `bruteForceProtection`
    pub brute_force: BruteForceProtection,
    /// `suspiciousIpThrottling`
    pub suspicious_ip: SuspiciousIpThrottling,
}

/// `bruteForceProtection`, with Auth0's switches resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BruteForceProtection {
    /// True if failures lead to a block: `enabled`, and `block` among the `shields`.
    pub blocks: bool,
    /// `mode`
    pub mode: CountMode,
    /// Addresses whose failures are not counted, so that they never lead to a block.
    pub allowlist: Vec<AddressRange>,
    /// `max_attempts`: number of failures in a row that lead to a block.
    pub max_attempts: u32,
}

impl Default for BruteForceProtection {
    fn default() -> Self {
        Self {
            blocks: true,
            mode: CountMode::default(),
            allowlist: Vec::new(),
            max_attempts: 10,
        }
    }
}

/// `mode`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountMode {
    /// One counter for each user name and address.
    #[default]
    CountPerIdentifierAndIp,
    /// One counter for each user name, for all addresses.
    CountPerIdentifier,
}

/// The owner of a failure counter: a user, under any of the user's names, or a name that has no user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guessed {
    /// A user of this database, under any of the user's names.
    User(UserId),
    /// A name that no user of this database has.
    Name(ConnectionName, LoginName),
}

/// The counter of a user that a login belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// The one for all origins.
    AllOrigins,
    /// The one for this origin.
    Origin(Origin),
}

impl BruteForceProtection {
    /// Counter for logins from this address; `None` if failures are not counted. All clients whose address the front
    /// does not know share one counter.
    pub fn counter(&self, address: Option<IpAddr>) -> Option<Counter> {
        let is_trusted =
            address.is_some_and(|address| self.allowlist.iter().any(|r| r.contains(address)));
        if !self.blocks || is_trusted {
            return None;
        }
        Some(match self.mode {
            CountMode::CountPerIdentifier => Counter::AllOrigins,
            CountMode::CountPerIdentifierAndIp => Counter::Origin(Origin::of(address)),
        })
    }

    /// True if the failures are as many as allowed: the right password is rejected, too.
    pub fn limit_is_reached(&self, failures: Failures, now: Timestamp) -> bool {
        failures.recent(now) >= self.max_attempts
    }
}

/// Failed logins in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// Failures since the last success; 0 if there are none.
    pub failures: u32,
    /// Time of the last failure.
    pub last_failed_at: Timestamp,
}

impl Failures {
    /// Time after the last failure until the failures, and a block, are forgotten: 30 days.
    pub const MEMORY: Lifetime = Lifetime::from_secs(30 * 24 * 3600);

    /// Number of failures that still count.
    pub fn recent(self, now: Timestamp) -> u32 {
        if now < self.last_failed_at.plus(Self::MEMORY) {
            self.failures
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn counter(protection: &BruteForceProtection, address: &str) -> Option<Counter> {
        protection.counter(Some(address.parse().unwrap()))
    }

    #[test]
    fn a_counter_is_an_origins_or_everybodys() {
        let mut protection = BruteForceProtection::default();
        let here = counter(&protection, "203.0.113.9");
        assert_ne!(here, counter(&protection, "203.0.113.10"));
        assert_ne!(here, protection.counter(None));
        protection.mode = CountMode::CountPerIdentifier;
        assert_eq!(
            counter(&protection, "203.0.113.9"),
            protection.counter(None)
        );
    }

    #[test]
    fn failures_are_not_counted_for_trusted_addresses_or_without_blocking() {
        let mut protection = BruteForceProtection {
            allowlist: vec![AddressRange::parse("10.0.0.0/8").unwrap()],
            ..BruteForceProtection::default()
        };
        assert_eq!(counter(&protection, "10.1.2.3"), None);
        assert!(counter(&protection, "11.1.2.3").is_some());
        protection.blocks = false;
        assert_eq!(counter(&protection, "11.1.2.3"), None);
    }

    #[test]
    fn the_tenth_failure_blocks_for_thirty_days_or_until_the_limit_is_raised() {
        let mut protection = BruteForceProtection::default();
        let failures = |failures| Failures {
            failures,
            last_failed_at: NOW,
        };
        assert!(!protection.limit_is_reached(failures(9), NOW));
        assert!(protection.limit_is_reached(failures(10), NOW));
        let last = Timestamp::from_millis(NOW.plus(Failures::MEMORY).as_millis() - 1);
        assert!(protection.limit_is_reached(failures(10), last));
        assert!(!protection.limit_is_reached(failures(10), NOW.plus(Failures::MEMORY)));
        protection.max_attempts = 11;
        assert!(!protection.limit_is_reached(failures(10), NOW));
    }

    #[test]
    fn an_unset_field_has_auth0s_default() {
        let read: AttackProtection = serde_json::from_str("{}").unwrap();
        assert_eq!(read, AttackProtection::default());
        assert_eq!(read.brute_force.max_attempts, 10);
    }
}
