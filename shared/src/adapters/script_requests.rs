//! What tenants' scripts ask of other hosts: only of those that are allowed, for a short time, for a small answer.

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{self, AUTHORIZATION, COOKIE, LOCATION, USER_AGENT},
};
use http_body_util::{BodyExt, Full, Limited, combinators::UnsyncBoxBody};
use serde_json::{Value, json};
use url::Url;

use super::outbound::{Outbound, OutboundError};
use crate::domain::script_hosts::{AllowedHosts, ForbiddenAddress};

/// How long a request may take, with all its redirects.
const PATIENCE: Duration = Duration::from_secs(3);
/// How large a body may be, of a request or of an answer, in bytes.
const LARGEST: usize = 1024 * 1024;
/// How many redirects are followed.
const MOST_REDIRECTS: usize = 5;

/// Headers that are the client's own business: how a message is framed, and to which host it goes.
const OURS: [HeaderName; 8] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::ACCEPT_ENCODING,
];

type Answer = Response<UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>>;

/// A script's request, as the script says it.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the names are those of HTTP")]
pub struct ScriptRequest {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
}

/// Why a script's request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ScriptRequestError {
    /// It goes where scripts may not go.
    #[error(transparent)]
    Forbidden(#[from] ForbiddenAddress),
    /// The method, or a header, is none.
    #[error("{0}")]
    Malformed(String),
    /// It or its answer is too large.
    #[error("the body of {0} is larger than {LARGEST} bytes")]
    TooLarge(&'static str),
    /// It was sent from address to address.
    #[error("more than {MOST_REDIRECTS} redirects")]
    Redirects,
    /// The other side cannot be reached, or took too long.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
}

impl Outbound {
    /// Sends a script's request; the answer is `{status, statusText, headers, body}`. A GET or HEAD follows
    /// redirects to hosts that are allowed themselves; anything else is answered with the redirect.
    pub async fn script_request(&self, request: ScriptRequest) -> Result<Value, ScriptRequestError> {
        let method = Method::from_bytes(request.method.as_bytes())
            .ok()
            .filter(|method| *method != Method::CONNECT && *method != Method::TRACE)
            .ok_or_else(|| ScriptRequestError::Malformed("no such method".to_owned()))?;
        let mut url = self.script_hosts().permit(&request.url)?;
        let mut headers = headers_of(&request.headers)?;
        let body = Bytes::from(request.body.unwrap_or_default());
        if body.len() > LARGEST {
            return Err(ScriptRequestError::TooLarge("the request"));
        }
        let answer = async {
            for _ in 0..=MOST_REDIRECTS {
                let answer = self.send(&method, &url, headers.clone(), body.clone()).await?;
                let Some(next) = redirect(self.script_hosts(), &method, &url, &answer)? else {
                    return read(answer).await;
                };
                if next.origin() != url.origin() {
                    headers.remove(AUTHORIZATION);
                    headers.remove(COOKIE);
                }
                url = next;
            }
            Err(ScriptRequestError::Redirects)
        };
        tokio::time::timeout(PATIENCE, answer)
            .await
            .unwrap_or(Err(OutboundError::Late(PATIENCE).into()))
    }

    async fn send(
        &self,
        method: &Method,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, OutboundError> {
        // A fragment stays with its reader.
        let address = &url[..url::Position::AfterQuery];
        let mut request = Request::builder()
            .method(method)
            .uri(address)
            .body(Full::new(body))?;
        *request.headers_mut() = headers;
        let answer = self.client()?.request(request).await?;
        Ok(answer.map(|body| Limited::new(body, LARGEST).boxed_unsync()))
    }
}

fn headers_of(pairs: &[(String, String)]) -> Result<HeaderMap, ScriptRequestError> {
    let mut headers = HeaderMap::new();
    // Some APIs answer nobody without a name.
    headers.insert(USER_AGENT, HeaderValue::from_static("ratchet"));
    for (name, value) in pairs {
        let malformed = || ScriptRequestError::Malformed(format!("the header {name:?} is none"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed())?;
        let value = HeaderValue::from_str(value).map_err(|_| malformed())?;
        if !OURS.contains(&name) {
            headers.insert(name, value);
        }
    }
    Ok(headers)
}

/// Where to go on, if the answer says so and it is allowed.
fn redirect(
    hosts: &AllowedHosts,
    method: &Method,
    url: &Url,
    answer: &Answer,
) -> Result<Option<Url>, ForbiddenAddress> {
    let moves = matches!(
        answer.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    let location = answer.headers().get(LOCATION).filter(|_| moves);
    let location = location.and_then(|location| location.to_str().ok());
    match location.and_then(|location| url.join(location).ok()) {
        Some(next) if matches!(*method, Method::GET | Method::HEAD) => {
            hosts.permit(next.as_str()).map(Some)
        }
        _ => Ok(None),
    }
}

async fn read(answer: Answer) -> Result<Value, ScriptRequestError> {
    let (head, body) = answer.into_parts();
    let body = body
        .collect()
        .await
        .map_err(|_| ScriptRequestError::TooLarge("the answer"))?;
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    Ok(json!({
        "status": head.status.as_u16(),
        "statusText": head.status.canonical_reason().unwrap_or_default(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body.to_bytes()),
    }))
}
