//! `POST /api/v2/users/{id}/revoke-access` ([Auth0's page]): ends a user's sessions and refresh tokens, all of them
//! or those of one session.
//!
//! [Auth0's page]: https://auth0.com/docs/api/management/v2/users/user-revoke-access

use http::StatusCode;
use ratchet_domain::{denial::Denial, error::Error, ids::UserId};
use ratchet_protocol::{Response, response};
use serde::Deserialize;

use crate::{call::Call, refresh_tokens, sessions};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokeAccessRequest {
    session_id: Option<String>,
    #[serde(default)]
    preserve_refresh_tokens: bool,
}

/// Ends the access of the user that the path names.
pub(crate) async fn revoke_access(call: &mut Call<'_>) -> Result<Response, Error> {
    let which: RevokeAccessRequest = call.body()?;
    let user = call.user_of_path().await?.user_id;
    match which.session_id {
        Some(sid) => of_session(call, &user, sid, which.preserve_refresh_tokens).await?,
        None if which.preserve_refresh_tokens => sessions::end_all(call, &user).await?,
        None => everything(call, &user).await?,
    }
    Ok(response::empty(StatusCode::ACCEPTED))
}

async fn of_session(
    call: &mut Call<'_>,
    user: &UserId,
    sid: String,
    preserve_refresh_tokens: bool,
) -> Result<(), Error> {
    let session = match call.app.open_sid(&sid).await {
        Some((owner, session)) if owner == *user => session,
        _ => return Err(Denial::Payload("session_id is none of the user's").into()),
    };
    call.audit.session_id = Some(sid);
    let ended = sessions::end(call.app, user, session, call.now).await?;
    call.audit.sessions = Some(usize::from(ended));
    if !preserve_refresh_tokens {
        refresh_tokens::end(call, user, None, |family| {
            family.session_id == Some(session)
        })
        .await?;
    }
    Ok(())
}

/// Ends all access of a user, including codes, approvals of devices and access tokens for `/userinfo`.
async fn everything(call: &mut Call<'_>, user: &UserId) -> Result<(), Error> {
    let evicted = call
        .app
        .log_out_everywhere(user, call.now, call.deadline)
        .await?;
    let evicted = evicted.ok_or(Denial::NoSuchUser)?;
    call.audit.sessions = Some(evicted.sessions.len());
    call.audit.families = Some(evicted.families);
    Ok(())
}
