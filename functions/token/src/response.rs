//! Answers of the token endpoint (RFC 6749 section 5.1).

use std::sync::Arc;

use http::StatusCode;
use ratchet_core::Tokens;
use ratchet_domain::{client::Client, error::Error, scope::Scope, throttle::Quota, time::Lifetime};
use ratchet_protocol::{Response, quota, response};
use serde::Serialize;

/// The answer to a request and the client that sent it, whose pages may read the answer.
#[derive(Debug)]
pub(crate) struct Answered {
    /// `None` if the tenant has no such client, or the request was rejected before its client was looked up.
    pub(crate) caller: Option<Arc<Client>>,
    pub(crate) answer: Result<Response, Error>,
}

impl<E: Into<Error>> From<E> for Answered {
    /// The error of a request whose client is not known yet.
    fn from(error: E) -> Self {
        Self {
            caller: None,
            answer: Err(error.into()),
        }
    }
}

/// The successful answer of `/delegation`: only an ID token.
#[derive(Debug)]
pub(crate) struct DelegationAnswer {
    pub(crate) id_token: String,
    pub(crate) expires_in: Lifetime,
}

#[derive(Serialize)]
struct DelegationBody {
    token_type: &'static str,
    expires_in: u64,
    id_token: String,
}

impl DelegationAnswer {
    pub(crate) fn into_response(self) -> Response {
        let body = DelegationBody {
            token_type: "Bearer",
            expires_in: self.expires_in.as_secs(),
            id_token: self.id_token,
        };
        response::json(StatusCode::OK, &body)
    }
}

/// The successful answer of a grant.
#[derive(Debug)]
pub(crate) struct TokenAnswer {
    pub(crate) tokens: Tokens,
    pub(crate) scope: Scope,
    pub(crate) refresh_token: Option<String>,
    /// State of the client's rate limit; `None` for grant types that are not counted.
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
            quota::add_headers(&mut response, quota);
        }
        response
    }
}
