//! Login tickets: given for a good password to a page that is not ours, worth one session to the browser
//! that the page is in. A cookie tells that browser: a ticket that somebody brings in from elsewhere
//! logs nobody in, so nobody can be logged in as somebody else without noticing.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderValue, header::SET_COOKIE};
use shared::{
    adapters::dynamo::CommitError,
    app::{App, Moment},
    domain::{
        denial::Denial,
        ids::{ClientId, UserId},
        login_ticket::{LoginTicket, TICKET_LIFETIME},
        sealed::Purpose,
    },
    http::{
        Request, Response,
        cookies::{self, Site, Stay},
    },
    system::random,
};

/// The cookie that tickets are tied to. It has to come back with a request that a page of another site
/// has made.
const COOKIE: &str = "auth0_co";
/// The labels of the digests in tickets.
const BROWSER: &str = "login-ticket-browser";
const VERIFIER: &str = "login-ticket-verifier";

/// A ticket about to be given.
pub(crate) struct Issued {
    pub(crate) ticket: String,
    /// What the page keeps, to show in place of the cookie.
    pub(crate) verifier: String,
    pub(crate) id: String,
    cookie: Option<HeaderValue>,
}

impl Issued {
    /// A ticket for a user who has just proved who they are; the browser keeps the cookie it has.
    pub(crate) async fn new(
        app: &App,
        request: &Request,
        client_id: &ClientId,
        user_id: &UserId,
        at: Moment,
    ) -> Result<Self, Denial> {
        let known = cookies::get(request, COOKIE).filter(|value| value.len() == 22);
        let (browser, cookie) = match known {
            Some(browser) => (browser.to_owned(), None),
            None => {
                let browser = drawn();
                let https = app.issuer.is_https();
                let cookie = cookies::set(COOKIE, &browser, Stay::Browser, Site::Any, https);
                (browser, cookie)
            }
        };
        let (id, verifier) = (drawn(), drawn());
        let (keyring, key) = app.active_key().await;
        let ticket = LoginTicket {
            id: id.clone(),
            user_id: user_id.clone(),
            browser: keyring.digest(key, BROWSER, browser.as_bytes())?,
            verifier: keyring.digest(key, VERIFIER, verifier.as_bytes())?,
            expires_at: at.now.plus(TICKET_LIFETIME),
        };
        let plaintext = serde_json::to_vec(&ticket).map_err(|e| Denial::Internal(e.to_string()))?;
        let ticket = keyring.seal(
            key,
            Purpose::LoginTicket,
            client_id.as_str(),
            random(),
            &plaintext,
        )?;
        Ok(Self {
            ticket,
            verifier,
            id,
            cookie,
        })
    }

    /// Sends the cookie along.
    pub(crate) fn attach(self, response: &mut Response) {
        if let Some(cookie) = self.cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
}

/// Uses a ticket up: whose it is, if it is good for this client in this browser, now and for the first
/// time.
pub(crate) async fn redeem(
    app: &App,
    request: &Request,
    client_id: &ClientId,
    text: &str,
    at: Moment,
) -> Result<Option<UserId>, Denial> {
    let Some(browser) = cookies::get(request, COOKIE) else {
        return Ok(None);
    };
    let keyring = app.keyring().await;
    let ticket = keyring
        .open(Purpose::LoginTicket, client_id.as_str(), text)
        .and_then(|opened| serde_json::from_slice::<LoginTicket>(&opened.plaintext).ok())
        .filter(|ticket| ticket.is_live(at.now))
        .filter(|ticket| keyring.digest_matches(&ticket.browser, BROWSER, browser.as_bytes()));
    let Some(ticket) = ticket else {
        return Ok(None);
    };
    match app.store.put_used_ticket(&ticket).await {
        Ok(()) => Ok(Some(ticket.user_id)),
        Err(CommitError::Conflict) => Ok(None),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// 128 random bits as text.
fn drawn() -> String {
    URL_SAFE_NO_PAD.encode(random::<16>())
}
