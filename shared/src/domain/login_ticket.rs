//! Login tickets: what a password checked outside the hosted login pages is worth to the browser that
//! sent it ([Auth0's cross-origin authentication]). A ticket begins one session, soon, in that browser.
//!
//! [Auth0's cross-origin authentication]: https://auth0.com/docs/authenticate/login/cross-origin-authentication

use serde::{Deserialize, Serialize};

use super::{
    ids::UserId,
    time::{Lifetime, Timestamp},
    valid_from::Epoch,
};

/// From the password to the authorization request: a redirect.
pub const TICKET_LIFETIME: Lifetime = Lifetime::from_secs(60);

/// What a ticket says once it is open. Its client is authenticated with the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginTicket {
    /// Which ticket; it is used up by this name.
    pub id: String,
    /// Who has proved who they are.
    pub user_id: UserId,
    /// The epoch of the user's sessions when the password was checked.
    #[serde(default)]
    pub valid_from: Epoch,
    /// The keyed digest of the cookie of the browser that did.
    pub browser: String,
    /// The keyed digest of the verifier that the page in that browser keeps.
    pub verifier: String,
    /// When it is worth nothing any more.
    pub expires_at: Timestamp,
}

impl LoginTicket {
    /// Whether it is not too late.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}
