//! `POST /delegation` ([Auth0's delegation]): an application of the legacy pipeline shows a refresh token or
//! an ID token of its own, and is given an ID token for itself or for another application. The refresh
//! token stays as it is. Deprecated at Auth0 since 8 June 2017.
//!
//! [Auth0's delegation]: https://auth0.com/docs/api/authentication#delegation

use std::sync::Arc;

use http::{HeaderName, HeaderValue, header::LINK};
use shared::{
    app::{App, Limited, Moment, TokensFor},
    domain::{
        claims::{Issuance, LoginClaims, Subject},
        client::Client,
        delegation::{JWT_BEARER, Presented, check_api_type, permit},
        denial::Denial,
        family::{Exchange, Redemption, Refusal},
        ids::{ClientId, UserId},
        pipeline::Pipeline,
        scope::{OFFLINE_ACCESS, OPENID, Scope},
        sealed::{Purpose, RefreshToken},
        throttle::{Quota, RateLimit},
        user::User,
    },
    http::{
        Request, Response,
        credentials::{Credentials, Proof},
        error::{Endpoint, OAuthError},
        params::Params,
        quota,
    },
    telemetry::event,
};

use crate::{
    grants::refresh_token::{ATTEMPTS, Failure, commit, end, good},
    response::DelegationAnswer,
};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// 8 June 2017, as RFC 9745 writes a date.
const SINCE: HeaderValue = HeaderValue::from_static("@1496880000");
const READ_MORE: HeaderValue = HeaderValue::from_static(
    "<https://auth0.com/docs/api/authentication#delegation>; rel=\"deprecation\"; type=\"text/html\"",
);

