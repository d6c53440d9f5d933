//! The pages with two buttons, on which a user accepts or denies a request: what consent and confirmation have in
//! common.

use std::ops::ControlFlow;

use ratchet_domain::{error::Error, interaction::Interaction};
use ratchet_protocol::params::Params;

use crate::{
    flow::outcome::Outcome,
    pages::{
        FormTarget,
        form::{self, Form},
        screen::Screen,
    },
    session::{
        browser::BrowserSession,
        form_token::{Button, FormToken, UNMATCHED},
        transaction::{Step, Transaction},
    },
    visit::{ClientAndApi, Visit},
};

/// Content of the page of a question.
pub(super) struct Question<'a> {
    pub(super) screen: &'a Screen,
    pub(super) interaction: &'a Interaction,
    pub(super) session: &'a BrowserSession,
    pub(super) asking: &'a ClientAndApi,
    pub(super) state: &'a str,
    pub(super) csrf: &'a str,
    /// Set after a form that was not accepted.
    pub(super) error: Option<&'a str>,
}

/// Writes the HTML of a question.
pub(super) type Render = fn(&Question<'_>) -> String;

/// A form that the user accepted.
pub(super) struct Accepted {
    pub(super) transaction: Transaction,
    pub(super) session: Option<BrowserSession>,
}

/// Shows the page of a question.
pub(super) async fn show(
    visit: &Visit<'_>,
    transaction: &Transaction,
    render: Render,
) -> Result<Outcome, Error> {
    let session = BrowserSession::load(visit).await?;
    page(visit, transaction, session.as_ref(), None, render).await
}

/// Reads the submitted form of a question. It breaks with an outcome if the form token does not match the browser, or
/// the user denies.
pub(super) async fn submitted(
    visit: &Visit<'_>,
    transaction: Transaction,
    render: Render,
) -> Result<ControlFlow<Outcome, Accepted>, Error> {
    let session = BrowserSession::load(visit).await?;
    let params = Params::of_body(visit.request)?;
    if !FormToken::matches(visit, &params, &transaction.state, session.as_ref()).await? {
        let error = Some(UNMATCHED);
        let page = page(visit, &transaction, session.as_ref(), error, render).await?;
        return Ok(ControlFlow::Break(page));
    }
    Ok(match Button::of(&params)? {
        Button::Accept => ControlFlow::Continue(Accepted {
            transaction,
            session,
        }),
        Button::Deny => ControlFlow::Break(Outcome::Declined(transaction.interaction)),
    })
}

/// The page. A browser without a session is redirected to `/authorize/resume`, which decides again.
async fn page(
    visit: &Visit<'_>,
    transaction: &Transaction,
    session: Option<&BrowserSession>,
    error: Option<&str>,
    render: Render,
) -> Result<Outcome, Error> {
    let Some(session) = session else {
        return Ok(Outcome::Page(transaction.redirect(Step::Resume)));
    };
    let interaction = &transaction.interaction;
    let asking = visit
        .client_and_api(interaction.client_id(), interaction.audience())
        .await?;
    let form = Form {
        state: &transaction.state,
        session: Some(session),
        status: form::status_of(error),
        target: FormTarget::of(interaction),
    };
    let render = |screen: &Screen, csrf: &str| {
        render(&Question {
            screen,
            interaction,
            session,
            asking: &asking,
            state: &transaction.state,
            csrf,
            error,
        })
    };
    Ok(Outcome::Page(form.page(visit, render).await?))
}
