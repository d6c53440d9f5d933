//! `oidc_logout`: who is told of the end of a session ([Auth0's back-channel logout]).
//!
//! [Auth0's back-channel logout]: https://auth0.com/docs/authenticate/login/logout/back-channel-logout

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// `oidc_logout`: [back-channel logout].
///
/// [back-channel logout]: https://auth0.com/docs/authenticate/login/logout/back-channel-logout/configure-back-channel-logout
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcLogout {
    /// Where logout tokens go.
    pub backchannel_logout_urls: Vec<String>,
    /// What they are sent for.
    pub backchannel_logout_initiators: LogoutInitiators,
}

impl OidcLogout {
    /// Where the end of a session is told, if it is.
    pub fn urls_for(&self, initiator: LogoutInitiator) -> &[String] {
        let told = match &self.backchannel_logout_initiators {
            LogoutInitiators::All => true,
            LogoutInitiators::Selected(selected) => selected.contains(&initiator),
        };
        if told {
            &self.backchannel_logout_urls
        } else {
            &[]
        }
    }
}

/// `backchannel_logout_initiators`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogoutInitiators {
    /// `mode: all`
    All,
    /// `mode: custom` with its `selected_initiators`.
    Selected(BTreeSet<LogoutInitiator>),
}

impl Default for LogoutInitiators {
    fn default() -> Self {
        Self::Selected([LogoutInitiator::RpLogout, LogoutInitiator::IdpLogout].into())
    }
}

/// What ended a session, as Auth0 names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it, and are Auth0's")]
pub enum LogoutInitiator {
    RpLogout,
    IdpLogout,
    PasswordChanged,
    SessionExpired,
    SessionRevoked,
    AccountDeleted,
    EmailIdentifierChanged,
    MfaPhoneUnenrolled,
    AccountDeactivated,
}
