//! `/api/v2/grants` ([Auth0's grants]): lists and deletes a user's consents, which Auth0 calls grants. Deleting one
//! ends its refresh tokens before the answer.
//!
//! Consents are stored per user, so there is no list of all users' consents, and `user_id` is required.
//!
//! [Auth0's grants]: https://auth0.com/docs/api/management/v2/grants/get-grants

use http::StatusCode;
use ratchet_core::App;
use ratchet_domain::{
    denial::Denial,
    error::Error,
    family::{EndReason, Ended},
    grant::{UserGrant, all_grants},
    ids::{ClientId, UserId},
    time::Timestamp,
};
use ratchet_protocol::{Response, response};
use serde::Serialize;

use crate::{call::Call, paging::Paging};

const MOST: usize = 100;

/// The JSON of a grant.
#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    #[serde(rename = "clientID")]
    client_id: ClientId,
    user_id: UserId,
    audience: String,
    scope: Vec<String>,
}

/// `GET /api/v2/grants?user_id=&client_id=&audience=`
pub(crate) async fn list(call: &mut Call<'_>) -> Result<Response, Error> {
    let params = call.query()?;
    let user = call.user_of_query(&params)?;
    let client = call.client_of_query(&params)?;
    let audience = params.text("audience")?;
    let paging = Paging::parse(&params, MOST, "per_page must be between 1 and 100")?;
    let mut grants = Vec::new();
    for grant in load(call.app, &user, call.now).await? {
        let shown = show(call.app, &grant).await?;
        if client
            .as_ref()
            .is_none_or(|client| client == shown.client_id.as_str())
            && audience.is_none_or(|audience| audience == shown.audience)
        {
            grants.push(shown);
        }
    }
    let page = paging.of(grants, "grants")?;
    Ok(response::json(StatusCode::OK, &page))
}

/// `DELETE /api/v2/grants/{id}`
pub(crate) async fn delete(call: &mut Call<'_>) -> Result<Response, Error> {
    let key = call.app.open_grant_id(call.named.id()).await;
    let key = key.ok_or(Denial::UnknownId)?;
    call.audit.user_id = Some(key.user_id.clone());
    call.audit.client_id = Some(key.client_id.clone());
    call.audit.audience.clone_from(&key.audience);
    let store = &call.app.store;
    let families = store
        .end_grant(&key, None, &revoked(call.now), call.deadline)
        .await?;
    call.audit.families = Some(families);
    Ok(response::empty(StatusCode::NO_CONTENT))
}

/// `DELETE /api/v2/grants?user_id=`
pub(crate) async fn delete_of_user(call: &mut Call<'_>) -> Result<Response, Error> {
    let params = call.query()?;
    let user = call.user_of_query(&params)?;
    let store = &call.app.store;
    let families = store
        .end_grants(&user, &revoked(call.now), call.deadline)
        .await?;
    call.audit.families = Some(families);
    Ok(response::empty(StatusCode::NO_CONTENT))
}

const fn revoked(now: Timestamp) -> Ended {
    Ended {
        at: now,
        reason: EndReason::GrantRevoked,
    }
}

async fn load(app: &App, user: &UserId, now: Timestamp) -> Result<Vec<UserGrant>, Error> {
    let stored = app.store.load_grants(user).await?;
    let families = app.store.load_families(user).await?;
    Ok(all_grants(stored, &families, now))
}

async fn show(app: &App, grant: &UserGrant) -> Result<Shown, Error> {
    let audience = grant.key.audience.as_ref().map(ToString::to_string);
    Ok(Shown {
        id: app.grant_id(&grant.key).await?,
        client_id: grant.key.client_id.clone(),
        user_id: grant.key.user_id.clone(),
        audience: audience.unwrap_or_else(|| app.issuer.join("userinfo")),
        scope: grant.scope.iter().map(str::to_owned).collect(),
    })
}
