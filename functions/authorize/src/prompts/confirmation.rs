//! `/u/confirm`: asks the user to confirm the client. Any program could have sent the browser here if nothing proves
//! who is behind the callback (RFC 8252 section 8.6, [Auth0's measures]).
//!
//! [Auth0's measures]: https://auth0.com/docs/secure/security-guidance/measures-against-app-impersonation

use ratchet_domain::{denial::Denial, interaction::Interaction};
use ratchet_protocol::{Response, params::Params};

use crate::{
    flow::outcome::Outcome,
    pages::{
        ConfirmationPage, FormTarget,
        form::{self, Form},
        screen::Screen,
    },
    session::{
        browser::BrowserSession,
        form_token::{Button, FormToken, UNMATCHED},
        transaction::{Step, Transaction},
    },
    visit::Visit,
};

/// `GET /u/confirm`
pub(crate) async fn show(visit: &Visit<'_>) -> Result<Outcome, Denial> {
    let transaction = open(visit).await?;
    let session = BrowserSession::load(visit).await?;
    let page = page(visit, &transaction, session.as_ref(), None).await?;
    Ok(Outcome::Page(page))
}

/// The page. `error` is set after a form that was not accepted.
async fn page(
    visit: &Visit<'_>,
    transaction: &Transaction,
    session: Option<&BrowserSession>,
    error: Option<&str>,
) -> Result<Response, Denial> {
    let Some(session) = session else {
        return Ok(transaction.redirect(Step::Resume));
    };
    let interaction = &transaction.interaction;
    let both = visit
        .client_and_api(interaction.client_id(), interaction.audience())
        .await?;
    let form = Form {
        state: &transaction.state,
        session: Some(session),
        status: form::status_of(error),
        target: FormTarget::of(interaction),
    };
    let render = |screen: &Screen, csrf: &str| {
        ConfirmationPage {
            branding: screen.branding(),
            nonce: &screen.nonce,
            application: &both.client.name,
            user: session.user.display_name(),
            state: &transaction.state,
            csrf,
            error,
        }
        .render()
    };
    form.page(visit, render).await
}

/// `POST /u/confirm`
pub(crate) async fn submit(visit: &Visit<'_>) -> Result<Outcome, Denial> {
    let transaction = open(visit).await?;
    let session = BrowserSession::load(visit).await?;
    let session = session.as_ref();
    let params = Params::of_body(visit.request)?;
    if !FormToken::matches(visit, &params, &transaction.state, session).await? {
        let page = page(visit, &transaction, session, Some(UNMATCHED)).await?;
        return Ok(Outcome::Page(page));
    }
    if let Button::Deny = Button::of(&params)? {
        return Ok(Outcome::Declined(transaction.interaction));
    }
    let transaction = match session {
        Some(session) => transaction.confirmed(visit, session).await?,
        None => transaction,
    };
    Ok(Outcome::Page(transaction.redirect(Step::Resume)))
}

/// The transaction of this page, which must be a client's request.
async fn open(visit: &Visit<'_>) -> Result<Transaction, Denial> {
    let transaction = Transaction::open(visit).await?;
    match transaction.interaction {
        Interaction::Authorize(_) => Ok(transaction),
        Interaction::Activate(_) => Err(Denial::StaleTransaction),
    }
}
