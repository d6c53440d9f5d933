//! Responses: bodies, and the headers that belong to them.

use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, PRAGMA},
};
use ratchet_domain::address;
use serde::Serialize;
use url::form_urlencoded;

use super::{Response, uri::to_uri};

/// A JSON response that must not be cached (RFC 6749 section 5.1).
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => private(with_type(status, "application/json", body)),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            server_error()
        }
    }
}

/// The response if the intended one cannot be written. It is JSON as well, because auth0-spa-js repeats a request
/// whose response it cannot read.
fn server_error() -> Response {
    let body = br#"{"error":"server_error"}"#.to_vec();
    private(with_type(
        StatusCode::INTERNAL_SERVER_ERROR,
        "application/json",
        body,
    ))
}

/// An HTML response that must not be cached.
pub fn html(status: StatusCode, body: String) -> Response {
    private(with_type(
        status,
        "text/html; charset=utf-8",
        body.into_bytes(),
    ))
}

/// A plain text response that must not be cached.
pub fn text(status: StatusCode, body: impl Into<String>) -> Response {
    private(with_type(
        status,
        "text/plain; charset=utf-8",
        body.into().into_bytes(),
    ))
}

/// A response without a body that must not be cached.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    private(response)
}

/// A redirect that must not be cached. The target is written as a URI.
pub fn redirect(location: &str) -> Response {
    match HeaderValue::try_from(to_uri(location)) {
        Ok(location) => {
            let mut response = empty(StatusCode::FOUND);
            response.headers_mut().insert(LOCATION, location);
            response
        }
        Err(error) => {
            tracing::error!(%error, "a redirect target is no header value");
            server_error()
        }
    }
}

/// A JSON document that browsers and gateways may cache for `max_age` seconds.
pub fn public_json(body: &impl Serialize, max_age: u32) -> Response {
    keep(json(StatusCode::OK, body), max_age)
}

/// A file that browsers and gateways may cache for `max_age` seconds.
pub fn public(content_type: &'static str, body: Vec<u8>, max_age: u32) -> Response {
    keep(with_type(StatusCode::OK, content_type, body), max_age)
}

fn keep(mut response: Response, max_age: u32) -> Response {
    response.headers_mut().remove(PRAGMA);
    if let Ok(value) = HeaderValue::try_from(format!("public, max-age={max_age}")) {
        response.headers_mut().insert(CACHE_CONTROL, value);
    }
    response
}

/// Appends parameters to the query of a URL and keeps those it has: they are part of a registered URL (RFC 6749
/// section 3.1.2).
pub fn with_query(url: &str, parameters: &[(&str, &str)]) -> String {
    address::with_query(url, &encoded(parameters))
}

/// Sets one parameter in the query of a URL, in place of all with its name.
pub fn with_one(url: &str, name: &str, value: &str) -> String {
    with_query(&address::without_parameter(url, name), &[(name, value)])
}

fn encoded(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}

/// Replaces the fragment of a URL with parameters.
pub fn with_fragment(url: &str, parameters: &[(&str, &str)]) -> String {
    let base = url.split_once('#').map_or(url, |(base, _)| base);
    format!("{base}#{}", encoded(parameters))
}

fn with_type(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn private(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
        .headers_mut()
        .insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_answer_that_cannot_be_written_is_json_too() {
        let no_object = BTreeMap::from([([1, 2], 3)]);
        let answer = json(StatusCode::OK, &no_object);
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/json");
        let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(body["error"], "server_error");
    }

    #[test]
    fn parameters_are_appended_to_an_existing_query() {
        let parameters = [("code", "a b"), ("state", "\r\n&=")];
        let query = "code=a+b&state=%0D%0A%26%3D";
        assert_eq!(
            with_query("https://a/cb", &parameters),
            format!("https://a/cb?{query}")
        );
        assert_eq!(
            with_query("https://a/cb?x=1", &parameters),
            format!("https://a/cb?x=1&{query}")
        );
        assert_eq!(
            with_query("https://a/cb?", &parameters),
            format!("https://a/cb?{query}")
        );
        assert_eq!(with_query("app://cb", &[]), "app://cb");
        assert_eq!(
            with_one("https://a/?state=1&x=1&%73tate=2#state=3", "state", "a b"),
            "https://a/?x=1&state=a+b#state=3"
        );
        for url in ["https://a/cb?x=1", "https://a/cb?x=1#old"] {
            assert_eq!(
                with_fragment(url, &parameters),
                format!("https://a/cb?x=1#{query}")
            );
        }
    }
}
