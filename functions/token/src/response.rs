//! A good answer of the token endpoint (RFC 6749 section 5.1).

use http::StatusCode;
use serde::Serialize;
use shared::{
    app::Tokens,
    domain::{scope::Scope, throttle::Quota},
    http::{Response, quota, response},
};

/// The tokens a client is given.
#[derive(Debug)]
pub(crate) struct TokenAnswer {
    pub(crate) tokens: Tokens,
    pub(crate) scope: Scope,
    pub(crate) refresh_token: Option<String>,
    /// Where the caller stands, where requests are counted.
    pub(crate) quota: Option<Quota>,
}

#[derive(Serialize)]
struct Body {
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    expires_in: u64,
    token_type: &'static str,
}

impl TokenAnswer {
    pub(crate) fn into_response(self) -> Response {
        let body = Body {
            access_token: self.tokens.access_token,
            refresh_token: self.refresh_token,
            id_token: self.tokens.id_token,
            scope: (!self.scope.is_empty()).then(|| self.scope.to_string()),
            expires_in: self.tokens.expires_in.as_secs(),
            token_type: "Bearer",
        };
        let mut response = response::json(StatusCode::OK, &body);
        if let Some(quota) = &self.quota {
            quota::tell(&mut response, quota);
        }
        response
    }
}
