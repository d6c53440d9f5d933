//! What can go wrong with the store, sorted by what the caller can do about it.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    types::AttributeValue,
};

use crate::{aws, domain::denial::Denial};

/// The store did not answer, or not with what we put into it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A passing cause: unreachable, throttled, timed out. A write may or may not have landed.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// A defect of ours or of the deployment: no such table, access denied, a bad request.
    #[error("store refused: {0}")]
    Refused(String),
    /// The request has no time left to end all the families that it was to end. What has ended stays so, and the
    /// same call goes on.
    #[error(
        "out of time after {families} families of refresh tokens have ended: the next call goes on"
    )]
    OutOfTime {
        /// How many ended.
        families: usize,
    },
    /// An item is not what we write.
    #[error("inconsistent item {key}: {reason}")]
    Inconsistent {
        /// Its primary key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A conditional write did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The item changed since it was read: read again and decide again.
    #[error("the item changed since it was read")]
    Conflict,
    /// The store failed; whether the write landed is not known.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CommitError {
    /// Whether a write happened, where a conflict is an answer and no failure.
    pub fn written(result: Result<(), Self>) -> Result<bool, StoreError> {
        match result {
            Ok(()) => Ok(true),
            Err(Self::Conflict) => Ok(false),
            Err(Self::Store(error)) => Err(error),
        }
    }
}

impl From<StoreError> for Denial {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::OutOfTime { .. } => {
                Self::Unavailable(error.to_string())
            }
            StoreError::Refused(_) | StoreError::Inconsistent { .. } => {
                Self::Internal(error.to_string())
            }
        }
    }
}

impl From<CommitError> for Denial {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict => Self::Unavailable(error.to_string()),
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
        let reason = aws::reason(&error);
        if aws::is_passing(&error) {
            Self::Unavailable(reason)
        } else {
            Self::Refused(reason)
        }
    }
}

/// Whether a cancelled transaction failed on a condition, rather than on throttling or a clash with
/// another transaction.
pub(super) fn failed_on_condition(reasons: &[aws_sdk_dynamodb::types::CancellationReason]) -> bool {
    reasons
        .iter()
        .any(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

/// An item as the SDK gives it.
pub(super) type Item = HashMap<String, AttributeValue>;
