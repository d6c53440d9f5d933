//! Browser sessions, which save the user a second login ([Auth0's session lifetimes]).
//!
//! [Auth0's session lifetimes]: https://auth0.com/docs/manage-users/sessions/session-lifetime-limits

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    ids::{ClientId, UserId},
    settings::Settings,
    time::Timestamp,
    user::User,
    valid_from::Epoch,
};

/// A browser session as it is stored, under its user and its own id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The user.
    pub user_id: UserId,
    /// The `sid` claim: the id of the session, sealed.
    pub session_id: String,
    /// Beginning of the session.
    pub created_at: Timestamp,
    /// Last login of the user in this session: `auth_time`.
    pub authenticated_at: Timestamp,
    /// Absolute end, set by the last login.
    pub expires_at: Timestamp,
    /// End unless the browser returns before.
    pub idle_expires_at: Timestamp,
    /// Epoch of the user's sessions at its beginning.
    #[serde(default)]
    pub valid_from: Epoch,
    /// Number of further logins in this session. The cookie contains it as well: each login replaces the cookie, and
    /// copies of the previous one are worthless.
    #[serde(default)]
    pub renewals: u32,
    /// Clients that the user logged into in this session. They are notified of its end.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub clients: BTreeSet<ClientId>,
}

impl Session {
    /// The session that a login begins.
    pub fn begin(user: &User, session_id: String, settings: &Settings, now: Timestamp) -> Self {
        Self {
            user_id: user.user_id.clone(),
            session_id,
            created_at: now,
            authenticated_at: now,
            expires_at: now.plus(settings.session_lifetime),
            idle_expires_at: now.plus(settings.idle_session_lifetime),
            valid_from: user.valid_from.sessions,
            renewals: 0,
            clients: BTreeSet::new(),
        }
    }

    /// The session after a further login of its user: it lasts as long as a new one, but keeps the id that its clients
    /// know.
    #[must_use]
    pub fn renewed(&self, settings: &Settings, now: Timestamp) -> Self {
        Self {
            authenticated_at: now,
            expires_at: now.plus(settings.session_lifetime),
            idle_expires_at: now.plus(settings.idle_session_lifetime),
            renewals: self.renewals.saturating_add(1),
            ..self.clone()
        }
    }

    /// The session after another visit.
    #[must_use]
    pub fn touched(&self, settings: &Settings, now: Timestamp) -> Self {
        Self {
            idle_expires_at: now.plus(settings.idle_session_lifetime),
            ..self.clone()
        }
    }

    /// True if the user is logged in by this session.
    pub fn counts(&self, user: &User, now: Timestamp) -> bool {
        self.is_live(now) && user.honours(self.valid_from) && !user.blocked
    }

    /// True if it has not expired.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at && now < self.idle_expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::testing;

    #[test]
    fn a_visit_moves_the_idle_end_and_never_the_absolute_one() {
        let settings = Settings::default();
        let start = Timestamp::from_secs(0);
        let user = testing::user("auth0|ada");
        let mut session = Session::begin(&user, "s".to_owned(), &settings, start);
        let mut now = start;
        while session.is_live(now) {
            session = session.touched(&settings, now);
            now = Timestamp::from_secs(now.as_secs() + 3600);
        }
        assert_eq!(now, session.expires_at);
        assert_eq!(now.as_secs(), settings.session_lifetime.as_secs());
    }
}
