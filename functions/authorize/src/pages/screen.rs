//! The common parts of every page: the tenant's branding, a nonce for its style sheet, and the
//! headers that keep it out of frames and caches.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{
        ALLOW, CONTENT_SECURITY_POLICY, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
        X_FRAME_OPTIONS,
    },
};
use ratchet_domain::{error::Error, settings::Settings};
use ratchet_protocol::{
    Response,
    error::{Endpoint, OAuthError},
    response,
};
use ratchet_system::random;

use crate::{
    pages::{Branding, ErrorPage, FormTarget, content_security_policy},
    visit::Visit,
};

/// The settings, the nonce and the request's reference for a page.
pub(crate) struct Screen {
    pub(crate) settings: Arc<Settings>,
    pub(crate) nonce: String,
    tracking: String,
}

impl Screen {
    /// A screen with the tenant's settings, or with default settings if they cannot be read.
    pub(crate) async fn new(visit: &Visit<'_>) -> Self {
        let settings = match visit.app.settings().await {
            Ok(settings) => settings,
            Err(error) => {
                tracing::error!(%error, "a page has to do without the tenant's settings");
                Arc::default()
            }
        };
        Self {
            settings,
            nonce: URL_SAFE_NO_PAD.encode(random::<16>()),
            tracking: visit.at.request.to_string(),
        }
    }

    /// The request's reference, for users who ask for help.
    pub(crate) fn tracking(&self) -> &str {
        &self.tracking
    }

    pub(crate) fn branding(&self) -> Branding<'_> {
        Branding {
            name: &self.settings.friendly_name,
            logo_url: self.settings.logo_url.as_deref(),
            primary_color: self.settings.primary_color.as_str(),
        }
    }

    /// A page with the policy of this screen.
    pub(crate) fn page(&self, status: StatusCode, html: String, form: FormTarget) -> Response {
        let logo = self.settings.logo_url.as_deref();
        framed(
            status,
            html,
            &content_security_policy(&self.nonce, form, logo),
        )
    }

    /// The page for an error that the client must not receive.
    pub(crate) fn error(&self, error: &Error) -> Response {
        tracing::info!(reason = %error, "refused with a page");
        let error = OAuthError::new(error, Endpoint::Browser);
        let html = ErrorPage {
            branding: self.branding(),
            nonce: &self.nonce,
            title: "Something went wrong",
            error: error.error,
            description: &error.description,
            tracking: &self.tracking,
        }
        .render();
        let mut page = self.page(error.status, html, FormTarget::Here);
        // The same `Allow` and `Retry-After` as in the answer to other clients.
        let mut answer = error.into_response();
        for name in [ALLOW, RETRY_AFTER] {
            if let Some(value) = answer.headers_mut().remove(&name) {
                page.headers_mut().insert(name, value);
            }
        }
        page
    }
}

/// A page with its policy and the other headers that isolate it.
pub(crate) fn framed(status: StatusCode, html: String, policy: &str) -> Response {
    let mut page = response::html(status, html);
    let headers = page.headers_mut();
    let mut set = |name: HeaderName, value: &str| match HeaderValue::try_from(value) {
        Ok(value) => {
            headers.insert(name, value);
        }
        Err(error) => tracing::error!(%error, %name, "a page goes out without a header"),
    };
    set(CONTENT_SECURITY_POLICY, policy);
    set(X_FRAME_OPTIONS, "DENY");
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    // The URL of a login page contains the whole request.
    set(REFERRER_POLICY, "no-referrer");
    page
}
