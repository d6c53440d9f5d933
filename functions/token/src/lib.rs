//! The token endpoint: `POST /oauth/token` (RFC 6749 section 3.2, [Auth0's token endpoint]),
//! `POST /oauth/device/code`, which starts the device flow, and the token endpoints of the legacy pipeline.
//!
//! [Auth0's token endpoint]: https://auth0.com/docs/api/authentication#get-token

mod address;
mod delegation;
mod device_authorization;
mod grants;
mod legacy;
mod refresh_family;
mod request;
mod response;

use http::Method;
use ratchet_core::{App, Moment, in_time};
use ratchet_domain::{denial::Denial, error::Error, settings::Conformance};
use ratchet_protocol::{
    Request, Response, cors,
    error::{Endpoint, OAuthError},
    methods,
};

use request::TokenRequest;
use response::Answered;

/// Handles a request. Failures become error responses.
pub async fn handle(app: &App, request: &Request) -> Response {
    if let Some(preflight) = cors::preflight(request) {
        return preflight;
    }
    // Boxed: the future is large, and `in_time` would move it once more.
    let Answered { caller, answer } = in_time(request, Box::pin(route(app, request)))
        .await
        .unwrap_or_else(Answered::from);
    let mut answer = answer.unwrap_or_else(|reason| {
        ratchet_telemetry::refused(&reason);
        let error = OAuthError::new(&reason, Endpoint::Token);
        match app.known_conformance() {
            Conformance::Auth0 => error.into_response(),
            Conformance::OpenId => error.by_specification(&reason).into_response(),
        }
    });
    let client = app.client_of_page(request, caller, &answer).await;
    cors::allow_for_client(&mut answer, request, client.as_deref());
    answer
}

async fn route(app: &App, request: &Request) -> Answered {
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/oauth/token") => token(app, request).await,
        (&Method::POST, "/oauth/device/code") => device_authorization::handle(app, request).await,
        (&Method::POST, "/delegation") => delegation::handle(app, request).await,
        (&Method::POST, "/oauth/ro") => legacy::refuse(app, request, "/oauth/ro").await,
        (&Method::POST, "/oauth/access_token") => {
            legacy::refuse(app, request, "/oauth/access_token").await
        }
        (
            _,
            "/oauth/token"
            | "/oauth/device/code"
            | "/delegation"
            | "/oauth/ro"
            | "/oauth/access_token",
        ) => Denial::MethodNotAllowed(methods::POST).into(),
        _ => Denial::NotFound.into(),
    }
}

async fn token(app: &App, request: &Request) -> Answered {
    let at = app.moment(request);
    match TokenRequest::read(app, request).await {
        Ok(asked) => Answered {
            caller: asked.caller.client(),
            answer: redeem(app, request, asked, at).await,
        },
        Err(error) => error.into(),
    }
}

async fn redeem(
    app: &App,
    request: &Request,
    asked: TokenRequest,
    at: Moment,
) -> Result<Response, Error> {
    let TokenRequest {
        caller,
        grant_type,
        params,
    } = asked;
    let client = app.authenticate(&caller, at).await?;
    let grant = grants::GrantType::parse(&grant_type)
        .ok_or_else(|| Denial::UnsupportedGrantType(grant_type.clone()))?;
    if !client.allows_grant(&grant_type) {
        return Err(Denial::GrantTypeNotAllowed(grant_type).into());
    }
    let request = grants::GrantRequest {
        client: &client,
        params: &params,
        request,
        at,
    };
    // Boxed: the futures of grants are large, and every enclosing future would move them once more.
    let answer = Box::pin(grants::redeem(app, grant, request)).await?;
    Ok(answer.into_response())
}
