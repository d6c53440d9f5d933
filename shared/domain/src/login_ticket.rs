//! Login tickets: issued to the browser for a password that was checked outside the hosted login pages
//! ([Auth0's cross-origin authentication]). A ticket begins one session, soon, in that browser.
//!
//! [Auth0's cross-origin authentication]: https://auth0.com/docs/authenticate/login/cross-origin-authentication

use serde::{Deserialize, Serialize};

use super::{
    ids::UserId,
    sealed::{Purpose, SealedForClient},
    time::{Lifetime, Timestamp},
    valid_from::Epoch,
};

/// Time from the password to the authorization request, which is one redirect: a minute.
pub const TICKET_LIFETIME: Lifetime = Lifetime::from_secs(60);

/// Content of a ticket. The client id is authenticated with the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginTicket {
    /// Id of the ticket, which is used once.
    pub id: String,
    /// The user who logged in.
    pub user_id: UserId,
    /// Epoch of the user's sessions when the password was checked.
    #[serde(default)]
    pub valid_from: Epoch,
    /// Keyed digest of the cookie of the browser that sent the password.
    pub browser: String,
    /// End of its lifetime.
    pub expires_at: Timestamp,
}

impl SealedForClient for LoginTicket {
    const PURPOSE: Purpose = Purpose::LoginTicket;
}

impl LoginTicket {
    /// True if it has not expired.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_of_an_earlier_version_is_read_without_its_verifier() {
        let ticket = LoginTicket {
            id: "one".to_owned(),
            user_id: UserId::parse("auth0|ada").unwrap(),
            valid_from: Epoch::default(),
            browser: "digest".to_owned(),
            expires_at: Timestamp::from_secs(60),
        };
        let mut earlier = serde_json::to_value(&ticket).unwrap();
        earlier["verifier"] = "digest".into();
        assert_eq!(
            serde_json::from_value::<LoginTicket>(earlier).unwrap(),
            ticket
        );
    }
}
