//! Answers to the client: success or an error (RFC 6749 section 4.1.2, `OpenID` Connect Core sections 3.2.2.5 and
//! 3.3.2.5).

use http::StatusCode;
use ratchet_domain::{
    authorization::AuthorizationRequest,
    error::{Error, Failure},
    response_type::ResponseMode,
};
use ratchet_protocol::{Response, response};

use super::web_message;
use crate::{
    error::{AuthorizeError, Refusal},
    pages::{
        FormPostPage, form_post_security_policy,
        screen::{Screen, framed},
    },
    visit::Visit,
};

/// The destination, response mode and `state` of an answer.
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

/// Sends the client an error.
pub(crate) async fn redirect_with_error(
    visit: &Visit<'_>,
    reply: &Reply,
    refusal: Refusal,
) -> Result<Response, Error> {
    tracing::info!(error = refusal.error, reason = %refusal.description, "authorization refused");
    let mut parameters = vec![("error", refusal.error)];
    if !refusal.description.is_empty() {
        parameters.push(("error_description", &refusal.description));
    }
    redirect_with(visit, reply, parameters).await
}

/// The answer to a failure. The client receives the errors for it, and our own failures, too, because a redirect has
/// no status of its own (RFC 6749 section 4.1.2.1). All other errors are shown to the user.
pub(crate) async fn report_failure_to_client(
    visit: &Visit<'_>,
    reply: &Reply,
    error: AuthorizeError,
) -> Result<Response, Error> {
    let refusal = match error {
        AuthorizeError::ForClient(refusal) => refusal,
        AuthorizeError::ForUser(
            error @ Error::Failed(Failure::Unavailable(_) | Failure::Internal(_)),
        ) => {
            tracing::error!(reason = %error, "authorization failed");
            Refusal::from(&error)
        }
        AuthorizeError::ForUser(error) => return Err(error),
    };
    redirect_with_error(visit, reply, refusal).await
}

/// Sends the client these parameters and its `state`.
pub(crate) async fn redirect_with(
    visit: &Visit<'_>,
    reply: &Reply,
    mut parameters: Vec<(&str, &str)>,
) -> Result<Response, Error> {
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
            Ok(web_message::post(
                &screen,
                &reply.redirect_uri,
                &parameters,
            )?)
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
