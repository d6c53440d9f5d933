//! The token that ties a form to the browser that was shown it.

use http::HeaderName;
use shared::{
    domain::denial::Denial,
    http::{Request, Response, header, params::Params},
};

use super::{
    browser::BrowserSession,
    own_cookies::{BrowserSecret, FORMS},
};
use crate::visit::Visit;

/// Shown with a form that comes back because it could not be matched with the browser.
pub(crate) const UNMATCHED: &str = "This form could not be matched with your browser. Please try again. \
                                    If you see this again, allow cookies for this page.";
/// The place of the page that a request comes from (Fetch Metadata). Browsers set it, and no page can.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The label of the digests in forms.
const CSRF: &str = "csrf";

/// The tie between a form and a browser: a cookie, and a digest in the form. The digest covers the session that the
/// browser has, too: another host of our domain may have planted the cookie, but it knows no session of the user's.
pub(crate) struct FormToken {
    pub(crate) value: String,
    browser: BrowserSecret,
}

impl FormToken {
    /// For a form about to be shown; the browser keeps the cookie it has.
    pub(crate) async fn issue(
        visit: &Visit<'_>,
        state: &str,
        session: Option<&BrowserSession>,
    ) -> Result<Self, Denial> {
        let browser = FORMS.of(visit).await?;
        let (keyring, key) = visit.app.active_key().await;
        let bound = bound(&browser.secret, session, state);
        let value = keyring.digest(key, CSRF, bound.as_bytes())?;
        Ok(Self { value, browser })
    }

    /// Sends the cookie along with the form.
    pub(crate) fn attach(self, response: &mut Response) {
        self.browser.attach(response);
    }

    /// Whether a submitted form came from a page that this browser was shown in this session. If not, the
    /// caller shows the form again and does nothing else: another user may have logged in since.
    pub(crate) async fn matches(
        visit: &Visit<'_>,
        params: &Params,
        state: &str,
        session: Option<&BrowserSession>,
    ) -> Result<bool, Denial> {
        let tied = Self::is_tied(visit, params, state, session).await?;
        Ok(noted(tied && origin_of(visit.request) != Origin::Elsewhere))
    }

    /// The same for a form that a browser may be shown before it has any cookie of ours, and that decides nothing
    /// for the user of a session.
    ///
    /// Two tabs that open their first page at once are given two cookies, of which the browser keeps one.
    /// The other tab's form counts too if the browser itself says that a page of ours sent it, and keeps our
    /// cookies. A form that the browser says came from elsewhere never counts.
    pub(crate) async fn matches_first(
        visit: &Visit<'_>,
        params: &Params,
        state: &str,
        session: Option<&BrowserSession>,
    ) -> Result<bool, Denial> {
        let matches = match origin_of(visit.request) {
            Origin::Ours => !FORMS.sent(visit).await.is_empty(),
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
    ) -> Result<bool, Denial> {
        let secrets = FORMS.sent(visit).await;
        let value = params.text("_csrf")?.unwrap_or_default();
        let keyring = visit.app.keyring().await;
        let is_tied = |secret: &String| {
            keyring.digest_matches(value, CSRF, bound(secret, session, state).as_bytes())
        };
        Ok(secrets.iter().any(is_tied))
    }
}

/// Which button of a page's question was pressed.
pub(crate) enum Press {
    Accept,
    Deny,
}

impl Press {
    /// The form's `action`.
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

/// Which page sent a form, as the browser says (Fetch Metadata).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Ours,
    Elsewhere,
    Unknown,
}

fn origin_of(request: &Request) -> Origin {
    match header(request, &SEC_FETCH_SITE) {
        Some("same-origin") => Origin::Ours,
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

/// The text that a browser's secret vouches for; no part has a dot but the state, which comes last.
fn bound(secret: &str, session: Option<&BrowserSession>, state: &str) -> String {
    let session = session.map_or("", BrowserSession::sid);
    format!("{secret}.{session}.{state}")
}
