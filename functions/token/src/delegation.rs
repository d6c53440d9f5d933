//! `POST /delegation` ([Auth0's delegation]): a client of the legacy pipeline presents a refresh token or an ID token
//! of its own and gets an ID token for itself or for another client. The refresh token does not change. Deprecated at
//! Auth0 since 8 June 2017.
//!
//! [Auth0's delegation]: https://auth0.com/docs/api/authentication#delegation

mod signing;
mod tokens;

use std::sync::Arc;

use http::{HeaderName, HeaderValue, header::LINK};
use ratchet_core::{App, Caller, Limited, Moment};
use ratchet_domain::{
    client::Client,
    delegation::{JWT_BEARER, Presented, check_api_type, permit},
    denial::Denial,
    error::Error,
    ids::{ClientId, UserId},
    scope::Scope,
    throttle::Quota,
    time::Lifetime,
};
use ratchet_protocol::{
    Request,
    credentials::Credentials,
    error::{Endpoint, OAuthError},
    params::Params,
    quota,
};
use ratchet_telemetry::event;

use crate::response::{Answered, DelegationAnswer};
use tokens::{by_id_token, by_refresh_token};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// 8 June 2017 in the date format of RFC 9745.
const SINCE: HeaderValue = HeaderValue::from_static("@1496880000");
const READ_MORE: HeaderValue = HeaderValue::from_static(
    "<https://auth0.com/docs/api/authentication#delegation>; rel=\"deprecation\"; type=\"text/html\"",
);

/// Handles a request; 404 if the tenant does not offer delegation.
pub(crate) async fn handle(app: &App, request: &Request) -> Answered {
    if let Err(error) = check_offered(app).await {
        return error.into();
    }
    let at = app.moment(request);
    let (caller, delegated) = match Asked::read(app, request).await {
        Ok(asked) => {
            let delegated = delegate(app, request, &asked, at).await;
            (asked.caller.client(), delegated)
        }
        Err(error) => (None, Err(error)),
    };
    let mut answer = match delegated {
        Ok((answer, quota)) => {
            let mut answer = answer.into_response();
            quota::add_headers(&mut answer, &quota);
            answer
        }
        Err(reason) => {
            let client_id = caller.as_ref().map(|client| client.client_id.to_string());
            tracing::warn!(r#type = event::DELEGATION_REFUSED, client_id, %reason);
            OAuthError::new(&reason, Endpoint::Token).into_response()
        }
    };
    let headers = answer.headers_mut();
    headers.insert(DEPRECATION, SINCE);
    headers.insert(LINK, READ_MORE);
    Answered {
        caller,
        answer: Ok(answer),
    }
}

async fn check_offered(app: &App) -> Result<(), Error> {
    let settings = app.settings().await?;
    if settings.legacy.allow_legacy_delegation_grant_types {
        Ok(())
    } else {
        Err(Denial::NotFound.into())
    }
}

/// A request for a delegation, before its sender is authenticated.
struct Asked {
    caller: Caller,
    params: Params,
}

impl Asked {
    /// Reads a request and looks up the client that it names.
    async fn read(app: &App, request: &Request) -> Result<Self, Error> {
        let params = Params::of_body(request)?;
        let grant_type = params.required("grant_type")?;
        if grant_type != JWT_BEARER {
            return Err(Denial::UnsupportedGrantType(grant_type.to_owned()).into());
        }
        let credentials = Credentials::parse(request, &params)?;
        Ok(Self {
            caller: app.identify(credentials).await?,
            params,
        })
    }
}

/// A permitted delegation whose token is not verified yet.
struct Delegation<'a> {
    request: &'a Request,
    caller: Arc<Client>,
    /// True if the caller has authenticated or is a public client, which cannot.
    caller_is_proved: bool,
    target: Arc<Client>,
    presented: Presented,
    scope: Option<Scope>,
    at: Moment,
}

async fn delegate(
    app: &App,
    request: &Request,
    asked: &Asked,
    at: Moment,
) -> Result<(DelegationAnswer, Quota), Error> {
    let delegation = Delegation::parse(app, request, asked, at).await?;
    let client_id = &delegation.caller.client_id;
    tracing::info!(
        r#type = event::DEPRECATED,
        %client_id,
        "delegation is deprecated: use /oauth/token"
    );
    let delegated = match &delegation.presented {
        Presented::RefreshToken(token) => {
            by_refresh_token(app, &delegation, token.expose()).await?
        }
        Presented::IdToken(token) => by_id_token(app, &delegation, token.expose()).await?,
    };
    tracing::info!(
        r#type = event::DELEGATED,
        %client_id,
        user_id = %delegated.user_id,
        target = %delegation.target.client_id,
    );
    let answer = DelegationAnswer {
        id_token: delegated.id_token,
        expires_in: delegated.expires_in,
    };
    Ok((answer, delegated.quota))
}

impl<'a> Delegation<'a> {
    async fn parse(
        app: &App,
        request: &'a Request,
        Asked { caller, params }: &Asked,
        at: Moment,
    ) -> Result<Self, Error> {
        let client = caller.client();
        let client = client.ok_or(Denial::ClientAuthentication("unknown client"))?;
        // SDKs send no secret here, so it is optional; a secret that is sent must be correct.
        let sends_proof = caller.sends_proof();
        if sends_proof {
            app.authenticate(caller, at).await?;
        }
        let presented = Presented::parse(params.text("refresh_token")?, params.text("id_token")?)?;
        check_api_type(params.text("api_type")?)?;
        let target = match params.text("target")? {
            Some(name) => target(app, name).await?,
            None => Arc::clone(&client),
        };
        permit(&client, &target, &presented)?;
        Ok(Self {
            request,
            caller_is_proved: sends_proof || client.is_public(),
            caller: client,
            target,
            presented,
            scope: params.scope()?.map(|text| Scope::parse(&text)),
            at,
        })
    }

    /// Lifetime of an ID token for the target.
    fn lifetime(&self) -> Lifetime {
        self.target.jwt_configuration.lifetime
    }

    /// Counts the request against the rate limit of its user and address.
    async fn throttle(&self, app: &App, user_id: &UserId) -> Result<Quota, Error> {
        let limited = Limited {
            what: "delegation",
            by: format!("{user_id} {}", self.at.origin),
        };
        let limit = app.settings().await?.delegation_rate_limit;
        let throttled = app.throttle(limited, limit, self.at.now).inspect_err(|_| {
            tracing::warn!(
                r#type = event::DELEGATION_LIMITED,
                client_id = %self.caller.client_id,
                %user_id,
            );
        });
        Ok(throttled?)
    }
}

async fn target(app: &App, name: &str) -> Result<Arc<Client>, Error> {
    let unknown = || Denial::UnknownClient(name.to_owned());
    let id = ClientId::parse(name).map_err(|_| unknown())?;
    Ok(app.client(&id).await?.ok_or_else(unknown)?)
}
