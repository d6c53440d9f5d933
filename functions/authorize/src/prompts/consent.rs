//! Consent: `/u/consent` ([Auth0's rules]).
//!
//! [Auth0's rules]: https://auth0.com/docs/get-started/applications/third-party-applications/user-consent-and-third-party-applications

use ratchet_domain::{denial::Denial, grant::GrantKey, ids::ConsentId, interaction::Interaction};
use ratchet_protocol::{Response, params::Params};
use ratchet_system::random;

use super::permissions;
use crate::{
    flow::outcome::Outcome,
    pages::{
        ConsentPage, FormTarget, ScopeLine,
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

/// `GET /u/consent`
pub(crate) async fn show(visit: &Visit<'_>) -> Result<Outcome, Denial> {
    let transaction = Transaction::open(visit).await?;
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
        let words = screen.settings.consent_words;
        let lines = permissions::lines(interaction.scope(), both.api.as_deref(), words);
        let scopes: Vec<_> = lines.iter().map(ScopeLine::from).collect();
        ConsentPage {
            branding: screen.branding(),
            nonce: &screen.nonce,
            application: &both.client.name,
            user: session.user.display_name(),
            api: both.api.as_ref().map(|api| api.name.as_str()),
            scopes: &scopes,
            state: &transaction.state,
            csrf,
            error,
        }
        .render()
    };
    form.page(visit, render).await
}

/// `POST /u/consent`
pub(crate) async fn submit(visit: &Visit<'_>) -> Result<Outcome, Denial> {
    let transaction = Transaction::open(visit).await?;
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
    let Some(session) = session else {
        return Ok(Outcome::Page(transaction.redirect(Step::Resume)));
    };
    if session.user.active().is_err() {
        return Ok(Outcome::Blocked(transaction.interaction));
    }
    remember(visit, session, &transaction.interaction).await?;
    let transaction = transaction.confirmed(visit, session).await?;
    Ok(Outcome::Page(transaction.redirect(Step::Resume)))
}

/// Adds the scopes to the user's stored consent.
async fn remember(
    visit: &Visit<'_>,
    session: &BrowserSession,
    interaction: &Interaction,
) -> Result<(), Denial> {
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
