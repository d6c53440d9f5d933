//! A page with a form that is valid in one browser only.

use http::StatusCode;
use ratchet_domain::error::Error;
use ratchet_protocol::Response;

use super::{FormTarget, screen::Screen};
use crate::{
    session::{browser::BrowserSession, form_token::FormToken},
    visit::Visit,
};

/// A form: its binding to the browser, and the status and policy of its page.
pub(crate) struct Form<'a> {
    /// The text that the form is bound to, usually the `state` of a transaction.
    pub(crate) state: &'a str,
    /// The browser's session, if it has one.
    pub(crate) session: Option<&'a BrowserSession>,
    pub(crate) status: StatusCode,
    pub(crate) target: FormTarget,
}

impl Form<'_> {
    /// The page. `render` gets the screen and the form's token and returns the HTML.
    pub(crate) async fn page(
        self,
        visit: &Visit<'_>,
        render: impl FnOnce(&Screen, &str) -> String + Send,
    ) -> Result<Response, Error> {
        let screen = Screen::new(visit).await;
        let token = FormToken::issue(visit, self.state, self.session).await?;
        let html = render(&screen, &token.value);
        let mut page = screen.page(self.status, html, self.target);
        token.attach(&mut page);
        Ok(page)
    }
}

/// The status of a page: 403 if it is shown again with `error`, because its form could not be matched with the
/// browser.
pub(crate) fn status_of(error: Option<&str>) -> StatusCode {
    error.map_or(StatusCode::OK, |_| StatusCode::FORBIDDEN)
}
