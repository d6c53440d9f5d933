//! The grants: one file each, one arm each.

mod authorization_code;
mod client_credentials;
mod device_code;
mod password;
mod refresh_limit;
mod refresh_signing;
pub(crate) mod refresh_token;

use std::net::IpAddr;

use shared::{
    app::{App, AuthenticatedClient, Moment},
    domain::{denial::Denial, device},
    http::params::Params,
};

use crate::response::TokenAnswer;

/// The grant types we know.
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

    /// The name at the token endpoint.
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

/// Gives a client what its grant is worth. `address` is that of the person at the other end.
pub(crate) async fn redeem(
    app: &App,
    client: &AuthenticatedClient,
    grant: GrantType,
    params: &Params,
    address: Option<IpAddr>,
    at: Moment,
) -> Result<TokenAnswer, Denial> {
    match grant {
        GrantType::AuthorizationCode => authorization_code::redeem(app, client, params, at).await,
        GrantType::ClientCredentials => client_credentials::redeem(app, client, params, at).await,
        GrantType::DeviceCode => device_code::redeem(app, client, params, at).await,
        GrantType::Password | GrantType::PasswordRealm => {
            password::redeem(app, client, grant, params, address, at).await
        }
        GrantType::RefreshToken => refresh_token::redeem(app, client, params, at).await,
    }
}
