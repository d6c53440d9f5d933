//! A request that nothing stands in the way of, before and after the tenant's scripts have run.

use std::sync::Arc;

use shared::domain::{
    authorization::AuthorizationRequest,
    consent::{Basis, RestsOn},
    grant::GrantKey,
    login_flow::Effects,
    settings::Settings,
    user::User,
};

use crate::{session::browser::BrowserSession, visit::ClientAndApi};

/// The browser has come back from where a script sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Return {
    /// The position of the Action that sent it; `None` if a Rule did.
    pub(crate) action: Option<usize>,
}

/// A request that nothing stands in the way of.
pub(crate) struct Approved {
    pub(crate) asked: AuthorizationRequest,
    pub(crate) both: ClientAndApi,
    pub(crate) session: BrowserSession,
    pub(crate) settings: Arc<Settings>,
    /// The consent that was decided on.
    pub(crate) basis: Basis,
    /// `None` on the way from the request to the scripts' first run.
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

    /// After the scripts, which may choose scopes: they have the last word, after the user's permissions.
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

/// An approved request that the scripts have let through.
pub(crate) struct Issuable {
    pub(crate) approved: Approved,
    /// The user as tokens and `/userinfo` show them, with the changes that scripts made.
    pub(crate) user: User,
    pub(crate) effects: Effects,
}
