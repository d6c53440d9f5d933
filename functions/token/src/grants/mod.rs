//! The grant types, one file each.

mod authorization_code;
mod client_credentials;
mod device_code;
mod issue;
mod password;
mod refresh_limit;
mod refresh_sender;
mod refresh_signing;
mod refresh_token;

use ratchet_core::{App, AuthenticatedClient, Moment, ScriptedLogin};
use ratchet_domain::{device, error::Error, scope::Scope, user::User};
use ratchet_protocol::{Request, params::Params};
use ratchet_scripts::objects::Protocol;

use crate::response::TokenAnswer;

/// The supported grant types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GrantType {
    AuthorizationCode,
    ClientCredentials,
    DeviceCode,
    Password,
    PasswordRealm,
    RefreshToken,
}

impl GrantType {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [
            Self::AuthorizationCode,
            Self::ClientCredentials,
            Self::DeviceCode,
            Self::Password,
            Self::PasswordRealm,
            Self::RefreshToken,
        ]
        .into_iter()
        .find(|grant| grant.as_str() == name)
    }

    /// The value of `grant_type`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => device::GRANT_TYPE,
            Self::Password => "password",
            Self::PasswordRealm => "http://auth0.com/oauth/grant-type/password-realm",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// An authenticated client and its request.
#[derive(Clone, Copy)]
pub(crate) struct GrantRequest<'a> {
    pub(crate) client: &'a AuthenticatedClient,
    pub(crate) params: &'a Params,
    /// The HTTP request, which scripts can read.
    pub(crate) request: &'a Request,
    pub(crate) at: Moment,
}

impl<'a> GrantRequest<'a> {
    /// A login without a browser, as input of the scripts.
    fn login(self, protocol: Protocol, user: &'a User, scope: &'a Scope) -> ScriptedLogin<'a> {
        ScriptedLogin::without_browser(protocol, user, self.client, scope, self.request, self.at)
    }
}

/// Issues the tokens of a grant.
pub(crate) async fn redeem(
    app: &App,
    grant: GrantType,
    asked: GrantRequest<'_>,
) -> Result<TokenAnswer, Error> {
    let GrantRequest {
        client, params, at, ..
    } = asked;
    match grant {
        GrantType::AuthorizationCode => authorization_code::redeem(app, client, params, at).await,
        GrantType::ClientCredentials => client_credentials::redeem(app, client, params, at).await,
        GrantType::DeviceCode => device_code::redeem(app, asked).await,
        GrantType::Password | GrantType::PasswordRealm => password::redeem(app, grant, asked).await,
        GrantType::RefreshToken => refresh_token::redeem(app, asked).await,
    }
}
