//! `/activate/confirm`: is this the code that your device shows? Nothing goes further without a press
//! here, or a link could connect a stranger's device (RFC 8628 section 5.4).

use http::StatusCode;
use shared::{
    app::App,
    domain::{denial::Denial, device::Activation, errand::Errand},
    http::{Request, Response, params::Params, response},
};

use super::{decline, mark, over};
use crate::{
    browser::BrowserSession,
    pages::{ConfirmDevicePage, FormLeads},
    resume::Parties,
    screen::Screen,
    transaction::{FormToken, Transaction, UNMATCHED},
};

/// `GET /activate/confirm`
pub(crate) async fn show(app: &App, request: &Request) -> Result<Response, Denial> {
    let (activation, state) = open(app, request).await?;
    let session = BrowserSession::load(app, request, app.moment(request).now).await?;
    page(app, request, &activation, &state, session.as_ref(), None).await
}

/// The page; with `error`, the answer to a form that did not count.
async fn page(
    app: &App,
    request: &Request,
    activation: &Activation,
    state: &str,
    session: Option<&BrowserSession>,
    error: Option<&str>,
) -> Result<Response, Denial> {
    let at = app.moment(request);
    let device = app.store.load_device(activation.device_id).await?;
    if !device.is_some_and(|device| device.is_open(at.now)) {
        return Ok(over(app, request, activation).await);
    }
    let parties = Parties::load(app, &activation.client_id, activation.audience.as_ref()).await?;
    let screen = Screen::new(app, request).await;
    let token = FormToken::issue(app, request, state, session).await?;
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
pub(crate) async fn submit(app: &App, request: &Request) -> Result<Response, Denial> {
    let at = app.moment(request);
    let (activation, state) = open(app, request).await?;
    let session = BrowserSession::load(app, request, at.now).await?;
    let session = session.as_ref();
    let params = Params::of_body(request)?;
    if !FormToken::matches(app, request, &params, &state, session).await? {
        return page(app, request, &activation, &state, session, Some(UNMATCHED)).await;
    }
    match params.text("action")? {
        Some("confirm") => {}
        Some("cancel") => return decline(app, request, &activation, at.now).await,
        _ => {
            return Err(Denial::InvalidParameter(
                "action must be confirm or cancel".to_owned(),
            ));
        }
    }
    let confirmed = Activation {
        confirmed_in: mark::of(app, request, session).await?,
        ..activation
    };
    let transaction = Transaction::begin(app, confirmed).await?;
    Ok(response::redirect(
        &transaction.address("/authorize/resume"),
    ))
}

/// The activation that the page belongs to, and its text.
async fn open(app: &App, request: &Request) -> Result<(Activation, String), Denial> {
    let transaction = Transaction::open(app, request, app.moment(request).now).await?;
    match transaction.errand {
        Errand::Activate(activation) => Ok((activation, transaction.state)),
        Errand::Authorize(_) => Err(Denial::StaleTransaction),
    }
}
