//! `/continue`: the browser comes back from where a script sent it ([Auth0's redirects]).
//!
//! [Auth0's redirects]: https://auth0.com/docs/customize/rules/redirect-users

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use shared::{
    adapters::dynamo::CommitError,
    app::{App, Moment},
    domain::{continuation::Continuation, denial::Denial, login_flow::Redirect},
    http::{MAX_BODY_BYTES, Request, Response, response},
    system::random,
};
use url::form_urlencoded;

use crate::{
    answer::{self, Reply},
    browser::BrowserSession,
    issue::Granted,
    resume::{self, Arrival},
};

/// Sends the browser where a script wants it, with a `state` to come back with.
pub(crate) async fn send_away(
    app: &App,
    granted: &Granted<'_>,
    redirect: &Redirect,
    at: Moment,
) -> Result<Response, Denial> {
    let session = &granted.session.session;
    let continuation = Continuation {
        id: URL_SAFE_NO_PAD.encode(random::<16>()),
        request: granted.checked.clone(),
        action: redirect.action,
        user_id: session.user_id.clone(),
        session_id: session.session_id.clone(),
        started_at: at.now,
    };
    let state = app.seal(&continuation).await?;
    let target = response::with_one(&redirect.url, "state", &state);
    Ok(response::redirect(&target))
}

/// `/continue`. Everything is decided anew, for the user as they are now, and the scripts run again.
pub(crate) async fn handle(app: &App, request: &Request) -> Result<Response, Denial> {
    let at = app.moment(request);
    let continuation = open(app, request).await?;
    let session = BrowserSession::load(app, request, at.now)
        .await?
        .filter(|session| continuation.goes_on_in(&session.session, at.now))
        .ok_or(Denial::StaleTransaction)?;
    match app.store.put_used_continuation(&continuation).await {
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
    let answered = resume::proceed_with(app, request, asked, Some(session), arrival).await;
    answer::or_tell(app, request, &reply, answered).await
}

async fn open(app: &App, request: &Request) -> Result<Continuation, Denial> {
    if request.body().len() > MAX_BODY_BYTES {
        return Err(Denial::BodyTooLarge);
    }
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let state = state(query)
        .or_else(|| state(request.body()))
        .ok_or(Denial::StaleTransaction)?;
    app.open(&state).await.ok_or(Denial::StaleTransaction)
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
