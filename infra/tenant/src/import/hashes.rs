//! Recording which kinds of password hashes a tenant's users have. A rejected login computes hashes of the same
//! kinds for every user. Kinds are recorded before users are written, so that no user has a hash of an unrecorded
//! kind. A kind stays recorded after its last user has logged in and has a hash of ours.

use ratchet_domain::hash_kind::HashKinds;
use ratchet_store::{CommitError, Store};

use crate::{
    import::error::ImportError,
    model::{Password, Tenant},
};

/// Attempts at the record while other imports change it.
const TRIES: usize = 5;

/// Adds the file's kinds to the record. This is the first step of an import: a table without settings has no users.
pub(crate) async fn record_password_hashes(
    tenant: &Tenant,
    store: &Store,
) -> Result<(), ImportError> {
    for _ in 0..TRIES {
        let settings = store.load_settings().await?;
        let recorded = settings
            .as_ref()
            .and_then(|settings| settings.password_hashes.as_ref());
        let before = match (&settings, recorded) {
            (_, Some(recorded)) => recorded.clone(),
            (Some(_), None) => HashKinds::unrecorded(),
            (None, None) => HashKinds::default(),
        };
        let kinds = tenant
            .users
            .iter()
            .filter_map(|entry| match &entry.password {
                Password::Hash(hash) => hash.kind(),
                _ => None,
            });
        let next = kinds.fold(before, HashKinds::with);
        if recorded == Some(&next) {
            return Ok(());
        }
        match store.commit_password_hashes(recorded, &next).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(ImportError::PasswordHashesOvertaken)
}
