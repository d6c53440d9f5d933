//! An authorization request that waits while a script has the browser elsewhere ([Auth0's redirects]).
//!
//! [Auth0's redirects]: https://auth0.com/docs/customize/rules/redirect-users

use serde::{Deserialize, Serialize};

use super::{
    authorization::{AuthorizationRequest, TRANSACTION_LIFETIME},
    ids::UserId,
    session::Session,
    time::Timestamp,
};

/// What the browser brings back to `/continue`, sealed in the `state` of the redirect. It counts once, and
/// only in the session that it was made in: whoever gets hold of the address has nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continuation {
    /// Its own name, as text.
    pub id: String,
    /// What was asked for at `/authorize`.
    pub request: AuthorizationRequest,
    /// The position of the Action that sent the browser away; `None` if a Rule did.
    pub action: Option<usize>,
    /// Who is logging in.
    pub user_id: UserId,
    /// The browser session, as text.
    pub session_id: String,
    /// When the browser was sent away.
    pub started_at: Timestamp,
}

impl Continuation {
    /// The end of its life.
    pub fn expires_at(&self) -> Timestamp {
        self.started_at.plus(TRANSACTION_LIFETIME)
    }

    /// Whether it may go on in this session.
    pub fn goes_on_in(&self, session: &Session, now: Timestamp) -> bool {
        now < self.expires_at()
            && self.user_id == session.user_id
            && self.session_id == session.session_id
    }
}
