//! An interaction in progress, sealed in the `state` of the login pages, so that nothing is stored for a visitor who
//! never logs in.

use ratchet_domain::{
    authorization::TRANSACTION_LIFETIME, denial::Denial, error::Error, interaction::Interaction,
};
use ratchet_protocol::{Response, params::Params, response};

use super::browser::BrowserSession;
use crate::visit::Visit;

/// A step of an interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The user logs in.
    LogIn,
    /// The user consents to the scopes.
    Consent,
    /// The user confirms the client.
    Confirm,
    /// The user confirms the code on the device.
    ConfirmDevice,
    /// The next step is decided anew.
    Resume,
}

impl Step {
    const fn path(self) -> &'static str {
        match self {
            Self::LogIn => "/u/login",
            Self::Consent => "/u/consent",
            Self::Confirm => "/u/confirm",
            Self::ConfirmDevice => "/activate/confirm",
            Self::Resume => "/authorize/resume",
        }
    }
}

/// An interaction in progress, and the `state` in which it is sealed.
pub(crate) struct Transaction {
    pub(crate) interaction: Interaction,
    pub(crate) state: String,
}

impl Transaction {
    pub(crate) async fn begin(
        visit: &Visit<'_>,
        interaction: impl Into<Interaction>,
    ) -> Result<Self, Error> {
        let interaction = interaction.into();
        let state = visit.app.seal(&interaction).await?;
        Ok(Self { interaction, state })
    }

    /// Opens the `state` in a page's URL; an error if the page was left open too long.
    pub(crate) async fn open(visit: &Visit<'_>) -> Result<Self, Error> {
        let params = Params::of_query(visit.request)?;
        let state = params.text("state")?.ok_or(Denial::StaleTransaction)?;
        Self::read(visit, state).await
    }

    /// Opens a `state` from another source.
    pub(crate) async fn read(visit: &Visit<'_>, state: &str) -> Result<Self, Error> {
        let interaction: Option<Interaction> = visit.app.open(state).await;
        let interaction = interaction.ok_or(Denial::StaleTransaction)?;
        if interaction.started_at().plus(TRANSACTION_LIFETIME) <= visit.now() {
            return Err(Denial::StaleTransaction.into());
        }
        Ok(Self {
            interaction,
            state: state.to_owned(),
        })
    }

    /// The transaction after the user has confirmed one of its pages, bound to the session of the confirmation.
    pub(crate) async fn confirmed(
        self,
        visit: &Visit<'_>,
        session: &BrowserSession,
    ) -> Result<Self, Error> {
        match self.interaction {
            Interaction::Authorize(asked) => {
                Self::begin(visit, asked.confirmed_in(&session.stored)).await
            }
            Interaction::Activate(_) => Ok(self),
        }
    }

    /// Sends the browser to a step of this transaction.
    pub(crate) fn redirect(&self, step: Step) -> Response {
        response::redirect(&format!("{}?state={}", step.path(), self.state))
    }
}
