//! Devices that wait for approval (RFC 8628): the part that the function that issues the codes shares with the one to
//! which users enter them.

use ratchet_domain::{
    device::DeviceGrant,
    error::{Error, Failure},
    ids::DeviceId,
    time::Timestamp,
    user_code::{UserCode, UserCodeFormat},
};
use ratchet_store::CommitError;
use ratchet_system::random;

use super::App;

/// Label of the digests of user codes.
const USER_CODE: &str = "user-code";

/// Maximum number of user codes that are drawn before the device must try again. With a million live devices, one
/// code in 25,000 is taken.
const ATTEMPTS: usize = 5;

impl App {
    /// Stores a device under a user code that no live device has.
    pub async fn begin_device(
        &self,
        device: &DeviceGrant,
        format: &UserCodeFormat,
        now: Timestamp,
    ) -> Result<(DeviceId, UserCode), Error> {
        for _ in 0..ATTEMPTS {
            let code = format
                .draw(&random())
                .ok_or_else(|| Failure::internal("no user code could be drawn"))?;
            let id = DeviceId::from_bytes(random());
            let digest = self.user_code_digest(&code).await?;
            match self.store.put_device(id, device, &digest, now).await {
                Ok(()) => return Ok((id, code)),
                Err(CommitError::Conflict) => {}
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        Err(Failure::unavailable("no user code is free").into())
    }

    /// The device that waits under a user code.
    pub async fn find_device(
        &self,
        code: &UserCode,
        now: Timestamp,
    ) -> Result<Option<(DeviceId, DeviceGrant)>, Error> {
        let digest = self.user_code_digest(code).await?;
        let Some(id) = self.store.load_user_code(&digest, now).await? else {
            return Ok(None);
        };
        let device = self.store.load_device(id).await?;
        Ok(device
            .filter(|device| device.is_open(now))
            .map(|device| (id, device)))
    }

    /// The digest under which a user code is stored: it does not reveal the code, and does not depend on the key that
    /// seals now.
    async fn user_code_digest(&self, code: &UserCode) -> Result<String, Error> {
        let keyring = self.keyring().await;
        Ok(keyring.digest(keyring.oldest(), USER_CODE, code.as_str().as_bytes())?)
    }
}
