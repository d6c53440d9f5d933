//! The wire format of requests and responses. It is pure: bytes in, bytes out.

pub mod cookies;
pub mod cors;
pub mod credentials;
pub mod error;
pub mod gateway;
pub mod json;
pub mod named_client;
pub mod params;
pub mod quota;
pub mod response;
pub mod uri;

use std::net::IpAddr;

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method,
    header::{ACCEPT, STRICT_TRANSPORT_SECURITY},
};
use ratchet_domain::ids::RequestId;
use ratchet_system::Deadline;

/// A request whose body has been read.
pub type Request = http::Request<Bytes>;

/// A response with its whole body.
pub type Response = http::Response<Bytes>;

/// Largest body that any endpoint accepts, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Facts about a request that the front (API Gateway, the local server) knows beyond its bytes. They are stored in the
/// request's extensions.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Random id, drawn when the request arrives and returned as `x-auth0-requestid`.
    pub id: RequestId,
    /// The caller's address as the front knows it; `None` if unknown.
    pub client_ip: Option<IpAddr>,
    /// Time at which long work stops.
    pub deadline: Deadline,
    /// Time by which the function has to answer, whatever it waits for.
    pub answer_by: Deadline,
}

/// Adds the headers that every function's responses have.
pub fn complete(response: &mut Response, id: RequestId, https: bool) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    if https {
        let for_a_year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, for_a_year);
    }
}

/// Auth0's header for the id of a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-auth0-requestid");

/// The methods of a path, as an `Allow` header lists them. Every path with `GET` has `HEAD`.
pub mod methods {
    /// `GET`
    pub const GET: &str = "GET, HEAD";
    /// `POST`
    pub const POST: &str = "POST";
    /// `DELETE`
    pub const DELETE: &str = "DELETE";
    /// `GET` and `POST`
    pub const GET_AND_POST: &str = "GET, HEAD, POST";
    /// `GET` and `DELETE`
    pub const GET_AND_DELETE: &str = "GET, HEAD, DELETE";
}

/// Turns a `HEAD` request into a `GET` (RFC 9110 section 9.3.2); `true` if it was one. The shell then omits the body,
/// so that functions need no code for `HEAD`.
pub fn head_as_get(request: &mut Request) -> bool {
    let is_head = request.method() == Method::HEAD;
    if is_head {
        *request.method_mut() = Method::GET;
    }
    is_head
}

/// True if the caller wants a page: a browser that follows a link lists HTML in `Accept`, other clients do not.
pub fn accepts_html(request: &Request) -> bool {
    header(request, &ACCEPT)
        .unwrap_or_default()
        .split(',')
        .filter_map(|accepted| accepted.split(';').next())
        .any(|kind| kind.trim().eq_ignore_ascii_case("text/html"))
}

/// A request header as text; `None` if it is missing or not text.
pub fn header<'a>(request: &'a Request, name: &http::HeaderName) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}
