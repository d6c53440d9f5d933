//! The function of each path, as in the template's events.

use ratchet_core::App;
use ratchet_protocol::{Request, Response};

/// Lets the function of the path answer the request.
pub(crate) async fn answer(app: &App, request: &Request) -> Response {
    match request.uri().path() {
        "/oauth/token"
        | "/oauth/device/code"
        | "/delegation"
        | "/oauth/ro"
        | "/oauth/access_token" => ratchet_token::handle(app, request).await,
        "/oauth/revoke" => ratchet_revoke::handle(app, request).await,
        "/pem" | "/cer" | "/apple-app-site-association" => {
            ratchet_discovery::handle(&app.publication(), request).await
        }
        path if path.starts_with("/api/v2/") => ratchet_revoke::handle(app, request).await,
        path if path.starts_with("/.well-known/") => {
            ratchet_discovery::handle(&app.publication(), request).await
        }
        _ => ratchet_authorize::handle(app, request).await,
    }
}
