//! `/android/{package}/callback` and `/ios/{bundle}/callback`: https callbacks on our own domain. The phone opens
//! them in the app that `/.well-known/assetlinks.json` or `/.well-known/apple-app-site-association` names. They reach
//! a browser only if no app opens them; the page then shows nothing of the URL.

use http::StatusCode;
use ratchet_protocol::Response;

use crate::{
    pages::{AppCallbackPage, FormTarget, screen::Screen},
    visit::Visit,
};

/// True if a path is a phone app's callback.
pub(crate) fn is_app_callback(path: &str) -> bool {
    let parts: Vec<_> = path.split('/').collect();
    matches!(parts.as_slice(), ["", "android" | "ios", app, "callback"] if !app.is_empty())
}

/// Handles `GET` of a phone app's callback.
pub(crate) async fn show(visit: &Visit<'_>) -> Response {
    let screen = Screen::new(visit).await;
    let html = AppCallbackPage {
        branding: screen.branding(),
        nonce: &screen.nonce,
    };
    screen.page(StatusCode::OK, html.render(), FormTarget::Here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_names_its_platform_and_its_app() {
        assert!(is_app_callback("/android/com.example.app/callback"));
        assert!(is_app_callback("/ios/com.example.app/callback"));
        for other in [
            "/android//callback",
            "/android/callback",
            "/android/com.example.app",
            "/android/com.example.app/callback/",
            "/windows/com.example.app/callback",
        ] {
            assert!(!is_app_callback(other), "{other}");
        }
    }
}
