//! Answers to the application: what it asked for, or why it does not get it (RFC 6749 section 4.1.2,
//! `OpenID` Connect Core sections 3.2.2.5 and 3.3.2.5).

use std::borrow::Cow;

use http::StatusCode;
use shared::{
    domain::{authorization::AuthorizationRequest, denial::Denial, response_type::ResponseMode},
    http::{
        Response,
        error::{Endpoint, OAuthError, describe},
        response,
    },
};

use crate::{
    pages::{FormPostPage, form_post_security_policy},
    screen::{Screen, framed},
    visit::Visit,
    web_message,
};

/// Where an answer goes, and how.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) redirect_uri: String,
    pub(crate) response_mode: ResponseMode,
    pub(crate) state: Option<String>,
}

impl From<&AuthorizationRequest> for Reply {
    fn from(request: &AuthorizationRequest) -> Self {
        Self {
            redirect_uri: request.redirect_uri.clone(),
            response_mode: request.response_mode,
            state: request.state.clone(),
        }
    }
}

/// An error that the application is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) error: &'static str,
    pub(crate) description: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(error: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            error,
            description: describe(description),
        }
    }

    /// A parameter is not what it should be.
    pub(crate) fn invalid(denial: &Denial) -> Self {
        let told = OAuthError::new(denial, Endpoint::Browser);
        Self::new(told.error, told.description)
    }

    pub(crate) fn unknown_audience(name: &str) -> Self {
        Self::invalid(&Denial::UnknownAudience(name.to_owned()))
    }
}

/// Gives the application what it asked for.
pub(crate) async fn give(
    visit: &Visit<'_>,
    reply: &Reply,
    given: &[(&str, &str)],
) -> Result<Response, Denial> {
    deliver(visit, reply, given).await
}

/// Tells the application why it gets none.
pub(crate) async fn refuse(
    visit: &Visit<'_>,
    reply: &Reply,
    refusal: Refusal,
) -> Result<Response, Denial> {
    tracing::info!(error = refusal.error, reason = %refusal.description, "authorization refused");
    let mut parameters = vec![("error", refusal.error)];
    if !refusal.description.is_empty() {
        parameters.push(("error_description", &refusal.description));
    }
    deliver(visit, reply, &parameters).await
}

/// An answer; or, if we failed, the application is told so: a redirect has no status of its own
/// (RFC 6749 section 4.1.2.1).
pub(crate) async fn or_tell(
    visit: &Visit<'_>,
    reply: &Reply,
    answered: Result<Response, Denial>,
) -> Result<Response, Denial> {
    match answered {
        Err(denial @ (Denial::Unavailable(_) | Denial::Internal(_))) => {
            tracing::error!(reason = %denial, "authorization failed");
            refuse(visit, reply, Refusal::invalid(&denial)).await
        }
        answered => answered,
    }
}

async fn deliver(
    visit: &Visit<'_>,
    reply: &Reply,
    parameters: &[(&str, &str)],
) -> Result<Response, Denial> {
    let mut parameters = parameters.to_vec();
    if let Some(state) = &reply.state {
        parameters.push(("state", state));
    }
    match reply.response_mode {
        ResponseMode::Query => Ok(response::redirect(&response::with_query(
            &reply.redirect_uri,
            &parameters,
        ))),
        ResponseMode::Fragment => Ok(response::redirect(&response::with_fragment(
            &reply.redirect_uri,
            &parameters,
        ))),
        ResponseMode::WebMessage => {
            let screen = Screen::new(visit).await;
            web_message::post(&screen, &reply.redirect_uri, &parameters)
        }
        ResponseMode::FormPost => {
            let screen = Screen::new(visit).await;
            let html = FormPostPage {
                nonce: &screen.nonce,
                action: &reply.redirect_uri,
                parameters: &parameters,
            };
            let policy = form_post_security_policy(&screen.nonce);
            Ok(framed(StatusCode::OK, html.render(), &policy))
        }
    }
}
