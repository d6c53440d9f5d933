//! Recording which kinds of password hashes a tenant's users have, by which a refused login computes the same hashes
//! for every user. It happens before users are written, so that none has a hash of an unrecorded kind. A kind
//! stays recorded when the last user of it has logged in and has a hash of ours.

use ratchet_domain::hash_kind::HashKinds;
use ratchet_store::{CommitError, Store};

use crate::{
    import::error::ImportError,
    model::{Password, Tenant},
};

/// How often a record that other imports change is read again.
const TRIES: usize = 5;

/// Adds the kinds that a file brings to the record. It goes first in an import: a table without settings is one
/// without users.
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
