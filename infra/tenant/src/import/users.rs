//! Importing users. A user is written on condition that nothing has changed since it was read, and is read again
//! otherwise.

use ratchet_domain::{ids::UserId, password_hash::PasswordHash, time::Timestamp, user::User};
use ratchet_keys::password::{self, PasswordHashError, Verification};
use ratchet_store::{CommitError, LoginRecord, PasswordNow, Store, StoreError, UserChange};
use ratchet_system::random;

use crate::{
    import::{
        destination::{Destination, Evictions},
        error::ImportError,
    },
    model::{Access, Password, UserEntry},
};

/// Attempts at a user that changes meanwhile.
const ATTEMPTS: usize = 4;

/// Creates a user, or updates an existing one to the file.
pub(crate) async fn import_user<E: Evictions>(
    entry: &UserEntry,
    to: &Destination<'_, E>,
) -> Result<(), ImportError> {
    for _ in 0..ATTEMPTS {
        match try_import_user(entry, to).await {
            Err(Stopped::Changed) => {}
            Err(Stopped::Failed(error)) => return Err(error),
            Ok(()) => return Ok(()),
        }
    }
    Err(ImportError::NameTaken {
        user: name_of(entry),
    })
}

/// Reasons why a user was not imported.
enum Stopped {
    /// The user has changed since it was read, or another user has one of the names.
    Changed,
    Failed(ImportError),
}

impl<E: Into<ImportError>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

async fn try_import_user<E: Evictions>(
    entry: &UserEntry,
    to: &Destination<'_, E>,
) -> Result<(), Stopped> {
    let now = to.clock.now();
    let before = load_before(entry, to.store).await?;
    let user = merge(entry, before.as_ref().map(|before| &before.user), now);
    let (password_hash, is_same) =
        password_hash(&entry.password, before.as_ref()).map_err(|source| {
            ImportError::Password {
                user: name_of(entry),
                source,
            }
        })?;
    let rehashed_from = before.as_ref().and_then(|before| {
        let kept = before.password_hash == password_hash;
        before.rehashed_from.clone().filter(|_| kept)
    });
    let record = LoginRecord {
        user,
        password_hash,
        rehashed_from,
        revision: before.as_ref().map_or(0, |before| before.revision),
    };
    if before.as_ref() == Some(&record) {
        return Ok(());
    }
    let password = if is_same {
        PasswordNow::Same
    } else {
        let settings = to.store.load_settings().await?.unwrap_or_default();
        PasswordNow::Other(settings.refresh_tokens_on_password_change)
    };
    let change = UserChange { now, password };
    let user = match to.store.put_user(&record, before.as_ref(), change).await {
        Ok(user) => user,
        Err(CommitError::Conflict) => return Err(Stopped::Changed),
        Err(CommitError::Store(error)) => return Err(error.into()),
    };
    if before.is_some_and(|before| before.user.valid_from != user.valid_from) && !user.blocked {
        to.evictions.password_changed(&user, now).await?;
    }
    Ok(())
}

/// The user's name for the operator: the id in the file, or else the first login name.
fn name_of(entry: &UserEntry) -> String {
    match &entry.user_id {
        Some(id) => id.to_string(),
        None => {
            let names = entry.profile.login_names();
            names.into_iter().next().unwrap_or_default()
        }
    }
}

/// The user in the table. A user whose id the file does not give is found by login name, so that users who were
/// created by other means are not created twice.
async fn load_before(entry: &UserEntry, store: &Store) -> Result<Option<LoginRecord>, StoreError> {
    if let Some(id) = &entry.user_id {
        return store.load_user(id).await;
    }
    for name in entry.profile.login_names() {
        if let Some(record) = store.load_login(&entry.connection, &name).await? {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// The file's user, with stored values for fields that the file leaves out.
fn merge(entry: &UserEntry, before: Option<&User>, now: Timestamp) -> User {
    let mut user = before.map_or_else(|| new_user(entry, now), User::clone);
    user.connection.clone_from(&entry.connection);
    user.profile.clone_from(&entry.profile);
    replace(&mut user.user_id, entry.user_id.as_ref());
    replace(&mut user.blocked, entry.blocked.as_ref());
    replace(&mut user.app_metadata, entry.app_metadata.as_ref());
    replace(&mut user.user_metadata, entry.user_metadata.as_ref());
    replace(&mut user.attributes, entry.attributes.as_ref());
    replace(&mut user.identities, entry.identities.as_ref());
    if let Some(Access { roles, permissions }) = &entry.access {
        user.roles.clone_from(roles);
        user.permissions.clone_from(permissions);
    }
    replace(&mut user.created_at, entry.created_at.as_ref());
    match entry.updated_at {
        Some(updated_at) => user.updated_at = updated_at,
        None if before.is_some_and(|before| user != *before) => user.updated_at = now,
        None => {}
    }
    user
}

/// A user who is not in the table yet.
fn new_user(entry: &UserEntry, now: Timestamp) -> User {
    // The id is random: the login name may have belonged to another user before.
    let id = UserId::from_random(random());
    User::new(id, entry.connection.clone(), entry.profile.clone(), now)
}

fn replace<T: Clone>(field: &mut T, given: Option<&T>) {
    if let Some(given) = given {
        field.clone_from(given);
    }
}

/// The hash to store, and true if it is of the stored password. The stored hash stays unless the file brings
/// another password.
fn password_hash(
    password: &Password,
    before: Option<&LoginRecord>,
) -> Result<(Option<PasswordHash>, bool), PasswordHashError> {
    let old = before.and_then(|before| before.password_hash.as_ref());
    match (password, old) {
        (Password::Absent, old) => Ok((old.cloned(), true)),
        (Password::Hash(hash), Some(old)) if is_known(hash, before) => {
            Ok((Some(old.clone()), true))
        }
        (Password::Hash(hash), _) => Ok((Some(hash.clone()), false)),
        (Password::Plain(password), old) => {
            let shown = old.map(|old| password::verify(old, password));
            if let (Some(Verification::Match), Some(old)) = (shown, old) {
                return Ok((Some(old.clone()), true));
            }
            let hash = password::hash(password, random())?;
            Ok((Some(hash), shown == Some(Verification::MatchOutdated)))
        }
    }
}

/// True if the hash is the stored one, or the one that a login replaced with it.
fn is_known(hash: &PasswordHash, before: Option<&LoginRecord>) -> bool {
    before.is_some_and(|before| {
        before.password_hash.as_ref() == Some(hash)
            || before.rehashed_from == Some(hash.fingerprint())
    })
}
