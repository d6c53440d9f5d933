//! Consent: `/u/consent` ([Auth0's rules]).
//!
//! [Auth0's rules]: https://auth0.com/docs/get-started/applications/third-party-applications/user-consent-and-third-party-applications

use http::StatusCode;
use shared::{
    app::App,
    domain::{denial::Denial, errand::Errand, grant::GrantKey, ids::ConsentId, time::Timestamp},
    http::{Request, Response, params::Params, response},
    system::random,
};

use crate::{
    browser::BrowserSession,
    pages::{ConsentPage, FormLeads, ScopeLine},
    permissions,
    resume::Parties,
    screen::Screen,
    transaction::{FormToken, Press, Transaction, UNMATCHED},
};

/// `GET /u/consent`
pub(crate) async fn show(app: &App, request: &Request) -> Result<Response, Denial> {
    let at = app.moment(request);
    let transaction = Transaction::open(app, request, at.now).await?;
    let session = BrowserSession::load(app, request, at.now).await?;
    page(app, request, &transaction, session.as_ref(), None).await
}

/// The page; with `error`, the answer to a form that did not count.
async fn page(
    app: &App,
    request: &Request,
    transaction: &Transaction,
    session: Option<&BrowserSession>,
    error: Option<&str>,
) -> Result<Response, Denial> {
    let Some(session) = session else {
        return Ok(response::redirect(
            &transaction.address("/authorize/resume"),
        ));
    };
    let errand = &transaction.errand;
    let parties = Parties::load(app, errand.client_id(), errand.audience()).await?;
    let screen = Screen::new(app, request).await;
    let token = FormToken::issue(app, request, &transaction.state, Some(session)).await?;
    let lines = permissions::lines(
        errand.scope(),
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
    let mut page = screen.page(status, html, FormLeads::of(errand));
    token.attach(&mut page);
    Ok(page)
}

/// `POST /u/consent`
pub(crate) async fn submit(app: &App, request: &Request) -> Result<Response, Denial> {
    let at = app.moment(request);
    let transaction = Transaction::open(app, request, at.now).await?;
    let session = BrowserSession::load(app, request, at.now).await?;
    let session = session.as_ref();
    let params = Params::of_body(request)?;
    if !FormToken::matches(app, request, &params, &transaction.state, session).await? {
        return page(app, request, &transaction, session, Some(UNMATCHED)).await;
    }
    let errand = &transaction.errand;
    if let Press::Deny = Press::of(&params)? {
        return transaction.decline(app, request).await;
    }
    let Some(session) = session else {
        return Ok(response::redirect(
            &transaction.address("/authorize/resume"),
        ));
    };
    if session.user.active().is_err() {
        return transaction.block(app, request).await;
    }
    remember(app, session, errand, at.now).await?;
    let transaction = transaction.confirmed(app, session).await?;
    Ok(response::redirect(
        &transaction.address("/authorize/resume"),
    ))
}

/// Joins what the user agreed to to what they agreed to before.
async fn remember(
    app: &App,
    session: &BrowserSession,
    errand: &Errand,
    now: Timestamp,
) -> Result<(), Denial> {
    let grant = GrantKey {
        user_id: session.session.user_id.clone(),
        client_id: errand.client_id().clone(),
        audience: errand.audience().cloned(),
    };
    let id = ConsentId::from_bytes(random());
    app.store
        .join_consent(&grant, id, errand.scope(), now)
        .await?;
    Ok(())
}
