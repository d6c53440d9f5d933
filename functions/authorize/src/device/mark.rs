//! What ties a confirmation to the browser in which it happened, and to its session if it had one: a cookie alone may
//! have been planted, and then the confirmation is of whoever planted it.

use shared::domain::{denial::Denial, device::Activation};

use crate::{browser::BrowserSession, own_cookies::FORMS, visit::Visit};

/// The label of the digests in confirmed activations.
const CONFIRMED: &str = "device-confirmed";

/// The mark of this browser; `None` if it keeps no cookie of ours.
pub(crate) async fn of(
    visit: &Visit<'_>,
    session: Option<&BrowserSession>,
) -> Result<Option<String>, Denial> {
    let Some(secret) = FORMS.sent(visit).await.into_iter().next() else {
        return Ok(None);
    };
    let (keyring, key) = visit.app.active_key().await;
    let bound = bound(&secret, session);
    Ok(Some(keyring.digest(key, CONFIRMED, bound.as_bytes())?))
}

/// Whether a mark is this browser's.
pub(crate) async fn is_of(visit: &Visit<'_>, session: Option<&BrowserSession>, mark: &str) -> bool {
    let secrets = FORMS.sent(visit).await;
    let keyring = visit.app.keyring().await;
    secrets
        .iter()
        .any(|secret| keyring.digest_matches(mark, CONFIRMED, bound(secret, session).as_bytes()))
}

/// The activation after a login: a confirmation in this browser counts in the session that has just begun.
pub(crate) async fn carried(
    visit: &Visit<'_>,
    activation: Activation,
    before: Option<&BrowserSession>,
    session: &BrowserSession,
) -> Result<Activation, Denial> {
    let confirmed_here = match &activation.confirmed_in {
        Some(mark) => is_of(visit, before, mark).await,
        None => false,
    };
    if !confirmed_here {
        return Ok(activation);
    }
    Ok(Activation {
        confirmed_in: of(visit, Some(session)).await?,
        ..activation
    })
}

fn bound(secret: &str, session: Option<&BrowserSession>) -> String {
    let session = session.map_or("", |session| session.session.session_id.as_str());
    format!("{secret}.{session}")
}
