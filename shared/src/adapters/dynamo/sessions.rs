//! Browser sessions.

use super::{
    Store,
    error::{CommitError, StoreError},
    item::{millis, send_update, to_item},
    keys::Key,
};
use crate::domain::{
    ids::{SessionId, UserId},
    session::Session,
};

impl Store {
    /// Creates or replaces a session.
    pub async fn put_session(&self, id: SessionId, session: &Session) -> Result<(), StoreError> {
        let key = Key::session(&session.user_id, id);
        self.put_item(to_item(&key, session, Some(session.expires_at))?)
            .await
    }

    /// Moves the idle end of a session that is still there; one that was ended meanwhile stays so.
    pub async fn touch_session(&self, id: SessionId, session: &Session) -> Result<(), StoreError> {
        let update = self
            .update(&Key::session(&session.user_id, id))
            .update_expression("SET idle_expires_at = :idle")
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_values(":idle", millis(session.idle_expires_at));
        match send_update(update).await {
            Ok(()) | Err(CommitError::Conflict) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// A session by its id.
    pub async fn load_session(
        &self,
        user: &UserId,
        id: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        self.load(&Key::session(user, id)).await
    }

    /// Removes a session.
    pub async fn delete_session(&self, user: &UserId, id: SessionId) -> Result<(), StoreError> {
        self.delete_item(&Key::session(user, id)).await
    }
}
