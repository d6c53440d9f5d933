//! Users, how they log in, and the one read that a refresh makes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    Store,
    error::{Item, StoreError},
    evictions::{REFRESH_TOKENS_FROM, SESSIONS_FROM},
    family_item,
    item::from_item,
    keys::Key,
    login_stats,
};
use crate::{
    domain::{
        family::Family,
        family_key::FamilyKey,
        ids::{ConnectionName, UserId},
        user::{LoginName, User},
    },
    password::PasswordHash,
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
    /// The fingerprint of the hash that was imported, if it gave way at a login to one of ours: an import that
    /// brings it again does not change the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehashed_from: Option<String>,
    /// Counts the writes of the profile since it was created, as it was read. A write that depends on what was read
    /// carries it as its condition: the time of the last write does not tell two of one moment apart, and an import
    /// may bring a time of its own.
    #[serde(default, skip_serializing)]
    pub revision: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct LoginItem {
    pub(super) user_id: UserId,
}

/// The names that a user is stored under, those from before names were composed among them.
pub(super) fn all_login_names(user: &User) -> BTreeSet<String> {
    let mut names = BTreeSet::from_iter(user.login_names());
    names.extend(user.uncomposed_login_names());
    names
}

impl Store {
    /// Family and user of a refresh token, in one strongly consistent round trip; in a second one a family that is
    /// not where its id says. A family that began before its user was put out has ended.
    pub async fn load_refresh_state(&self, family: &FamilyKey) -> Result<RefreshState, StoreError> {
        let (family_key, profile_key) = (Key::family(family), Key::profile(&family.user_id));
        let mut state = RefreshState {
            family: None,
            user: None,
        };
        for item in self.load_items(&[&family_key, &profile_key]).await? {
            if family_key.is_of(&item) {
                state.family = Some(family_item::from_item(&item)?);
            } else if profile_key.is_of(&item) {
                state.user = Some(login_record(&profile_key, item)?.user);
            }
        }
        if state.family.is_none() {
            state.family = self.load_earlier_family(family).await?;
        }
        if let Some(user) = &state.user {
            state.family = state.family.map(|family| family.under(&user.valid_from));
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
}

/// A user with the logins that are counted beside it and since when what it began counts, from the one item that all lie in.
pub(super) fn login_record(key: &Key, mut item: Item) -> Result<LoginRecord, StoreError> {
    let mut beside = |names: &[&str]| -> Item {
        let entries = names.iter().filter_map(|name| item.remove_entry(*name));
        entries.collect()
    };
    let counted = beside(&login_stats::FIELDS);
    let valid_from = beside(&[SESSIONS_FROM, REFRESH_TOKENS_FROM]);
    let mut record: LoginRecord = from_item(key, item)?;
    record.user.stats = from_item(key, counted)?;
    record.user.valid_from = from_item(key, valid_from)?;
    Ok(record)
}
