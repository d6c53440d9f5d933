//! The browser's session and its cookie.

use std::net::IpAddr;

use http::header::SET_COOKIE;
use ratchet_domain::{
    client::LogoutInitiator,
    consent::RestsOn,
    error::Error,
    ids::{ClientId, SessionId, UserId},
    sealed::{Purpose, SessionCookie},
    session::Session,
    settings::Settings,
    sid::Sid,
    time::Timestamp,
    user::User,
    valid_from::IssuedIn,
};
use ratchet_keys::sealing::Keyring;
use ratchet_protocol::{
    Request, RequestContext, Response,
    cookies::{self, CookieLifetime, Site},
};
use ratchet_store::CommitError;
use ratchet_system::random;

use super::own_cookies;
use crate::visit::Visit;

/// Auth0's name of the session cookie. An issuer adds a prefix and a port to it, see [`cookies::name`].
const SESSION_COOKIE: &str = "auth0";
/// Maximum number of session cookies per request, because each may cost a read.
const MOST_SESSIONS: usize = 4;

/// A session that the browser holds and the store contains, with its user. A blocked user gets no tokens.
#[derive(Clone)]
pub(crate) struct BrowserSession {
    pub(crate) id: SessionId,
    pub(crate) stored: Session,
    pub(crate) user: User,
}

impl BrowserSession {
    /// The user who is logged in.
    pub(crate) fn user_id(&self) -> &UserId {
        &self.stored.user_id
    }

    /// The session's id for clients: the `sid` claim.
    pub(crate) fn sid(&self) -> &Sid {
        &self.stored.session_id
    }

    /// The browser's session, if it has a valid one. A session that a block has ended still counts until its user is
    /// unblocked, so that the client receives the reason.
    pub(crate) async fn load(visit: &Visit<'_>) -> Result<Option<Self>, Error> {
        for cookie in named(visit).await {
            let SessionCookie {
                user_id,
                session_id: id,
                ..
            } = &cookie;
            let state = visit.app.store.load_session_state(user_id, *id).await?;
            if let (Some(session), Some(user)) = (state.session, state.user)
                && is_current(&session, &cookie, visit.now())
                && (user.honours(session.valid_from) || user.active().is_err())
            {
                let id = *id;
                return Ok(Some(Self {
                    id,
                    stored: session,
                    user,
                }));
            }
        }
        Ok(None)
    }

    /// Creates a session for a user whose password was correct. Its id is new, too, so that an attacker cannot have
    /// planted it.
    async fn begin(visit: &Visit<'_>, user: User, settings: &Settings) -> Result<Self, Error> {
        let id = SessionId::from_bytes(random());
        let session = Session::begin(
            &user,
            visit.app.sid(&user.user_id, id).await?,
            settings,
            visit.now(),
        );
        visit.app.store.put_session(id, &session).await?;
        Ok(Self {
            id,
            stored: session,
            user,
        })
    }

    /// The session of a user who has just logged in; `user` is as read for that login. The browser's session
    /// continues if it belongs to the same user: its clients still learn of its end, and copies of its cookie become
    /// worthless. A session of another user ends.
    pub(crate) async fn begin_or_renew(
        visit: &Visit<'_>,
        user: User,
        settings: &Settings,
    ) -> Result<Self, Error> {
        match current(visit).await? {
            Some((id, before)) if before.user_id == user.user_id => {
                let session = before.renewed(settings, visit.now());
                // A user who was logged out since gets a new session.
                if user.honours(before.valid_from) {
                    match visit.app.store.renew_session(id, &before, &session).await {
                        Ok(()) => {
                            return Ok(Self {
                                id,
                                stored: session,
                                user,
                            });
                        }
                        // Another tab has logged out or in.
                        Err(CommitError::Conflict) => {}
                        Err(CommitError::Store(error)) => return Err(error.into()),
                    }
                }
            }
            Some((session_id, before)) => {
                let cookie = SessionCookie {
                    user_id: before.user_id.clone(),
                    session_id,
                    renewals: before.renewals,
                };
                end(visit, &cookie).await?;
            }
            None => {}
        }
        Self::begin(visit, user, settings).await
    }

