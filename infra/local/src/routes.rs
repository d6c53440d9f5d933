//! Which function answers which path: the twin of the template's events.

use shared::{
    app::App,
    http::{Request, Response},
};

/// Hands a request to its function.
pub(crate) async fn answer(app: &App, request: &Request) -> Response {
    match request.uri().path() {
        "/oauth/token"
        | "/oauth/device/code"
        | "/delegation"
        | "/oauth/ro"
        | "/oauth/access_token" => token::handle(app, request).await,
        "/oauth/revoke" => revoke::handle(app, request).await,
        "/pem" | "/cer" | "/apple-app-site-association" => {
            discovery::handle(&app.publication(), request).await
        }
        path if path.starts_with("/api/v2/") => revoke::handle(app, request).await,
        path if path.starts_with("/.well-known/") => {
            discovery::handle(&app.publication(), request).await
        }
        _ => authorize::handle(app, request).await,
    }
}
