//! The token that binds a form to the browser that shows it.

use http::HeaderName;
use ratchet_domain::{denial::Denial, error::Error};
use ratchet_protocol::{Request, Response, header, params::Params};

use super::{
    browser::BrowserSession,
    own_cookies::{BrowserSecret, FORMS},
};
use crate::visit::Visit;

/// Shown with a form again if it could not be matched with the browser.
pub(crate) const UNMATCHED: &str = "This form could not be matched with your browser. Please try again. \
                                    If you see this again, allow cookies for this page.";
/// The relation of the sending page to our site (Fetch Metadata). Browsers set it, and no page can.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The label of the digests in forms.
const CSRF: &str = "csrf";

/// The binding of a form to a browser: a cookie, and a digest in the form. The digest also covers the browser's
/// session: another host of our domain may have planted the cookie, but it does not know a session of the user.
pub(crate) struct FormToken {
    pub(crate) value: String,
    browser: BrowserSecret,
}

impl FormToken {
    /// Issues the token of a form. A browser that already has the cookie keeps it.
    pub(crate) async fn issue(
        visit: &Visit<'_>,
        state: &str,
        session: Option<&BrowserSession>,
    ) -> Result<Self, Error> {
        let browser = FORMS.of(visit).await?;
        let (keyring, key) = visit.app.active_key().await;
        let bound = bound(&browser.secret, session, state);
        let value = keyring.digest(key, CSRF, bound.as_bytes())?;
        Ok(Self { value, browser })
    }

    /// Adds the cookie to the response with the form.
    pub(crate) fn attach(self, response: &mut Response) {
        self.browser.attach(response);
    }

    /// True if a submitted form came from a page that this browser got in this session. Otherwise the caller shows
    /// the form again and does nothing else, because another user may have logged in since.
    pub(crate) async fn matches(
        visit: &Visit<'_>,
        params: &Params,
        state: &str,
        session: Option<&BrowserSession>,
    ) -> Result<bool, Error> {
        let tied = Self::is_tied(visit, params, state, session).await?;
        Ok(noted(tied && origin_of(visit.request) != Origin::Elsewhere))
    }

    /// The same for a form that a browser may get before it has any cookie of ours, and that decides nothing for the
    /// user of a session.
    ///
    /// Two tabs that open their first page at once get two cookies, of which the browser keeps one. The form of the
    /// other tab is accepted, too, if the browser itself reports that a page of ours sent it, and has a cookie of
    /// ours. A form that the browser reports as coming from elsewhere is never accepted.
    pub(crate) async fn matches_first(
        visit: &Visit<'_>,
        params: &Params,
        state: &str,
        session: Option<&BrowserSession>,
    ) -> Result<bool, Error> {
        let matches = match origin_of(visit.request) {
            Origin::Same => !FORMS.sent(visit).await.is_empty(),
            Origin::Elsewhere => false,
            Origin::Unknown => Self::is_tied(visit, params, state, session).await?,
        };
        Ok(noted(matches))
    }

    async fn is_tied(
        visit: &Visit<'_>,
        params: &Params,
        state: &str,
        session: Option<&BrowserSession>,
    ) -> Result<bool, Error> {
        let secrets = FORMS.sent(visit).await;
        let value = params.text("_csrf")?.unwrap_or_default();
        let keyring = visit.app.keyring().await;
        let is_tied = |secret: &String| {
            keyring.digest_matches(value, CSRF, bound(secret, session, state).as_bytes())
        };
        Ok(secrets.iter().any(is_tied))
    }
}

/// The button that the user pressed.
pub(crate) enum Button {
    Accept,
    Deny,
}

impl Button {
    /// Reads the form's `action`.
    pub(crate) fn of(params: &Params) -> Result<Self, Denial> {
        match params.text("action")? {
            Some("accept") => Ok(Self::Accept),
            Some("deny") => Ok(Self::Deny),
            _ => Err(Denial::InvalidParameter(
                "action must be accept or deny".to_owned(),
            )),
        }
    }
}

/// The origin of a submitted form, as the browser reports it (Fetch Metadata).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Same,
    Elsewhere,
    Unknown,
}

fn origin_of(request: &Request) -> Origin {
    match header(request, &SEC_FETCH_SITE) {
        Some("same-origin") => Origin::Same,
        Some("same-site" | "cross-site") => Origin::Elsewhere,
        _ => Origin::Unknown,
    }
}

fn noted(matches: bool) -> bool {
    if !matches {
        tracing::info!("a form could not be matched with its browser and is shown again");
    }
    matches
}

/// The text that the digest covers. Only the state, which comes last, may contain a dot.
fn bound(secret: &str, session: Option<&BrowserSession>, state: &str) -> String {
    let session = session.map_or("", |session| session.sid().as_str());
    format!("{secret}.{session}.{state}")
}
