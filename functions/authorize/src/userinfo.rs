//! `/userinfo` (`OpenID` Connect Core section 5.3): the claims that the access token's scopes allow.

use crate::visit::Visit;
use http::{
    HeaderValue, Method, StatusCode,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};
use ratchet_core::{Limited, in_time};
use ratchet_domain::{
    denial::Denial, error::Error, legacy_profile::UserClaims, login_flow::WithCustomClaims,
    throttle::Quota,
};
use ratchet_protocol::{
    Request, Response, cors, error::OAuthError, header, methods, params::Params, quota, response,
};
use serde_json::{Map, Value};
use url::form_urlencoded;

/// Handles `GET` and `POST`. Any page may read the answer, because the request presents a token.
pub(crate) async fn handle(visit: &Visit<'_>) -> Response {
    let claims = in_time(visit.request, userinfo(visit)).await;
    let mut answer = match claims.unwrap_or_else(|failure| Err(failure.into())) {
        Ok((claims, quota)) => {
            let claims = WithCustomClaims {
                claims: claims.profile,
                custom: Some(&claims.custom),
            };
            let mut answer = response::json(StatusCode::OK, &claims);
            quota::add_headers(&mut answer, &quota);
            answer
        }
        Err(error) => refuse(&error),
    };
    cors::allow_everyone(&mut answer);
    answer
}

/// The claims that the scopes allow, and those that scripts have added.
struct Claims {
    profile: UserClaims,
    custom: Map<String, Value>,
}

/// The claims, and the state of the user's rate limit.
async fn userinfo(visit: &Visit<'_>) -> Result<(Claims, Quota), Error> {
    let token = visit
        .app
        .verify_access_token(&presented(visit.request)?)
        .await?;
    let limited = Limited {
        what: "userinfo",
        by: token.user_id.to_string(),
    };
    let limit = visit.app.settings().await?.userinfo_rate_limit;
    let quota = visit.app.throttle(limited, limit, visit.now())?;
    let user = visit.app.load_user_of(&token).await?;
    let set = visit.app.claim_set(token.pipeline).await?;
    let claims = Claims {
        profile: UserClaims::for_userinfo(&user, &token.scope, set),
        custom: token.claims,
    };
    Ok((claims, quota))
}

/// The access token of a request (RFC 6750 section 2): in the header, in the query of a `GET`, or in the body of a
/// `POST`. The same token in two places counts once, because HTTP clients add their header to every request. Two
/// different tokens are rejected (section 3.1).
fn presented(request: &Request) -> Result<String, Denial> {
    let mut tokens: Vec<String> = bearer(request).into_iter().collect();
    match *request.method() {
        Method::GET => tokens.extend(in_query(request)),
        Method::POST => match in_body(request) {
            Ok(token) => tokens.extend(token),
            // The body may be anything if the header has a token.
            Err(_) if !tokens.is_empty() => {}
            Err(denial) => return Err(denial),
        },
        _ => return Err(Denial::MethodNotAllowed(methods::GET_AND_POST)),
    }
    let mut tokens = tokens.into_iter();
    let token = tokens.next().ok_or(Denial::NoAccessToken)?;
    if tokens.all(|other| other == token) {
        Ok(token)
    } else {
        Err(Denial::SeveralAccessTokens)
    }
}

fn bearer(request: &Request) -> Option<String> {
    let (scheme, token) = header(request, &AUTHORIZATION)?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned())
}

/// Every `access_token` of the query. Other parameters are not ours and may have any form.
fn in_query(request: &Request) -> impl Iterator<Item = String> {
    let query = request.uri().query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .filter(|(name, value)| name == "access_token" && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

fn in_body(request: &Request) -> Result<Option<String>, Denial> {
    let params = Params::of_body(request)?;
    Ok(params.text("access_token")?.map(str::to_owned))
}

/// The error of a protected resource, with a challenge (RFC 6750 section 3), unlike those of our other endpoints.
fn refuse(error: &Error) -> Response {
    let Error::Denied(denial) = error else {
        return OAuthError::from(error).into_response();
    };
    let challenge = match denial {
        Denial::NoAccessToken => r#"Bearer realm="Users""#.to_owned(),
        Denial::AccessToken(reason) => {
            format!(r#"Bearer realm="Users", error="invalid_token", error_description="{reason}""#)
        }
        Denial::SeveralAccessTokens => {
            r#"Bearer realm="Users", error="invalid_request""#.to_owned()
        }
        Denial::InsufficientScope => {
            r#"Bearer realm="Users", error="insufficient_scope", scope="openid""#.to_owned()
        }
        _ => return OAuthError::from(denial).into_response(),
    };
    ratchet_telemetry::refused(&denial);
    let mut answer = match denial {
        Denial::InsufficientScope => response::text(StatusCode::FORBIDDEN, "Insufficient scope"),
        Denial::SeveralAccessTokens => OAuthError::from(denial).into_response(),
        _ => response::text(StatusCode::UNAUTHORIZED, "Unauthorized"),
    };
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    answer
}
