//! Creation, replacement and deletion of users. Every write of a profile requires that the profile is still as it was
//! read: two concurrent imports can neither create two users with one name, nor undo a block, an eviction or a password
//! change that they have not seen.

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update, builders::UpdateBuilder,
};
use ratchet_domain::{
    brute_force::Guessed,
    ids::UserId,
    password_hash::PasswordHash,
    time::Timestamp,
    user::User,
    valid_from::{Epoch, Eviction, RefreshTokensThen, ValidFrom},
};

use super::{
    Store,
    error::{CommitError, Item, StoreError},
    item::{millis, send_update, text, to_item},
    keys::{Key, REFRESH_TOKENS_FROM, SESSIONS_FROM},
    user_conditions::{unchanged, unmoved},
    users::{LoginItem, LoginRecord, all_login_names},
};

/// The effects of a write of a user beyond the profile.
#[derive(Debug, Clone, Copy)]
pub struct UserChange {
    /// Time of the write.
    pub now: Timestamp,
    /// Effect on the password.
    pub password: PasswordNow,
}

/// Effect of a write on a user's password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordNow {
    /// It stays the same, though its hash may change.
    Same,
    /// It is replaced or removed.
    Other(RefreshTokensThen),
}

impl Store {
    /// Creates a user, or replaces the one that was read as `before`, together with its login names, in one
    /// transaction, and returns the stored user. A conflict means that the user has changed since it was read, or that
    /// another user has one of the names.
    ///
    /// Another password ends the blocks after failed logins. It also ends the sessions and, unless they are to stay,
    /// the refresh tokens; blocking ends the sessions. `valid_from` stays the same otherwise, as does the count of
    /// logins.
    pub async fn put_user(
        &self,
        record: &LoginRecord,
        before: Option<&LoginRecord>,
        change: UserChange,
    ) -> Result<User, CommitError> {
        let user = &record.user;
        let names = user.login_names();
        let (valid_from, mut writes) = match before {
            Some(before) => {
                let valid_from = valid_from_after(before, record, change);
                let write = self.replacement(before, record, &valid_from)?;
                (valid_from, vec![write])
            }
            None => self.creation(record, change.now).await?,
        };
        for name in &names {
            let login = LoginItem {
                user_id: user.user_id.clone(),
            };
            let item = to_item(&Key::login(&user.connection, name), &login, None)?;
            writes.push(self.transact_put(item, &user.user_id)?);
        }
        if let Some(before) = before {
            for name in all_login_names(&before.user) {
                if before.user.connection != user.connection || !names.contains(&name) {
                    let key = Key::login(&before.user.connection, &name);
                    writes.push(self.transact_delete_login(&key, &user.user_id)?);
                }
            }
        }
        self.transact(writes).await?;
        if before.is_some() && change.password != PasswordNow::Same {
            self.clear_failures(&Guessed::User(user.user_id.clone()))
                .await?;
        }
        Ok(User {
            valid_from,
            ..user.clone()
        })
    }

    /// Replaces the password's hash if it is still the one that was read: the password stays the same.
    pub async fn commit_password_hash(
        &self,
        record: &LoginRecord,
        hash: &PasswordHash,
    ) -> Result<(), StoreError> {
        let Some(before) = &record.password_hash else {
            return Ok(());
        };
        let update = self
            .update(&Key::profile(&record.user.user_id))
            .update_expression(
                "SET password_hash = :after, rehashed_from = if_not_exists(rehashed_from, :from)",
            )
            .condition_expression("password_hash = :before")
            .expression_attribute_values(":after", text(hash.as_str()))
            .expression_attribute_values(":before", text(before.as_str()))
            .expression_attribute_values(":from", text(before.fingerprint()));
        // The hash that another request has stored meanwhile takes precedence.
        CommitError::written(send_update(update).await).map(drop)
    }

