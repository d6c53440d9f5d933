//! `/u/confirm`: is this the application that you meant? Any program can have sent the browser here if nothing
//! vouches for who is behind the callback (RFC 8252 section 8.6, [Auth0's measures]).
//!
//! [Auth0's measures]: https://auth0.com/docs/secure/security-guidance/measures-against-app-impersonation

use http::StatusCode;
use shared::{
    app::App,
    domain::{denial::Denial, errand::Errand},
    http::{Request, Response, params::Params, response},
};

use crate::{
    browser::BrowserSession,
    pages::{ConfirmationPage, FormLeads},
    resume::Parties,
    screen::Screen,
    transaction::{FormToken, Press, Transaction, UNMATCHED},
};

/// `GET /u/confirm`
pub(crate) async fn show(app: &App, request: &Request) -> Result<Response, Denial> {
    let transaction = open(app, request).await?;
    let session = BrowserSession::load(app, request, app.moment(request).now).await?;
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
    let mut page = screen.page(status, html, FormLeads::of(errand));
    token.attach(&mut page);
    Ok(page)
}

/// `POST /u/confirm`
pub(crate) async fn submit(app: &App, request: &Request) -> Result<Response, Denial> {
    let transaction = open(app, request).await?;
    let session = BrowserSession::load(app, request, app.moment(request).now).await?;
    let session = session.as_ref();
    let params = Params::of_body(request)?;
    if !FormToken::matches(app, request, &params, &transaction.state, session).await? {
        return page(app, request, &transaction, session, Some(UNMATCHED)).await;
    }
    if let Press::Deny = Press::of(&params)? {
        return transaction.decline(app, request).await;
    }
    let transaction = match session {
        Some(session) => transaction.confirmed(app, session).await?,
        None => transaction,
    };
    Ok(response::redirect(
        &transaction.address("/authorize/resume"),
    ))
}

/// The application's request that the page belongs to.
async fn open(app: &App, request: &Request) -> Result<Transaction, Denial> {
    let transaction = Transaction::open(app, request, app.moment(request).now).await?;
    match transaction.errand {
        Errand::Authorize(_) => Ok(transaction),
        Errand::Activate(_) => Err(Denial::StaleTransaction),
    }
}
