//! Revocation: `POST /oauth/revoke` (RFC 7009, [Auth0's revocation]), and the calls of the Management API that list
//! and end access. Only refresh tokens can be revoked. A token that is unknown, of another client or already revoked
//! is answered with success, because the client cannot use it either way.
//!
//! [Auth0's revocation]: https://auth0.com/docs/secure/tokens/refresh-tokens/revoke-refresh-tokens

mod call;
mod device_credentials;
mod grants;
mod management;
mod operation;
mod paging;
mod refresh_tokens;
mod sessions;
mod users;

use std::sync::Arc;

use http::{Method, StatusCode};
use ratchet_core::{App, AuthenticatedClient, Caller, Moment, in_time};
use ratchet_domain::{
    client::Client,
    denial::Denial,
    error::Error,
    family::{EndReason, Ended},
    family_key::FamilyKey,
    grant::GrantKey,
    sealed::{Purpose, RefreshToken},
};
use ratchet_protocol::{
    Request, Response, cors,
    credentials::Credentials,
    error::{Endpoint, OAuthError},
    methods,
    params::Params,
    response,
};
use ratchet_telemetry::event;

/// Handles a request. Failures become error responses.
pub async fn handle(app: &App, request: &Request) -> Response {
    let path = request.uri().path();
    if path.starts_with("/api/v2/") {
        // Boxed: this future is the largest one here, and most requests do not need it.
        return Box::pin(management::handle(app, request)).await;
    }
    if let Some(preflight) = cors::preflight(request) {
        return preflight;
    }
    // Boxed: the future is large, and `in_time` would move it once more.
    let (caller, revoked) = in_time(request, Box::pin(route(app, request)))
        .await
        .unwrap_or_else(|failure| (None, Err(failure.into())));
    let mut answer = match revoked {
        Ok(()) => response::empty(StatusCode::OK),
        Err(error) => {
            ratchet_telemetry::refused(&error);
            OAuthError::new(&error, Endpoint::Revoke).into_response()
        }
    };
    let client = app.client_of_page(request, caller, &answer).await;
    cors::allow_for_client(&mut answer, request, client.as_deref());
    answer
}

/// The client that the request names, and the result of the revocation.
async fn route(app: &App, request: &Request) -> (Option<Arc<Client>>, Result<(), Error>) {
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/oauth/revoke") => {}
        (_, "/oauth/revoke") => return (None, Err(Denial::MethodNotAllowed(methods::POST).into())),
        _ => return (None, Err(Denial::NotFound.into())),
    }
    let at = app.moment(request);
    match identify(app, request).await {
        Ok((caller, params)) => (
            caller.client(),
            revoke_token(app, &caller, &params, at).await,
        ),
        Err(error) => (None, Err(error)),
    }
}

/// Reads a request and looks up the client that it names.
async fn identify(app: &App, request: &Request) -> Result<(Caller, Params), Error> {
    let params = Params::of_body(request)?;
    let credentials = Credentials::parse(request, &params)?;
    Ok((app.identify(credentials).await?, params))
}

async fn revoke_token(
    app: &App,
    caller: &Caller,
    params: &Params,
    at: Moment,
) -> Result<(), Error> {
    let client = app.authenticate(caller, at).await?;
    let text = params.required("token")?;
    let opened = app
        .keyring()
        .await
        .open(Purpose::RefreshToken, client.client_id.as_str(), text);
    match opened.and_then(|opened| RefreshToken::from_bytes(&opened.plaintext)) {
        Some(token) => revoke(app, &client, &token, at).await,
        None => {
            tracing::info!(client_id = %client.client_id, "the text is no refresh token of the client");
            Ok(())
        }
    }
}

async fn revoke(
    app: &App,
    client: &AuthenticatedClient,
    token: &RefreshToken,
    at: Moment,
) -> Result<(), Error> {
    let family = token.family_of(&client.client_id);
    if app.settings().await?.revoke_refresh_token_grant {
        revoke_grant(app, &family, at).await?;
    }
    let ended = Ended {
        at: at.now,
        reason: EndReason::Revoked,
    };
    app.store.end_family(&family, &ended).await?;
    tracing::info!(
        r#type = event::REVOKED,
        client_id = %client.client_id,
        user_id = %family.user_id,
        family_id = %family.id,
    );
    Ok(())
}

/// Carries out the tenant's setting that a revocation ends the whole grant: every family of the same user, client and
/// API, and the consent, so that the user is asked again next time. The presented family is left for last, because a
/// repeated call finds the grant by it.
async fn revoke_grant(app: &App, family: &FamilyKey, at: Moment) -> Result<(), Error> {
    let Some(revoked) = app.store.load_family(family).await? else {
        return Ok(());
    };
    let ended = Ended {
        at: at.now,
        reason: EndReason::GrantRevoked,
    };
    let grant = GrantKey::of(&revoked);
    app.store
        .end_grant(&grant, Some(family.id), &ended, at.deadline)
        .await?;
    Ok(())
}
