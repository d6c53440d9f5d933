//! `/activate`: which device? The link in a QR code has the answer with it (`?user_code=…`).

use http::StatusCode;
use shared::{
    app::{App, Limited, Moment},
    domain::{denial::Denial, device::Activation, user_code::UserCode},
    http::{Request, Response, params::Params, response},
    telemetry::event,
};

use crate::{
    browser::BrowserSession,
    pages::{ActivatePage, FormLeads},
    screen::Screen,
    transaction::{FormToken, Transaction, UNMATCHED},
};

/// What forms of this page are tied to: there is no transaction yet.
const FORM: &str = "activate";

const WRONG: &str = "This code is wrong or has expired. Compare it with the one on your device.";

/// `GET /activate`
pub(crate) async fn show(app: &App, request: &Request) -> Result<Response, Denial> {
    let params = Params::of_query(request)?;
    match params.text("user_code")? {
        Some(typed) => take(app, request, typed).await,
        None => page(app, request, "", None).await,
    }
}

/// `POST /activate`
pub(crate) async fn submit(app: &App, request: &Request) -> Result<Response, Denial> {
    let params = Params::of_body(request)?;
    let typed = params.text("user_code")?.unwrap_or_default();
    let session = BrowserSession::load(app, request, app.moment(request).now).await?;
    if !FormToken::matches_first(app, request, &params, FORM, session.as_ref()).await? {
        let error = Some((StatusCode::FORBIDDEN, UNMATCHED));
        return page(app, request, typed, error).await;
    }
    take(app, request, typed).await
}

/// Goes on to the confirmation if there is such a code. Whoever guesses is slowed down.
async fn take(app: &App, request: &Request, typed: &str) -> Result<Response, Denial> {
    let at = app.moment(request);
    let limited = Limited {
        what: "user code",
        by: at.origin.to_string(),
    };
    let limit = app.settings().await?.user_code_rate_limit;
    app.throttle(limited, limit, at.now)?;
    let Some(activation) = find(app, typed, at).await? else {
        tracing::warn!(
            r#type = event::DEVICE_ACTIVATION_FAILED,
            reason = "no device waits under this code"
        );
        return page(app, request, typed, Some((StatusCode::BAD_REQUEST, WRONG))).await;
    };
    let transaction = Transaction::begin(app, activation).await?;
    Ok(response::redirect(
        &transaction.address("/activate/confirm"),
    ))
}

async fn find(app: &App, typed: &str, at: Moment) -> Result<Option<Activation>, Denial> {
    let Some(user_code) = UserCode::parse(typed) else {
        return Ok(None);
    };
    let found = app.find_device(&user_code, at.now).await?;
    Ok(found.map(|(device_id, device)| Activation {
        device_id,
        user_code,
        client_id: device.client_id,
        audience: device.audience,
        scope: device.scope,
        confirmed_in: None,
        started_at: at.now,
    }))
}

async fn page(
    app: &App,
    request: &Request,
    typed: &str,
    error: Option<(StatusCode, &str)>,
) -> Result<Response, Denial> {
    let screen = Screen::new(app, request).await;
    let session = BrowserSession::load(app, request, app.moment(request).now).await?;
    let token = FormToken::issue(app, request, FORM, session.as_ref()).await?;
    let html = ActivatePage {
        branding: screen.branding(),
        nonce: &screen.nonce,
        csrf: &token.value,
        user_code: typed,
        numeric: screen.settings.device_flow.is_numeric(),
        error: error.map(|(_, text)| text),
    }
    .render();
    let status = error.map_or(StatusCode::OK, |(status, _)| status);
    let mut page = screen.page(status, html, FormLeads::Here);
    token.attach(&mut page);
    Ok(page)
}
