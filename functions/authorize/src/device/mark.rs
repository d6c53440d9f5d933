//! What ties a confirmation to the browser in which it happened, and to its session if it had one: a cookie alone may
//! have been planted, and then the confirmation is of whoever planted it.

use shared::{
    app::App,
    domain::{denial::Denial, device::Activation},
    http::Request,
};

use crate::{browser::BrowserSession, own_cookies::FORMS};

/// The label of the digests in confirmed activations.
const CONFIRMED: &str = "device-confirmed";

/// The mark of this browser; `None` if it keeps no cookie of ours.
pub(crate) async fn of(
    app: &App,
    request: &Request,
    session: Option<&BrowserSession>,
) -> Result<Option<String>, Denial> {
    let Some(secret) = FORMS.sent(app, request).await.into_iter().next() else {
        return Ok(None);
    };
    let (keyring, key) = app.active_key().await;
    let bound = bound(&secret, session);
    Ok(Some(keyring.digest(key, CONFIRMED, bound.as_bytes())?))
}

/// Whether a mark is this browser's.
pub(crate) async fn is_of(
    app: &App,
    request: &Request,
    session: Option<&BrowserSession>,
    mark: &str,
) -> bool {
    let secrets = FORMS.sent(app, request).await;
    let keyring = app.keyring().await;
    secrets
        .iter()
        .any(|secret| keyring.digest_matches(mark, CONFIRMED, bound(secret, session).as_bytes()))
}

/// The activation after a login: a confirmation in this browser counts in the session that has just begun.
pub(crate) async fn carried(
    app: &App,
    request: &Request,
    activation: Activation,
    before: Option<&BrowserSession>,
    session: &BrowserSession,
) -> Result<Activation, Denial> {
    let confirmed_here = match &activation.confirmed_in {
        Some(mark) => is_of(app, request, before, mark).await,
        None => false,
    };
    if !confirmed_here {
        return Ok(activation);
    }
    Ok(Activation {
        confirmed_in: of(app, request, Some(session)).await?,
        ..activation
    })
}

fn bound(secret: &str, session: Option<&BrowserSession>) -> String {
    let session = session.map_or("", |session| session.session.session_id.as_str());
    format!("{secret}.{session}")
}
