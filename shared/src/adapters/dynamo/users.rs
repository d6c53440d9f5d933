//! Users, how they log in, and the one read that a refresh makes.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{
    Delete, KeysAndAttributes, Put, ReturnConsumedCapacity, TransactWriteItem, Update,
};
use serde::{Deserialize, Serialize};

use super::{
    Store,
    error::{CommitError, Item, StoreError, failed_on_condition},
    family_item,
    item::{from_item, send_update, text, to_item, units},
    keys::{Key, PK, SK},
    login_stats,
};
use crate::{
    domain::{
        family::Family,
        ids::{ConnectionName, FamilyId, UserId},
        user::{LoginName, User},
    },
    password::PasswordHash,
    telemetry::cost,
};

/// What a refresh needs to decide.
#[derive(Debug)]
pub struct RefreshState {
    /// The family, if the store still has it.
    pub family: Option<Family>,
    /// Its user, if there still is one.
    pub user: Option<User>,
}

/// A user with what is needed to log in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoginRecord {
    /// The user.
    pub user: User,
    /// The password's hash; `None` for a user who cannot log in with one.
    pub password_hash: Option<PasswordHash>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct LoginItem {
    pub(super) user_id: UserId,
}

/// The names that a user is stored under, those from before names were composed among them.
fn all_login_names(user: &User) -> BTreeSet<String> {
    let mut names = BTreeSet::from_iter(user.login_names());
    names.extend(user.uncomposed_login_names());
    names
}

impl Store {
    /// Family and user of a refresh token, in one strongly consistent round trip.
    pub async fn load_refresh_state(
        &self,
        user: &UserId,
        family: FamilyId,
    ) -> Result<RefreshState, StoreError> {
        let (family_key, profile_key) = (Key::family(user, family), Key::profile(user));
        let keys = KeysAndAttributes::builder()
            .keys(family_key.to_item())
            .keys(profile_key.to_item())
            .consistent_read(true)
            .build()
            .map_err(|e| StoreError::Refused(e.to_string()))?;
        let output = self
            .client
            .batch_get_item()
            .request_items(&self.table, keys)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        cost::read(
            output
                .consumed_capacity()
                .iter()
                .map(|capacity| units(Some(capacity)))
                .sum(),
        );
        // A batch that was throttled in part answers in part.
        if output
            .unprocessed_keys()
            .is_some_and(|keys| !keys.is_empty())
        {
            return Err(StoreError::Unavailable(
                "a read was throttled in part".to_owned(),
            ));
        }
        let mut state = RefreshState {
            family: None,
            user: None,
        };
        for item in output
            .responses
            .unwrap_or_default()
            .remove(&self.table)
            .unwrap_or_default()
        {
            if is(&item, &family_key) {
                state.family = Some(family_item::from_item(&item)?);
            } else if is(&item, &profile_key) {
                state.user = Some(login_record(&profile_key, item)?.user);
            }
        }
        Ok(state)
    }

    /// A user by id.
    pub async fn load_user(&self, user: &UserId) -> Result<Option<LoginRecord>, StoreError> {
        let key = Key::profile(user);
        self.load_item(&key)
            .await?
            .map(|item| login_record(&key, item))
            .transpose()
    }

    /// A user by the name or e-mail address typed into the login page.
    pub async fn load_login(
        &self,
        connection: &ConnectionName,
        name: &str,
    ) -> Result<Option<LoginRecord>, StoreError> {
        let Some(name) = LoginName::parse(name) else {
            return Ok(None);
        };
        match self.load_login_item(connection, &name).await? {
            Some(login) => self.load_user(&login.user_id).await,
            None => Ok(None),
        }
    }

