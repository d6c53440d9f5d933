//! Error responses: the one `table` of denials and failures, the texts that differ at an endpoint (`endpoints`), and the alphabet
//! of the specification (`description`).

mod description;
mod endpoints;
mod table;
#[cfg(test)]
mod tests;

pub use description::describe;

use std::borrow::Cow;

use http::{
    HeaderValue, StatusCode,
    header::{ALLOW, RETRY_AFTER},
};
use ratchet_domain::{denial::Denial, error::Error, throttle::Quota};
use ratchet_system::random;
use serde::Serialize;

use super::{Response, quota, response};

/// An error response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthError {
    /// The HTTP status.
    pub status: StatusCode,
    /// `error`
    pub error: &'static str,
    /// `error_description`
    pub description: Cow<'static, str>,
    /// The exceeded rate limit; `None` for other errors.
    pub quota: Option<Quota>,
    /// `Retry-After` in seconds, if the denial has one.
    pub retry_after_secs: Option<u64>,
    /// `Allow`: the methods of the path; `None` unless the request's method is not allowed.
    pub allow: Option<&'static str>,
}

/// The endpoints whose texts for the same denial differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// `/authorize` and the pages, whose texts users read. They repeat nothing from the request, because any site can
    /// link to such a request.
    Browser,
    /// `/oauth/token`
    Token,
    /// `/oauth/revoke`
    Revoke,
    /// `/co/authenticate`
    CrossOrigin,
    /// `/usernamepassword/login`
    ClassicLogin,
    /// `/api/v2/...`
    Management,
}

/// Shortest `Retry-After` for a temporary failure, in seconds.
const RETRY_AFTER_SECS: u16 = 2;

/// Number of different values of `Retry-After`, one a second.
const RETRY_AFTER_SPREAD: u16 = 14;

/// `Retry-After` for a temporary failure: 2 to 15 seconds at random, so that the clients that fail together do not return
/// together.
fn retry_after() -> HeaderValue {
    let drawn = u16::from_le_bytes(random());
    HeaderValue::from(RETRY_AFTER_SECS + drawn % RETRY_AFTER_SPREAD)
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    error_description: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ManagementBody<'a> {
    status_code: u16,
    error: &'a str,
    message: &'a str,
    error_code: &'a str,
}

impl OAuthError {
    /// The error response of this endpoint.
    pub fn new(error: &Error, endpoint: Endpoint) -> Self {
        let own_words = match error {
            Error::Denied(denial) => endpoints::own_words(denial, endpoint),
            Error::Failed(_) => None,
        };
        own_words.unwrap_or_else(|| error.into())
    }

    /// The error response that RFC 6749 section 5.2 and RFC 8628 section 3.5 require of the token endpoint, in place of
    /// Auth0's.
    #[must_use]
    pub fn by_specification(self, error: &Error) -> Self {
        match (error, self.status, self.error) {
            (Error::Denied(Denial::ClientAuthentication(_)), ..) => Self {
                error: "invalid_client",
                ..self
            },
            (_, StatusCode::FORBIDDEN, _) | (_, _, "slow_down") => Self {
                status: StatusCode::BAD_REQUEST,
                ..self
            },
            _ => self,
        }
    }

    /// The HTTP response.
    pub fn into_response(self) -> Response {
        let body = Body {
            error: self.error,
            error_description: &self.description,
        };
        self.with_body(&body)
    }

    /// The HTTP response of the Management API, whose errors have their own format
    /// ([Auth0's](https://auth0.com/docs/api/management/v2)).
    pub fn into_management_response(self) -> Response {
        let body = ManagementBody {
            status_code: self.status.as_u16(),
            error: self.status.canonical_reason().unwrap_or_default(),
            message: &self.description,
            error_code: self.error,
        };
        self.with_body(&body)
    }

    fn with_body(&self, body: &impl Serialize) -> Response {
        let mut response = response::json(self.status, body);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, retry_after());
        }
        if let Some(seconds) = self.retry_after_secs {
            let seconds = HeaderValue::from(seconds);
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        if let Some(methods) = self.allow {
            let methods = HeaderValue::from_static(methods);
            response.headers_mut().insert(ALLOW, methods);
        }
        if let Some(quota) = &self.quota {
            quota::add_rejection_headers(&mut response, quota);
        }
        response
    }
}

fn error(
    status: u16,
    error: &'static str,
    description: impl Into<Cow<'static, str>>,
) -> OAuthError {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    OAuthError {
        status,
        error,
        description: describe(description),
        quota: None,
        retry_after_secs: None,
        allow: None,
    }
}

/// A value from a request, cut to 200 characters, without control characters.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
