//! `/api/v2/sessions` and `/api/v2/users/{id}/sessions` ([Auth0's sessions]): lists, shows and ends a user's
//! sessions. Clients that registered for it get a logout token. Unlike Auth0, we store no addresses, user agents or
//! metadata with a session.
//!
//! [Auth0's sessions]: https://auth0.com/docs/manage-users/sessions/manage-user-sessions-with-auth0-management-api

use futures_util::future::{join_all, try_join};
use http::StatusCode;
use ratchet_core::App;
use ratchet_domain::{
    client::LogoutInitiator,
    denial::Denial,
    error::Error,
    ids::{ClientId, SessionId, UserId},
    session::Session,
    sid::Sid,
    time::Timestamp,
    user::User,
};
use ratchet_protocol::{Response, response};
use ratchet_store::Part;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    call::Call,
    paging::{Checkpoint, Listing, gather},
    refresh_tokens,
};

/// The JSON of a session.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    id: Sid,
    user_id: &'a UserId,
    created_at: String,
    authenticated_at: String,
    idle_expires_at: String,
    expires_at: String,
    clients: Vec<Client<'a>>,
    authentication: Value,
    cookie: Value,
}

#[derive(Debug, Serialize)]
struct Client<'a> {
    client_id: &'a ClientId,
}

/// The sessions of a user.
struct SessionsOf<'a> {
    app: &'a App,
    user: &'a User,
    now: Timestamp,
}

impl Listing for SessionsOf<'_> {
    type Item = (SessionId, Session);
    type Id = SessionId;

    async fn read(
        &self,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Part<Self::Item, SessionId>, Error> {
        let (store, user) = (&self.app.store, &self.user.user_id);
        Ok(store.load_some_sessions(user, after, limit).await?)
    }

    fn wants(&self, (_, session): &Self::Item) -> bool {
        session.counts(self.user, self.now)
    }

    fn id((id, _): &Self::Item) -> SessionId {
        *id
    }
}

/// `GET /api/v2/sessions/{id}`
pub(crate) async fn get(call: &mut Call<'_>) -> Result<Response, Error> {
    let (user, id) = named(call).await.ok_or(Denial::NoSuchSession)?;
    let store = &call.app.store;
    let (session, record) = try_join(store.load_session(&user, id), store.load_user(&user)).await?;
    let session = session
        .zip(record)
        .filter(|(session, record)| session.counts(&record.user, call.now))
        .map(|(session, _)| session)
        .ok_or(Denial::NoSuchSession)?;
    Ok(response::json(
        StatusCode::OK,
        &show(call.app, id, &session).await?,
    ))
}

/// `GET /api/v2/users/{id}/sessions`
pub(crate) async fn list(call: &mut Call<'_>) -> Result<Response, Error> {
    let params = call.query()?;
    let page = Checkpoint::parse(&params)?;
    let user = call.user_of_path().await?;
    let from = match page.from {
        None => None,
        Some(from) => match call.app.open_sid(from).await {
            Some((owner, id)) if owner == user.user_id => Some(id),
            _ => return Err(Checkpoint::NO_CURSOR.into()),
        },
    };
    let list = SessionsOf {
        app: call.app,
        user: &user,
        now: call.now,
    };
    let (sessions, next) = gather(&list, page.take, from).await?;
    let mut shown = Vec::with_capacity(sessions.len());
    for (id, session) in &sessions {
        shown.push(show(call.app, *id, session).await?);
    }
    let mut body = Map::new();
    body.insert("sessions".to_owned(), json!(shown));
    if let Some(next) = next {
        let cursor = call.app.sid(&user.user_id, next).await?;
        body.insert("next".to_owned(), Value::String(cursor.into()));
    }
    Ok(response::json(StatusCode::OK, &body))
}

