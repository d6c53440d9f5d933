//! An authorization request that waits while a script has redirected the browser elsewhere ([Auth0's redirects]).
//!
//! [Auth0's redirects]: https://auth0.com/docs/customize/rules/redirect-users

use serde::{Deserialize, Serialize};

use super::{
    authorization::{AuthorizationRequest, TRANSACTION_LIFETIME},
    ids::UserId,
    sealed::{Purpose, Sealed},
    session::Session,
    sid::Sid,
    time::Timestamp,
};

/// The `state`, sealed, that the browser returns to `/continue`. It is valid once, and only in the session that it was
/// made in: a stolen URL is worthless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continuation {
    /// Its own id, as text.
    pub id: String,
    /// The request that continues after the redirect.
    pub request: AuthorizationRequest,
    /// Position of the Action that redirected the browser; `None` if a Rule did.
    pub action: Option<usize>,
    /// The user who is logging in.
    pub user_id: UserId,
    /// The browser session.
    pub session_id: Sid,
    /// Time of the redirect.
    pub started_at: Timestamp,
}

impl Sealed for Continuation {
    const PURPOSE: Purpose = Purpose::Continuation;
}

impl Continuation {
    /// End of its lifetime.
    pub fn expires_at(&self) -> Timestamp {
        self.started_at.plus(TRANSACTION_LIFETIME)
    }

    /// True if the request may continue in this session.
    pub fn goes_on_in(&self, session: &Session, now: Timestamp) -> bool {
        now < self.expires_at()
            && self.user_id == session.user_id
            && self.session_id == session.session_id
    }
}
