//! `/api/v2/grants`: what a user has granted, and taking it away ([Auth0's grants]). A grant that is
//! deleted ends its refresh tokens before the answer.
//!
//! There is no list of all users' grants, for they lie with their users: `user_id` is required.
//!
//! [Auth0's grants]: https://auth0.com/docs/api/management/v2/grants/get-grants

use http::StatusCode;
use serde::Serialize;
use shared::{
    app::{App, ManagementToken},
    domain::{
        denial::Denial,
        family::{EndReason, Ended},
        grant::{GrantKey, UserGrant, held},
        ids::UserId,
        resource_server::{DELETE_GRANTS, READ_GRANTS},
        time::Timestamp,
    },
    http::{Request, Response, params::Params, response},
    telemetry::event,
};

use crate::management::authorize;

/// Auth0's sizes of a page.
const DEFAULT_PER_PAGE: usize = 50;
const MAX_PER_PAGE: usize = 100;

/// A grant as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    #[serde(rename = "clientID")]
    client_id: String,
    user_id: String,
    audience: String,
    scope: Vec<String>,
}

/// A page with its place among all, for `include_totals`.
#[derive(Debug, Serialize)]
struct Page {
    start: usize,
    limit: usize,
    total: usize,
    grants: Vec<Shown>,
}

/// `GET /api/v2/grants?user_id=&client_id=&audience=`
pub(crate) async fn list(app: &App, request: &Request) -> Result<Response, Denial> {
    authorize(app, request, READ_GRANTS).await?;
    let params = Params::of_query(request)?;
    let user = user(&params)?;
    let paging = Paging::parse(&params)?;
    let now = app.clock.now();
    let wanted = |name| params.text(name);
    let (client, audience) = (wanted("client_id")?, wanted("audience")?);
    let mut grants = Vec::new();
    for grant in load(app, &user, now).await? {
        let shown = show(app, &grant).await?;
        if client.is_none_or(|client| client == shown.client_id)
            && audience.is_none_or(|audience| audience == shown.audience)
        {
            grants.push(shown);
        }
    }
    let total = grants.len();
    let start = paging.page.saturating_mul(paging.per_page);
    let grants: Vec<_> = grants
        .into_iter()
        .skip(start)
        .take(paging.per_page)
        .collect();
    if !paging.include_totals {
        return Ok(response::json(StatusCode::OK, &grants));
    }
    let page = Page {
        start,
        limit: paging.per_page,
        total,
        grants,
    };
    Ok(response::json(StatusCode::OK, &page))
}

/// `DELETE /api/v2/grants/{id}`
pub(crate) async fn delete(app: &App, request: &Request, id: &str) -> Result<Response, Denial> {
    let caller = authorize(app, request, DELETE_GRANTS).await?;
    let key = app.open_grant_id(id).await.ok_or(Denial::UnknownId)?;
    end(app, &caller, &key, app.clock.now()).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

/// `DELETE /api/v2/grants?user_id=`
pub(crate) async fn delete_of_user(app: &App, request: &Request) -> Result<Response, Denial> {
    let caller = authorize(app, request, DELETE_GRANTS).await?;
    let user = user(&Params::of_query(request)?)?;
    let now = app.clock.now();
    for grant in load(app, &user, now).await? {
        end(app, &caller, &grant.key, now).await?;
    }
    Ok(response::empty(StatusCode::NO_CONTENT))
}

async fn end(
    app: &App,
    caller: &ManagementToken,
    key: &GrantKey,
    now: Timestamp,
) -> Result<(), Denial> {
    let ended = Ended {
        at: now,
        reason: EndReason::GrantRevoked,
    };
    let families = app.store.end_grant(key, &ended).await?;
    tracing::info!(
        r#type = event::MANAGED,
        caller = caller.subject,
        client_id = %key.client_id,
        user_id = %key.user_id,
        audience = key.audience.as_ref().map(ToString::to_string),
        families,
        "grant deleted"
    );
    Ok(())
}

async fn load(app: &App, user: &UserId, now: Timestamp) -> Result<Vec<UserGrant>, Denial> {
    let stored = app.store.load_grants(user).await?;
    let families = app.store.load_families(user).await?;
    Ok(held(stored, &families, now))
}

async fn show(app: &App, grant: &UserGrant) -> Result<Shown, Denial> {
    let audience = grant.key.audience.as_ref().map(ToString::to_string);
    Ok(Shown {
        id: app.grant_id(&grant.key).await?,
        client_id: grant.key.client_id.to_string(),
        user_id: grant.key.user_id.to_string(),
        audience: audience.unwrap_or_else(|| app.issuer.join("userinfo")),
        scope: grant.scope.iter().map(str::to_owned).collect(),
    })
}

fn user(params: &Params) -> Result<UserId, Denial> {
    let user = params.text("user_id")?;
    let user = user.ok_or(Denial::Query("user_id is required"))?;
    UserId::parse(user).map_err(|_| Denial::Query("user_id is no user's id"))
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Paging {
    page: usize,
    per_page: usize,
    include_totals: bool,
}

impl Paging {
    fn parse(params: &Params) -> Result<Self, Denial> {
        let number = |name, default| match params.text(name)? {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| Denial::Query("page and per_page must be numbers")),
        };
        let per_page = number("per_page", DEFAULT_PER_PAGE)?;
        if !(1..=MAX_PER_PAGE).contains(&per_page) {
            return Err(Denial::Query("per_page must be between 1 and 100"));
        }
        Ok(Self {
            page: number("page", 0)?,
            per_page,
            include_totals: params.text("include_totals")? == Some("true"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(query: &str) -> Result<Paging, Denial> {
        Paging::parse(&Params::parse_form(query.as_bytes()).unwrap())
    }

    #[test]
    fn a_page_is_fifty_long_and_at_most_a_hundred() {
        let page = |page, per_page, include_totals| {
            Ok(Paging {
                page,
                per_page,
                include_totals,
            })
        };
        assert_eq!(paging(""), page(0, 50, false));
        assert_eq!(
            paging("page=2&per_page=100&include_totals=true"),
            page(2, 100, true)
        );
        for wrong in ["per_page=0", "per_page=101", "page=-1", "page=x"] {
            assert!(matches!(paging(wrong), Err(Denial::Query(_))), "{wrong}");
        }
    }
}
