//! `/continue`: the browser returns from a script's redirect ([Auth0's redirects]).
//!
//! [Auth0's redirects]: https://auth0.com/docs/customize/rules/redirect-users

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ratchet_domain::{
    authorization::AuthorizationRequest, continuation::Continuation, denial::Denial, error::Error,
    login_flow::Redirect,
};
use ratchet_protocol::{MAX_BODY_BYTES, response};
use ratchet_store::CommitError;
use ratchet_system::random;
use url::form_urlencoded;

use super::approved::{Approved, Return};
use crate::{session::browser::BrowserSession, visit::Visit};

/// The URL of a script's redirect, with a `state` to return with.
pub(crate) async fn begin(
    visit: &Visit<'_>,
    approved: &Approved,
    redirect: &Redirect,
) -> Result<String, Error> {
    let continuation = Continuation {
        id: URL_SAFE_NO_PAD.encode(random::<16>()),
        request: approved.asked.clone(),
        action: redirect.action,
        user_id: approved.session.user_id().clone(),
        session_id: approved.session.sid().clone(),
        started_at: visit.now(),
    };
    let state = visit.app.seal(&continuation).await?;
    Ok(response::with_one(&redirect.url, "state", &state))
}

/// Uses up the `state` that the browser returns with. Gives the request, and the session in which the browser left.
pub(crate) async fn redeem(
    visit: &Visit<'_>,
) -> Result<(AuthorizationRequest, BrowserSession, Return), Error> {
    let continuation = open(visit).await?;
    let session = BrowserSession::load(visit)
        .await?
        .filter(|session| continuation.goes_on_in(&session.stored, visit.now()))
        .ok_or(Denial::StaleTransaction)?;
    match visit.app.store.put_used_continuation(&continuation).await {
        Ok(()) => {}
        Err(CommitError::Conflict) => return Err(Denial::StaleTransaction.into()),
        Err(CommitError::Store(error)) => return Err(error.into()),
    }
    let came_back = Return {
        action: continuation.action,
    };
    Ok((continuation.request, session, came_back))
}

async fn open(visit: &Visit<'_>) -> Result<Continuation, Error> {
    if visit.request.body().len() > MAX_BODY_BYTES {
        return Err(Denial::BodyTooLarge.into());
    }
    let query = visit.request.uri().query().unwrap_or_default().as_bytes();
    let state = state(query)
        .or_else(|| state(visit.request.body()))
        .ok_or(Denial::StaleTransaction)?;
    Ok(visit
        .app
        .open(&state)
        .await
        .ok_or(Denial::StaleTransaction)?)
}

/// `state`, the only parameter that is ours. All others are between the scripts and the site that they redirected to,
/// and may have any form.
fn state(form: &[u8]) -> Option<String> {
    let mut pairs = form_urlencoded::parse(form);
    pairs.find_map(|(name, value)| (name == "state").then(|| value.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_parameters_may_be_repeated() {
        assert_eq!(
            state(b"a=1&a=2&state=ct1_x&b=%ff").as_deref(),
            Some("ct1_x")
        );
        assert_eq!(state(b"a=1"), None);
    }
}
