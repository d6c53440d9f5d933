//! Creation, replacement and deletion of users. Every write of a profile requires that the profile is still as it was
//! read: two concurrent imports can neither create two users with one name, nor undo a block, an eviction or a password
//! change that they have not seen.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
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
    calls::send_update,
    error::{CommitError, Item, StoreError},
    item::{millis, text, to_item},
    keys::Key,
    profile_writes::{number, refused},
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