/// Answers; where the tenant has no delegation there is no such path.
pub(crate) async fn handle(
    app: &App,
    request: &Request,
    caller: &mut Option<Arc<Client>>,
) -> Result<Response, Denial> {
    let settings = app.settings().await?;
    if !settings.legacy.allow_legacy_delegation_grant_types {
        return Err(Denial::NotFound);
    }
    let mut answer = match delegate(app, request, caller).await {
        Ok((answer, quota)) => {
            let mut answer = answer.into_response();
            quota::tell(&mut answer, &quota);
            answer
        }
        Err(denial) => {
            let client_id = caller.as_ref().map(|client| client.client_id.to_string());
            tracing::warn!(r#type = event::DELEGATION_REFUSED, client_id, reason = %denial);
            OAuthError::new(&denial, Endpoint::Token).into_response()
        }
    };
    let headers = answer.headers_mut();
    headers.insert(DEPRECATION, SINCE);
    headers.insert(LINK, READ_MORE);
    Ok(answer)
}

/// A request that may be answered, if its token is good.
struct Delegation {
    caller: Arc<Client>,
    target: Arc<Client>,
    presented: Presented,
    scope: Option<Scope>,
    at: Moment,
}

async fn delegate(
    app: &App,
    request: &Request,
    caller: &mut Option<Arc<Client>>,
) -> Result<(DelegationAnswer, Quota), Denial> {
    let params = Params::of_body(request)?;
    let delegation = Delegation::parse(app, request, &params, caller).await?;
    let client_id = &delegation.caller.client_id;
    tracing::info!(
        r#type = event::DEPRECATED,
        %client_id,
        "delegation is deprecated: use /oauth/token"
    );
    let (id_token, user_id, quota) = match &delegation.presented {
        Presented::RefreshToken(token) => {
            by_refresh_token(app, &delegation, token.expose()).await?
        }
        Presented::IdToken(token) => by_id_token(app, &delegation, token.expose()).await?,
    };
    let target = &delegation.target;
    tracing::info!(
        r#type = event::DELEGATED,
        %client_id,
        %user_id,
        target = %target.client_id,
    );
    let expires_in = target.jwt_configuration.lifetime;
    let answer = DelegationAnswer {
        id_token,
        expires_in,
    };
    Ok((answer, quota))
}

impl Delegation {
    async fn parse(
        app: &App,
        request: &Request,
        params: &Params,
        caller: &mut Option<Arc<Client>>,
    ) -> Result<Self, Denial> {
        let at = app.moment(request);
        let grant_type = params.required("grant_type")?;
        if grant_type != JWT_BEARER {
            return Err(Denial::UnsupportedGrantType(grant_type.to_owned()));
        }
        let credentials = Credentials::parse(request, params)?;
        *caller = app.client(&credentials.client_id).await?;
        let known = caller.clone();
        let client = known.ok_or(Denial::ClientAuthentication("unknown client"))?;
        // No SDK sends a secret here, so none is asked for; one that comes has to be right.
        if !matches!(credentials.proof, Proof::None) {
            app.authenticate(&credentials, at).await?;
        }
        let presented = Presented::parse(params.text("refresh_token")?, params.text("id_token")?)?;
        check_api_type(params.text("api_type")?)?;
        let target = match params.text("target")? {
            Some(name) => target(app, name).await?,
            None => Arc::clone(&client),
        };
        permit(&client, &target, &presented)?;
        Ok(Self {
            caller: client,
            target,
            presented,
            scope: params.scope()?.map(|text| Scope::parse(&text)),
            at,
        })
    }

    /// Counts the request against its user and address.
    fn throttle(&self, app: &App, user_id: &UserId) -> Result<Quota, Denial> {
        let limited = Limited {
            what: "delegation",
            by: format!("{user_id} {}", self.at.origin),
        };
        app.throttle(limited, RateLimit::DELEGATION, self.at.now)
            .inspect_err(|_| {
                tracing::warn!(
                    r#type = event::DELEGATION_LIMITED,
                    client_id = %self.caller.client_id,
                    %user_id,
                );
            })
    }

    /// The scopes whose claims the ID token holds: those asked for, else those of the token shown. They
    /// bound nothing, for in the legacy pipeline `/userinfo` tells everything whatever the scope.
    fn scope(&self, shown: &Scope) -> Scope {
        let asked = self.scope.as_ref().unwrap_or(shown);
        let openid: Scope = [OPENID].into_iter().collect();
        openid.union(&asked.without(OFFLINE_ACCESS))
    }

    async fn sign(&self, app: &App, user: &User, shown: &Scope) -> Result<String, Denial> {
        let scope = self.scope(shown);
        let caller = &self.caller.client_id;
        let issuance = Issuance {
            issuer: app.issuer.as_str(),
            client: &self.target,
            subject: Subject::User(user),
            scope: &scope,
            request: self.at.request,
            gty: None,
            pipeline: Pipeline::Legacy,
            custom_claims: None,
            via_browser: false,
            now: self.at.now,
        };
        let login = LoginClaims {
            authorized_party: (self.target.client_id != *caller).then_some(caller.as_str()),
            ..LoginClaims::default()
        };
        app.mint_for_delegation(TokensFor {
            issuance,
            api: None,
            login,
        })
        .await
    }
}

async fn target(app: &App, name: &str) -> Result<Arc<Client>, Denial> {
    let unknown = || Denial::UnknownClient(name.to_owned());
    let id = ClientId::parse(name).map_err(|_| unknown())?;
    app.client(&id).await?.ok_or_else(unknown)
}

/// By an ID token of the caller's. It is checked before anything is read.
async fn by_id_token(
    app: &App,
    delegation: &Delegation,
    token: &str,
) -> Result<(String, UserId, Quota), Denial> {
    let now = delegation.at.now;
    let user_id = app.verify_id_token(&delegation.caller, token, now).await?;
    let quota = delegation.throttle(app, &user_id)?;
    let user = match app.store.load_user(&user_id).await? {
        None => return Err(Denial::IdToken("The user does not exist")),
        Some(record) if record.user.blocked => return Err(Denial::UserBlocked),
        Some(record) => record.user,
    };
    let id_token = delegation.sign(app, &user, &Scope::default()).await?;
    Ok((id_token, user_id, quota))
}

/// By a refresh token of the caller's. A forged one ends here, before anything is read.
async fn by_refresh_token(
    app: &App,
    delegation: &Delegation,
    text: &str,
) -> Result<(String, UserId, Quota), Denial> {
    let client_id = delegation.caller.client_id.as_str();
    let opened = app
        .keyring()
        .await
        .open(Purpose::RefreshToken, client_id, text);
    let token = opened
        .and_then(|opened| RefreshToken::from_bytes(&opened.plaintext))
        .ok_or(Denial::RefreshToken("not sealed by us for this client"))?;
    let quota = delegation.throttle(app, &token.user_id)?;
    for _ in 0..ATTEMPTS {
        match attempt(app, delegation, &token).await {
            Err(Failure::Conflict) => {}
            Err(Failure::Denied(denial)) => return Err(denial),
            Ok(id_token) => return Ok((id_token, token.user_id, quota)),
        }
    }
    Err(Denial::Unavailable("the family kept changing".to_owned()))
}

/// Load, decide, sign, commit, as at the token endpoint; the commit moves the idle end alone.
async fn attempt(
    app: &App,
    delegation: &Delegation,
    token: &RefreshToken,
) -> Result<String, Failure> {
    let at = delegation.at;
    let state = app
        .store
        .load_refresh_state(&token.user_id, token.family_id)
        .await?;
    let family = state.family.ok_or(Denial::RefreshToken("unknown family"))?;
    let exchange = Exchange {
        request: at.request,
        active_key: family.key_id,
        now: at.now,
    };
    let policy = &delegation.caller.refresh_token;
    let next = match family.redeem(token.generation, policy, exchange) {
        Redemption::Refuse(Refusal::Ended(reason)) => {
            return Err(Denial::RefreshToken(reason.as_str()).into());
        }
        Redemption::Refuse(Refusal::Expired) => return Err(Denial::RefreshToken("expired").into()),
        Redemption::Reuse(ended) => return Err(end(app, &family, &ended).await?.into()),
        // What is exchanged at the token endpoint is not spent here.
        Redemption::Replay => return Err(Denial::ConformantRefreshToken.into()),
        Redemption::Exchange { .. } if !family.pipeline().is_legacy() => {
            return Err(Denial::ConformantRefreshToken.into());
        }
        Redemption::Exchange { next, .. } => next,
    };
    let user = good(state.user)?;
    let id_token = delegation.sign(app, &user, &family.scope).await?;
    commit(app, &family, &next, at).await?;
    Ok(id_token)
}
