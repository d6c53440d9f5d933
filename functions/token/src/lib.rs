//! The token endpoint: `POST /oauth/token` (RFC 6749 section 3.2, [Auth0's token endpoint]),
//! `POST /oauth/device/code`, where the way of a device to it begins, and what the legacy pipeline has in
//! its place.
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
use shared::{
    app::App,
    domain::{client::Client, denial::Denial, settings::Conformance},
    http::{
        Request, Response, cors,
        error::{Endpoint, OAuthError},
        methods,
    },
};

use request::TokenRequest;

/// Answers a request; whatever goes wrong is an answer too.
pub async fn handle(app: &App, request: &Request) -> Response {
    if let Some(preflight) = cors::preflight(request) {
        return preflight;
    }
    let mut caller = None;
    let mut answer = match route(app, request, &mut caller).await {
        Ok(response) => response,
        Err(denial) => {
            tracing::info!(reason = %denial, "refused");
            let told = OAuthError::new(&denial, Endpoint::Token);
            match app.known_conformance() {
                Conformance::Auth0 => told.into_response(),
                Conformance::OpenId => told.by_specification(&denial).into_response(),
            }
        }
    };
    let client = app.client_of_page(request, caller, &answer).await;
    cors::allow_for_client(&mut answer, request, client.as_deref());
    answer
}

async fn route(
    app: &App,
    request: &Request,
    caller: &mut Option<std::sync::Arc<Client>>,
) -> Result<Response, Denial> {
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/oauth/token") => token(app, request, caller).await,
        (&Method::POST, "/oauth/device/code") => {
            device_authorization::handle(app, request, caller).await
        }
        (&Method::POST, "/delegation") => delegation::handle(app, request, caller).await,
        (&Method::POST, "/oauth/ro") => legacy::refuse(app, request, "/oauth/ro", caller).await,
        (&Method::POST, "/oauth/access_token") => {
            legacy::refuse(app, request, "/oauth/access_token", caller).await
        }
        (
            _,
            "/oauth/token"
            | "/oauth/device/code"
            | "/delegation"
            | "/oauth/ro"
            | "/oauth/access_token",
        ) => Err(Denial::MethodNotAllowed(methods::POST)),
        _ => Err(Denial::NotFound),
    }
}

async fn token(
    app: &App,
    request: &Request,
    caller: &mut Option<std::sync::Arc<Client>>,
) -> Result<Response, Denial> {
    let at = app.moment(request);
    let TokenRequest {
        credentials,
        grant_type,
        params,
    } = TokenRequest::parse(request)?;
    *caller = app.client(&credentials.client_id).await?;
    let client = app.authenticate(&credentials, at).await?;
    let grant = grants::GrantType::parse(&grant_type)
        .ok_or_else(|| Denial::UnsupportedGrantType(grant_type.clone()))?;
    if !client.allows_grant(&grant_type) {
        return Err(Denial::GrantTypeNotAllowed(grant_type));
    }
    let request = grants::GrantRequest {
        client: &client,
        params: &params,
        request,
        at,
    };
    let answer = grants::redeem(app, grant, request).await?;
    Ok(answer.into_response())
}
