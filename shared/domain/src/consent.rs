//! The consent that a code, an approval of a device or a token depends on. Each ends with exactly that consent: another
//! consent of the same user to the same application, however wide, does not revive it.
//!
//! A consent has an id from its first press. A further press for the same application and API adds its scopes and
//! keeps the id; a withdrawal ends it.

use serde::{Deserialize, Serialize};

use super::{authorization::Grant, grant::GrantKey, ids::ConsentId};

/// The consent that a code or an approval depends on. Stored as `rests_on_consent` and `consent_id`; versions without
/// consent ids wrote and read only the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredBasis", into = "StoredBasis")]
pub enum Basis {
    /// The user was not asked for consent.
    #[default]
    Unasked,
    /// A consent without an id, stored by an earlier version.
    Unnamed,
    /// The consent with this id.
    Consent(ConsentId),
}

impl Basis {
    /// Basis of tokens that are issued on this consent.
    pub fn of(grant: &Grant) -> Self {
        grant.id.map_or(Self::Unnamed, Self::Consent)
    }

    /// True if it is still valid, given the consent that is stored now.
    pub fn holds(self, now: Option<&Grant>) -> bool {
        match self {
            Self::Unasked => true,
            Self::Unnamed | Self::Consent(_) => now.map(Self::of) == Some(self),
        }
    }

    /// Id of the consent, if it has one.
    pub const fn consent_id(self) -> Option<ConsentId> {
        match self {
            Self::Consent(id) => Some(id),
            Self::Unasked | Self::Unnamed => None,
        }
    }
}

/// The consent that an exchange depends on. The user was not asked if the basis is [`Basis::Unasked`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestsOn {
    /// Key of the consent: user, client and API.
    pub grant: GrantKey,
    /// Identity of the consent.
    pub basis: Basis,
}

#[derive(Serialize, Deserialize)]
struct StoredBasis {
    #[serde(default)]
    rests_on_consent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    consent_id: Option<ConsentId>,
}

impl From<StoredBasis> for Basis {
    fn from(stored: StoredBasis) -> Self {
        match (stored.rests_on_consent, stored.consent_id) {
            (_, Some(id)) => Self::Consent(id),
            (true, None) => Self::Unnamed,
            (false, None) => Self::Unasked,
        }
    }
}

impl From<Basis> for StoredBasis {
    fn from(basis: Basis) -> Self {
        Self {
            rests_on_consent: basis != Basis::Unasked,
            consent_id: basis.consent_id(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{scope::Scope, time::Timestamp};

    fn grant(id: Option<u8>) -> Grant {
        Grant {
            id: id.map(|n| ConsentId::from_bytes([n; 16])),
            scope: Scope::parse("openid"),
            granted_at: Timestamp::from_secs(1),
        }
    }

    #[test]
    fn only_the_very_consent_carries_what_was_issued_on_it() {
        let there = [
            None,
            Some(grant(None)),
            Some(grant(Some(1))),
            Some(grant(Some(2))),
        ];
        for (basis, holds) in [
            (Basis::Unasked, [true; 4]),
            (Basis::of(&grant(None)), [false, true, false, false]),
            (Basis::of(&grant(Some(1))), [false, false, true, false]),
        ] {
            let held = there.each_ref().map(|now| basis.holds(now.as_ref()));
            assert_eq!(held, holds, "{basis:?}");
        }
    }

    #[test]
    fn stored_consents_are_compatible_with_earlier_versions_both_ways() {
        let read = |text: &str| serde_json::from_str::<Basis>(text).unwrap();
        assert_eq!(read("{}"), Basis::Unasked);
        assert_eq!(read(r#"{"rests_on_consent":false}"#), Basis::Unasked);
        assert_eq!(read(r#"{"rests_on_consent":true}"#), Basis::Unnamed);
        for basis in [Basis::Unasked, Basis::Unnamed, Basis::of(&grant(Some(1)))] {
            let stored = serde_json::to_value(basis).unwrap();
            assert_eq!(stored["rests_on_consent"], basis != Basis::Unasked);
            assert_eq!(serde_json::from_value::<Basis>(stored).unwrap(), basis);
        }
    }
}
