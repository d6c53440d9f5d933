//! The grants: one file each, one arm each.

mod authorization_code;
mod client_credentials;
mod refresh_limit;
mod refresh_signing;
mod refresh_token;

use shared::{
    app::{App, AuthenticatedClient, Moment},
    domain::denial::Denial,
    http::params::Params,
};

use crate::response::TokenAnswer;

/// The grant types we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GrantType {
    AuthorizationCode,
    ClientCredentials,
    RefreshToken,
}

impl GrantType {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "authorization_code" => Some(Self::AuthorizationCode),
            "client_credentials" => Some(Self::ClientCredentials),
            "refresh_token" => Some(Self::RefreshToken),
            _ => None,
        }
    }
}

pub(crate) async fn redeem(
    app: &App,
    client: &AuthenticatedClient,
    grant: GrantType,
    params: &Params,
    at: Moment,
) -> Result<TokenAnswer, Denial> {
    match grant {
        GrantType::AuthorizationCode => authorization_code::redeem(app, client, params, at).await,
        GrantType::ClientCredentials => client_credentials::redeem(app, client, params, at).await,
        GrantType::RefreshToken => refresh_token::redeem(app, client, params, at).await,
    }
}
