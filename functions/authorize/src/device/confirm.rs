//! `/activate/confirm`: asks the user to compare the code with the one on the device. No activation skips this
//! question, because otherwise a link could connect an attacker's device (RFC 8628 section 5.4).

use ratchet_domain::{denial::Denial, device::Activation, error::Error, interaction::Interaction};
use ratchet_protocol::{Response, params::Params};

use super::ends;
use crate::{
    flow::outcome::Outcome,
    pages::{
        ConfirmDevicePage, FormTarget,
        form::{self, Form},
        screen::Screen,
    },
    session::{
        binding,
        browser::BrowserSession,
        form_token::{FormToken, UNMATCHED},
        transaction::{Step, Transaction},
    },
    visit::Visit,
};

/// `GET /activate/confirm`
pub(crate) async fn show(visit: &Visit<'_>) -> Result<Outcome, Error> {
    let (activation, state) = open(visit).await?;
    let session = BrowserSession::load(visit).await?;
    let page = page(visit, &activation, &state, session.as_ref(), None).await?;
    Ok(Outcome::Page(page))
}

/// The page. `error` is set after a form that was not accepted.
async fn page(
    visit: &Visit<'_>,
    activation: &Activation,
    state: &str,
    session: Option<&BrowserSession>,
    error: Option<&str>,
) -> Result<Response, Error> {
    let device = visit.app.store.load_device(activation.device_id).await?;
    if !device.is_some_and(|device| device.is_open(visit.now())) {
        return Ok(ends::over(visit, activation).await);
    }
    let both = visit
        .client_and_api(&activation.client_id, activation.audience.as_ref())
        .await?;
    let form = Form {
        state,
        session,
        status: form::status_of(error),
        target: FormTarget::Here,
    };
    let render = |screen: &Screen, csrf: &str| {
        ConfirmDevicePage {
            branding: screen.branding(),
            nonce: &screen.nonce,
            application: &both.client.name,
            user_code: &screen.settings.device_flow.show(&activation.user_code),
            state,
            csrf,
            error,
        }
        .render()
    };
    form.page(visit, render).await
}

/// `POST /activate/confirm`
pub(crate) async fn submit(visit: &Visit<'_>) -> Result<Outcome, Error> {
    let (activation, state) = open(visit).await?;
    let session = BrowserSession::load(visit).await?;
    let session = session.as_ref();
    let params = Params::of_body(visit.request)?;
    if !FormToken::matches(visit, &params, &state, session).await? {
        let page = page(visit, &activation, &state, session, Some(UNMATCHED)).await?;
        return Ok(Outcome::Page(page));
    }
    match params.text("action")? {
        Some("confirm") => {}
        Some("cancel") => return Ok(Outcome::Declined(activation.into())),
        _ => {
            return Err(
                Denial::InvalidParameter("action must be confirm or cancel".to_owned()).into(),
            );
        }
    }
    let confirmed = binding::confirmed(visit, activation, session).await?;
    Ok(Outcome::go_to(Step::Resume, confirmed))
}

/// The activation of this page, and its `state`.
async fn open(visit: &Visit<'_>) -> Result<(Activation, String), Error> {
    let transaction = Transaction::open(visit).await?;
    match transaction.interaction {
        Interaction::Activate(activation) => Ok((activation, transaction.state)),
        Interaction::Authorize(_) => Err(Denial::StaleTransaction.into()),
    }
}
