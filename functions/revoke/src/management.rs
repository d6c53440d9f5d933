//! The Management API ([Auth0's]). Every operation passes through this file, which verifies its access token and logs
//! it as an audit event, whether it succeeds or is rejected. Each kind of object has a file of its own.
//!
//! [Auth0's]: https://auth0.com/docs/api/management/v2

use ratchet_core::{App, in_time};
use ratchet_domain::error::Error;
use ratchet_protocol::{
    Request, Response,
    error::{Endpoint, OAuthError},
};

use crate::{
    call::{Audit, Call},
    device_credentials, grants,
    operation::{Named, Operation},
    refresh_tokens, sessions, users,
};

/// Handles a request below `/api/v2/`.
pub(crate) async fn handle(app: &App, request: &Request) -> Response {
    let (operation, named) = match Operation::of(request) {
        Ok(found) => found,
        Err(denial) => {
            ratchet_telemetry::refused(&denial);
            return refusal(&denial.into());
        }
    };
    let at = app.moment(request);
    let mut call = Call {
        app,
        request,
        now: at.now,
        deadline: at.deadline,
        named,
        audit: Audit::default(),
    };
    let answered = in_time(request, Box::pin(serve(&mut call, operation)))
        .await
        .unwrap_or_else(|failure| Err(failure.into()));
    call.log(operation, &answered);
    answered.unwrap_or_else(|error| refusal(&error))
}

async fn serve(call: &mut Call<'_>, operation: Operation) -> Result<Response, Error> {
    if let Named::User(user) = &call.named {
        call.audit.user_id.clone_from(user);
    }
    call.authorize(operation.scopes()).await?;
    match operation {
        Operation::GetGrants => grants::list(call).await,
        Operation::DeleteGrant => grants::delete(call).await,
        Operation::DeleteGrants => grants::delete_of_user(call).await,
        Operation::GetSession => sessions::get(call).await,
        Operation::DeleteSession => sessions::delete(call).await,
        Operation::RevokeSession => sessions::revoke(call).await,
        Operation::GetUserSessions => sessions::list(call).await,
        Operation::DeleteUserSessions => sessions::delete_of_user(call).await,
        Operation::GetRefreshTokens => refresh_tokens::list(call).await,
        Operation::GetRefreshToken => refresh_tokens::get(call).await,
        Operation::DeleteRefreshToken => refresh_tokens::delete(call).await,
        Operation::RevokeRefreshTokens => refresh_tokens::revoke(call).await,
        Operation::GetUserRefreshTokens => refresh_tokens::list_of_user(call).await,
        Operation::DeleteUserRefreshTokens => refresh_tokens::delete_of_user(call).await,
        Operation::RevokeUserAccess => users::revoke_access(call).await,
        Operation::GetDeviceCredentials => device_credentials::list(call).await,
        Operation::DeleteDeviceCredential => device_credentials::delete(call).await,
    }
}

fn refusal(error: &Error) -> Response {
    OAuthError::new(error, Endpoint::Management).into_management_response()
}