/// `DELETE /api/v2/sessions/{id}`. Refresh tokens live on, as at Auth0.
pub(crate) async fn delete(call: &mut Call<'_>) -> Result<Response, Error> {
    let (user, id) = named(call).await.ok_or(Denial::UnknownId)?;
    let ended = end(call.app, &user, id, call.now).await?;
    call.audit.sessions = Some(usize::from(ended));
    Ok(response::empty(StatusCode::ACCEPTED))
}

/// `POST /api/v2/sessions/{id}/revoke`: also ends the refresh tokens that were issued in the session, even if the
/// session has already ended.
pub(crate) async fn revoke(call: &mut Call<'_>) -> Result<Response, Error> {
    let (user, id) = named(call).await.ok_or(Denial::UnknownId)?;
    let ended = end(call.app, &user, id, call.now).await?;
    let families =
        refresh_tokens::end(call, &user, None, |family| family.session_id == Some(id)).await?;
    call.audit.sessions = Some(usize::from(ended));
    if !ended && families == 0 {
        return Err(Denial::NoSuchSession.into());
    }
    Ok(response::empty(StatusCode::ACCEPTED))
}

/// `DELETE /api/v2/users/{id}/sessions`. Refresh tokens live on, as at Auth0.
pub(crate) async fn delete_of_user(call: &mut Call<'_>) -> Result<Response, Error> {
    let user = call.user_of_path().await?;
    end_all(call, &user.user_id).await?;
    Ok(response::empty(StatusCode::ACCEPTED))
}

/// Ends all sessions of a user and notifies their clients.
pub(crate) async fn end_all(call: &mut Call<'_>, user: &UserId) -> Result<(), Error> {
    let (app, now) = (call.app, call.now);
    let mut ended = app.store.end_sessions(user, None, now).await?;
    ended.retain(|session| session.is_live(now));
    let initiator = LogoutInitiator::SessionRevoked;
    join_all(
        ended
            .iter()
            .map(|session| app.notify_of_end(session, initiator, now)),
    )
    .await;
    call.audit.sessions = Some(ended.len());
    Ok(())
}

/// Ends a session and notifies its clients; `false` if it had already ended. The copy that was read before counts
/// only if the answer of the write was lost.
pub(crate) async fn end(
    app: &App,
    user: &UserId,
    id: SessionId,
    now: Timestamp,
) -> Result<bool, Error> {
    let before = app.store.load_session(user, id).await?;
    let ended = app.store.end_session(user, id, now).await?.or(before);
    let Some(ended) = ended.filter(|session| session.is_live(now)) else {
        return Ok(false);
    };
    app.notify_of_end(&ended, LogoutInitiator::SessionRevoked, now)
        .await;
    Ok(true)
}

/// The user and the session whose id the path names; `None` if we did not seal the id.
async fn named(call: &mut Call<'_>) -> Option<(UserId, SessionId)> {
    let sid = call.named.id();
    let (user, id) = call.app.open_sid(sid).await?;
    call.audit.session_id = Some(sid.to_owned());
    call.audit.user_id = Some(user.clone());
    Some((user, id))
}

async fn show<'a>(app: &App, id: SessionId, session: &'a Session) -> Result<Shown<'a>, Error> {
    let authenticated_at = session.authenticated_at.to_rfc3339();
    let method = json!({ "name": "pwd", "timestamp": authenticated_at });
    let mode = if app.settings().await?.persistent_session_cookie {
        "persistent"
    } else {
        "non-persistent"
    };
    Ok(Shown {
        id: app.sid(&session.user_id, id).await?,
        user_id: &session.user_id,
        created_at: session.created_at.to_rfc3339(),
        authenticated_at,
        idle_expires_at: session.idle_expires_at.to_rfc3339(),
        expires_at: session.expires_at.to_rfc3339(),
        clients: session
            .clients
            .iter()
            .map(|client_id| Client { client_id })
            .collect(),
        authentication: json!({ "methods": [method] }),
        cookie: json!({ "mode": mode }),
    })
}
