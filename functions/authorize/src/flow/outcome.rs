//! The outcome of a step of an interaction.

use ratchet_domain::{authorization::AuthorizationRequest, interaction::Interaction};
use ratchet_protocol::Response;

use super::answer::Reply;
use crate::{error::Refusal, session::transaction::Step};

/// The outcome of a step. The driver turns it into the browser's answer.
pub(crate) enum Outcome {
    /// A page, or a redirect to one: an answer already.
    Page(Response),
    /// The browser goes to another step with this interaction.
    GoTo(Step, Interaction),
    /// The browser goes to the URL of a script's redirect.
    Redirect(String),
    /// The client receives what it asked for.
    Issue(Reply, Vec<(&'static str, String)>),
    /// The client receives an error.
    Refuse(Box<AuthorizationRequest>, Refusal),
    Declined(Interaction),
    /// The tenant has blocked the user.
    Blocked(Interaction),
}

impl Outcome {
    /// Goes to another step.
    pub(crate) fn go_to(step: Step, interaction: impl Into<Interaction>) -> Self {
        Self::GoTo(step, interaction.into())
    }

    /// Sends the client an error.
    pub(crate) fn refuse(asked: AuthorizationRequest, refusal: Refusal) -> Self {
        Self::Refuse(Box::new(asked), refusal)
    }

    /// Repeats the login: the session ended before anything was issued in it. An error with `prompt=none`.
    pub(crate) fn log_in_again(asked: AuthorizationRequest) -> Self {
        if asked.prompt.none {
            Self::refuse(asked, Refusal::login_required())
        } else {
            Self::go_to(Step::LogIn, asked)
        }
    }

    /// Decides everything again: the session or the consent ended before tokens were issued. An error with
    /// `prompt=none`.
    pub(crate) fn decide_again(asked: AuthorizationRequest) -> Self {
        if asked.prompt.none {
            Self::refuse(asked, Refusal::consent_required())
        } else {
            Self::go_to(Step::Resume, asked)
        }
    }
}
