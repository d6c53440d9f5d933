//! `--dynamodb-port`: access for programs, but not for web pages. A page's request has an `Origin`, needs a preflight
//! that is not answered, names a foreign host if the page's name resolves to loopback, and cannot name the key.

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, ORIGIN},
    request::Parts,
};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use ratchet_protocol::{Response, response};

use super::{
    AccessKey,
    engine::{Answer, Engine},
};
use crate::{hosts::Hosts, listen::Service};

/// The largest body that DynamoDB accepts.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// Access control in front of the engine.
pub(super) struct AccessControl {
    engine: Arc<Engine>,
    key: AccessKey,
    hosts: Hosts,
}

impl AccessControl {
    pub(super) const fn new(engine: Arc<Engine>, key: AccessKey, hosts: Hosts) -> Self {
        Self { engine, key, hosts }
    }

    /// Rejects a request before its body is read; `None` admits it.
    fn refusal(&self, parts: &Parts) -> Option<Response> {
        if let Some(misdirected) = self.hosts.refusal(parts) {
            return Some(misdirected);
        }
        if parts.headers.contains_key(ORIGIN) {
            let text = "web pages have no access to this database\n";
            return Some(response::text(StatusCode::FORBIDDEN, text));
        }
        if parts.method != Method::POST || parts.uri.path() != "/" {
            return Some(response::empty(StatusCode::NOT_FOUND));
        }
        let named = parts.headers.get_all(AUTHORIZATION).iter();
        let named = named.filter_map(|value| value.to_str().ok());
        let is_known = named.into_iter().any(|text| self.key.is_named_in(text));
        (!is_known).then(|| {
            written(Answer::refusal(
                "UnrecognizedClientException",
                Some("The security token included in the request is invalid."),
            ))
        })
    }
}

impl Service for AccessControl {
    async fn answer(
        &self,
        request: http::Request<Incoming>,
        _: Option<IpAddr>,
    ) -> Result<Response, hyper::Error> {
        let (parts, body) = request.into_parts();
        if let Some(refusal) = self.refusal(&parts) {
            return Ok(refusal);
        }
        let Ok(body) = Limited::new(body, MAX_BODY_BYTES).collect().await else {
            return Ok(response::empty(StatusCode::PAYLOAD_TOO_LARGE));
        };
        let body = body.to_bytes();
        let engine = Arc::clone(&self.engine);
        let target = parts.headers.get(TARGET).cloned();
        let work = move || {
            let target = target.as_ref().and_then(|target| target.to_str().ok());
            engine.answer(target, &body)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(answer) => Ok(written(answer)),
            Err(error) => {
                tracing::error!(%error, "the database failed");
                Ok(response::empty(StatusCode::INTERNAL_SERVER_ERROR))
            }
        }
    }
}

fn written(answer: Answer) -> Response {
    let mut response = Response::new(Bytes::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/x-amz-json-1.0");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
