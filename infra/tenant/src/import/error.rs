//! Errors of an import.

use ratchet_domain::error::Error;
use ratchet_keys::{password::PasswordHashError, sealing::SealingError};
use ratchet_store::StoreError;

/// An import that stopped half-way; importing again completes it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The store failed; sections that were written before stay written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret cannot be sealed.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// Another import replaces scripts at the same time.
    #[error("the scripts are being replaced by another import; try again")]
    ScriptsOvertaken,
    /// Another import changes clients or APIs at the same time.
    #[error("clients and APIs are being changed by another import; try again")]
    AlgorithmsOvertaken,
    /// Sessions of a user whose password has changed could not be ended; they are invalid even so.
    #[error("sessions that are over could not be ended: {0}")]
    Eviction(#[from] Error),
    /// Another import changes users at the same time.
    #[error("users are being changed by another import; try again")]
    PasswordHashesOvertaken,
    /// A password cannot be hashed.
    #[error("user {user}: {source}")]
    Password {
        /// The user's id, or else a login name.
        user: String,
        /// The error of the hash function.
        source: PasswordHashError,
    },
    /// A login name of a user belongs to another user.
    #[error("user {user}: the e-mail address or user name belongs to another user")]
    NameTaken {
        /// The user's id, or else a login name.
        user: String,
    },
}
