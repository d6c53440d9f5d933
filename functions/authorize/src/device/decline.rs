//! The user's refusal to connect a device.

use ratchet_domain::{
    device::{Activation, DeviceGrant, DeviceState},
    error::Error,
};
use ratchet_protocol::Response;
use ratchet_store::CommitError;
use ratchet_telemetry::event;

use super::ends;
use crate::visit::Visit;

/// Stores for the device's next poll that the user declined, and shows a page that says so. A user may decline twice.
pub(crate) async fn decline(visit: &Visit<'_>, activation: &Activation) -> Result<Response, Error> {
    let id = activation.device_id;
    let load = || visit.app.store.load_device(id);
    let mut device = load().await?;
    let is_open = |device: &&DeviceGrant| device.is_open(visit.now());
    if let Some(open) = device.as_ref().filter(is_open) {
        let declined = DeviceState::Declined;
        match visit.app.store.commit_device(id, open, &declined).await {
            Ok(()) | Err(CommitError::Conflict) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
        // A conflict may be a write of our own whose answer was lost.
        device = load().await?;
    }
    if !device.is_some_and(|device| device.state == DeviceState::Declined) {
        return Ok(ends::over(visit, activation).await);
    }
    tracing::info!(
        r#type = event::DEVICE_DECLINED,
        client_id = %activation.client_id,
        device_id = %id,
    );
    Ok(ends::declined(visit).await)
}
