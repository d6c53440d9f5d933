//! The driver of an interaction. It composes the steps of logins and device activations, from every entry point:
//! `flow/decide.rs` and `device/decide.rs` choose what comes next, `flow/issue.rs` ends a login. Steps return an outcome,
//! and the driver turns it into an answer; nothing calls back up.

use ratchet_domain::{
    authorization::AuthorizationRequest, client::RedirectionPolicy, denial::Denial, error::Error,
    interaction::Interaction, user::UserBlocked,
};
use ratchet_protocol::{Response, params::Params, response};
use ratchet_telemetry::event;

use crate::{
    device,
    embedded::ticket,
    error::{AuthorizeError, Refusal},
    flow::{
        answer::{self, Reply},
        approved::Return,
        checks::{self, Parameters, Recipient},
        continuation,
        decide::{self, Decision},
        issue,
        outcome::Outcome,
    },
    session::{browser::BrowserSession, transaction::Transaction},
    visit::Visit,
};

/// The way in which a browser reaches the driver.
enum EntryPoint {
    /// A request at `/authorize`, or the return from a page of ours.
    Request,
    /// A login ticket. It has begun a session whose cookie the browser does not have yet.
    LoginTicket(BrowserSession),
    /// The return from a script's redirect, in the session in which the browser left.
    Continuation(BrowserSession, Return),
}

/// `/authorize`. The checks have two halves: until client and redirect URI are known to match, an error is a page;
/// from then on the client receives it.
pub(crate) async fn authorize(visit: &Visit<'_>) -> Result<Response, Error> {
    let params = Params::of_authorization_request(visit.request)?;
    let recipient = checks::recipient(visit, &params).await?;
    let reply = recipient.reply(&params)?;
    match begin(visit, Parameters::new(&params), &recipient).await {
        Ok((asked, entry)) => advance(visit, asked.into(), entry).await,
        Err(error) => answer::report_failure_to_client(visit, &reply, error).await,
    }
}

/// `GET /authorize/resume`: the browser returns from a page.
pub(crate) async fn resume(visit: &Visit<'_>) -> Result<Response, Error> {
    let transaction = Transaction::open(visit).await?;
    advance(visit, transaction.interaction, EntryPoint::Request).await
}

/// `/continue`: the browser returns from a script's redirect. Everything is decided again with the current state of
/// the user, and the scripts run again.
pub(crate) async fn continue_after_script(visit: &Visit<'_>) -> Result<Response, Error> {
    let (asked, session, came_back) = continuation::redeem(visit).await?;
    let entry = EntryPoint::Continuation(session, came_back);
    advance(visit, asked.into(), entry).await
}

/// The checked request, and the session of its login ticket. An invalid ticket is an error for the client: the
/// browser may have another user's session, which must not be used instead.
async fn begin(
    visit: &Visit<'_>,
    params: Parameters<'_>,
    recipient: &Recipient,
) -> Result<(AuthorizationRequest, EntryPoint), AuthorizeError> {
    let asked = checks::request(visit, params, recipient).await?;
    let Some(ticket) = params.text("login_ticket")? else {
        return Ok((asked, EntryPoint::Request));
    };
    let user = ticket::redeem(visit, &asked.client_id, ticket).await?;
    let user = user.ok_or_else(Refusal::login_required)?;
    let settings = visit.app.settings().await?;
    let session = BrowserSession::begin_or_renew(visit, user, &settings).await?;
    let asked = asked.confirmed_in(&session.stored);
    Ok((asked, EntryPoint::LoginTicket(session)))
}

/// Advances an interaction as far as possible without the user. The client of a login receives our own failures, too.
async fn advance(
    visit: &Visit<'_>,
    interaction: Interaction,
    entry: EntryPoint,
) -> Result<Response, Error> {
    let reply = match &interaction {
        Interaction::Authorize(asked) => Some(Reply::from(&**asked)),
        Interaction::Activate(_) => None,
    };
    // Boxed: the largest part of a request, and not of every one.
    let answered = Box::pin(step(visit, interaction, entry)).await;
    match (answered, reply) {
        (Err(error), Some(reply)) => {
            answer::report_failure_to_client(visit, &reply, error.into()).await
        }
        (answered, _) => answered,
    }
}

