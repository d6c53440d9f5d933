//! Cross-origin calls from browsers ([Auth0's CORS rules]): the origins of a client's callbacks and
//! its `allowed_origins` may read responses of the token and revocation endpoints.
//!
//! [Auth0's CORS rules]: https://auth0.com/docs/get-started/applications/set-up-cors

use http::{
    HeaderValue, Method, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
        ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
        ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
        ORIGIN, VARY,
    },
};
use ratchet_domain::{client::Client, redirect_uri};

use super::{Request, Response, header, response};

/// True for a preflight, by which a browser asks what a page may send.
fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The response to a preflight; `None` for other requests. A preflight names no client, so every origin is allowed.
pub fn preflight(request: &Request) -> Option<Response> {
    if !is_preflight(request) {
        return None;
    }
    let mut answer = response::empty(StatusCode::NO_CONTENT);
    let headers = answer.headers_mut();
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Auth0-Client, Content-Type, DPoP",
        ),
        (ACCESS_CONTROL_MAX_AGE, "3600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    allow(&mut answer, request);
    Some(answer)
}

/// The response to a preflight for a public document; `None` for other requests. Every page may fetch the document,
/// with any headers that its libraries add. The response lists those headers, because `*` does not include
/// `authorization`, and includes nothing in older browsers.
pub fn preflight_of_document(request: &Request) -> Option<Response> {
    if !is_preflight(request) {
        return None;
    }
    let mut answer = response::empty(StatusCode::NO_CONTENT);
    allow_everyone(&mut answer);
    let headers = answer.headers_mut();
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (ACCESS_CONTROL_MAX_AGE, "3600"),
        (VARY, ACCESS_CONTROL_REQUEST_HEADERS.as_str()),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for asked in request.headers().get_all(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.append(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    Some(answer)
}

/// Lets the calling page read the response if its origin is registered for the client.
pub fn allow_for_client(answer: &mut Response, request: &Request, client: Option<&Client>) {
    if let (Some(client), Some(origin)) = (client, header(request, &ORIGIN))
        && is_allowed(client, origin)
    {
        allow(answer, request);
    }
}

/// The origin of the calling page, as the browser sends it; `null` if it sends none.
pub fn origin(request: &Request) -> &str {
    header(request, &ORIGIN).unwrap_or("null")
}

/// Lets the calling page read the response to a request with cookies. Its origin must have been checked before: `*` is
/// neither valid with cookies nor wanted.
pub fn allow_with_credentials(answer: &mut Response, request: &Request) {
    allow(answer, request);
    let granted = HeaderValue::from_static("true");
    answer
        .headers_mut()
        .insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, granted);
}

/// Lets every page read the response: keys and metadata are public, and `/userinfo` requires a token.
pub fn allow_everyone(answer: &mut Response) {
    let headers = answer.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSED),
    );
}

fn allow(answer: &mut Response, request: &Request) {
    if let Some(origin) = request.headers().get(ORIGIN) {
        let headers = answer.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(EXPOSED),
        );
        headers.append(VARY, HeaderValue::from(ORIGIN));
    }
}

const EXPOSED: &str = "DPoP-Nonce, Retry-After, x-auth0-requestid, x-ratelimit-limit, \
                       x-ratelimit-remaining, x-ratelimit-reset";

fn is_allowed(client: &Client, origin: &str) -> bool {
    redirect_uri::is_allowed_origin(
        client.callbacks.iter().chain(&client.allowed_origins),
        origin,
    )
}
