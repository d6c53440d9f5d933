//! Browser sessions. The item of an ended session stays as long as an access token for `/userinfo` that was issued in
//! it may live.

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, ReturnValue, TransactWriteItem, Update,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use ratchet_domain::{
    consent::RestsOn,
    ids::{ClientId, SessionId, UserId},
    resource_server::ResourceServer,
    session::Session,
    time::Timestamp,
    user::User,
    valid_from::Epoch,
};

use super::{
    Store,
    calls::{send_update, sent_update},
    error::{CommitError, Item, StoreError},
    item::{Part, from_item, inconsistent, millis, seconds, to_item},
    keys::{Key, SESSION_PREFIX, TTL},
    users::login_record,
};

/// Present once a session has ended, and never removed.
const ENDED_AT: &str = "ended_at";
/// Number of sessions that end concurrently.
const CONCURRENCY: usize = 8;

/// A session and its user, if they exist.
#[derive(Debug)]
pub struct SessionState {
    /// The session, unless it has ended.
    pub session: Option<Session>,
    /// The user; `None` if deleted.
    pub user: Option<User>,
}

/// The update that stores a visit.
const TOUCH: &str = "SET idle_expires_at = :idle ADD clients :client";
/// The condition that a session has not ended.
const THERE: &str = "attribute_exists(PK) AND attribute_not_exists(ended_at)";

/// A string set, so that two concurrent logins are both recorded.
const CLIENTS: &str = "clients";

impl Store {
    /// Creates or replaces a session.
    pub async fn put_session(&self, id: SessionId, session: &Session) -> Result<(), StoreError> {
        let key = Key::session(&session.user_id, id);
        let mut item = to_item(&key, session, Some(session.expires_at))?;
        if !session.clients.is_empty() {
            item.insert(CLIENTS.to_owned(), set(&session.clients));
        }
        self.put_item(item).await
    }

    /// Moves the idle expiry of a session and adds the client of the login. A conflict means that the session has ended
    /// meanwhile, which is final.
    pub async fn touch_session(
        &self,
        id: SessionId,
        session: &Session,
        client: &ClientId,
    ) -> Result<(), CommitError> {
        let update = self
            .update(&Key::session(&session.user_id, id))
            .update_expression(TOUCH)
            .condition_expression(THERE)
            .expression_attribute_values(":idle", millis(session.idle_expires_at))
            .expression_attribute_values(":client", set([client]));
        send_update(update).await
    }

