//! What every path of the Management API has in common ([Auth0's Management API]): who may call it,
//! and how it says no. Each kind of object has a file of its own.
//!
//! [Auth0's Management API]: https://auth0.com/docs/api/management/v2

use http::header::AUTHORIZATION;
use shared::{
    app::{App, ManagementToken},
    domain::denial::Denial,
    http::{
        Request, Response,
        error::{Endpoint, OAuthError},
        header,
    },
};

/// The answer, whatever came of the request.
pub(crate) fn answer(answered: Result<Response, Denial>) -> Response {
    answered.unwrap_or_else(|denial| {
        tracing::info!(reason = %denial, "refused");
        OAuthError::new(&denial, Endpoint::Management).into_management_response()
    })
}

/// The caller, if its token opens what is asked.
pub(crate) async fn authorize(
    app: &App,
    request: &Request,
    scope: &'static str,
) -> Result<ManagementToken, Denial> {
    let (scheme, token) = header(request, &AUTHORIZATION)
        .and_then(|value| value.split_once(' '))
        .ok_or(Denial::NoAccessToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Denial::NoAccessToken);
    }
    let token = app.verify_management_token(token.trim()).await?;
    token.require(scope)?;
    Ok(token)
}
