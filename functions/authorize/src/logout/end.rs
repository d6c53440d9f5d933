//! The end of the browser's session, for both logout endpoints.

use ratchet_domain::error::Error;
use ratchet_protocol::Response;
use ratchet_telemetry::event;

use crate::{session::browser, visit::Visit};

/// The client and the session of a logout.
pub(super) struct Logout<'a> {
    /// The client that asks for the logout, if it is named.
    pub(super) client_id: Option<&'a str>,
    /// The session that a hint names, which may differ from the browser's.
    pub(super) session_id: Option<&'a str>,
}

/// Ends the browser's sessions and removes their cookies in the answer. The answer is the same for a browser without
/// a session, or with another session than the hint names; the log says that nothing or another session ended.
pub(super) async fn end(
    visit: &Visit<'_>,
    logout: &Logout<'_>,
    mut answer: Response,
) -> Result<Response, Error> {
    let ended = browser::end_sessions(visit, &mut answer).await?;
    for session in &ended {
        tracing::info!(
            r#type = event::LOGGED_OUT,
            user_id = %session.user_id,
            session_id = session.session_id.as_str(),
            client_id = logout.client_id,
        );
    }
    let is_meant = |named: &str| {
        ended
            .iter()
            .any(|session| session.session_id.as_str() == named)
    };
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

/// Logs a logout that failed.
pub(super) fn or_log(answered: Result<Response, Error>) -> Result<Response, Error> {
    answered.inspect_err(|error| {
        tracing::warn!(r#type = event::LOGOUT_REFUSED, reason = %error);
    })
}
