//! `GET /v2/logout` ([Auth0's logout]): the browser's session ends, refresh tokens do not. `federated` would
//! end the session at an identity provider as well; every user of ours logs in here, so there is none.
//!
//! [Auth0's logout]: https://auth0.com/docs/authenticate/login/logout/redirect-users-after-logout

use std::sync::Arc;

use http::StatusCode;
use shared::{
    domain::{client::Client, denial::Denial, ids::ClientId, logout},
    http::{Response, params::Params, response},
    telemetry::event,
};

use crate::{browser, visit::Visit};

/// Ends the session, and goes where the application and its registration agree on.
pub(crate) async fn handle(visit: &Visit<'_>) -> Result<Response, Denial> {
    or_log(log_out(visit).await)
}

async fn log_out(visit: &Visit<'_>) -> Result<Response, Denial> {
    let params = Params::of_query(visit.request)?;
    let return_to = params.text("returnTo")?;
    let client_id = params.text("client_id")?;
    let target = match client_id {
        Some(named) => {
            let client = client(visit, named).await?;
            logout::return_to(&client.allowed_logout_urls, return_to)?
        }
        None => logout::return_to(&visit.app.settings().await?.allowed_logout_urls, return_to)?,
    };
    let answer = match target {
        Some(url) => response::redirect(&url),
        None => response::text(StatusCode::OK, "OK"),
    };
    let logout = Logout {
        client_id,
        session_id: None,
    };
    end(visit, &logout, answer).await
}

/// The application that a logout names.
pub(crate) async fn client(visit: &Visit<'_>, named: &str) -> Result<Arc<Client>, Denial> {
    let unknown = || Denial::UnknownClient(named.to_owned());
    let id = ClientId::parse(named).map_err(|_| unknown())?;
    visit.app.client(&id).await?.ok_or_else(unknown)
}

/// Whose logout it is, and of what.
pub(crate) struct Logout<'a> {
    /// The application that asks for it.
    pub(crate) client_id: Option<&'a str>,
    /// The session that it names by a hint, which need not be the browser's.
    pub(crate) session_id: Option<&'a str>,
}

/// Ends the browser's session along with an answer. A browser without a session is answered in the same way, and so is
/// one that has another session than the hint names; the log says what has not ended.
pub(crate) async fn end(
    visit: &Visit<'_>,
    logout: &Logout<'_>,
    mut answer: Response,
) -> Result<Response, Denial> {
    let ended = browser::end_sessions(visit, &mut answer).await?;
    for session in &ended {
        tracing::info!(
            r#type = event::LOGGED_OUT,
            user_id = %session.user_id,
            session_id = session.session_id,
            client_id = logout.client_id,
        );
    }
    let is_meant = |named: &str| ended.iter().any(|session| session.session_id == named);
    let reason = match logout.session_id {
        _ if ended.is_empty() => "the browser has no session to end",
        Some(named) if !is_meant(named) => "the browser has another session than the hint names",
        _ => return Ok(answer),
    };
    tracing::info!(
        r#type = event::LOGOUT_REFUSED,
        session_id = logout.session_id,
        client_id = logout.client_id,
        reason,
    );
    Ok(answer)
}

/// Leaves a trace of a logout that did not happen.
pub(crate) fn or_log(answered: Result<Response, Denial>) -> Result<Response, Denial> {
    answered.inspect_err(|denial| {
        tracing::warn!(r#type = event::LOGOUT_REFUSED, reason = %denial);
    })
}
