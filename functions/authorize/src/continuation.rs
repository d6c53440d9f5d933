//! `/continue`: the browser comes back from where a script sent it ([Auth0's redirects]).
//!
//! [Auth0's redirects]: https://auth0.com/docs/customize/rules/redirect-users

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use shared::{
    adapters::dynamo::CommitError,
    domain::{continuation::Continuation, denial::Denial, login_flow::Redirect},
    http::{MAX_BODY_BYTES, Response, response},
    system::random,
};
use url::form_urlencoded;

use crate::{
    answer::{self, Reply},
    browser::BrowserSession,
    issue::Granted,
    resume::{self, Arrival},
    visit::Visit,
};

/// Sends the browser where a script wants it, with a `state` to come back with.
pub(crate) async fn send_away(
    visit: &Visit<'_>,
    granted: &Granted<'_>,
    redirect: &Redirect,
) -> Result<Response, Denial> {
    let session = &granted.session.session;
    let continuation = Continuation {
        id: URL_SAFE_NO_PAD.encode(random::<16>()),
        request: granted.checked.clone(),
        action: redirect.action,
        user_id: session.user_id.clone(),
        session_id: session.session_id.clone(),
        started_at: visit.at.now,
    };
    let state = visit.app.seal(&continuation).await?;
    let target = response::with_one(&redirect.url, "state", &state);
    Ok(response::redirect(&target))
}

/// `/continue`. Everything is decided anew, for the user as they are now, and the scripts run again.
pub(crate) async fn handle(visit: &Visit<'_>) -> Result<Response, Denial> {
    let continuation = open(visit).await?;
    let session = BrowserSession::load(visit)
        .await?
        .filter(|session| continuation.goes_on_in(&session.session, visit.at.now))
        .ok_or(Denial::StaleTransaction)?;
    match visit.app.store.put_used_continuation(&continuation).await {
        Ok(()) => {}
        Err(CommitError::Conflict) => return Err(Denial::StaleTransaction),
        Err(CommitError::Store(error)) => return Err(error.into()),
    }
    let Continuation {
        request: asked,
        action,
        ..
    } = continuation;
    let reply = Reply::from(&asked);
    let arrival = Arrival::Elsewhere(action);
    let answered = resume::proceed_with(visit, asked, Some(session), arrival).await;
    answer::or_tell(visit, &reply, answered).await
}

async fn open(visit: &Visit<'_>) -> Result<Continuation, Denial> {
    if visit.request.body().len() > MAX_BODY_BYTES {
        return Err(Denial::BodyTooLarge);
    }
    let query = visit.request.uri().query().unwrap_or_default().as_bytes();
    let state = state(query)
        .or_else(|| state(visit.request.body()))
        .ok_or(Denial::StaleTransaction)?;
    visit.app.open(&state).await.ok_or(Denial::StaleTransaction)
}

/// `state`, the only parameter that is ours. The others are between the scripts and whoever they sent the
/// browser to, and may come in any form.
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
