//! Evictions of users: the epochs beside the profile. A conditional write moves them and touches only their
//! attributes, so that it neither undoes other writes nor is undone by them.

use aws_sdk_dynamodb::types::AttributeValue;
use ratchet_domain::{
    ids::UserId,
    time::Timestamp,
    user::User,
    valid_from::{Eviction, ValidFrom},
};

use super::{
    Store,
    calls::send_update,
    error::{CommitError, StoreError},
    item::millis,
    keys::{Key, REFRESH_TOKENS_FROM, SESSIONS_FROM},
    user_conditions::unmoved,
};

/// Maximum number of attempts if a profile changes concurrently.
const ATTEMPTS: usize = 8;

impl Store {
    /// Ends everything that a user began, and returns the updated user. `None` if there is no such user.
    pub async fn log_out_everywhere(
        &self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        self.evict(user, |user| {
            let valid_from = user.valid_from.after(Eviction::LoggedOut, now);
            (user.blocked, valid_from)
        })
        .await
    }

    /// Ends the user's refresh tokens and pending exchanges for one; the sessions stay valid. Returns the updated user;
    /// `None` if there is no such user.
    pub(super) async fn sign_out_grants(
        &self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        self.evict(user, |user| {
            let valid_from = user.valid_from.after(Eviction::GrantsDeleted, now);
            (user.blocked, valid_from)
        })
        .await
    }

    /// Blocks a user: nothing that the user began is valid, and after an unblock only the refresh tokens are valid
    /// again. Blocking twice changes nothing. `None` if there is no such user.
    pub async fn block_user(
        &self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        self.evict(user, |user| {
            let valid_from = if user.blocked {
                user.valid_from
            } else {
                user.valid_from.after(Eviction::Blocked, now)
            };
            (true, valid_from)
        })
        .await
    }

    /// Unblocks a user. `None` if there is no such user.
    pub async fn unblock_user(&self, user: &UserId) -> Result<Option<User>, StoreError> {
        self.evict(user, |user| (false, user.valid_from)).await
    }

    /// Deletes a user with its login names, and returns the deleted user. `None` if there is no such user.
    pub async fn delete_user(
        &self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(record) = self.load_user(user).await? else {
                return Ok(None);
            };
            match self.remove_user(&record, now).await {
                Ok(_) => return Ok(Some(record.user)),
                Err(CommitError::Conflict) => {}
                Err(CommitError::Store(error)) => return Err(error),
            }
        }
        Err(kept_changing())
    }

    async fn evict(
        &self,
        user: &UserId,
        decide: impl Fn(&User) -> (bool, ValidFrom),
    ) -> Result<Option<User>, StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(before) = self.load_user(user).await?.map(|record| record.user) else {
                return Ok(None);
            };
            let (blocked, valid_from) = decide(&before);
            let after = User {
                blocked,
                valid_from,
                ..before.clone()
            };
            if after == before {
                return Ok(Some(before));
            }
            match self.commit_eviction(&before, &after).await {
                Ok(()) => return Ok(Some(after)),
                Err(CommitError::Conflict) => {}
                Err(CommitError::Store(error)) => return Err(error),
            }
        }
        Err(kept_changing())
    }

    async fn commit_eviction(&self, before: &User, after: &User) -> Result<(), CommitError> {
        let (condition, values) = unmoved(&before.valid_from);
        let mut sets = vec!["#user.blocked = :blocked".to_owned()];
        let mut update = self.update(&Key::profile(&before.user_id));
        for (name, value) in values {
            update = update.expression_attribute_values(name, value);
        }
        for (name, epoch) in [
            (SESSIONS_FROM, after.valid_from.sessions),
            (REFRESH_TOKENS_FROM, after.valid_from.refresh_tokens),
        ] {
            if !epoch.is_earliest() {
                sets.push(format!("{name} = :{name}"));
                update =
                    update.expression_attribute_values(format!(":{name}"), millis(epoch.begin()));
            }
        }
        let update = update
            .update_expression(format!("SET {}", sets.join(", ")))
            .condition_expression(format!(
                "attribute_exists(PK) AND #user.blocked = :blocked_before AND {condition}"
            ))
            .expression_attribute_names("#user", "user")
            .expression_attribute_values(":blocked", AttributeValue::Bool(after.blocked))
            .expression_attribute_values(":blocked_before", AttributeValue::Bool(before.blocked));
        send_update(update).await
    }
}

fn kept_changing() -> StoreError {
    StoreError::Unavailable("the user kept changing".to_owned())
}