    /// Records that the browser was here and is logged into a client. `false` if the session has ended meanwhile.
    pub(crate) async fn touch(
        &self,
        visit: &Visit<'_>,
        client: &ClientId,
        settings: &Settings,
    ) -> Result<bool, Error> {
        let touched = self.stored.touched(settings, visit.now());
        let touch = visit.app.store.touch_session(self.id, &touched, client);
        Ok(CommitError::written(touch.await)?)
    }

    /// The same for an answer with tokens that rest on a consent; also `false` if the consent was withdrawn.
    pub(crate) async fn touch_on(
        &self,
        visit: &Visit<'_>,
        rests_on: &RestsOn,
        settings: &Settings,
    ) -> Result<bool, Error> {
        let touched = self.stored.touched(settings, visit.now());
        let client = &rests_on.grant.client_id;
        let touch = visit
            .app
            .store
            .touch_session_on(rests_on, self.id, &touched, client);
        Ok(CommitError::written(touch.await)?)
    }

    /// The epochs for everything issued in this session: the session's own, and that of the user's refresh tokens as
    /// read with it.
    pub(crate) fn issued_in(&self) -> IssuedIn {
        IssuedIn {
            sessions: self.stored.valid_from,
            refresh_tokens: Some(self.user.valid_from.refresh_tokens),
        }
    }

    /// Adds the session cookie to a response.
    pub(crate) async fn attach(
        &self,
        visit: &Visit<'_>,
        settings: &Settings,
        response: &mut Response,
    ) -> Result<(), Error> {
        let (keyring, key) = visit.app.active_key().await;
        let cookie = SessionCookie {
            user_id: self.user_id().clone(),
            session_id: self.id,
            renewals: self.stored.renewals,
        };
        let name = own_cookies::name(visit, SESSION_COOKIE);
        let value = keyring.seal(key, Purpose::Session, &name, random(), &cookie.to_bytes())?;
        let stay = if settings.persistent_session_cookie {
            CookieLifetime::For(settings.session_lifetime)
        } else {
            CookieLifetime::Browser
        };
        let cookie = cookies::set(&name, &value, stay, Site::Any, visit.app.issuer.is_https());
        if let Some(cookie) = cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        Ok(())
    }
}

