//! A browser's interaction on its way through the login pages: sealed in their `state`, so that nothing is
//! stored for a visitor who never logs in; and the token that ties a form to the browser
//! that was shown it.

use http::HeaderName;
use shared::{
    domain::{
        authorization::TRANSACTION_LIFETIME, client::RedirectionPolicy, denial::Denial,
        interaction::Interaction, user::UserBlocked,
    },
    http::{Request, Response, header, params::Params},
};

use crate::{
    answer::{self, Refusal, Reply},
    browser::BrowserSession,
    device,
    own_cookies::{BrowserSecret, FORMS},
    visit::Visit,
};

/// Shown with a form that comes back because it could not be matched with the browser.
pub(crate) const UNMATCHED: &str = "This form could not be matched with your browser. Please try again. \
                                    If you see this again, allow cookies for this page.";
/// Where the page lies that a request comes from (Fetch Metadata). Browsers set it, and no page can.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The label of the digests in forms.
const CSRF: &str = "csrf";

/// An interaction on its way, with the text it travels as.
pub(crate) struct Transaction {
    pub(crate) interaction: Interaction,
    pub(crate) state: String,
}

impl Transaction {
    /// Seals an interaction.
    pub(crate) async fn begin(
        visit: &Visit<'_>,
        interaction: impl Into<Interaction>,
    ) -> Result<Self, Denial> {
        let interaction = interaction.into();
        let state = visit.app.seal(&interaction).await?;
        Ok(Self { interaction, state })
    }

    /// Opens the `state` in the address of a page. The page may have been left open too long.
    pub(crate) async fn open(visit: &Visit<'_>) -> Result<Self, Denial> {
        let params = Params::of_query(visit.request)?;
        let state = params.text("state")?.ok_or(Denial::StaleTransaction)?;
        Self::read(visit, state).await
    }

    /// Opens a `state` that came in another way.
    pub(crate) async fn read(visit: &Visit<'_>, state: &str) -> Result<Self, Denial> {
        let interaction: Option<Interaction> = visit.app.open(state).await;
        let interaction = interaction.ok_or(Denial::StaleTransaction)?;
        if interaction.started_at().plus(TRANSACTION_LIFETIME) <= visit.at.now {
            return Err(Denial::StaleTransaction);
        }
        Ok(Self {
            interaction,
            state: state.to_owned(),
        })
    }

    /// The transaction after a press on one of its pages, in the session in which it was pressed.
    pub(crate) async fn confirmed(
        self,
        visit: &Visit<'_>,
        session: &BrowserSession,
    ) -> Result<Self, Denial> {
        match self.interaction {
            Interaction::Authorize(asked) => {
                Self::begin(visit, asked.confirmed_in(&session.session)).await
            }
            Interaction::Activate(_) => Ok(self),
        }
    }

    /// The transaction after a login on one of its pages, with the session before it and the one that it began.
    pub(crate) async fn logged_in(
        self,
        visit: &Visit<'_>,
        before: Option<&BrowserSession>,
        session: &BrowserSession,
    ) -> Result<Self, Denial> {
        match self.interaction {
            Interaction::Authorize(_) => self.confirmed(visit, session).await,
            Interaction::Activate(activation) => {
                let carried = device::mark::carried(visit, activation, before, session).await?;
                Self::begin(visit, carried).await
            }
        }
    }

    /// The address of a page of this transaction.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{path}?state={}", self.state)
    }

    /// The user said no. Whether the application hears of it is its `redirection_policy`: one that is
    /// protected gives strangers no way of sending a browser on to it.
    pub(crate) async fn decline(&self, visit: &Visit<'_>) -> Result<Response, Denial> {
        match &self.interaction {
            Interaction::Authorize(asked) => {
                let client = visit.app.client(&asked.client_id).await?;
                let policy = client.map(|client| client.redirection_policy);
                if policy == Some(RedirectionPolicy::OpenRedirectProtection) {
                    return Err(Denial::Declined);
                }
                let refusal = Refusal::new("access_denied", "");
                answer::refuse(visit, &Reply::from(&**asked), refusal).await
            }
            Interaction::Activate(activation) => device::decline(visit, activation).await,
        }
    }

    /// The user may not.
    pub(crate) async fn block(&self, visit: &Visit<'_>) -> Result<Response, Denial> {
        match &self.interaction {
            Interaction::Authorize(asked) => {
                let refusal = Refusal::new("unauthorized", UserBlocked.to_string());
                answer::refuse(visit, &Reply::from(&**asked), refusal).await
            }
            Interaction::Activate(activation) => Err(device::resume::blocked(activation)),
        }
    }
}

/// What ties a form to a browser: a cookie, and a digest in the form. The digest covers the session that the browser
/// has, too: another host of our domain may have planted the cookie, but it knows no session of the user's.
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

/// What a browser's secret vouches for; no part has a dot but the state, which comes last.
fn bound(secret: &str, session: Option<&BrowserSession>, state: &str) -> String {
    let session = session.map_or("", |session| session.session.session_id.as_str());
    format!("{secret}.{session}.{state}")
}
