//! `grant_type=client_credentials` (RFC 6749 section 4.4, [Auth0's client credentials flow]): a client gets an access
//! token on its own behalf. Nothing is stored, and no refresh token is issued.
//!
//! [Auth0's client credentials flow]: https://auth0.com/docs/get-started/authentication-and-authorization-flow/client-credentials-flow

use ratchet_core::{App, AuthenticatedClient, EndsWith, Moment, TokensFor};
use ratchet_domain::{
    claims::{LoginClaims, Subject},
    client::{Client, SubjectType},
    denial::Denial,
    error::Error,
    ids::Audience,
    pipeline::Pipeline,
    resource_server::{AccessPolicy, ResourceServer},
    scope::Scope,
};
use ratchet_protocol::params::Params;
use ratchet_telemetry::event;

use crate::response::TokenAnswer;

pub(super) async fn redeem(
    app: &App,
    client: &AuthenticatedClient,
    params: &Params,
    at: Moment,
) -> Result<TokenAnswer, Error> {
    if client.is_public() {
        return Err(Denial::ClientAuthentication("a public client has no name of its own").into());
    }
    let audience = audience(app, params).await?;
    let api = app.resource_server(&audience).await?;
    let api = api.ok_or_else(|| Denial::UnknownAudience(audience.to_string()))?;
    let scope = granted(client, &api, params.scope()?)?;
    let issuance = app
        .issuance(client, Subject::Client, &scope, Pipeline::Conformant, at)
        .under("client-credentials");
    let login = LoginClaims::default();
    let tokens = app
        .mint(TokensFor {
            issuance,
            api: Some(&api),
            login,
            ends_with: EndsWith::default(),
        })
        .await?;
    tracing::info!(r#type = event::CLIENT_CREDENTIALS, client_id = %client.client_id, %audience, %scope);
    Ok(TokenAnswer {
        tokens,
        scope,
        refresh_token: None,
        quota: None,
    })
}

/// The audience that the client requests, or else the tenant's default.
async fn audience(app: &App, params: &Params) -> Result<Audience, Error> {
    match app.named_audience(params).await? {
        Some(name) => {
            let unknown = |_| Denial::UnknownAudience(name.to_owned());
            Ok(Audience::parse(name).map_err(unknown)?)
        }
        None => {
            let settings = app.settings().await?;
            let default = settings.default_audience.clone();
            Ok(default.ok_or(Denial::NoAudience)?)
        }
    }
}

/// The requested scopes, or without a request all that the client grant has. A scope beyond the client grant is an
/// error.
fn granted(client: &Client, api: &ResourceServer, asked: Option<String>) -> Result<Scope, Denial> {
    let refused = || Denial::NoClientGrant(api.identifier.to_string());
    let granted = match api.subject_type_authorization.client {
        AccessPolicy::DenyAll => return Err(refused()),
        AccessPolicy::RequireClientGrant | AccessPolicy::AllowAll => client
            .client_grant(&api.identifier, SubjectType::Client)
            .ok_or_else(refused)?,
    };
    match asked.map(|text| Scope::parse(&text)) {
        Some(asked) if !asked.is_subset(&granted.scope) => {
            let excess = asked.filter(|name| !granted.scope.contains(name));
            Err(Denial::ScopesNotGranted(excess.to_string()))
        }
        Some(asked) => Ok(asked),
        None => Ok(granted.scope.clone()),
    }
}
