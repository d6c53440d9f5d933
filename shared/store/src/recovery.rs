//! Writes whose response was lost: after a failure the item itself shows whether this very request wrote it. The SDK
//! repeats a request that timed out, and the repeated write then fails on the condition that the first one invalidated.

use ratchet_domain::{
    code::AuthorizationCode,
    device::{Approval, DeviceGrant, DeviceState},
    ids::DeviceId,
};

use super::{
    CodeExchange, DeviceExchange, Store,
    error::{CommitError, StoreError},
};

/// A write that did not happen, or that another request made first.
#[derive(Debug)]
pub struct NotCommitted<T> {
    /// The reason why this request's write is not in the table.
    pub failure: CommitError,
    /// The item after the failure; `None` if it is gone or could not be read.
    pub found: Option<T>,
}

impl<T> From<StoreError> for NotCommitted<T> {
    fn from(error: StoreError) -> Self {
        Self {
            failure: error.into(),
            found: None,
        }
    }
}

impl<T> From<NotCommitted<T>> for CommitError {
    fn from(not_committed: NotCommitted<T>) -> Self {
        not_committed.failure
    }
}

/// Decides about a failed write: it is a success if the item contains what this request wrote.
pub(super) fn recover<T>(
    failure: CommitError,
    found: Option<T>,
    is_own_write: impl FnOnce(&T) -> bool,
) -> Result<(), NotCommitted<T>> {
    if found.as_ref().is_some_and(is_own_write) {
        Ok(())
    } else {
        Err(NotCommitted { failure, found })
    }
}

impl Store {
    /// Exchanges a code as [`Self::commit_code`] does. The code is read again after a failure.
    pub async fn exchange_code(
        &self,
        exchange: CodeExchange<'_>,
    ) -> Result<(), NotCommitted<AuthorizationCode>> {
        let Err(failure) = self.commit_code(exchange).await else {
            return Ok(());
        };
        let found = self.load_code(exchange.user_id, exchange.code_id).await?;
        recover(failure, found, |code| {
            code.was_redeemed_by(exchange.redeemed.by)
        })
    }

    /// Exchanges a device code as [`Self::commit_device_exchange`] does. The device is read again after a failure.
    pub async fn exchange_device_code(
        &self,
        exchange: DeviceExchange<'_>,
    ) -> Result<(), NotCommitted<DeviceGrant>> {
        let Err(failure) = self.commit_device_exchange(exchange).await else {
            return Ok(());
        };
        let found = self.load_device(exchange.device_id).await?;
        recover(failure, found, |device| {
            let redeemed = exchange.next.redeemed();
            redeemed.is_some_and(|redeemed| device.was_redeemed_by(redeemed.by))
        })
    }

    /// Approves a waiting device. The device is read again after a failure: one that was approved in the same session
    /// counts as approved by this request.
    pub async fn approve_device(
        &self,
        id: DeviceId,
        current: &DeviceGrant,
        approval: Approval,
    ) -> Result<(), CommitError> {
        let session_id = approval.session_id.clone();
        let approved = DeviceState::Approved(approval);
        let Err(failure) = self.commit_device(id, current, &approved).await else {
            return Ok(());
        };
        let found = self.load_device(id).await?;
        Ok(recover(failure, found, |device| {
            device.was_approved_in(&session_id)
        })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_succeeded_if_the_stored_item_is_the_callers() {
        let lost = || StoreError::Unavailable("timed out".to_owned()).into();
        assert!(recover(lost(), Some(1), |found| *found == 1).is_ok());
        for (found, failure) in [
            (Some(2), lost()),
            (None, lost()),
            (Some(2), CommitError::Conflict),
        ] {
            let text = failure.to_string();
            let not_committed = recover(failure, found, |found| *found == 1).unwrap_err();
            assert_eq!(not_committed.found, found);
            assert_eq!(not_committed.failure.to_string(), text);
        }
    }
}
