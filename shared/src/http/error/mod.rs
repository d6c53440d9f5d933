//! What a client is told about a refusal: the one `table`, and where an endpoint has words of its own
//! (`endpoints`), in the alphabet of the specification (`description`).

mod description;
mod endpoints;
mod table;

pub use description::describe;

use std::borrow::Cow;

use http::{
    HeaderValue, StatusCode,
    header::{ALLOW, RETRY_AFTER},
};
use serde::Serialize;

use super::{Response, quota, response};
use crate::domain::{denial::Denial, throttle::Quota};

/// What a client is told about a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthError {
    /// The HTTP status.
    pub status: StatusCode,
    /// `error`
    pub error: &'static str,
    /// `error_description`
    pub description: Cow<'static, str>,
    /// How many requests the caller has left, where that is the matter.
    pub quota: Option<Quota>,
    /// In how many seconds to come back, where that is the matter.
    pub retry_after_secs: Option<u64>,
    /// The methods of the path, where that is the matter.
    pub allow: Option<&'static str>,
}

/// The endpoints whose words for the same refusal differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// `/authorize` and the pages, whose texts people read. They repeat nothing that a request says: any site can have
    /// a link with such a request.
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

/// How long a client should wait when the cause is a passing one, in seconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

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
    /// What a client of this endpoint is told.
    pub fn new(denial: &Denial, endpoint: Endpoint) -> Self {
        endpoints::own_words(denial, endpoint).unwrap_or_else(|| Self::from(denial))
    }

    /// What RFC 6749 section 5.2 and RFC 8628 section 3.5 say instead at the token endpoint.
    #[must_use]
    pub fn by_specification(self, denial: &Denial) -> Self {
        match (denial, self.status, self.error) {
            (Denial::ClientAuthentication(_), ..) => Self {
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

    /// As an answer.
    pub fn into_response(self) -> Response {
        let body = Body {
            error: self.error,
            error_description: &self.description,
        };
        self.with_body(&body)
    }

    /// As an answer of the Management API, whose errors have a shape of their own
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
            response
                .headers_mut()
                .insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
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
            quota::tell_refused(&mut response, quota);
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

/// A name that a stranger sent, short and without control characters.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
