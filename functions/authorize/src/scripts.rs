//! What the tenant's scripts say to a login, and what the application is told where they refuse.

use std::borrow::Cow;

use shared::{
    app::ScriptedLogin,
    domain::{
        authorization::AuthorizationRequest,
        denial::Denial,
        login_flow::{Effects, Protocol, Redirect, Verdict},
        response_type::ResponseType,
        user::User,
    },
    http::Response,
    telemetry::event,
};

use crate::{
    answer::Refusal,
    issue::Granted,
    resume::{self, Arrival},
    visit::Visit,
};

/// Bytes of a script's message that travel in an address.
const MAX_MESSAGE: usize = 1_000;

/// What the scripts say.
pub(crate) enum Answer {
    /// Go on, with this.
    Effects(Box<Effects>),
    /// Send the browser elsewhere first.
    Redirect(Redirect),
}

/// Runs them.
pub(crate) async fn run(
    visit: &Visit<'_>,
    granted: &Granted<'_>,
    user: &User,
) -> Result<Answer, Denial> {
    let checked = &granted.checked;
    let asked_by = protocol(checked.response_type);
    let (protocol, original_protocol, continued) = match granted.arrival {
        Arrival::Request => (asked_by, None, None),
        // Once per login: who has been elsewhere is not sent there again.
        Arrival::Elsewhere(action) => (Protocol::RedirectCallback, Some(asked_by), action),
    };
    let session = &granted.session.session;
    let can_redirect = original_protocol.is_none() && !checked.prompt.none;
    let login = ScriptedLogin {
        protocol,
        original_protocol,
        continued,
        user,
        client: &granted.parties.client,
        audience: checked.audience.as_ref(),
        scope: &checked.scope,
        request: visit.request,
        session: Some(session),
        family: None,
        authorization: Some(checked),
        authenticated_at: Some(session.authenticated_at),
        can_redirect,
        at: visit.at,
    };
    match visit.app.login_flow(login).await? {
        Verdict::Continue(effects) => Ok(Answer::Effects(effects)),
        Verdict::Redirect(redirect) => Ok(Answer::Redirect(redirect)),
        // There is none yet; what is meant is that there should be none.
        Verdict::RevokeRefreshToken(reason) => Err(Denial::AccessDenied(reason)),
    }
}

/// Tells the application that the scripts refuse. The user stays logged in, as at Auth0: a refusal is
/// about this application, or about now. What is no refusal of theirs is handed back.
pub(crate) async fn refuse(
    visit: &Visit<'_>,
    granted: &Granted<'_>,
    denial: Denial,
) -> Result<Response, Denial> {
    let checked = &granted.checked;
    let Some(refusal) = refusal(&denial, checked) else {
        return Err(denial);
    };
    if !checked.prompt.none {
        let (client_id, user_id) = (&checked.client_id, &granted.session.session.user_id);
        tracing::warn!(r#type = event::LOGIN_FAILED, %client_id, %user_id, reason = %denial);
    }
    resume::refuse(visit, checked, refusal).await
}

/// The errors of scripts at `/authorize` ([Auth0's errors from rules], `OpenID` Connect Core section
/// 3.1.2.6); `None` for every other.
///
/// [Auth0's errors from rules]: https://auth0.com/docs/customize/rules/raise-errors-from-rules
fn refusal(denial: &Denial, checked: &AuthorizationRequest) -> Option<Refusal> {
    let refusal = match denial {
        Denial::Unauthorized(message) => Refusal::new("unauthorized", shortened(message)),
        Denial::AccessDenied(message) => Refusal::new("access_denied", shortened(message)),
        // Nobody may be asked for anything, and we could not ask for a second factor if we might.
        Denial::MultifactorRequired => {
            let error = if checked.prompt.none {
                "login_required"
            } else {
                "access_denied"
            };
            Refusal::new(error, "Multifactor authentication required")
        }
        Denial::InteractionRequired | Denial::ScriptFailed(_) => Refusal::invalid(denial),
        _ => return None,
    };
    Some(refusal)
}

/// A message as far as an address takes it.
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
