//! The checks of an authorization request, in order. Each error names the check that failed.

mod legacy;
mod parameters;
mod preferences;
mod recipient;
mod response;
mod scope;

pub(crate) use parameters::Parameters;
pub(crate) use recipient::{Recipient, recipient};

use ratchet_domain::{
    authorization::{AuthorizationRequest, grantable},
    client::Client,
    denial::Denial,
    error::Failure,
    ids::ConnectionName,
    pipeline::{AskedAudience, Pipeline},
    pkce::Challenge,
    response_type::ResponseType,
};
use ratchet_protocol::gateway;

use crate::{
    error::{AuthorizeError, Refusal},
    visit::Visit,
};

/// All checks that follow those of client and redirect URI, in the order of the specification: kind of answer, the
/// client's right to it, API, proof, circumstances of the login.
pub(crate) async fn request(
    visit: &Visit<'_>,
    params: Parameters<'_>,
    recipient: &Recipient,
) -> Result<AuthorizationRequest, AuthorizeError> {
    params.are_well_formed()?;
    unsupported(params)?;
    let client = &recipient.client;
    let response_type = response::response_type(params, client)?;
    let response_mode = response::response_mode(params, response_type)?;
    let audience = audience(visit, params).await?;
    let pipeline = Pipeline::of(client, &audience);
    let audience = audience.into_api();
    let api = visit.app.api_for(audience.as_ref()).await;
    let api = api.map_err(AuthorizeError::of_check)?;
    let asked = scope::asked(params, client, api.as_deref())?;
    let nonce = params.owned("nonce")?;
    response::id_token_is_possible(response_type, &asked, nonce.as_deref(), pipeline)?;
    let device = legacy::device(params, pipeline)?;
    let scope = match pipeline {
        Pipeline::Conformant => grantable(client, api.as_deref(), &asked),
        Pipeline::Legacy => legacy::scope(client, device.as_ref(), &asked)?,
    };
    let connection = connection(visit, params, client).await?;
    let hinted_user = preferences::hinted_user(visit, params).await?;
    let request = AuthorizationRequest {
        client_id: client.client_id.clone(),
        redirect_uri: recipient.redirect_uri.clone(),
        redirect_uri_was_sent: recipient.redirect_uri_was_sent,
        response_type: pipeline.answers(response_type, &scope),
        response_mode,
        state: params.owned("state")?,
        nonce,
        scope,
        audience,
        challenge: challenge(params, client, response_type)?,
        prompt: legacy::prompt(preferences::prompt(params)?, client, pipeline),
        max_age: preferences::max_age(params)?,
        login_hint: params.owned("login_hint")?,
        connection,
        hinted_user,
        started_at: visit.now(),
        pipeline,
        device,
        confirmed_in: None,
        sent: preferences::for_scripts(visit, params).await?,
    };
    gets_through(&request)?;
    Ok(request)
}

/// Checks that the gateway accepts the URLs of the pages that the request leads through, and the URL that returns its
/// `state`. The result is the same with and without a session.
fn gets_through(request: &AuthorizationRequest) -> Result<(), AuthorizeError> {
    let text = serde_json::to_vec(request).map_err(Failure::internal)?;
    let state = request.state.as_deref();
    let returned = state.is_none_or(|state| {
        !response::in_address(request.response_mode) || gateway::takes_back(state)
    });
    if returned && gateway::takes_state_of(text.len()) {
        Ok(())
    } else {
        Err(Refusal::from(Denial::RequestTooLong).into())
    }
}

/// Rejects request objects (`OpenID` Connect Core section 6) and `registration`: ignoring one would ignore the
/// client's demands.
fn unsupported(params: Parameters<'_>) -> Result<(), Refusal> {
    for (name, error) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        if params.text(name) != Ok(None) {
            return Err(Refusal::new(
                error,
                format!("Parameter {name} is not supported"),
            ));
        }
    }
    Ok(())
}

/// The API that the request names, or the tenant's default.
async fn audience(
    visit: &Visit<'_>,
    params: Parameters<'_>,
) -> Result<AskedAudience, AuthorizeError> {
    let asked = visit.app.requested_audience(params.all()).await;
    asked.map_err(AuthorizeError::of_check)
}

/// The database in which the request wants the user to log in; `None` if it names none. An error if the client may
/// not use that database, or without a name, the default of the login page.
async fn connection(
    visit: &Visit<'_>,
    params: Parameters<'_>,
    client: &Client,
) -> Result<Option<ConnectionName>, AuthorizeError> {
    let named = params.text("connection")?.or(params.text("realm")?);
    let found = match named {
        Some(realm) => visit.app.realm(realm, client).await,
        None => visit.app.login_connection(None, client).await,
    };
    let connection = found.map_err(AuthorizeError::of_check)?;
    Ok(named.map(|_| connection.name.clone()))
}

/// PKCE. Only the verifier proves that a code belongs to a public client, so a public client's request for a code
/// without a challenge is rejected (RFC 7636 section 4.4.1).
fn challenge(
    params: Parameters<'_>,
    client: &Client,
    asked: ResponseType,
) -> Result<Option<Challenge>, Refusal> {
    let method = params.text("code_challenge_method")?;
    match params.text("code_challenge")? {
        Some(value) => Challenge::parse(value, method)
            .map(Some)
            .map_err(|e| Refusal::new("invalid_request", e.to_string())),
        None if method.is_some() || (asked.code && client.is_public()) => {
            Err(Denial::MissingParameter("code_challenge").into())
        }
        None => Ok(None),
    }
}
