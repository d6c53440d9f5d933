//! The binding of a confirmed activation to the browser in which the user confirmed it, and to the browser's session
//! if it had one. The cookie alone is not enough: an attacker may have planted it after confirming with it.

use ratchet_domain::{device::Activation, error::Error};

use super::{browser::BrowserSession, own_cookies::FORMS};
use crate::visit::Visit;

/// The label of the digests in confirmed activations.
const CONFIRMED: &str = "device-confirmed";

/// The digest of a browser's secret and its session, in [`Activation::confirmed_in`].
pub(crate) struct BrowserBinding(String);

impl BrowserBinding {
    /// The binding of this browser; `None` if it sends no cookie of ours.
    pub(crate) async fn of(
        visit: &Visit<'_>,
        session: Option<&BrowserSession>,
    ) -> Result<Option<Self>, Error> {
        let Some(secret) = FORMS.sent(visit).await.into_iter().next() else {
            return Ok(None);
        };
        let (keyring, key) = visit.app.active_key().await;
        let bound = bound(&secret, session);
        let digest = keyring.digest(key, CONFIRMED, bound.as_bytes())?;
        Ok(Some(Self(digest)))
    }

    /// The text that is stored in an activation.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    /// True if an activation was confirmed in this browser and session.
    pub(crate) async fn matches(
        visit: &Visit<'_>,
        session: Option<&BrowserSession>,
        activation: &Activation,
    ) -> bool {
        let Some(digest) = &activation.confirmed_in else {
            return false;
        };
        let secrets = FORMS.sent(visit).await;
        let keyring = visit.app.keyring().await;
        secrets.iter().any(|secret| {
            keyring.digest_matches(digest, CONFIRMED, bound(secret, session).as_bytes())
        })
    }
}

/// The activation, marked as confirmed in this browser.
pub(crate) async fn confirmed(
    visit: &Visit<'_>,
    activation: Activation,
    session: Option<&BrowserSession>,
) -> Result<Activation, Error> {
    let binding = BrowserBinding::of(visit, session).await?;
    Ok(Activation {
        confirmed_in: binding.map(BrowserBinding::into_text),
        ..activation
    })
}

/// The activation after a login: a confirmation in this browser is carried over to the new session.
pub(crate) async fn carried(
    visit: &Visit<'_>,
    activation: Activation,
    before: Option<&BrowserSession>,
    session: &BrowserSession,
) -> Result<Activation, Error> {
    if BrowserBinding::matches(visit, before, &activation).await {
        confirmed(visit, activation, Some(session)).await
    } else {
        Ok(activation)
    }
}

fn bound(secret: &str, session: Option<&BrowserSession>) -> String {
    let session = session.map_or("", |session| session.sid().as_str());
    format!("{secret}.{session}")
}
