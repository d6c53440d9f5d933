//! Consent: `/u/consent` ([Auth0's rules]).
//!
//! [Auth0's rules]: https://auth0.com/docs/get-started/applications/third-party-applications/user-consent-and-third-party-applications

use http::StatusCode;
use shared::{
    domain::{denial::Denial, grant::GrantKey, ids::ConsentId, interaction::Interaction},
    http::{Response, params::Params, response},
    system::random,
};

use crate::{
    browser::BrowserSession,
    pages::{ConsentPage, FormLeads, ScopeLine},
    permissions,
    resume::Parties,
    screen::Screen,
    transaction::{FormToken, Press, Transaction, UNMATCHED},
    visit::Visit,
};

/// `GET /u/consent`
pub(crate) async fn show(visit: &Visit<'_>) -> Result<Response, Denial> {
    let transaction = Transaction::open(visit).await?;
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
    let lines = permissions::lines(
        interaction.scope(),
        parties.api.as_deref(),
        screen.settings.consent_words,
    );
    let scopes: Vec<_> = lines.iter().map(ScopeLine::from).collect();
    let html = ConsentPage {
        branding: screen.branding(),
        nonce: &screen.nonce,
        application: &parties.client.name,
        user: session.user.display_name(),
        api: parties.api.as_ref().map(|api| api.name.as_str()),
        scopes: &scopes,
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

/// `POST /u/consent`
pub(crate) async fn submit(visit: &Visit<'_>) -> Result<Response, Denial> {
    let transaction = Transaction::open(visit).await?;
    let session = BrowserSession::load(visit).await?;
    let session = session.as_ref();
    let params = Params::of_body(visit.request)?;
    if !FormToken::matches(visit, &params, &transaction.state, session).await? {
        return page(visit, &transaction, session, Some(UNMATCHED)).await;
    }
    let interaction = &transaction.interaction;
    if let Press::Deny = Press::of(&params)? {
        return transaction.decline(visit).await;
    }
    let Some(session) = session else {
        return Ok(response::redirect(
            &transaction.address("/authorize/resume"),
        ));
    };
    if session.user.active().is_err() {
        return transaction.block(visit).await;
    }
    remember(visit, session, interaction).await?;
    let transaction = transaction.confirmed(visit, session).await?;
    Ok(response::redirect(
        &transaction.address("/authorize/resume"),
    ))
}

/// Joins what the user agreed to to what they agreed to before.
async fn remember(
    visit: &Visit<'_>,
    session: &BrowserSession,
    interaction: &Interaction,
) -> Result<(), Denial> {
    let grant = GrantKey {
        user_id: session.session.user_id.clone(),
        client_id: interaction.client_id().clone(),
        audience: interaction.audience().cloned(),
    };
    let id = ConsentId::from_bytes(random());
    visit
        .app
        .store
        .join_consent(&grant, id, interaction.scope(), visit.at.now)
        .await?;
    Ok(())
}
