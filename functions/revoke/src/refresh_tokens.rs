//! `/api/v2/refresh-tokens` and `/api/v2/users/{id}/refresh-tokens` ([Auth0's refresh tokens]): lists, shows and
//! revokes a user's refresh tokens. Each of them is a family, whose id stays the same when its token rotates; the
//! token itself is never shown. Unlike Auth0, we store no addresses, user agents or metadata with it.
//!
//! [Auth0's refresh tokens]: https://auth0.com/docs/secure/tokens/refresh-tokens/revoke-refresh-tokens

use futures_util::{StreamExt, TryFutureExt, TryStreamExt, future::try_join, stream};
use http::StatusCode;
use ratchet_core::App;
use ratchet_domain::{
    client::Rotation,
    denial::Denial,
    error::Error,
    family::{EndReason, Ended, Family},
    family_key::FamilyKey,
    ids::{Audience, ClientId, UserId},
    sid::Sid,
    time::Timestamp,
    user::User,
};
use ratchet_protocol::{Response, params::Params, response};
use ratchet_store::Part;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    call::Call,
    paging::{Checkpoint, Fields, Listing, gather},
};

/// Number of families that end concurrently when a request names ids.
const CONCURRENCY: usize = 16;
/// Auth0's maximum number of ids in one request.
const MOST_IDS: usize = 100;

/// The JSON of a refresh token.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    id: String,
    user_id: &'a UserId,
    client_id: &'a ClientId,
    session_id: Option<Sid>,
    rotating: bool,
    resource_servers: [ResourceServer; 1],
    created_at: String,
    last_exchanged_at: Option<String>,
    idle_expires_at: Option<String>,
    expires_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct ResourceServer {
    audience: String,
    scopes: String,
}

/// The refresh tokens of a user, for one client or for all.
struct RefreshTokensOf<'a> {
    app: &'a App,
    user: &'a User,
    client: Option<&'a ClientId>,
    now: Timestamp,
}

impl Listing for RefreshTokensOf<'_> {
    type Item = Family;
    type Id = FamilyKey;

    async fn read(
        &self,
        after: Option<FamilyKey>,
        limit: usize,
    ) -> Result<Part<Family, FamilyKey>, Error> {
        let (store, user) = (&self.app.store, &self.user.user_id);
        Ok(store
            .load_some_families(user, self.client, after.as_ref(), limit)
            .await?)
    }

    fn wants(&self, family: &Family) -> bool {
        lives(family, self.user, self.now)
    }

    fn id(family: &Family) -> FamilyKey {
        FamilyKey::of(family)
    }
}

/// Body of `POST /api/v2/refresh-tokens/revoke`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokeRequest {
    ids: Option<Vec<String>>,
    user_id: Option<UserId>,
    client_id: Option<ClientId>,
    audience: Option<Audience>,
}

/// `GET /api/v2/refresh-tokens?user_id=&client_id=`
pub(crate) async fn list(call: &mut Call<'_>) -> Result<Response, Error> {
    let params = call.query()?;
    let id = call.user_of_query(&params)?;
    let client = call.client_of_query(&params)?.map(ClientId::parse);
    let record = call.app.store.load_user(&id).await?;
    let user = record.ok_or(Denial::NoSuchUser)?.user;
    match client.transpose() {
        Ok(client) => page(call, &user, &params, "refresh_tokens", client.as_ref()).await,
        // No client has such an id.
        Err(_) => {
            let nothing = json!({ "refresh_tokens": [] });
            Ok(response::json(StatusCode::OK, &nothing))
        }
    }
}

/// `GET /api/v2/users/{id}/refresh-tokens`
pub(crate) async fn list_of_user(call: &mut Call<'_>) -> Result<Response, Error> {
    let params = call.query()?;
    let user = call.user_of_path().await?;
    page(call, &user, &params, "tokens", None).await
}

/// `GET /api/v2/refresh-tokens/{id}`
pub(crate) async fn get(call: &mut Call<'_>) -> Result<Response, Error> {
    let key = named(call).await.ok_or(Denial::NoSuchRefreshToken)?;
    let store = &call.app.store;
    let user = store.load_user(&key.user_id);
    let (family, record) = try_join(store.load_family(&key), user).await?;
    let family = family
        .zip(record)
        .map(|(family, record)| family.under(&record.user.valid_from))
        .filter(|family| family.is_live(call.now))
        .ok_or(Denial::NoSuchRefreshToken)?;
    let shown = show(call.app, &family).await?;
    Ok(response::json(StatusCode::OK, &shown))
}

/// `DELETE /api/v2/refresh-tokens/{id}`
pub(crate) async fn delete(call: &mut Call<'_>) -> Result<Response, Error> {
    end_named(call).await?;
    Ok(response::empty(StatusCode::ACCEPTED))
}

/// Ends the family whose id the path names.
pub(crate) async fn end_named(call: &mut Call<'_>) -> Result<(), Error> {
    let key = named(call).await.ok_or(Denial::UnknownId)?;
    let store = &call.app.store;
    store.end_family(&key, &revoked(call.now)).await?;
    Ok(())
}

/// `DELETE /api/v2/users/{id}/refresh-tokens`
pub(crate) async fn delete_of_user(call: &mut Call<'_>) -> Result<Response, Error> {
    let user = call.user_of_path().await?;
    end(call, &user.user_id, None, |_| true).await?;
    Ok(response::empty(StatusCode::ACCEPTED))
}

