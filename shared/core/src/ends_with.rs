//! The events that end an access token for `/userinfo` early.

use ratchet_domain::{
    consent::Basis,
    ids::{ConsentId, FamilyId, SessionId},
};
use serde::{Deserialize, Serialize};

/// Events that end an access token for `/userinfo` before it expires, besides those that end all tokens of its user. A
/// token of a login ends with its session, and with its family or else its consent; one of a refresh ends with its
/// family alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndsWith {
    /// The family of the refresh token that was issued with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// The session of its login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The consent that it rests on, if it was issued without a refresh token: families end with the grant itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentId>,
}

impl EndsWith {
    /// For a token that is issued at a login.
    pub fn login(family: Option<FamilyId>, session: Option<SessionId>, basis: Basis) -> Self {
        let consent = basis.consent_id().filter(|_| family.is_none());
        Self {
            family,
            session,
            consent,
        }
    }
}
