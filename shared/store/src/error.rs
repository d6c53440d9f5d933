//! Errors of the store, sorted by the caller's possible reactions.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    types::AttributeValue,
};
use ratchet_domain::error::Failure;

/// The store did not respond, or returned an item in an unexpected form.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A temporary cause: unreachable, throttled, timed out. A write may have happened.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// A defect of ours or of the deployment: a missing table, access denied, a bad request.
    #[error("store refused: {0}")]
    Refused(String),
    /// The request has no time left to end all of its families. The families that have ended stay ended, and the same
    /// call continues with the rest.
    #[error(
        "out of time after {families} families of refresh tokens have ended: the next call goes on"
    )]
    OutOfTime {
        /// Number of ended families.
        families: usize,
    },
    /// An item has an unexpected form.
    #[error("inconsistent item {key}: {reason}")]
    Inconsistent {
        /// Primary key of the item.
        key: String,
        /// The attribute or value that is unexpected; without secrets.
        reason: String,
    },
}

impl StoreError {
    /// True if the same call may succeed later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::OutOfTime { .. })
    }
}

/// A conditional write did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The item has changed since it was read: the caller reads and decides again.
    #[error("the item changed since it was read")]
    Conflict,
    /// The store failed; the write may or may not have happened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CommitError {
    /// `true` if a write happened, `false` on a conflict, for callers to whom that is a valid result.
    pub fn written(result: Result<(), Self>) -> Result<bool, StoreError> {
        match result {
            Ok(()) => Ok(true),
            Err(Self::Conflict) => Ok(false),
            Err(Self::Store(error)) => Err(error),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if error.is_passing() {
            Self::unavailable(error)
        } else {
            Self::internal(error)
        }
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict => Self::unavailable(error),
            CommitError::Store(error) => error.into(),
        }
    }
}

impl<E, R> From<SdkError<E, R>> for StoreError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        let reason = ratchet_aws::reason(&error);
        if ratchet_aws::is_passing(&error) {
            Self::Unavailable(reason)
        } else {
            Self::Refused(reason)
        }
    }
}

/// True if a cancelled transaction failed on a condition, rather than on throttling or a collision with another
/// transaction.
pub(super) fn failed_on_condition(reasons: &[aws_sdk_dynamodb::types::CancellationReason]) -> bool {
    reasons
        .iter()
        .any(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

/// An item as the SDK returns it.
pub(super) type Item = HashMap<String, AttributeValue>;