    /// Deletes the user that was read, with its login names, in one transaction. The user's sessions and tokens stay
    /// stored but are invalid: there is no user, and a user created again under this id has a later epoch. A conflict
    /// means that the user has changed since it was read.
    pub(super) async fn remove_user(
        &self,
        record: &LoginRecord,
        now: Timestamp,
    ) -> Result<Epoch, CommitError> {
        let user = &record.user;
        let user_id = &user.user_id;
        let epoch = user.valid_from.at_deletion(now);
        let (condition, values) = unmoved(&user.valid_from);
        let revision = unchanged(record);
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(Key::profile(user_id).to_item()))
            .condition_expression(format!(
                "attribute_exists(PK) AND {revision} AND {condition}"
            ))
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":revision", number(record.revision))
            .build()
            .map_err(refused)?;
        let mut tombstone = Key::tombstone(user_id).to_item();
        tombstone.insert(VALID_FROM.to_owned(), millis(epoch.begin()));
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(tombstone))
            .build()
            .map_err(refused)?;
        let mut writes = vec![
            TransactWriteItem::builder().delete(delete).build(),
            TransactWriteItem::builder().put(put).build(),
        ];
        for name in all_login_names(user) {
            let key = Key::login(&user.connection, &name);
            writes.push(self.transact_delete_login(&key, user_id)?);
        }
        self.transact(writes).await?;
        Ok(epoch)
    }

    /// The parts of a transaction that create a user: in a later epoch than the last deletion of that id, if there was
    /// one.
    async fn creation(
        &self,
        record: &LoginRecord,
        now: Timestamp,
    ) -> Result<(ValidFrom, Vec<TransactWriteItem>), StoreError> {
        let key = Key::tombstone(&record.user.user_id);
        let deleted: Option<Tombstone> = self.load(&key).await?;
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(key.to_item()));
        let check = match &deleted {
            None => check.condition_expression("attribute_not_exists(PK)"),
            Some(deleted) => check
                .condition_expression("valid_from = :seen")
                .expression_attribute_values(":seen", millis(deleted.valid_from.begin())),
        };
        let check = check.build().map_err(refused)?;
        let valid_from = ValidFrom::created(now, deleted.map(|deleted| deleted.valid_from));
        let profile = self
            .profile(record, &valid_from, "")?
            .condition_expression("attribute_not_exists(PK)")
            .build()
            .map_err(refused)?;
        let writes = vec![
            TransactWriteItem::builder().update(profile).build(),
            TransactWriteItem::builder().condition_check(check).build(),
        ];
        Ok((valid_from, writes))
    }

    fn replacement(
        &self,
        before: &LoginRecord,
        record: &LoginRecord,
        valid_from: &ValidFrom,
    ) -> Result<TransactWriteItem, StoreError> {
        let (condition, values) = unmoved(&before.user.valid_from);
        let next = "ADD revision :one";
        let mut update = self
            .profile(record, valid_from, next)?
            .expression_attribute_values(":one", number(1));
        for (name, value) in values {
            update = update.expression_attribute_values(name, value);
        }
        let hash = match &before.password_hash {
            None => "attribute_not_exists(password_hash)",
            Some(hash) => {
                update = update.expression_attribute_values(":hash_before", text(hash.as_str()));
                "password_hash = :hash_before"
            }
        };
        let revision = unchanged(before);
        // The time is compared too: versions without revisions do not increase them.
        let update = update
            .condition_expression(format!(
                "attribute_exists(PK) AND {revision} AND #user.updated_at = :updated_before \
                 AND #user.blocked = :blocked_before AND {hash} AND {condition}"
            ))
            .expression_attribute_values(":revision", number(before.revision))
            .expression_attribute_values(":updated_before", millis(before.user.updated_at))
            .expression_attribute_values(
                ":blocked_before",
                AttributeValue::Bool(before.user.blocked),
            )
            .build()
            .map_err(refused)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// An update, because a put would delete the counts beside the profile.
    fn profile(
        &self,
        record: &LoginRecord,
        valid_from: &ValidFrom,
        also: &str,
    ) -> Result<UpdateBuilder, StoreError> {
        let key = Key::profile(&record.user.user_id);
        let mut written = to_item(&key, record, None)?;
        let (mut sets, mut removes) = (Vec::new(), Vec::new());
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.to_item()));
        for name in ["user", "password_hash", "rehashed_from"] {
            // `user` is a reserved word.
            update = update.expression_attribute_names(format!("#{name}"), name);
            match written.remove(name) {
                Some(value) => {
                    sets.push(format!("#{name} = :{name}"));
                    update = update.expression_attribute_values(format!(":{name}"), value);
                }
                None => removes.push(format!("#{name}")),
            }
        }
        for (name, epoch) in [
            (SESSIONS_FROM, valid_from.sessions),
            (REFRESH_TOKENS_FROM, valid_from.refresh_tokens),
        ] {
            // A user from before there were epochs stays in the earliest one.
            if !epoch.is_earliest() {
                sets.push(format!("{name} = :{name}"));
                update =
                    update.expression_attribute_values(format!(":{name}"), millis(epoch.begin()));
            }
        }
        let mut expression = format!("SET {}", sets.join(", "));
        if !removes.is_empty() {
            expression = format!("{expression} REMOVE {}", removes.join(", "));
        }
        Ok(update.update_expression(format!("{expression} {also}").trim_end()))
    }

    fn transact_put(&self, item: Item, owner: &UserId) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(FREE_OR_OWN)
            .expression_attribute_values(":owner", text(owner.as_str()))
            .build()
            .map_err(refused)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn transact_delete_login(
        &self,
        key: &Key,
        owner: &UserId,
    ) -> Result<TransactWriteItem, StoreError> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(key.to_item()))
            .condition_expression(FREE_OR_OWN)
            .expression_attribute_values(":owner", text(owner.as_str()))
            .build()
            .map_err(refused)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}

/// The condition that a login name is free or the user's own.
const FREE_OR_OWN: &str = "attribute_not_exists(PK) OR user_id = :owner";

/// Attribute with the epoch in which a tombstone's user was deleted.
const VALID_FROM: &str = "valid_from";

/// The trace of a deleted user.
#[derive(serde::Deserialize)]
struct Tombstone {
    valid_from: Epoch,
}

fn valid_from_after(before: &LoginRecord, after: &LoginRecord, change: UserChange) -> ValidFrom {
    let mut valid_from = before.user.valid_from;
    if let PasswordNow::Other(then) = change.password {
        valid_from = valid_from.after(Eviction::PasswordChanged(then), change.now);
    }
    if after.user.blocked && !before.user.blocked {
        valid_from = valid_from.after(Eviction::Blocked, change.now);
    }
    valid_from
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
fn refused(error: aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Refused(error.to_string())
}
