//! A request that has passed all checks and questions, before and after the tenant's scripts have run.

use std::sync::Arc;

use ratchet_domain::{
    authorization::AuthorizationRequest,
    consent::{Basis, RestsOn},
    grant::GrantKey,
    login_flow::Effects,
    settings::Settings,
    user::User,
};

use crate::{session::browser::BrowserSession, visit::ClientAndApi};

/// The return of a browser from a script's redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Return {
    /// Position of the Action that redirected the browser; `None` for a Rule.
    pub(crate) action: Option<usize>,
}

/// A request that has passed all checks and questions.
pub(crate) struct Approved {
    pub(crate) asked: AuthorizationRequest,
    pub(crate) both: ClientAndApi,
    pub(crate) session: BrowserSession,
    pub(crate) settings: Arc<Settings>,
    /// The consent that was decided on.
    pub(crate) basis: Basis,
    /// `None` before the scripts run for the first time.
    pub(crate) came_back: Option<Return>,
}

impl Approved {
    /// The consent that the client's tokens rest on.
    pub(crate) fn rests_on(&self) -> RestsOn {
        RestsOn {
            grant: GrantKey {
                user_id: self.session.user_id().clone(),
                client_id: self.asked.client_id.clone(),
                audience: self.asked.audience.clone(),
            },
            basis: self.basis,
        }
    }

    /// Applies the scripts' effects. Scripts have the last word on the scopes, after the user's permissions.
    pub(crate) fn with(mut self, effects: Effects) -> Issuable {
        self.asked.scope = effects.granted(&self.asked.scope);
        let user = effects.user(&self.session.user).into_owned();
        Issuable {
            approved: self,
            user,
            effects,
        }
    }
}

/// An approved request that the scripts allow.
pub(crate) struct Issuable {
    pub(crate) approved: Approved,
    /// The user as shown in tokens and at `/userinfo`, with the changes that scripts made.
    pub(crate) user: User,
    pub(crate) effects: Effects,
}
