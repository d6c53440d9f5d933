//! `/u/confirm`: asks the user to confirm the client. Any program could have sent the browser here if nothing proves
//! who is behind the callback (RFC 8252 section 8.6, [Auth0's measures]).
//!
//! [Auth0's measures]: https://auth0.com/docs/secure/security-guidance/measures-against-app-impersonation

use std::ops::ControlFlow;

use ratchet_domain::{denial::Denial, error::Error, interaction::Interaction};

use super::question::{self, Accepted, Question};
use crate::{
    flow::outcome::Outcome,
    pages::ConfirmationPage,
    session::transaction::{Step, Transaction},
    visit::Visit,
};

/// `GET /u/confirm`
pub(crate) async fn show(visit: &Visit<'_>) -> Result<Outcome, Error> {
    question::show(visit, &open(visit).await?, html).await
}

fn html(question: &Question<'_>) -> String {
    ConfirmationPage {
        branding: question.screen.branding(),
        nonce: &question.screen.nonce,
        application: &question.asking.client.name,
        user: question.session.user.display_name(),
        state: question.state,
        csrf: question.csrf,
        error: question.error,
    }
    .render()
}

/// `POST /u/confirm`
pub(crate) async fn submit(visit: &Visit<'_>) -> Result<Outcome, Error> {
    let Accepted {
        transaction,
        session,
    } = match question::submitted(visit, open(visit).await?, html).await? {
        ControlFlow::Continue(accepted) => accepted,
        ControlFlow::Break(outcome) => return Ok(outcome),
    };
    let transaction = match &session {
        Some(session) => transaction.confirmed(visit, session).await?,
        None => transaction,
    };
    Ok(Outcome::Page(transaction.redirect(Step::Resume)))
}

/// The transaction of this page, which must be a client's request.
async fn open(visit: &Visit<'_>) -> Result<Transaction, Error> {
    let transaction = Transaction::open(visit).await?;
    match transaction.interaction {
        Interaction::Authorize(_) => Ok(transaction),
        Interaction::Activate(_) => Err(Denial::StaleTransaction.into()),
    }
}
