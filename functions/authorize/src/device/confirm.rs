//! `/activate/confirm`: is this the code that your device shows? Nothing goes further without a press
//! here, or a link could connect a stranger's device (RFC 8628 section 5.4).

use http::StatusCode;
use shared::{
    domain::{denial::Denial, device::Activation, interaction::Interaction},
    http::{Response, params::Params, response},
};

use super::{decline, mark, over};
use crate::{
    browser::BrowserSession,
    pages::{ConfirmDevicePage, FormLeads},
    resume::Parties,
    screen::Screen,
    transaction::{FormToken, Transaction, UNMATCHED},
    visit::Visit,
};

/// `GET /activate/confirm`
pub(crate) async fn show(visit: &Visit<'_>) -> Result<Response, Denial> {
    let (activation, state) = open(visit).await?;
    let session = BrowserSession::load(visit).await?;
    page(visit, &activation, &state, session.as_ref(), None).await
}

/// The page; with `error`, the answer to a form that did not count.
async fn page(
    visit: &Visit<'_>,
    activation: &Activation,
    state: &str,
    session: Option<&BrowserSession>,
    error: Option<&str>,
) -> Result<Response, Denial> {
    let device = visit.app.store.load_device(activation.device_id).await?;
    if !device.is_some_and(|device| device.is_open(visit.at.now)) {
        return Ok(over(visit, activation).await);
    }
    let parties = Parties::load(visit, &activation.client_id, activation.audience.as_ref()).await?;
    let screen = Screen::new(visit).await;
    let token = FormToken::issue(visit, state, session).await?;
    let html = ConfirmDevicePage {
        branding: screen.branding(),
        nonce: &screen.nonce,
        application: &parties.client.name,
        user_code: &screen.settings.device_flow.show(&activation.user_code),
        state,
        csrf: &token.value,
        error,
    }
    .render();
    let status = error.map_or(StatusCode::OK, |_| StatusCode::FORBIDDEN);
    let mut page = screen.page(status, html, FormLeads::Here);
    token.attach(&mut page);
    Ok(page)
}

/// `POST /activate/confirm`
pub(crate) async fn submit(visit: &Visit<'_>) -> Result<Response, Denial> {
    let (activation, state) = open(visit).await?;
    let session = BrowserSession::load(visit).await?;
    let session = session.as_ref();
    let params = Params::of_body(visit.request)?;
    if !FormToken::matches(visit, &params, &state, session).await? {
        return page(visit, &activation, &state, session, Some(UNMATCHED)).await;
    }
    match params.text("action")? {
        Some("confirm") => {}
        Some("cancel") => return decline(visit, &activation).await,
        _ => {
            return Err(Denial::InvalidParameter(
                "action must be confirm or cancel".to_owned(),
            ));
        }
    }
    let confirmed = Activation {
        confirmed_in: mark::of(visit, session).await?,
        ..activation
    };
    let transaction = Transaction::begin(visit, confirmed).await?;
    Ok(response::redirect(
        &transaction.address("/authorize/resume"),
    ))
}

/// The activation that the page belongs to, and its text.
async fn open(visit: &Visit<'_>) -> Result<(Activation, String), Denial> {
    let transaction = Transaction::open(visit).await?;
    match transaction.interaction {
        Interaction::Activate(activation) => Ok((activation, transaction.state)),
        Interaction::Authorize(_) => Err(Denial::StaleTransaction),
    }
}
