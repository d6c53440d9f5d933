//! `POST /co/authenticate`: a page of the client's own asks for name and password and sends them here
//! ([Auth0's cross-origin authentication]). It gets a login ticket, with which it sends the browser to `/authorize`.
//!
//! [Auth0's cross-origin authentication]: https://auth0.com/docs/authenticate/login/cross-origin-authentication

use std::sync::Arc;

use http::{Method, StatusCode};
use ratchet_core::{PasswordLogin, in_time};
use ratchet_domain::{
    client::Client, connection::Connection, denial::Denial, error::Error, redirect_uri,
    secret::Secret,
};
use ratchet_protocol::{
    Response, cors,
    error::{Endpoint, OAuthError},
    methods,
    params::Params,
    response,
};
use ratchet_telemetry::event;
use serde::Serialize;

use super::ticket;
use crate::{session::browser, visit::Visit};

const PASSWORD: &str = "password";
const PASSWORD_REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";

#[derive(Serialize)]
struct Body<'a> {
    login_ticket: &'a str,
    co_verifier: &'a str,
    co_id: &'a str,
}

/// Handles `/co/authenticate`.
pub(crate) async fn handle(visit: &Visit<'_>) -> Response {
    if let Some(mut preflight) = cors::preflight(visit.request) {
        cors::allow_with_credentials(&mut preflight, visit.request);
        return preflight;
    }
    let mut caller = None;
    let answered = match *visit.request.method() {
        Method::POST => in_time(visit.request, authenticate(visit, &mut caller))
            .await
            .unwrap_or_else(|failure| Err(failure.into())),
        _ => Err(Denial::MethodNotAllowed(methods::POST).into()),
    };
    let mut answer = answered.unwrap_or_else(|error| refused(&error, caller.as_deref()));
    let client = visit
        .app
        .client_of_page(visit.request, caller, &answer)
        .await;
    if client.is_some_and(|client| is_allowed(&client, cors::origin(visit.request))) {
        cors::allow_with_credentials(&mut answer, visit.request);
    }
    answer
}

async fn authenticate(
    visit: &Visit<'_>,
    caller: &mut Option<Arc<Client>>,
) -> Result<Response, Error> {
    let params = Params::of_json_body(visit.request)?;
    let client = visit.named_client(params.required("client_id")?).await?;
    let client_id = &client.client_id;
    *caller = Some(Arc::clone(&client));
    let origin = cors::origin(visit.request);
    if !is_allowed(&client, origin) {
        return Err(Denial::OriginNotAllowed(origin.to_owned()).into());
    }
    if !client.cross_origin_authentication {
        return Err(Denial::CrossOriginNotAllowed.into());
    }
    let connection = connection(visit, &client, &params).await?;
    let password = Secret::new(params.required("password")?);
    let login = PasswordLogin {
        client_id,
        connection: &connection.name,
        username: params.required("username")?,
        password: &password,
        address: browser::address(visit.request),
    };
    let user = visit.app.check_password(login, visit.at).await?;
    let user_id = &user.user_id;
    tracing::info!(r#type = event::CROSS_ORIGIN_LOGGED_IN, %client_id, %user_id);
    let issued = ticket::Issued::new(visit, client_id, &user).await?;
    let body = Body {
        login_ticket: &issued.ticket,
        co_verifier: &issued.verifier,
        co_id: &issued.id,
    };
    let mut answer = response::json(StatusCode::OK, &body);
    issued.attach(&mut answer);
    Ok(answer)
}

/// The connection that `credential_type` selects. The body must have exactly the members of that type.
async fn connection(
    visit: &Visit<'_>,
    client: &Client,
    params: &Params,
) -> Result<Arc<Connection>, Error> {
    let common = ["client_id", "credential_type", "username", "password"];
    match params.required("credential_type")? {
        PASSWORD if params.are_exactly(&common) => visit.app.default_directory(client).await,
        PASSWORD_REALM if params.are_exactly(&[&common[..], &["realm"]].concat()) => {
            visit.app.realm(params.required("realm")?, client).await
        }
        PASSWORD | PASSWORD_REALM => Err(Denial::CrossOriginBody.into()),
        _ => Err(Denial::CredentialType.into()),
    }
}

fn is_allowed(client: &Client, origin: &str) -> bool {
    redirect_uri::is_allowed_origin(client.web_origins.iter(), origin)
}

fn refused(reason: &Error, client: Option<&Client>) -> Response {
    let client_id = client.map(|client| client.client_id.as_str());
    let error = OAuthError::new(reason, Endpoint::CrossOrigin);
    if let Error::Denied(Denial::OriginNotAllowed(_)) = reason {
        tracing::warn!(r#type = event::ORIGIN_REFUSED, client_id, %reason);
        return response::text(error.status, error.description);
    }
    tracing::warn!(r#type = event::CROSS_ORIGIN_FAILED, client_id, %reason);
    error.into_response()
}