/// Ends the browser's sessions in the store, notifies their clients, and removes the cookies. Returns the sessions
/// that had not already ended, in the order in which their cookies count; usually there is one.
pub(crate) async fn end_sessions(
    visit: &Visit<'_>,
    response: &mut Response,
) -> Result<Vec<Session>, Error> {
    let mut sessions = Vec::new();
    for cookie in named(visit).await {
        let ended = end(visit, &cookie).await?;
        sessions.extend(ended.filter(|session| session.is_live(visit.now())));
    }
    let (https, keyring) = (visit.app.issuer.is_https(), visit.app.keyring().await);
    for name in names(own_cookies::name(visit, SESSION_COOKIE)) {
        // Another application's cookie of the older name stays. A request without a cookie removes none, because a
        // page of another site may have made it.
        let is_own = cookies::all(visit.request, &name.text)
            .any(|value| name.is_current || open(&keyring, &name, value).is_some());
        if is_own
            && let Some(cookie) =
                cookies::set(&name.text, "", CookieLifetime::Gone, Site::Any, https)
        {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    Ok(sessions)
}

/// Ends a session, and then notifies its clients. The copy that was read before counts only if the answer of the
/// write was lost, because a login may have changed the session meanwhile. An old copy of a cookie ends nothing.
async fn end(visit: &Visit<'_>, cookie: &SessionCookie) -> Result<Option<Session>, Error> {
    let (user_id, id) = (&cookie.user_id, cookie.session_id);
    let before = visit.app.store.load_session(user_id, id).await?;
    let replaced = |session: &Session| session.renewals != cookie.renewals;
    if before.as_ref().is_some_and(replaced) {
        return Ok(None);
    }
    let ended = visit
        .app
        .store
        .end_session(user_id, id, visit.now())
        .await?
        .or(before);
    if let Some(ended) = &ended {
        visit
            .app
            .notify_of_end(ended, LogoutInitiator::RpLogout, visit.now())
            .await;
    }
    Ok(ended)
}

/// True if the session has not expired and the cookie is its latest.
fn is_current(session: &Session, cookie: &SessionCookie, now: Timestamp) -> bool {
    session.is_live(now) && session.renewals == cookie.renewals
}

/// The session that the browser holds, even if its user no longer exists.
async fn current(visit: &Visit<'_>) -> Result<Option<(SessionId, Session)>, Error> {
    for cookie in named(visit).await {
        let id = cookie.session_id;
        let session = visit.app.store.load_session(&cookie.user_id, id).await?;
        if let Some(session) = session.filter(|session| is_current(session, &cookie, visit.now())) {
            return Ok(Some((id, session)));
        }
    }
    Ok(None)
}

/// The contents of our session cookies, in the order in which they count.
async fn named(visit: &Visit<'_>) -> Vec<SessionCookie> {
    let keyring = visit.app.keyring().await;
    let mut found = Vec::new();
    for name in names(own_cookies::name(visit, SESSION_COOKIE)) {
        let opened = cookies::all(visit.request, &name.text)
            .filter_map(|value| open(&keyring, &name, value));
        for cookie in opened {
            if found.len() < MOST_SESSIONS && !found.contains(&cookie) {
                found.push(cookie);
            }
        }
    }
    found
}

/// A cookie name under which a browser may hold its session.
struct Name {
    text: String,
    /// The binding with which the value is sealed.
    binding: String,
    is_current: bool,
}

/// The current name of session cookies, and the one of earlier versions. Under the older name only values of earlier
/// versions open, so it is worthless once their sessions have ended, and no other host can set it to a current
/// session.
fn names(current: String) -> [Name; 2] {
    [
        Name {
            text: current.clone(),
            binding: current,
            is_current: true,
        },
        Name {
            text: SESSION_COOKIE.to_owned(),
            binding: String::new(),
            is_current: false,
        },
    ]
}

/// Opens a value under a name; `None` if we did not seal it.
fn open(keyring: &Keyring, name: &Name, value: &str) -> Option<SessionCookie> {
    let opened = keyring.open(Purpose::Session, &name.binding, value)?;
    SessionCookie::from_bytes(&opened.plaintext)
}

/// The browser's address, as the gateway reports it.
pub(crate) fn address(request: &Request) -> Option<IpAddr> {
    let context = request.extensions().get::<RequestContext>();
    context.and_then(|context| context.client_ip)
}

#[cfg(test)]
mod tests {
    use ratchet_domain::{
        ids::UserId,
        sealed::{KeyId, Owned},
    };
    use ratchet_keys::sealing::KeyBytes;

    use super::*;

    #[test]
    fn a_session_of_an_earlier_version_counts_under_its_own_name_alone() {
        let key = KeyId::new(1);
        let bytes = KeyBytes::new([1; 32]);
        let keyring = Keyring::new([(key, bytes, Timestamp::from_secs(0))]).unwrap();
        let [current, older] = names("__Host-auth0".to_owned());
        assert_eq!(older.text, "auth0");
        let owned = Owned {
            user_id: UserId::parse("auth0|ada").unwrap(),
            id: [7; 16],
        };
        let sealed = |binding: &str| {
            let plaintext = owned.to_bytes();
            let sealed = keyring.seal(key, Purpose::Session, binding, [2; 12], &plaintext);
            sealed.unwrap()
        };
        assert!(open(&keyring, &current, &sealed("__Host-auth0")).is_some());
        assert!(open(&keyring, &older, &sealed("")).is_some());
        assert!(open(&keyring, &older, &sealed("__Host-auth0")).is_none());
        assert!(open(&keyring, &current, &sealed("")).is_none());
        assert!(open(&keyring, &current, &sealed("__Host-auth0_8443")).is_none());
    }
}
