//! The end of the browser's session, for both ways of logging out.

use shared::{domain::denial::Denial, http::Response, telemetry::event};

use crate::{session::browser, visit::Visit};

/// The client and the session of a logout.
pub(super) struct Logout<'a> {
    /// The client that asks for it.
    pub(super) client_id: Option<&'a str>,
    /// The session that it names by a hint, which need not be the browser's.
    pub(super) session_id: Option<&'a str>,
}

/// Ends the browser's session along with an answer. A browser without a session is answered in the same way, and so is
/// one that has another session than the hint names; the log says what has not ended.
pub(super) async fn end(
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
pub(super) fn or_log(answered: Result<Response, Denial>) -> Result<Response, Denial> {
    answered.inspect_err(|denial| {
        tracing::warn!(r#type = event::LOGOUT_REFUSED, reason = %denial);
    })
}
