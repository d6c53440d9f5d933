//! Browser sessions.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::{
    Store,
    error::{CommitError, StoreError},
    item::{from_item, millis, seconds, send_update, to_item, units},
    keys::{Key, TTL},
};
use crate::{
    domain::{
        ids::{ClientId, SessionId, UserId},
        session::Session,
    },
    telemetry::cost,
};

/// A set of texts, so that two logins at once both leave their mark.
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

    /// Moves the idle end of a session and adds the application that is logged into in it. A conflict
    /// says that the session was ended meanwhile, and stays so.
    pub async fn touch_session(
        &self,
        id: SessionId,
        session: &Session,
        client: &ClientId,
    ) -> Result<(), CommitError> {
        let update = self
            .update(&Key::session(&session.user_id, id))
            .update_expression("SET idle_expires_at = :idle ADD clients :client")
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_values(":idle", millis(session.idle_expires_at))
            .expression_attribute_values(":client", set([client]));
        send_update(update).await
    }

    /// Writes down that the user of a session has proved once more who they are. A conflict says that
    /// the session was ended meanwhile, and stays so.
    pub async fn renew_session(&self, id: SessionId, session: &Session) -> Result<(), CommitError> {
        let update = self
            .update(&Key::session(&session.user_id, id))
            .update_expression(
                "SET authenticated_at = :now, expires_at = :end, idle_expires_at = :idle, #ttl = :ttl",
            )
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":now", millis(session.authenticated_at))
            .expression_attribute_values(":end", millis(session.expires_at))
            .expression_attribute_values(":idle", millis(session.idle_expires_at))
            .expression_attribute_values(":ttl", seconds(session.expires_at));
        send_update(update).await
    }

    /// A session by its id.
    pub async fn load_session(
        &self,
        user: &UserId,
        id: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        self.load(&Key::session(user, id)).await
    }

    /// Removes a session; what it was at its end, for the one caller that ended it.
    pub async fn delete_session(
        &self,
        user: &UserId,
        id: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        let key = Key::session(user, id);
        let output = self
            .delete(&key)
            .return_values(ReturnValue::AllOld)
            .send()
            .await?;
        cost::wrote(units(output.consumed_capacity()));
        output
            .attributes
            .filter(|item| !item.is_empty())
            .map(|item| from_item(&key, item))
            .transpose()
    }
}

fn set<'a>(clients: impl IntoIterator<Item = &'a ClientId>) -> AttributeValue {
    AttributeValue::Ss(clients.into_iter().map(ToString::to_string).collect())
}
