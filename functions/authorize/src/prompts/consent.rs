//! Consent: `/u/consent` ([Auth0's rules]).
//!
//! [Auth0's rules]: https://auth0.com/docs/get-started/applications/third-party-applications/user-consent-and-third-party-applications

use std::ops::ControlFlow;

use ratchet_domain::{error::Error, grant::GrantKey, ids::ConsentId, interaction::Interaction};
use ratchet_system::random;

use super::{
    permissions,
    question::{self, Accepted, Question},
};
use crate::{
    flow::outcome::Outcome,
    pages::{ConsentPage, ScopeLine},
    session::{
        browser::BrowserSession,
        transaction::{Step, Transaction},
    },
    visit::Visit,
};

/// `GET /u/consent`
pub(crate) async fn show(visit: &Visit<'_>) -> Result<Outcome, Error> {
    question::show(visit, &Transaction::open(visit).await?, html).await
}

fn html(question: &Question<'_>) -> String {
    let api = question.asking.api.as_deref();
    let words = question.screen.settings.consent_words;
    let lines = permissions::lines(question.interaction.scope(), api, words);
    let scopes: Vec<_> = lines.iter().map(ScopeLine::from).collect();
    ConsentPage {
        branding: question.screen.branding(),
        nonce: &question.screen.nonce,
        application: &question.asking.client.name,
        user: question.session.user.display_name(),
        api: api.map(|api| api.name.as_str()),
        scopes: &scopes,
        state: question.state,
        csrf: question.csrf,
        error: question.error,
    }
    .render()
}

/// `POST /u/consent`
pub(crate) async fn submit(visit: &Visit<'_>) -> Result<Outcome, Error> {
    let transaction = Transaction::open(visit).await?;
    let Accepted {
        transaction,
        session,
    } = match question::submitted(visit, transaction, html).await? {
        ControlFlow::Continue(accepted) => accepted,
        ControlFlow::Break(outcome) => return Ok(outcome),
    };
    let Some(session) = session else {
        return Ok(Outcome::Page(transaction.redirect(Step::Resume)));
    };
    if session.user.active().is_err() {
        return Ok(Outcome::Blocked(transaction.interaction));
    }
    remember(visit, &session, &transaction.interaction).await?;
    let transaction = transaction.confirmed(visit, &session).await?;
    Ok(Outcome::Page(transaction.redirect(Step::Resume)))
}

/// Adds the scopes to the user's stored consent.
async fn remember(
    visit: &Visit<'_>,
    session: &BrowserSession,
    interaction: &Interaction,
) -> Result<(), Error> {
    let grant = GrantKey {
        user_id: session.user_id().clone(),
        client_id: interaction.client_id().clone(),
        audience: interaction.audience().cloned(),
    };
    let id = ConsentId::from_bytes(random());
    let store = &visit.app.store;
    store
        .join_consent(&grant, id, interaction.scope(), visit.now())
        .await?;
    Ok(())
}