    /// Creates or replaces a user with the names it logs in under, all at once. A conflict says that
    /// one of the names belongs to another user. Another password ends the blocks after failed logins.
    /// The count of the user's logins stays what it is.
    pub async fn put_user(&self, record: &LoginRecord) -> Result<(), CommitError> {
        let user = &record.user;
        let names = user.login_names();
        let before = self.load_user(&user.user_id).await?;
        let mut writes = vec![self.transact_profile(record)?];
        for name in &names {
            let login = LoginItem {
                user_id: user.user_id.clone(),
            };
            let item = to_item(&Key::login(&user.connection, name), &login, None)?;
            writes.push(self.transact_put(item, &user.user_id)?);
        }
        let old = before.iter().flat_map(|before| {
            all_login_names(&before.user)
                .into_iter()
                .map(|name| (&before.user.connection, name))
        });
        for (connection, name) in old {
            if connection != &user.connection || !names.contains(&name) {
                let key = Key::login(connection, &name).to_item();
                let delete = Delete::builder()
                    .table_name(&self.table)
                    .set_key(Some(key))
                    .build()
                    .map_err(|e| StoreError::Refused(e.to_string()))?;
                writes.push(TransactWriteItem::builder().delete(delete).build());
            }
        }
        self.transact(writes).await?;
        if let Some(before) = before
            && before.password_hash != record.password_hash
        {
            for name in &names {
                self.clear_failures(&user.connection, name).await?;
            }
        }
        Ok(())
    }

    /// Replaces the password's hash if it is still the one that was read.
    pub async fn commit_password_hash(
        &self,
        record: &LoginRecord,
        hash: &PasswordHash,
    ) -> Result<(), StoreError> {
        let before = record
            .password_hash
            .as_ref()
            .map_or("", PasswordHash::as_str);
        let update = self
            .update(&Key::profile(&record.user.user_id))
            .update_expression("SET password_hash = :after")
            .condition_expression("password_hash = :before")
            .expression_attribute_values(":after", text(hash.as_str()))
            .expression_attribute_values(":before", text(before));
        match send_update(update).await {
            // Whoever changed it meanwhile knew better.
            Ok(()) | Err(CommitError::Conflict) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// Removes a user and the names it logs in under. Tokens, sessions and grants of the user stay
    /// where they are and are refused from now on, because the user is gone.
    pub async fn delete_user(&self, user: &User) -> Result<(), StoreError> {
        for name in all_login_names(user) {
            self.delete_item(&Key::login(&user.connection, &name))
                .await?;
        }
        self.delete_item(&Key::profile(&user.user_id)).await
    }

    /// An update, because a put would take what is counted beside the profile with it.
    fn transact_profile(&self, record: &LoginRecord) -> Result<TransactWriteItem, StoreError> {
        let key = Key::profile(&record.user.user_id);
        let mut written = to_item(&key, record, None)?;
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.to_item()))
            .expression_attribute_names("#user", "user");
        let mut expression = "SET #user = :user".to_owned();
        match written.remove("password_hash") {
            Some(hash) => {
                expression.push_str(", password_hash = :hash");
                update = update.expression_attribute_values(":hash", hash);
            }
            None => expression.push_str(" REMOVE password_hash"),
        }
        if let Some(user) = written.remove("user") {
            update = update.expression_attribute_values(":user", user);
        }
        let update = update
            .update_expression(expression)
            .build()
            .map_err(|e| StoreError::Refused(e.to_string()))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn transact_put(&self, item: Item, owner: &UserId) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(PK) OR user_id = :owner")
            .expression_attribute_values(":owner", text(owner.as_str()))
            .build()
            .map_err(|e| StoreError::Refused(e.to_string()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Writes all or nothing; a conflict says that a condition did not hold.
    pub(super) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<(), CommitError> {
        let result = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match result {
            Ok(output) => {
                let capacity = output.consumed_capacity().iter();
                cost::wrote(capacity.map(|capacity| units(Some(capacity))).sum());
                Ok(())
            }
            Err(error) => {
                use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
                match error.as_service_error() {
                    Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                        if failed_on_condition(cancelled.cancellation_reasons()) {
                            Err(CommitError::Conflict)
                        } else {
                            Err(StoreError::Unavailable("transaction cancelled".to_owned()).into())
                        }
                    }
                    _ => Err(StoreError::from(error).into()),
                }
            }
        }
    }
}

/// A user with the logins that are counted beside it, from the one item that both lie in.
pub(super) fn login_record(key: &Key, mut item: Item) -> Result<LoginRecord, StoreError> {
    let counted = login_stats::FIELDS
        .into_iter()
        .filter_map(|name| item.remove_entry(name))
        .collect();
    let mut record: LoginRecord = from_item(key, item)?;
    record.user.stats = from_item(key, counted)?;
    Ok(record)
}

fn is(item: &Item, key: &Key) -> bool {
    item.get(PK).and_then(|pk| pk.as_s().ok()) == Some(&key.pk)
        && item.get(SK).and_then(|sk| sk.as_s().ok()) == Some(&key.sk)
}
