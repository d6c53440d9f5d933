//! Users, their logins, and the single read of a refresh.

use std::collections::BTreeSet;

use ratchet_domain::{
    family::Family,
    family_key::FamilyKey,
    ids::{ConnectionName, UserId},
    password_hash::PasswordHash,
    user::{LoginName, User},
};
use serde::{Deserialize, Serialize};

use super::{
    Store,
    error::{Item, StoreError},
    family_item,
    item::from_item,
    keys::{Key, REFRESH_TOKENS_FROM, SESSIONS_FROM},
    login_stats,
};

/// The state that decides about a refresh.
#[derive(Debug)]
pub struct RefreshState {
    /// The family, if it is still stored.
    pub family: Option<Family>,
    /// Its user, if the user still exists.
    pub user: Option<User>,
}

/// A user with the data for a login.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoginRecord {
    /// The profile, with statistics and epochs.
    pub user: User,
    /// The password's hash; `None` for a user who cannot log in with a password.
    pub password_hash: Option<PasswordHash>,
    /// The fingerprint of the imported hash that a login has replaced by one of ours: another import of it does not
    /// change the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehashed_from: Option<String>,
    /// Number of writes of the profile since its creation, as it was read; the condition of a write that depends on it.
    /// The time of the last write does not suffice: two writes may have the same time, and an import may set its own.
    #[serde(default, skip_serializing)]
    pub revision: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct LoginItem {
    pub(super) user_id: UserId,
}

/// The names under which a user is stored, including those from before names were composed.
pub(super) fn all_login_names(user: &User) -> BTreeSet<String> {
    let mut names = BTreeSet::from_iter(user.login_names());
    names.extend(user.uncomposed_login_names());
    names
}

impl Store {
    /// Family and user of a refresh token, in one strongly consistent round trip; a second one looks for a family of an
    /// earlier version. A family that began before an eviction of its user has ended.
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

/// A user with the count of its logins and its epochs, all from one item.
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
