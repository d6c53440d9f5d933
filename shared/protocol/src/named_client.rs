//! The client that a request names if it is rejected before it is parsed as a whole: for broken JSON, a repeated
//! parameter or a body that is too large. Only CORS headers depend on it.

use http::Method;
use percent_encoding::percent_decode;
use ratchet_domain::ids::ClientId;

use super::{Request, credentials};

const CLIENT_ID: &str = "client_id";

/// The client that is named by the `Authorization` header, or by the readable part of the body, of any content type,
/// or by the query of a request other than `POST`. It is not authenticated, like every `client_id`.
pub fn named_client(request: &Request) -> Option<ClientId> {
    let query = || request.uri().query().unwrap_or_default().as_bytes();
    let named = in_header(request)
        .or_else(|| in_json(request.body()))
        .or_else(|| in_form(request.body()))
        .or_else(|| in_parts(request.body()))
        .or_else(|| (*request.method() != Method::POST).then(|| in_form(query()))?)?;
    ClientId::parse(named).ok()
}

fn in_header(request: &Request) -> Option<String> {
    let readings = credentials::basic(request).ok().flatten()?;
    readings.into_iter().next().map(|(id, _)| id)
}

/// The first text after a key `client_id`. The object around it may be incomplete.
fn in_json(body: &[u8]) -> Option<String> {
    let rest = after(body, br#""client_id""#)?.trim_ascii_start();
    let rest = rest.strip_prefix(b":")?;
    let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<String>();
    values.next()?.ok()
}

/// The first `client_id` of a form. The other parameters may be unreadable.
fn in_form(form: &[u8]) -> Option<String> {
    form.split(|b| *b == b'&')
        .filter_map(|pair| pair.strip_prefix(CLIENT_ID.as_bytes())?.strip_prefix(b"="))
        .find_map(|value| percent_decode(value).decode_utf8().ok())
        .map(std::borrow::Cow::into_owned)
}

/// The part `client_id` of `multipart/form-data` (RFC 7578), which a browser makes from a `FormData`.
fn in_parts(body: &[u8]) -> Option<String> {
    let rest = after(body, br#"name="client_id""#)?;
    let value = rest.strip_prefix(b"\r\n\r\n")?;
    let value = value.split(|b| *b == b'\r').next()?;
    String::from_utf8(value.to_vec()).ok()
}

fn after<'a>(text: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let at = text
        .windows(wanted.len())
        .position(|window| window == wanted)?;
    text.get(at + wanted.len()..)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::header::AUTHORIZATION;

    use super::*;

    fn named(body: &[u8]) -> Option<String> {
        let mut request = http::Request::new(Bytes::copy_from_slice(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = "/oauth/token?client_id=query".parse().unwrap();
        named_client(&request).map(|id| id.to_string())
    }

    #[test]
    fn a_client_is_found_in_a_body_that_cannot_be_read() {
        for body in [
            br#"{"client_id":"app""#.as_slice(),
            br#"{"client_id" : "app",}"#,
            br#"{"x":[1,{"client_id":"a\u0070p"}"#,
            b"client_id=app",
            b"x=%ff&client_id=%61pp&client_id=other",
            b"--x\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\napp\r\n--x--\r\n",
        ] {
            let text = String::from_utf8_lossy(body);
            assert_eq!(named(body).as_deref(), Some("app"), "{text}");
        }
    }

    #[test]
    fn a_body_without_a_valid_client_id_names_no_client() {
        for body in [
            b"".as_slice(),
            b"{",
            br#"{"client_id":1}"#,
            br#"{"client_id":"app"#,
            b"client_id=%ff",
            b"client_id=",
            b"xclient_id=app",
            b"name=\"client_id\"",
        ] {
            let text = String::from_utf8_lossy(body);
            assert_eq!(named(body), None, "{text}");
        }
    }

    #[test]
    fn a_query_counts_where_there_is_no_body() {
        let mut request = http::Request::new(Bytes::new());
        *request.uri_mut() = "/oauth/token?client_id=app".parse().unwrap();
        assert_eq!(named_client(&request).unwrap().as_str(), "app");
    }

    #[test]
    fn a_basic_header_names_its_client() {
        let mut request = http::Request::new(Bytes::from_static(b"client_id=other"));
        let value = http::HeaderValue::from_static("Basic YXBwOnNlY3JldA==");
        request.headers_mut().insert(AUTHORIZATION, value);
        assert_eq!(named_client(&request).unwrap().as_str(), "app");
    }
}
