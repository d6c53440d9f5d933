//! Algorithms of the published keys: RS256, and those that a client or an API of the tenant is set to. Some readers of
//! a JWKS take every key for an RSA key of RS256 and fail at any other (auth0-python's `TokenVerifier`), so a key that
//! signs nothing is not published.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::time::{Lifetime, Timestamp};

/// Time for which an algorithm stays published after its last use: the longest lifetime of a token (30 days), and an
/// hour for functions that have not read the change yet and for clocks that differ.
const PUBLISHED_AFTER: Lifetime = Lifetime::from_secs(2_592_000 + 3_600);

/// Algorithms of the tokens that Ratchet signs (RFC 7518).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of RFC 7518")]
pub enum SigningAlgorithm {
    RS256,
    PS256,
    ES256,
    HS256,
}

impl SigningAlgorithm {
    /// Reads the `alg` of a JWT header.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::RS256, Self::PS256, Self::ES256, Self::HS256]
            .into_iter()
            .find(|algorithm| algorithm.as_str() == name)
    }

    /// `alg` in a JWT header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::HS256 => "HS256",
        }
    }
}

/// The algorithms that a tenant's clients and APIs are set to, or were while a token may still be valid. RS256 is not
/// among them because it is always published, nor HS256 because it has no public key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningAlgorithms {
    /// Number of this record. A change is conditional on the number before it.
    pub revision: u64,
    in_use: BTreeSet<SigningAlgorithm>,
    retired: Vec<Retired>,
}

/// An algorithm that no client and no API is set to any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Retired {
    algorithm: SigningAlgorithm,
    until: Timestamp,
}

impl SigningAlgorithms {
    /// The record of a tenant whose clients and APIs were stored before this record existed: any algorithm may have
    /// signed.
    pub fn unknown() -> Self {
        Self {
            in_use: [SigningAlgorithm::PS256, SigningAlgorithm::ES256].into(),
            ..Self::default()
        }
    }

    /// True if keys of this algorithm are published.
    pub fn publishes(&self, algorithm: SigningAlgorithm, now: Timestamp) -> bool {
        let is_retired = |retired: &Retired| retired.algorithm == algorithm && now < retired.until;
        algorithm == SigningAlgorithm::RS256
            || self.in_use.contains(&algorithm)
            || self.retired.iter().any(is_retired)
    }

    /// The record after a change of all clients' and APIs' algorithms to these; an equal one if nothing changes.
    #[must_use]
    pub fn changed_to(&self, algorithms: &BTreeSet<SigningAlgorithm>, now: Timestamp) -> Self {
        let has_own_keys = |algorithm: &SigningAlgorithm| {
            !matches!(algorithm, SigningAlgorithm::RS256 | SigningAlgorithm::HS256)
        };
        let in_use: BTreeSet<_> = algorithms.iter().copied().filter(has_own_keys).collect();
        let still = self.retired.iter().copied();
        let mut retired: Vec<_> = still
            .filter(|retired| now < retired.until && !in_use.contains(&retired.algorithm))
            .collect();
        retired.extend(self.in_use.difference(&in_use).map(|algorithm| Retired {
            algorithm: *algorithm,
            until: now.plus(PUBLISHED_AFTER),
        }));
        if in_use == self.in_use && retired == self.retired {
            return self.clone();
        }
        Self {
            revision: self.revision + 1,
            in_use,
            retired,
        }
    }
}

#[cfg(test)]
mod tests {
    use SigningAlgorithm::{ES256, HS256, PS256, RS256};

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
    const DAY: Lifetime = Lifetime::from_secs(86_400);

    fn published(used: &SigningAlgorithms, now: Timestamp) -> Vec<SigningAlgorithm> {
        let all = [RS256, PS256, ES256, HS256].into_iter();
        all.filter(|algorithm| used.publishes(*algorithm, now))
            .collect()
    }

    fn set<const N: usize>(algorithms: [SigningAlgorithm; N]) -> BTreeSet<SigningAlgorithm> {
        algorithms.into()
    }

    #[test]
    fn rs256_is_always_published_and_the_others_where_something_is_set_to_them() {
        let none = SigningAlgorithms::default();
        assert_eq!(published(&none, NOW), [RS256]);
        let all = none.changed_to(&set([RS256, PS256, ES256, HS256]), NOW);
        assert_eq!(published(&all, NOW), [RS256, PS256, ES256]);
    }

    #[test]
    fn an_algorithm_stays_published_while_a_token_may_be_good_and_no_import_lengthens_that() {
        let used = SigningAlgorithms::default().changed_to(&set([ES256]), NOW);
        let retired = used.changed_to(&set([RS256]), NOW);
        let later = NOW.plus(DAY);
        let retired = retired.changed_to(&set([PS256]), later);
        assert_eq!(published(&retired, later), [RS256, PS256, ES256]);
        let last = Timestamp::from_millis(NOW.plus(PUBLISHED_AFTER).as_millis() - 1);
        assert_eq!(published(&retired, last), [RS256, PS256, ES256]);
        let over = NOW.plus(PUBLISHED_AFTER);
        assert_eq!(published(&retired, over), [RS256, PS256]);
    }

    #[test]
    fn an_algorithm_that_is_used_again_is_no_longer_retired() {
        let used = SigningAlgorithms::default().changed_to(&set([ES256]), NOW);
        let again = used
            .changed_to(&set([]), NOW)
            .changed_to(&set([ES256]), NOW.plus(DAY));
        let much_later = NOW.plus(PUBLISHED_AFTER).plus(PUBLISHED_AFTER);
        assert_eq!(published(&again, much_later), [RS256, ES256]);
    }

    #[test]
    fn an_unrecorded_algorithm_stays_published_for_a_tokens_lifetime() {
        let first = SigningAlgorithms::unknown().changed_to(&set([ES256]), NOW);
        assert_eq!(published(&first, NOW), [RS256, PS256, ES256]);
        let over = NOW.plus(PUBLISHED_AFTER);
        assert_eq!(published(&first, over), [RS256, ES256]);
    }

    #[test]
    fn only_a_change_of_algorithms_raises_the_revision() {
        let first = SigningAlgorithms::default().changed_to(&set([ES256]), NOW);
        assert_eq!(first.revision, 1);
        let same = first.changed_to(&set([RS256, ES256, HS256]), NOW.plus(DAY));
        assert_eq!(same, first);
    }
}
