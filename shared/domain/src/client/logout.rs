//! `oidc_logout`: notices to a client about the end of a session ([Auth0's back-channel logout]).
//!
//! [Auth0's back-channel logout]: https://auth0.com/docs/authenticate/login/logout/back-channel-logout

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// `oidc_logout`: [back-channel logout].
///
/// [back-channel logout]: https://auth0.com/docs/authenticate/login/logout/back-channel-logout/configure-back-channel-logout
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcLogout {
    /// URLs that receive logout tokens.
    pub backchannel_logout_urls: Vec<String>,
    /// Causes that a logout token is sent for.
    pub backchannel_logout_initiators: LogoutInitiators,
}

impl OidcLogout {
    /// URLs that receive a logout token for this cause; empty if the client did not select it.
    pub fn urls_for(&self, initiator: LogoutInitiator) -> &[String] {
        let is_subscribed = match &self.backchannel_logout_initiators {
            LogoutInitiators::All => true,
            LogoutInitiators::Selected(selected) => selected.contains(&initiator),
        };
        if is_subscribed {
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

/// Cause of the end of a session, in Auth0's words.
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
