//! `/u/confirm`: is this the application that you meant? Any program can have sent the browser here if nothing
//! vouches for who is behind the callback (RFC 8252 section 8.6, [Auth0's measures]).
//!
//! [Auth0's measures]: https://auth0.com/docs/secure/security-guidance/measures-against-app-impersonation

use http::StatusCode;
use shared::{
    domain::{denial::Denial, interaction::Interaction},
    http::{Response, params::Params, response},
};

use crate::{
    browser::BrowserSession,
    pages::{ConfirmationPage, FormLeads},
    resume::Parties,
    screen::Screen,
    transaction::{FormToken, Press, Transaction, UNMATCHED},
    visit::Visit,
};

/// `GET /u/confirm`
pub(crate) async fn show(visit: &Visit<'_>) -> Result<Response, Denial> {
    let transaction = open(visit).await?;
    let session = BrowserSession::load(visit).await?;
    page(visit, &transaction, session.as_ref(), None).await
}

/// The page; with `error`, the answer to a form that did not count.
async fn page(
    visit: &Visit<'_>,
    transaction: &Transaction,
    session: Option<&BrowserSession>,
    error: Option<&str>,
) -> Result<Response, Denial> {
    let Some(session) = session else {
        return Ok(response::redirect(
            &transaction.address("/authorize/resume"),
        ));
    };
    let interaction = &transaction.interaction;
    let parties = Parties::load(visit, interaction.client_id(), interaction.audience()).await?;
    let screen = Screen::new(visit).await;
    let token = FormToken::issue(visit, &transaction.state, Some(session)).await?;
    let html = ConfirmationPage {
        branding: screen.branding(),
        nonce: &screen.nonce,
        application: &parties.client.name,
        user: session.user.display_name(),
        state: &transaction.state,
        csrf: &token.value,
        error,
    }
    .render();
    let status = error.map_or(StatusCode::OK, |_| StatusCode::FORBIDDEN);
    let mut page = screen.page(status, html, FormLeads::of(interaction));
    token.attach(&mut page);
    Ok(page)
}

/// `POST /u/confirm`
pub(crate) async fn submit(visit: &Visit<'_>) -> Result<Response, Denial> {
    let transaction = open(visit).await?;
    let session = BrowserSession::load(visit).await?;
    let session = session.as_ref();
    let params = Params::of_body(visit.request)?;
    if !FormToken::matches(visit, &params, &transaction.state, session).await? {
        return page(visit, &transaction, session, Some(UNMATCHED)).await;
    }
    if let Press::Deny = Press::of(&params)? {
        return transaction.decline(visit).await;
    }
    let transaction = match session {
        Some(session) => transaction.confirmed(visit, session).await?,
        None => transaction,
    };
    Ok(response::redirect(
        &transaction.address("/authorize/resume"),
    ))
}

/// The application's request that the page belongs to.
async fn open(visit: &Visit<'_>) -> Result<Transaction, Denial> {
    let transaction = Transaction::open(visit).await?;
    match transaction.interaction {
        Interaction::Authorize(_) => Ok(transaction),
        Interaction::Activate(_) => Err(Denial::StaleTransaction),
    }
}
