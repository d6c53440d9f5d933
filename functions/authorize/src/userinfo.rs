//! `/userinfo` (`OpenID` Connect Core section 5.3): what the access token's scopes open.

use http::{
    HeaderValue, Method, StatusCode,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};
use serde_json::{Map, Value};
use shared::{
    app::{App, Limited},
    domain::{
        denial::Denial,
        legacy_profile::UserClaims,
        login_flow::WithCustomClaims,
        throttle::{Quota, RateLimit},
    },
    http::{
        Request, Response, cors, error::OAuthError, header, methods, params::Params, quota, response,
    },
};

/// Answers `GET` and `POST`; any page may read the answer, because it shows a token.
pub(crate) async fn handle(app: &App, request: &Request) -> Response {
    let mut answer = match userinfo(app, request).await {
        Ok((claims, quota)) => {
            let claims = WithCustomClaims {
                claims: claims.profile,
                custom: Some(&claims.custom),
            };
            let mut answer = response::json(StatusCode::OK, &claims);
            quota::tell(&mut answer, &quota);
            answer
        }
        Err(denial) => refuse(&denial),
    };
    cors::allow_everyone(&mut answer);
    answer
}

/// What scopes open, and what scripts have added.
struct Claims {
    profile: UserClaims,
    custom: Map<String, Value>,
}

/// The claims, and how often they may still be asked for.
async fn userinfo(app: &App, request: &Request) -> Result<(Claims, Quota), Denial> {
    let token = match *request.method() {
        Method::GET => bearer(request),
        Method::POST => match bearer(request) {
            Some(token) => Some(token),
            None => Params::of_body(request)?
                .text("access_token")?
                .map(str::to_owned),
        },
        _ => return Err(Denial::MethodNotAllowed(methods::GET_AND_POST)),
    };
    let token = app
        .verify_access_token(&token.ok_or(Denial::NoAccessToken)?)
        .await?;
    let limited = Limited {
        what: "userinfo",
        by: token.user_id.to_string(),
    };
    let quota = app.throttle(limited, RateLimit::USERINFO, app.clock.now())?;
    let record = app.store.load_user(&token.user_id).await?;
    match record {
        Some(record) if record.user.blocked => Err(Denial::AccessToken("The user is blocked")),
        Some(record) => {
            let set = app.claim_set(token.pipeline).await?;
            let claims = Claims {
                profile: UserClaims::for_userinfo(&record.user, &token.scope, set),
                custom: token.claims,
            };
            Ok((claims, quota))
        }
        None => Err(Denial::AccessToken("The user does not exist")),
    }
}

fn bearer(request: &Request) -> Option<String> {
    let (scheme, token) = header(request, &AUTHORIZATION)?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim().to_owned())
}

/// A protected resource answers with a challenge (RFC 6750 section 3), unlike our other endpoints.
fn refuse(denial: &Denial) -> Response {
    let challenge = match denial {
        Denial::NoAccessToken => r#"Bearer realm="Users""#.to_owned(),
        Denial::AccessToken(reason) => {
            format!(r#"Bearer realm="Users", error="invalid_token", error_description="{reason}""#)
        }
        Denial::InsufficientScope => {
            r#"Bearer realm="Users", error="insufficient_scope", scope="openid""#.to_owned()
        }
        _ => return OAuthError::from(denial).into_response(),
    };
    tracing::info!(reason = %denial, "refused");
    let mut answer = match denial {
        Denial::InsufficientScope => response::text(StatusCode::FORBIDDEN, "Insufficient scope"),
        _ => response::text(StatusCode::UNAUTHORIZED, "Unauthorized"),
    };
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    answer
}
