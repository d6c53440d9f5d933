//! `/activate` (RFC 8628 section 3.3, [Auth0's device flow]): a person types or scans the code that a
//! device shows, confirms it, logs in, consents where that is due, and the device is connected.
//!
//! [Auth0's device flow]: https://auth0.com/docs/get-started/authentication-and-authorization-flow/device-authorization-flow

pub(crate) mod activate;
pub(crate) mod confirm;
pub(crate) mod mark;
pub(crate) mod resume;

use http::StatusCode;
use shared::{
    adapters::dynamo::CommitError,
    domain::{
        denial::Denial,
        device::{Activation, DeviceState},
    },
    http::Response,
    telemetry::event,
};

use crate::{
    pages::{DeviceDeclinedPage, DeviceOverPage, FormLeads},
    screen::Screen,
    visit::Visit,
};

/// Tells the device no, and the person so. A person who says no twice has said no.
pub(crate) async fn decline(
    visit: &Visit<'_>,
    activation: &Activation,
) -> Result<Response, Denial> {
    let id = activation.device_id;
    let load = || visit.app.store.load_device(id);
    let mut device = load().await?;
    if let Some(open) = device
        .as_ref()
        .filter(|device| device.is_open(visit.at.now))
    {
        let declined = DeviceState::Declined;
        match visit.app.store.commit_device(id, open, &declined).await {
            Ok(()) | Err(CommitError::Conflict) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
        // A conflict may be a write of our own whose answer was lost.
        device = load().await?;
    }
    if !device.is_some_and(|device| device.state == DeviceState::Declined) {
        return Ok(over(visit, activation).await);
    }
    tracing::info!(
        r#type = event::DEVICE_DECLINED,
        client_id = %activation.client_id,
        device_id = %id,
    );
    let screen = Screen::new(visit).await;
    let html = DeviceDeclinedPage {
        branding: screen.branding(),
        nonce: &screen.nonce,
    }
    .render();
    Ok(screen.page(StatusCode::OK, html, FormLeads::Here))
}

/// The page for a code that was settled or expired while its pages were open.
async fn over(visit: &Visit<'_>, activation: &Activation) -> Response {
    tracing::warn!(
        r#type = event::DEVICE_ACTIVATION_FAILED,
        client_id = %activation.client_id,
        device_id = %activation.device_id,
        reason = "the code is no longer valid",
    );
    let screen = Screen::new(visit).await;
    let html = DeviceOverPage {
        branding: screen.branding(),
        nonce: &screen.nonce,
    }
    .render();
    screen.page(StatusCode::BAD_REQUEST, html, FormLeads::Here)
}
