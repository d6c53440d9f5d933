//! An interaction on its way through the login pages: sealed in their `state`, so that nothing is stored for a
//! visitor who never logs in.

use shared::{
    domain::{authorization::TRANSACTION_LIFETIME, denial::Denial, interaction::Interaction},
    http::{Response, params::Params, response},
};

use super::browser::BrowserSession;
use crate::visit::Visit;

/// A stop of an interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The user logs in.
    LogIn,
    /// The user agrees to the scopes.
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

/// An interaction on its way, with the text that it travels as.
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
        if interaction.started_at().plus(TRANSACTION_LIFETIME) <= visit.now() {
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
