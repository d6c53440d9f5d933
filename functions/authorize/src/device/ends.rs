//! The last pages of an activation, and the rejection of a blocked user.

use http::StatusCode;
use ratchet_domain::{denial::Denial, device::Activation};
use ratchet_protocol::Response;
use ratchet_telemetry::event;

use crate::{
    pages::{DeviceConnectedPage, DeviceDeclinedPage, DeviceOverPage, FormTarget, screen::Screen},
    visit::Visit,
};

/// The page for a code that was approved, declined or expired while its pages were open.
pub(super) async fn over(visit: &Visit<'_>, activation: &Activation) -> Response {
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
    screen.page(StatusCode::BAD_REQUEST, html, FormTarget::Here)
}

/// The page after the user has connected the device. `application` is the client's name.
pub(super) async fn connected(visit: &Visit<'_>, application: &str) -> Response {
    let screen = Screen::new(visit).await;
    let html = DeviceConnectedPage {
        branding: screen.branding(),
        nonce: &screen.nonce,
        application,
    }
    .render();
    screen.page(StatusCode::OK, html, FormTarget::Here)
}

/// The page after the user has declined.
pub(super) async fn declined(visit: &Visit<'_>) -> Response {
    let screen = Screen::new(visit).await;
    let html = DeviceDeclinedPage {
        branding: screen.branding(),
        nonce: &screen.nonce,
    }
    .render();
    screen.page(StatusCode::OK, html, FormTarget::Here)
}

/// The error for a blocked user, who cannot connect the device. Another user still can.
pub(crate) fn blocked(activation: &Activation) -> Denial {
    tracing::warn!(
        r#type = event::DEVICE_ACTIVATION_FAILED,
        client_id = %activation.client_id,
        device_id = %activation.device_id,
        reason = "the user is blocked",
    );
    Denial::UserBlocked
}
