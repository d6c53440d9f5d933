//! Browser sessions, which save the user a second login ([Auth0's session lifetimes]).
//!
//! [Auth0's session lifetimes]: https://auth0.com/docs/manage-users/sessions/session-lifetime-limits

use std::{collections::BTreeSet, ops::Deref};

use serde::{Deserialize, Serialize};

use super::{
    ids::{ClientId, UserId},
    inconsistent::Inconsistent,
    settings::Settings,
    sid::Sid,
    time::Timestamp,
    user::User,
    valid_from::Epoch,
};

/// A browser session. Its [`SessionParts`] can be read, and change by its methods only. `TryFrom` is for the store, and
/// rejects parts that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SessionParts")]
pub struct Session(SessionParts);

/// The parts of a [`Session`], as they are stored under its user and its own id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionParts {
    /// The user.
    pub user_id: UserId,
    /// The `sid` claim.
    pub session_id: Sid,
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

/// For reading: there is no `DerefMut`.
impl Deref for Session {
    type Target = SessionParts;

    fn deref(&self) -> &SessionParts {
        &self.0
    }
}

/// For a session that was stored. A login sets its time and the absolute end together.
impl TryFrom<SessionParts> for Session {
    type Error = Inconsistent;

    fn try_from(parts: SessionParts) -> Result<Self, Inconsistent> {
        if parts.expires_at < parts.authenticated_at {
            return Err(Inconsistent("it ended before its last login"));
        }
        Ok(Self(parts))
    }
}

impl Session {
    /// The session that a login begins.
    pub fn begin(user: &User, session_id: Sid, settings: &Settings, now: Timestamp) -> Self {
        Self(SessionParts {
            user_id: user.user_id.clone(),
            session_id,
            created_at: now,
            authenticated_at: now,
            expires_at: now.plus(settings.session_lifetime),
            idle_expires_at: now.plus(settings.idle_session_lifetime),
            valid_from: user.valid_from.sessions,
            renewals: 0,
            clients: BTreeSet::new(),
        })
    }

    /// The parts, as they are stored.
    pub fn into_parts(self) -> SessionParts {
        self.0
    }

    /// The session after a further login of its user: it lasts as long as a new one, but keeps the id that its clients
    /// know.
    #[must_use]
    pub fn renewed(&self, settings: &Settings, now: Timestamp) -> Self {
        Self(SessionParts {
            authenticated_at: now,
            expires_at: now.plus(settings.session_lifetime),
            idle_expires_at: now.plus(settings.idle_session_lifetime),
            renewals: self.renewals.saturating_add(1),
            ..self.0.clone()
        })
    }

    /// The session after another visit.
    #[must_use]
    pub fn touched(&self, settings: &Settings, now: Timestamp) -> Self {
        Self(SessionParts {
            idle_expires_at: now.plus(settings.idle_session_lifetime),
            ..self.0.clone()
        })
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

    fn sid() -> Sid {
        Sid::parse("si1_AAAA").unwrap()
    }

    #[test]
    fn a_session_is_read_as_it_was_written_at_any_age() {
        let (settings, at) = (Settings::default(), Timestamp::from_secs);
        let begun = Session::begin(&testing::user("auth0|ada"), sid(), &settings, at(100));
        let renewed = begun.renewed(&settings, at(5_000));
        let touched = renewed.touched(&settings, at(9_000));
        for session in [begun, renewed, touched] {
            let item = serde_json::to_value(&session).unwrap();
            assert_eq!(serde_json::from_value::<Session>(item).unwrap(), session);
        }
    }

    #[test]
    fn no_session_ended_before_its_last_login() {
        let (settings, now) = (Settings::default(), Timestamp::from_secs(100));
        let session = Session::begin(&testing::user("auth0|ada"), sid(), &settings, now);
        let ending = |expires_at| {
            Session::try_from(SessionParts {
                expires_at,
                ..session.clone().into_parts()
            })
        };
        assert!(ending(Timestamp::from_secs(99)).is_err());
        assert!(ending(now).is_ok());
    }

    #[test]
    fn a_visit_moves_the_idle_end_and_never_the_absolute_one() {
        let settings = Settings::default();
        let start = Timestamp::from_secs(0);
        let user = testing::user("auth0|ada");
        let mut session = Session::begin(&user, sid(), &settings, start);
        let mut now = start;
        while session.is_live(now) {
            session = session.touched(&settings, now);
            now = Timestamp::from_secs(now.as_secs() + 3600);
        }
        assert_eq!(now, session.expires_at);
        assert_eq!(now.as_secs(), settings.session_lifetime.as_secs());
    }
}
