//! The verdict of the tenant's scripts on a login, and the client's error if they reject it.

use std::borrow::Cow;

use ratchet_core::ScriptedLogin;
use ratchet_domain::{
    authorization::AuthorizationRequest,
    denial::Denial,
    error::{Error, Failure},
    login_flow::{Effects, Redirect, Verdict},
    response_type::ResponseType,
};
use ratchet_scripts::objects::Protocol;
use ratchet_telemetry::event;

use super::approved::{Approved, Return};
use crate::{
    error::{AuthorizeError, Refusal},
    visit::Visit,
};

/// Maximum size of a script's message in a URL, in bytes.
const MAX_MESSAGE: usize = 1_000;

/// The verdict of scripts that do not reject the login.
pub(crate) enum Answer {
    /// Continue with these effects.
    Effects(Box<Effects>),
    /// Redirect the browser first.
    Redirect(Redirect),
}

/// Runs the scripts. A rejection is an error for the client. The user stays logged in, as at Auth0, because the
/// rejection concerns only this client or this time.
pub(crate) async fn run(visit: &Visit<'_>, approved: &Approved) -> Result<Answer, AuthorizeError> {
    ask(visit, approved).await.map_err(|error| {
        let asked = &approved.asked;
        let Some(refusal) = refusal(&error, asked) else {
            return error.into();
        };
        if !asked.prompt.none {
            let (client_id, user_id) = (&asked.client_id, approved.session.user_id());
            tracing::warn!(r#type = event::LOGIN_FAILED, %client_id, %user_id, reason = %error);
        }
        refusal.into()
    })
}

async fn ask(visit: &Visit<'_>, approved: &Approved) -> Result<Answer, Error> {
    let Approved { asked, session, .. } = approved;
    let asked_by = protocol(asked.response_type);
    let (protocol, original_protocol, continued) = match approved.came_back {
        None => (asked_by, None, None),
        // Once per login: a browser that returns from a redirect is not redirected again.
        Some(Return { action }) => (Protocol::RedirectCallback, Some(asked_by), action),
    };
    let can_redirect = original_protocol.is_none() && !asked.prompt.none;
    let login = ScriptedLogin {
        protocol,
        original_protocol,
        continued,
        user: &session.user,
        client: &approved.both.client,
        audience: asked.audience.as_ref(),
        scope: &asked.scope,
        request: visit.request,
        session: Some(&session.stored),
        family: None,
        authorization: Some(asked),
        authenticated_at: Some(session.stored.authenticated_at),
        can_redirect,
        at: visit.at,
    };
    match visit.app.login_flow(login).await? {
        Verdict::Continue(effects) => Ok(Answer::Effects(effects)),
        Verdict::Redirect(redirect) => Ok(Answer::Redirect(redirect)),
        // No refresh token exists yet: the script wants none to be issued.
        Verdict::RevokeRefreshToken(reason) => Err(Denial::AccessDenied(reason).into()),
    }
}

/// The client's error for a failure of scripts at `/authorize` ([Auth0's errors from rules], `OpenID` Connect Core
/// section 3.1.2.6); `None` for all other failures.
///
/// [Auth0's errors from rules]: https://auth0.com/docs/customize/rules/raise-errors-from-rules
fn refusal(error: &Error, asked: &AuthorizationRequest) -> Option<Refusal> {
    let denial = match error {
        Error::Denied(denial) => denial,
        Error::Failed(Failure::Script(_)) => return Some(error.into()),
        Error::Failed(_) => return None,
    };
    let refusal = match denial {
        Denial::Unauthorized(message) => Refusal::new("unauthorized", shortened(message)),
        Denial::AccessDenied(message) => Refusal::new("access_denied", shortened(message)),
        // `prompt=none` forbids any question to the user. Without it the login fails as well, because we cannot ask
        // for a second factor.
        Denial::MultifactorRequired => {
            let code = if asked.prompt.none {
                "login_required"
            } else {
                "access_denied"
            };
            Refusal::new(code, "Multifactor authentication required")
        }
        Denial::InteractionRequired => error.into(),
        _ => return None,
    };
    Some(refusal)
}

/// A message, cut to the size that a URL can take.
fn shortened(message: &str) -> Cow<'static, str> {
    let end = message.floor_char_boundary(MAX_MESSAGE);
    message[..end].to_owned().into()
}

fn protocol(asked: ResponseType) -> Protocol {
    match (asked.code, asked.gives_tokens()) {
        (true, true) => Protocol::Hybrid,
        (true, false) => Protocol::Code,
        (false, _) => Protocol::Implicit,
    }
}
