//! Login tickets: issued for a correct password to a page that is not ours, and redeemed once for a session in the
//! browser that shows the page. A cookie identifies that browser. An attacker therefore cannot log a user into the
//! attacker's account unnoticed with a ticket from another browser.

use ratchet_domain::{
    error::Error,
    ids::ClientId,
    login_ticket::{LoginTicket, TICKET_LIFETIME},
    user::User,
};
use ratchet_protocol::Response;
use ratchet_store::CommitError;
use ratchet_system::random;

use crate::{
    session::own_cookies::{BrowserSecret, TICKETS, drawn},
    visit::Visit,
};

/// Label of the digests in tickets.
const BROWSER: &str = "login-ticket-browser";

/// A ticket about to be issued.
pub(crate) struct Issued {
    pub(crate) ticket: String,
    /// `auth0.js` keeps it in the page. Auth0 asks for it in a browser that blocks the cookie; Ratchet rejects a ticket
    /// without the cookie, so the verifier is compared with nothing.
    pub(crate) verifier: String,
    pub(crate) id: String,
    browser: BrowserSecret,
}

impl Issued {
    /// A ticket for a user whose password was correct. A browser that already has the cookie keeps it.
    pub(crate) async fn new(
        visit: &Visit<'_>,
        client_id: &ClientId,
        user: &User,
    ) -> Result<Self, Error> {
        let browser = TICKETS.of(visit).await?;
        let id = drawn();
        let (keyring, key) = visit.app.active_key().await;
        let ticket = LoginTicket {
            id: id.clone(),
            user_id: user.user_id.clone(),
            valid_from: user.valid_from.sessions,
            browser: keyring.digest(key, BROWSER, browser.secret.as_bytes())?,
            expires_at: visit.now().plus(TICKET_LIFETIME),
        };
        let ticket = keyring.seal_value_for(key, client_id, random(), &ticket)?;
        Ok(Self {
            ticket,
            verifier: drawn(),
            id,
            browser,
        })
    }

    /// Adds the cookie to a response.
    pub(crate) fn attach(self, response: &mut Response) {
        self.browser.attach(response);
    }
}

/// Uses up a ticket and returns its user. `None` unless the ticket is live, for this client and this browser, and not
/// used before, and its user is neither blocked nor logged out since.
pub(crate) async fn redeem(
    visit: &Visit<'_>,
    client_id: &ClientId,
    text: &str,
) -> Result<Option<User>, Error> {
    let browsers = TICKETS.sent(visit).await;
    let keyring = visit.app.keyring().await;
    let ticket = keyring
        .open_value_for::<LoginTicket>(client_id, text)
        .filter(|ticket| ticket.is_live(visit.now()))
        .filter(|ticket| {
            let is_this = |browser: &String| {
                keyring.digest_matches(&ticket.browser, BROWSER, browser.as_bytes())
            };
            browsers.iter().any(is_this)
        });
    let Some(ticket) = ticket else {
        return Ok(None);
    };
    match visit.app.store.put_used_ticket(&ticket).await {
        Ok(()) => {}
        Err(CommitError::Conflict) => return Ok(None),
        Err(CommitError::Store(error)) => return Err(error.into()),
    }
    let record = visit.app.store.load_user(&ticket.user_id).await?;
    let user = record.map(|record| record.user);
    Ok(user.filter(|user| user.active().is_ok() && user.honours(ticket.valid_from)))
}