/// `POST /api/v2/refresh-tokens/revoke`
pub(crate) async fn revoke(call: &mut Call<'_>) -> Result<Response, Error> {
    let which: RevokeRequest = call.body()?;
    call.audit.user_id.clone_from(&which.user_id);
    call.audit.client_id.clone_from(&which.client_id);
    call.audit.audience.clone_from(&which.audience);
    match which {
        RevokeRequest {
            ids: Some(ids),
            user_id: None,
            client_id: None,
            audience: None,
        } => revoke_ids(call, &ids).await?,
        RevokeRequest {
            ids: None,
            user_id: Some(user),
            client_id,
            audience,
        } if client_id.is_some() || audience.is_none() => {
            let wanted = |family: &Family| audience.is_none() || family.audience == audience;
            end(call, &user, client_id.as_ref(), wanted).await?;
        }
        _ => {
            return Err(Denial::Payload(
                "it must name ids, or user_id, or user_id and client_id, or these and audience",
            )
            .into());
        }
    }
    Ok(response::empty(StatusCode::ACCEPTED))
}

/// Ends the families with these ids. All ids are checked before any family ends.
async fn revoke_ids(call: &mut Call<'_>, ids: &[String]) -> Result<(), Error> {
    if !(1..=MOST_IDS).contains(&ids.len()) {
        return Err(Denial::Payload("ids must be 1 to 100").into());
    }
    let mut doomed = Vec::with_capacity(ids.len());
    for id in ids {
        let opened = call.app.open_refresh_token_id(id).await;
        doomed.push(opened.ok_or(Denial::Payload(
            "ids contains what is no id of a refresh token",
        ))?);
    }
    call.audit.refresh_token_id = Some(ids.join(","));
    call.audit.families = Some(doomed.len());
    let (store, ended) = (&call.app.store, &revoked(call.now));
    // The same call, repeated after an interruption, ends the remaining families.
    stream::iter(&doomed)
        .map(Ok)
        .try_for_each_concurrent(CONCURRENCY, |key| store.end_family(key, ended).map_ok(drop))
        .await?;
    Ok(())
}

/// Ends the wanted live families of a user, for one client or for all, and returns their number. The same call,
/// repeated after an interruption, ends the remaining families.
pub(crate) async fn end(
    call: &mut Call<'_>,
    user: &UserId,
    client: Option<&ClientId>,
    wanted: impl Fn(&Family) -> bool + Send + Sync,
) -> Result<usize, Error> {
    let store = &call.app.store;
    let families = store
        .end_families(user, client, &revoked(call.now), call.deadline, wanted)
        .await?;
    call.audit.families = Some(families);
    Ok(families)
}

const fn revoked(now: Timestamp) -> Ended {
    Ended {
        at: now,
        reason: EndReason::Revoked,
    }
}

/// The family whose id the path names; `None` if we did not seal the id.
async fn named(call: &mut Call<'_>) -> Option<FamilyKey> {
    let id = call.named.id();
    let key = call.app.open_refresh_token_id(id).await?;
    call.audit.refresh_token_id = Some(id.to_owned());
    call.audit.user_id = Some(key.user_id.clone());
    Some(key)
}

/// A page of a user's live refresh tokens, under `name` in the answer.
async fn page(
    call: &Call<'_>,
    user: &User,
    params: &Params,
    name: &str,
    client: Option<&ClientId>,
) -> Result<Response, Error> {
    let page = Checkpoint::parse(params)?;
    let fields = Fields::parse(params)?;
    let app = call.app;
    let from = match page.from {
        None => None,
        Some(from) => match app.open_refresh_token_id(from).await {
            Some(key) if key.user_id == user.user_id && is_below(&key, client) => Some(key),
            _ => return Err(Checkpoint::NO_CURSOR.into()),
        },
    };
    let list = RefreshTokensOf {
        app,
        user,
        client,
        now: call.now,
    };
    let (families, next) = gather(&list, page.take, from).await?;
    let mut shown = Vec::with_capacity(families.len());
    for family in &families {
        shown.push(fields.of(&show(app, family).await?)?);
    }
    let mut body = Map::new();
    body.insert(name.to_owned(), Value::Array(shown));
    if let Some(next) = next {
        let cursor = app.refresh_token_id(&next).await?;
        body.insert("next".to_owned(), Value::String(cursor));
    }
    Ok(response::json(StatusCode::OK, &body))
}

/// True if a family can be in the list of this client, or of all clients. Keys of earlier versions name no client.
fn is_below(key: &FamilyKey, client: Option<&ClientId>) -> bool {
    let (Some(of), Some(client)) = (&key.client_id, client) else {
        return true;
    };
    of == client
}

/// True if a token of the family is still accepted.
pub(crate) fn lives(family: &Family, user: &User, now: Timestamp) -> bool {
    family.is_live(now) && family.valid_from == user.valid_from.refresh_tokens
}

async fn show<'a>(app: &App, family: &'a Family) -> Result<Shown<'a>, Error> {
    let audience = family.audience.as_ref().map(ToString::to_string);
    let session_id = match family.session_id {
        Some(session) => Some(app.sid(&family.user_id, session).await?),
        None => None,
    };
    Ok(Shown {
        id: app.refresh_token_id(&FamilyKey::of(family)).await?,
        user_id: &family.user_id,
        client_id: &family.client_id,
        session_id,
        rotating: family.rotation == Rotation::Rotating,
        resource_servers: [ResourceServer {
            audience: audience.unwrap_or_else(|| app.issuer.join("userinfo")),
            scopes: family.scope.to_string(),
        }],
        created_at: family.created_at.to_rfc3339(),
        last_exchanged_at: family.rotated.map(|rotated| rotated.at.to_rfc3339()),
        idle_expires_at: family.idle_expires_at.map(Timestamp::to_rfc3339),
        expires_at: family.expires_at.map(Timestamp::to_rfc3339),
    })
}
