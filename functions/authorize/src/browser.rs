//! The browser's session: which one it has, and the cookie that says so.

use http::header::SET_COOKIE;
use shared::{
    adapters::dynamo::CommitError,
    app::App,
    domain::{
        client::LogoutInitiator,
        denial::Denial,
        ids::{ClientId, SessionId, UserId},
        sealed::{Owned, Purpose},
        session::Session,
        settings::Settings,
        time::Timestamp,
    },
    http::{
        Request, Response,
        cookies::{self, Site, Stay},
    },
    system::random,
};

use crate::backchannel;

/// Auth0's name for it.
const SESSION_COOKIE: &str = "auth0";

/// A session that the browser holds and the store knows.
pub(crate) struct BrowserSession {
    pub(crate) id: SessionId,
    pub(crate) session: Session,
}

impl BrowserSession {
    /// The browser's live session, if it has one.
    pub(crate) async fn load(
        app: &App,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<Self>, Denial> {
        let Some((user_id, id)) = named(app, request).await else {
            return Ok(None);
        };
        let session = app.store.load_session(&user_id, id).await?;
        Ok(session
            .filter(|session| session.is_live(now))
            .map(|session| Self { id, session }))
    }

    /// A new session for a user who has just proved who they are. Its id is new too, so that nobody
    /// can have planted it.
    async fn begin(
        app: &App,
        user_id: &UserId,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, Denial> {
        let id = SessionId::from_bytes(random());
        let session = Session::begin(user_id.clone(), id.to_string(), settings, now);
        app.store.put_session(id, &session).await?;
        Ok(Self { id, session })
    }

    /// The session of a user who has just logged in. The browser's own goes on if it is the same user's,
    /// so that its applications still hear of its end; somebody else's ends.
    pub(crate) async fn log_in(
        app: &App,
        request: &Request,
        user_id: &UserId,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, Denial> {
        match Self::load(app, request, now).await? {
            Some(before) if before.session.user_id == *user_id => {
                let session = before.session.renewed(settings, now);
                match app.store.renew_session(before.id, &session).await {
                    Ok(()) => {
                        return Ok(Self {
                            id: before.id,
                            session,
                        });
                    }
                    // Logged out in another tab.
                    Err(CommitError::Conflict) => {}
                    Err(CommitError::Store(error)) => return Err(error.into()),
                }
            }
            Some(before) => before.end(app, now).await?,
            None => {}
        }
        Self::begin(app, user_id, settings, now).await
    }

    /// Writes down that the browser was here, and is logged into an application. `false` says that the
    /// session has ended meanwhile.
    pub(crate) async fn touch(
        &self,
        app: &App,
        client: &ClientId,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<bool, Denial> {
        let touched = self.session.touched(settings, now);
        match app.store.touch_session(self.id, &touched, client).await {
            Ok(()) => Ok(true),
            Err(CommitError::Conflict) => Ok(false),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    async fn end(&self, app: &App, now: Timestamp) -> Result<(), Denial> {
        end(app, &self.session.user_id, self.id, now).await
    }

    /// Gives the browser its cookie.
    pub(crate) async fn attach(
        &self,
        app: &App,
        settings: &Settings,
        response: &mut Response,
    ) -> Result<(), Denial> {
        let (keyring, key) = app.active_key().await;
        let owned = Owned {
            user_id: self.session.user_id.clone(),
            id: *self.id.as_bytes(),
        };
        let value = keyring.seal(key, Purpose::Session, "", random(), &owned.to_bytes())?;
        let stay = if settings.persistent_session_cookie {
            Stay::For(settings.session_lifetime)
        } else {
            Stay::Browser
        };
        let cookie = cookies::set(
            SESSION_COOKIE,
            &value,
            stay,
            Site::Any,
            app.issuer.is_https(),
        );
        if let Some(cookie) = cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        Ok(())
    }
}

/// Ends the browser's session: in the store, for its applications, and in the browser.
pub(crate) async fn end_session(
    app: &App,
    request: &Request,
    response: &mut Response,
) -> Result<Option<UserId>, Denial> {
    let ended = named(app, request).await;
    if let Some((user_id, id)) = &ended {
        end(app, user_id, *id, app.moment(request).now).await?;
    }
    let https = app.issuer.is_https();
    if let Some(cookie) = cookies::set(SESSION_COOKIE, "", Stay::Gone, Site::Any, https) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(ended.map(|(user_id, _)| user_id))
}

/// Its applications hear of it once it is a fact. What was read before counts only if the answer of the
/// removal was lost: a login meanwhile may have added to it.
async fn end(app: &App, user_id: &UserId, id: SessionId, now: Timestamp) -> Result<(), Denial> {
    let before = app.store.load_session(user_id, id).await?;
    let ended = app.store.delete_session(user_id, id).await?.or(before);
    if let Some(ended) = ended {
        backchannel::notify(app, &ended, LogoutInitiator::RpLogout, now).await;
    }
    Ok(())
}

/// The session that the cookie names.
async fn named(app: &App, request: &Request) -> Option<(UserId, SessionId)> {
    let cookie = cookies::get(request, SESSION_COOKIE)?;
    let opened = app.keyring().await.open(Purpose::Session, "", cookie)?;
    let Owned { user_id, id } = Owned::from_bytes(&opened.plaintext)?;
    Some((user_id, SessionId::from_bytes(id)))
}
