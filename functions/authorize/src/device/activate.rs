//! `/activate`: asks for the code that the device shows. The link in a QR code contains it (`?user_code=…`).

use http::StatusCode;
use ratchet_core::Limited;
use ratchet_domain::{device::Activation, error::Error, user_code::UserCode};
use ratchet_protocol::params::Params;
use ratchet_telemetry::event;

use crate::{
    flow::outcome::Outcome,
    pages::{ActivatePage, FormTarget, form::Form, screen::Screen},
    session::{
        browser::BrowserSession,
        form_token::{FormToken, UNMATCHED},
        transaction::Step,
    },
    visit::Visit,
};

/// Binds the form tokens of this page, which has no `state` yet.
const FORM: &str = "activate";

const WRONG: &str = "This code is wrong or has expired. Compare it with the one on your device.";

/// `GET /activate`
pub(crate) async fn show(visit: &Visit<'_>) -> Result<Outcome, Error> {
    let params = Params::of_query(visit.request)?;
    match params.text("user_code")? {
        Some(typed) => continue_with_code(visit, typed).await,
        None => page(visit, "", None).await,
    }
}

/// `POST /activate`
pub(crate) async fn submit(visit: &Visit<'_>) -> Result<Outcome, Error> {
    let params = Params::of_body(visit.request)?;
    let typed = params.text("user_code")?.unwrap_or_default();
    let session = BrowserSession::load(visit).await?;
    if !FormToken::matches_first(visit, &params, FORM, session.as_ref()).await? {
        let error = Some((StatusCode::FORBIDDEN, UNMATCHED));
        return page(visit, typed, error).await;
    }
    continue_with_code(visit, typed).await
}

/// Continues to the confirmation if the code belongs to an open device. Guesses are rate limited by address.
async fn continue_with_code(visit: &Visit<'_>, typed: &str) -> Result<Outcome, Error> {
    let limited = Limited {
        what: "user code",
        by: visit.at.origin.to_string(),
    };
    let limit = visit.app.settings().await?.user_code_rate_limit;
    visit.app.throttle(limited, limit, visit.now())?;
    let Some(activation) = find(visit, typed).await? else {
        tracing::warn!(
            r#type = event::DEVICE_ACTIVATION_FAILED,
            reason = "no pending device has this code"
        );
        return page(visit, typed, Some((StatusCode::BAD_REQUEST, WRONG))).await;
    };
    Ok(Outcome::go_to(Step::ConfirmDevice, activation))
}

async fn find(visit: &Visit<'_>, typed: &str) -> Result<Option<Activation>, Error> {
    let Some(user_code) = UserCode::parse(typed) else {
        return Ok(None);
    };
    let found = visit.app.find_device(&user_code, visit.now()).await?;
    Ok(found.map(|(device_id, device)| Activation {
        device_id,
        user_code,
        client_id: device.client_id,
        audience: device.audience,
        scope: device.scope,
        confirmed_in: None,
        started_at: visit.now(),
    }))
}

async fn page(
    visit: &Visit<'_>,
    typed: &str,
    error: Option<(StatusCode, &str)>,
) -> Result<Outcome, Error> {
    let session = BrowserSession::load(visit).await?;
    let form = Form {
        state: FORM,
        session: session.as_ref(),
        status: error.map_or(StatusCode::OK, |(status, _)| status),
        target: FormTarget::Here,
    };
    let render = |screen: &Screen, csrf: &str| {
        ActivatePage {
            branding: screen.branding(),
            nonce: &screen.nonce,
            csrf,
            user_code: typed,
            numeric: screen.settings.device_flow.is_numeric(),
            error: error.map(|(_, text)| text),
        }
        .render()
    };
    form.page(visit, render).await.map(Outcome::Page)
}
