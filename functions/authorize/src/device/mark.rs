//! What ties a confirmation to the browser in which it happened.

use shared::{app::App, domain::denial::Denial, http::Request};

use crate::own_cookies::FORMS;

/// The label of the digests in confirmed activations.
const CONFIRMED: &str = "device-confirmed";

/// The mark of this browser; `None` if it keeps no cookie of ours.
pub(super) async fn of(app: &App, request: &Request) -> Result<Option<String>, Denial> {
    let Some(secret) = FORMS.sent(app, request).await.into_iter().next() else {
        return Ok(None);
    };
    let (keyring, key) = app.active_key().await;
    Ok(Some(keyring.digest(key, CONFIRMED, secret.as_bytes())?))
}

/// Whether a mark is this browser's.
pub(super) async fn is_of(app: &App, request: &Request, mark: &str) -> bool {
    let secrets = FORMS.sent(app, request).await;
    let keyring = app.keyring().await;
    secrets
        .iter()
        .any(|secret| keyring.digest_matches(mark, CONFIRMED, secret.as_bytes()))
}