    /// [`Self::touch_session`] for a response with tokens that rest on a consent: a conflict may also mean that this
    /// very consent was withdrawn.
    pub async fn touch_session_on(
        &self,
        rests_on: &RestsOn,
        id: SessionId,
        session: &Session,
        client: &ClientId,
    ) -> Result<(), CommitError> {
        let Some(consent) = self.check_consent(rests_on)? else {
            return self.touch_session(id, session, client).await;
        };
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::session(&session.user_id, id).to_item()))
            .update_expression(TOUCH)
            .condition_expression(THERE)
            .expression_attribute_values(":idle", millis(session.idle_expires_at))
            .expression_attribute_values(":client", set([client]))
            .build()
            .map_err(|e| StoreError::Refused(e.to_string()))?;
        let update = TransactWriteItem::builder().update(update).build();
        self.transact(vec![update, consent]).await
    }

    /// Stores that the user of a session has authenticated again. A conflict means that the session has ended
    /// meanwhile, which is final, or that the user has authenticated in another request, whose browser got another
    /// cookie.
    pub async fn renew_session(
        &self,
        id: SessionId,
        current: &Session,
        renewed: &Session,
    ) -> Result<(), CommitError> {
        let unchanged = match current.renewals {
            0 => "(attribute_not_exists(renewals) OR renewals = :current)",
            _ => "renewals = :current",
        };
        let number = |value: u32| AttributeValue::N(value.to_string());
        let update = self
            .update(&Key::session(&renewed.user_id, id))
            .update_expression(
                "SET authenticated_at = :now, expires_at = :end, idle_expires_at = :idle, \
                 renewals = :next, #ttl = :ttl",
            )
            .condition_expression(format!(
                "attribute_exists(PK) AND attribute_not_exists(ended_at) AND {unchanged}"
            ))
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":current", number(current.renewals))
            .expression_attribute_values(":next", number(renewed.renewals))
            .expression_attribute_values(":now", millis(renewed.authenticated_at))
            .expression_attribute_values(":end", millis(renewed.expires_at))
            .expression_attribute_values(":idle", millis(renewed.idle_expires_at))
            .expression_attribute_values(":ttl", seconds(renewed.expires_at));
        send_update(update).await
    }

    /// A session by its id, unless it has ended.
    pub async fn load_session(
        &self,
        user: &UserId,
        id: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        let key = Key::session(user, id);
        match self.load_item(&key).await? {
            Some(item) => unended(&key, item),
            None => Ok(None),
        }
    }

    /// A session and its user, in one round trip.
    pub async fn load_session_state(
        &self,
        user: &UserId,
        id: SessionId,
    ) -> Result<SessionState, StoreError> {
        let (session_key, profile_key) = (Key::session(user, id), Key::profile(user));
        let mut state = SessionState {
            session: None,
            user: None,
        };
        for item in self.load_items(&[&session_key, &profile_key]).await? {
            if session_key.is_of(&item) {
                state.session = unended(&session_key, item)?;
            } else if profile_key.is_of(&item) {
                state.user = Some(login_record(&profile_key, item)?.user);
            }
        }
        Ok(state)
    }

    /// All sessions of a user that have not ended, including invalidated and expired ones.
    pub async fn load_sessions(&self, user: &UserId) -> Result<Vec<Session>, StoreError> {
        let sessions = self.load_sessions_by_id(user).await?;
        Ok(sessions.into_iter().map(|(_, session)| session).collect())
    }

    /// [`Self::load_sessions`] with their ids.
    pub async fn load_sessions_by_id(
        &self,
        user: &UserId,
    ) -> Result<Vec<(SessionId, Session)>, StoreError> {
        identified(self.query_user(user, SESSION_PREFIX).await?)
    }

    /// Some of a user's sessions in the order of their ids, those after `after`. At most `limit` items are read; ended
    /// sessions are omitted.
    pub async fn load_some_sessions(
        &self,
        user: &UserId,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Part<(SessionId, Session), SessionId>, StoreError> {
        let after = after.map(|id| Key::session(user, id));
        let part = self
            .query_some_of_user(user, SESSION_PREFIX, after, limit)
            .await?;
        Ok(Part {
            items: identified(part.items)?,
            next: part.next.as_ref().map(id_of).transpose()?,
        })
    }

    /// Ends a session, and returns it as it was, but only to the one caller that ended it.
    pub async fn end_session(
        &self,
        user: &UserId,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let key = Key::session(user, id);
        let forgotten = now.plus(ResourceServer::DEFAULT_TOKEN_LIFETIME);
        let update = self
            .update(&key)
            .update_expression("SET ended_at = :now, #ttl = :ttl")
            .condition_expression("attribute_exists(PK) AND attribute_not_exists(ended_at)")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":ttl", seconds(forgotten))
            .return_values(ReturnValue::AllOld);
        match sent_update(update).await {
            Ok(output) => output
                .attributes
                .map(|item| from_item(&key, item))
                .transpose(),
            Err(CommitError::Conflict) => Ok(None),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// The part of a transaction that requires that a session has not ended.
    pub(super) fn check_session(
        &self,
        user: &UserId,
        id: SessionId,
    ) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(Key::session(user, id).to_item()))
            .condition_expression("attribute_not_exists(ended_at)")
            .build()
            .map_err(|e| StoreError::Refused(e.to_string()))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// Ends the sessions of a user from other epochs than `counting`, or all of them without one, and returns them as
    /// they were.
    pub async fn end_sessions(
        &self,
        user: &UserId,
        counting: Option<Epoch>,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let sessions = self.load_sessions_by_id(user).await?;
        let doomed = sessions
            .into_iter()
            .filter(|(_, session)| counting != Some(session.valid_from))
            .map(|(id, _)| id);
        let ended: Vec<Option<Session>> = stream::iter(doomed)
            .map(|id| self.end_session(user, id, now))
            .buffer_unordered(CONCURRENCY)
            .try_collect()
            .await?;
        Ok(ended.into_iter().flatten().collect())
    }
}

/// True if the item of a session says that it has ended.
pub(super) fn is_ended(item: &Item) -> bool {
    item.contains_key(ENDED_AT)
}

fn unended(key: &Key, item: Item) -> Result<Option<Session>, StoreError> {
    if is_ended(&item) {
        return Ok(None);
    }
    from_item(key, item).map(Some)
}

/// The sessions of items that have not ended, with their ids.
fn identified(items: Vec<Item>) -> Result<Vec<(SessionId, Session)>, StoreError> {
    let mut sessions = Vec::with_capacity(items.len());
    for item in items {
        let key = Key::of_item(&item)?;
        let id = id_of(&key)?;
        sessions.extend(unended(&key, item)?.map(|session| (id, session)));
    }
    Ok(sessions)
}

fn id_of(key: &Key) -> Result<SessionId, StoreError> {
    let id = key.sk.strip_prefix(SESSION_PREFIX).unwrap_or_default();
    SessionId::parse(id).map_err(|e| inconsistent(key, e))
}

fn set<'a>(clients: impl IntoIterator<Item = &'a ClientId>) -> AttributeValue {
    AttributeValue::Ss(clients.into_iter().map(ToString::to_string).collect())
}
