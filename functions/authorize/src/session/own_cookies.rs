//! The cookies of this service: their names at its issuer, and the secrets that a browser keeps in them. Data that is
//! bound to a secret is valid only in that browser.

use crate::visit::Visit;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderValue, header::SET_COOKIE};
use ratchet_domain::error::Error;
use ratchet_protocol::{
    Response,
    cookies::{self, CookieLifetime, Site},
};
use ratchet_system::random;

/// The name of a cookie at our issuer.
pub(crate) fn name(visit: &Visit<'_>, base: &str) -> String {
    cookies::name(base, visit.app.issuer.is_https(), visit.app.issuer.port())
}

/// A purpose for which a browser keeps a secret.
pub(crate) struct Use {
    cookie: &'static str,
    /// Label of the digest by which we recognise the secrets that we issued.
    label: &'static str,
    site: Site,
}

/// The secret to which forms of our pages and confirmations of devices are bound.
pub(crate) const FORMS: Use = Use {
    cookie: "auth0_csrf",
    label: "csrf-cookie",
    site: Site::Own,
};

/// The secret to which login tickets are bound. Browsers must send it with requests from pages of other sites, too.
pub(crate) const TICKETS: Use = Use {
    cookie: "auth0_co",
    label: "ticket-cookie",
    site: Site::Any,
};

impl Use {
    /// The secrets that the browser sent and we issued. Values that another application has set under the same name
    /// are ignored.
    pub(crate) async fn sent(&self, visit: &Visit<'_>) -> Vec<String> {
        let keyring = visit.app.keyring().await;
        cookies::all(visit.request, &name(visit, self.cookie))
            .filter_map(|value| value.split_once('.'))
            .filter(|(secret, mark)| keyring.digest_matches(mark, self.label, secret.as_bytes()))
            .map(|(secret, _)| secret.to_owned())
            .collect()
    }

    /// The secret of this browser, or a new one for it to keep.
    pub(crate) async fn of(&self, visit: &Visit<'_>) -> Result<BrowserSecret, Error> {
        if let Some(secret) = self.sent(visit).await.into_iter().next() {
            let cookie = None;
            return Ok(BrowserSecret { secret, cookie });
        }
        let secret = drawn();
        let (keyring, key) = visit.app.active_key().await;
        let mark = keyring.digest(key, self.label, secret.as_bytes())?;
        let cookie = cookies::set(
            &name(visit, self.cookie),
            &format!("{secret}.{mark}"),
            CookieLifetime::Browser,
            self.site,
            visit.app.issuer.is_https(),
        );
        Ok(BrowserSecret { secret, cookie })
    }
}

/// A secret that one browser keeps.
pub(crate) struct BrowserSecret {
    pub(crate) secret: String,
    cookie: Option<HeaderValue>,
}

impl BrowserSecret {
    /// Adds the cookie to a response if the browser does not have it yet.
    pub(crate) fn attach(self, response: &mut Response) {
        if let Some(cookie) = self.cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
}

/// 128 random bits in base64url.
pub(crate) fn drawn() -> String {
    URL_SAFE_NO_PAD.encode(random::<16>())
}