/// Decides, issues if possible, and answers.
async fn step(
    visit: &Visit<'_>,
    interaction: Interaction,
    entry: EntryPoint,
) -> Result<Response, Error> {
    let (session, begun, came_back) = match entry {
        EntryPoint::Request => (BrowserSession::load(visit).await?, None, None),
        EntryPoint::LoginTicket(session) => (Some(session.clone()), Some(session), None),
        EntryPoint::Continuation(session, came_back) => (Some(session), None, Some(came_back)),
    };
    let outcome = match interaction {
        Interaction::Authorize(asked) => {
            match decide::decide(visit, *asked, session, came_back).await? {
                Decision::Approved(approved) => {
                    // Boxed: this future is the largest one here, and most requests do not need it.
                    Box::pin(issue::issue(visit, *approved)).await?
                }
                Decision::Stop(outcome) => outcome,
            }
        }
        Interaction::Activate(activation) => {
            device::decide::decide(visit, activation, session).await?
        }
    };
    let mut response = carry_out(visit, outcome).await?;
    if let Some(session) = begun {
        let settings = visit.app.settings().await?;
        session.attach(visit, &settings, &mut response).await?;
    }
    Ok(response)
}

/// Turns the outcome of a step into the browser's answer.
pub(crate) async fn carry_out(visit: &Visit<'_>, outcome: Outcome) -> Result<Response, Error> {
    match outcome {
        Outcome::Page(response) => Ok(response),
        Outcome::GoTo(step, interaction) => {
            let transaction = Transaction::begin(visit, interaction).await?;
            Ok(transaction.redirect(step))
        }
        Outcome::Redirect(url) => Ok(response::redirect(&url)),
        Outcome::Issue(reply, parameters) => {
            let parameters = parameters
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            answer::redirect_with(visit, &reply, parameters).await
        }
        Outcome::Refuse(asked, refusal) => refuse(visit, &asked, refusal).await,
        Outcome::Declined(interaction) => decline(visit, &interaction).await,
        Outcome::Blocked(interaction) => block(visit, &interaction).await,
    }
}

/// Sends the client an error, and logs it if `prompt=none` forbade any page.
async fn refuse(
    visit: &Visit<'_>,
    asked: &AuthorizationRequest,
    refusal: Refusal,
) -> Result<Response, Error> {
    if asked.prompt.none {
        let client_id = &asked.client_id;
        let error = refusal.error;
        tracing::info!(r#type = event::SILENT_LOGIN_FAILED, %client_id, error);
    }
    answer::redirect_with_error(visit, &Reply::from(asked), refusal).await
}

/// Handles a user's refusal. A client whose `redirection_policy` protects it does not receive the error, so that
/// attackers cannot use us to send browsers to it.
async fn decline(visit: &Visit<'_>, interaction: &Interaction) -> Result<Response, Error> {
    match interaction {
        Interaction::Authorize(asked) => {
            let client = visit.app.client(&asked.client_id).await?;
            let policy = client.map(|client| client.redirection_policy);
            if policy == Some(RedirectionPolicy::OpenRedirectProtection) {
                return Err(Denial::Declined.into());
            }
            let refusal = Refusal::new("access_denied", "");
            answer::redirect_with_error(visit, &Reply::from(&**asked), refusal).await
        }
        Interaction::Activate(activation) => device::decline::decline(visit, activation).await,
    }
}

/// Rejects a user whom the tenant has blocked.
async fn block(visit: &Visit<'_>, interaction: &Interaction) -> Result<Response, Error> {
    match interaction {
        Interaction::Authorize(asked) => {
            let refusal = Refusal::new("unauthorized", UserBlocked.to_string());
            answer::redirect_with_error(visit, &Reply::from(&**asked), refusal).await
        }
        Interaction::Activate(activation) => Err(device::ends::blocked(activation).into()),
    }
}
