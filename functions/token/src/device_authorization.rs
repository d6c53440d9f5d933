//! `POST /oauth/device/code` (RFC 8628 section 3.1, [Auth0's device flow]): issues a device code, with which a device
//! without a browser polls, and a user code, which the device shows.
//!
//! [Auth0's device flow]: https://auth0.com/docs/get-started/authentication-and-authorization-flow/device-authorization-flow/call-your-api-using-the-device-authorization-flow

use std::sync::Arc;

use http::StatusCode;
use ratchet_core::{App, Limited, Moment};
use ratchet_domain::{
    authorization::grantable,
    client::Client,
    denial::Denial,
    device::{self, DEVICE_CODE_LIFETIME, DeviceGrant, DeviceState, GRANT_TYPE, POLL_INTERVAL},
    error::Error,
    ids::DeviceId,
    resource::open_to_users,
    scope::Scope,
    sealed::Purpose,
};
use ratchet_protocol::{
    Request, Response, credentials::Credentials, gateway, params::Params, response,
};
use ratchet_system::random;
use ratchet_telemetry::event;
use serde::Serialize;

use crate::response::Answered;

/// Size in bytes of an `Activation` without the device's own parameters: ids, user code, browser binding, field
/// names.
const ACTIVATION: usize = 300;

/// Response body (RFC 8628 section 3.2).
#[derive(Serialize)]
struct Body {
    device_code: String,
    user_code: String,
    verification_uri: String,
    expires_in: u64,
    interval: u64,
    verification_uri_complete: String,
}

pub(crate) async fn handle(app: &App, request: &Request) -> Answered {
    let at = app.moment(request);
    let (caller, answer) = match identify(app, request).await {
        Ok((params, client)) => {
            let answer = authorize(app, client.as_deref(), &params, at).await;
            (client, answer)
        }
        Err(error) => (None, Err(error)),
    };
    if let Err(reason) = &answer {
        tracing::warn!(
            r#type = event::DEVICE_AUTHORIZATION_REFUSED,
            client_id = caller.as_ref().map(|client| client.client_id.to_string()),
            %reason,
        );
    }
    Answered { caller, answer }
}

/// Reads a request and looks up the client that it names.
async fn identify(app: &App, request: &Request) -> Result<(Params, Option<Arc<Client>>), Error> {
    let params = Params::of_body(request)?;
    let client_id = Credentials::parse(request, &params)?.client_id;
    let client = app.client(&client_id).await?;
    Ok((params, client))
}

async fn authorize(
    app: &App,
    client: Option<&Client>,
    params: &Params,
    at: Moment,
) -> Result<Response, Error> {
    let client = client.ok_or(Denial::ClientAuthentication("unknown client"))?;
    // No authentication: only public clients pass this check.
    if let Some(reason) = device::unfit(client) {
        return Err(Denial::UnfitForDevices(reason).into());
    }
    if !client.allows_grant(GRANT_TYPE) {
        return Err(Denial::GrantTypeNotAllowed(GRANT_TYPE.to_owned()).into());
    }
    throttle(app, client, at).await?;
    let device = device(app, client, params, at).await?;
    pages_get_through(&device)?;
    let format = &app.settings().await?.device_flow;
    let (id, user_code) = app.begin_device(&device, format, at.now).await?;
    let device_code = device_code(app, client, id).await?;
    tracing::info!(client_id = %client.client_id, device_id = %id, "a device waits");
    let user_code = format.show(&user_code);
    Ok(answer(app, device_code, user_code))
}

/// Counts the request against its address: an attacker needs only a client id to have items written. The count is in
/// this function's memory, because a count shared by all environments would cost a write and save four units at most.
async fn throttle(app: &App, client: &Client, at: Moment) -> Result<(), Error> {
    let limited = Limited {
        what: "device code",
        by: at.origin.to_string(),
    };
    let limit = app.settings().await?.device_code_rate_limit;
    app.throttle(limited, limit, at.now).inspect_err(|_| {
        tracing::warn!(
            r#type = event::RATE_LIMITED,
            client_id = %client.client_id,
            ip = %at.origin,
            what = "device codes",
        );
    })?;
    Ok(())
}

/// The device's request, with audience and scopes checked as at `/authorize`.
async fn device(
    app: &App,
    client: &Client,
    params: &Params,
    at: Moment,
) -> Result<DeviceGrant, Error> {
    let asked = app.requested_audience(params).await?;
    let audience = asked.into_api();
    let api = app.api_for(audience.as_ref()).await?;
    let asked = Scope::parse(&params.scope()?.unwrap_or_default());
    let asked = match &api {
        Some(api) => open_to_users(client, api, &asked)?,
        None => asked,
    };
    Ok(DeviceGrant {
        client_id: client.client_id.clone(),
        scope: grantable(client, api.as_deref(), &asked),
        audience,
        expires_at: at.now.plus(DEVICE_CODE_LIFETIME),
        polled: None,
        state: DeviceState::Pending,
    })
}

/// Rejects a request that is too long for the URLs of the activation pages.
fn pages_get_through(device: &DeviceGrant) -> Result<(), Denial> {
    let audience = device.audience.as_ref().map_or(0, |api| api.as_str().len());
    let scope = device.scope.to_string().len();
    let asked = device.client_id.as_str().len() + audience + scope;
    if gateway::takes_state_of(asked + ACTIVATION) {
        Ok(())
    } else {
        Err(Denial::RequestTooLong)
    }
}

async fn device_code(app: &App, client: &Client, id: DeviceId) -> Result<String, Error> {
    let (keyring, key) = app.active_key().await;
    let binding = client.client_id.as_str();
    Ok(keyring.seal(key, Purpose::DeviceCode, binding, random(), id.as_bytes())?)
}

fn answer(app: &App, device_code: String, user_code: String) -> Response {
    let verification_uri = app.issuer.join("activate");
    let body = Body {
        device_code,
        verification_uri_complete: response::with_query(
            &verification_uri,
            &[("user_code", &user_code)],
        ),
        user_code,
        verification_uri,
        expires_in: DEVICE_CODE_LIFETIME.as_secs(),
        interval: POLL_INTERVAL.as_secs(),
    };
    response::json(StatusCode::OK, &body)
}
