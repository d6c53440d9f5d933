//! The wire: what requests say and how answers look. Still pure: bytes in, bytes out.

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

use crate::{domain::ids::RequestId, system::Deadline};

/// A request whose body has been read.
pub type Request = http::Request<Bytes>;

/// An answer.
pub type Response = http::Response<Bytes>;

/// The largest body any endpoint takes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// What the front (API Gateway, the local server) knows about a request beyond its bytes. It lies in
/// the request's extensions.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Drawn when the request arrived; goes out as `x-auth0-requestid`.
    pub id: RequestId,
    /// The caller's address, as the front knows it.
    pub client_ip: Option<IpAddr>,
    /// Until when long work goes on.
    pub deadline: Deadline,
}

/// What every answer carries, whichever function gave it.
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

/// Auth0's name for the id of a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-auth0-requestid");

/// The methods of a path, as an `Allow` header lists them. Wherever there is `GET`, there is `HEAD`.
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

/// Has a `HEAD` answered as a `GET` (RFC 9110 section 9.3.2); `true` if it is one. The shell then leaves out the
/// body, and no function needs to know of `HEAD`.
pub fn head_as_get(request: &mut Request) -> bool {
    let is_head = request.method() == Method::HEAD;
    if is_head {
        *request.method_mut() = Method::GET;
    }
    is_head
}

/// Whether the caller wants a page: a browser that follows a link lists HTML in `Accept`, other clients do not.
pub fn accepts_html(request: &Request) -> bool {
    header(request, &ACCEPT)
        .unwrap_or_default()
        .split(',')
        .filter_map(|accepted| accepted.split(';').next())
        .any(|kind| kind.trim().eq_ignore_ascii_case("text/html"))
}

/// A request header as text; a header that is not text is none.
pub fn header<'a>(request: &'a Request, name: &http::HeaderName) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}
