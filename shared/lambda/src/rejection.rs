//! Requests that the shell answers itself, before a function sees them.

use ratchet_domain::{
    denial::Denial,
    error::{Error, Failure},
};
use ratchet_protocol::{Request, Response, cors, error::OAuthError};

use crate::event::ProxyBypassed;

/// The rejection of a request that bypassed the operator's proxies, if these are required; `None` for other requests.
pub(super) fn of_bypass(request: &Request) -> Option<Response> {
    request.extensions().get::<ProxyBypassed>()?;
    Some(answer(&Denial::ProxyBypassed.into()))
}

/// The rejection of a request whose URL is too long.
pub(super) fn of_long_url() -> Response {
    answer(&Denial::RequestTooLong.into())
}

/// The answer of a function that writes, in a passive Region. Pages of every origin may read it: the origins of a client are
/// in the table, which such a function does not read.
pub(super) fn of_passive_region(request: &Request) -> Response {
    if let Some(preflight) = cors::preflight(request) {
        return preflight;
    }
    let mut answer = answer(&Failure::unavailable("the stack of this Region is passive").into());
    cors::allow_everyone(&mut answer);
    answer
}

fn answer(reason: &Error) -> Response {
    ratchet_telemetry::refused(reason);
    OAuthError::from(reason).into_response()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{Method, StatusCode, header};

    use super::*;

    #[test]
    fn only_a_request_that_bypassed_the_proxies_is_rejected() {
        let mut request = Request::new(Bytes::new());
        assert!(of_bypass(&request).is_none());
        request.extensions_mut().insert(ProxyBypassed);
        let answer = of_bypass(&request).unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        assert!(answer.body().starts_with(br#"{"error":"access_denied""#));
    }

    #[test]
    fn a_passive_region_asks_clients_to_come_back() {
        let mut request = Request::new(Bytes::new());
        let answer = of_passive_region(&request);
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key(header::RETRY_AFTER));
        assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        *request.method_mut() = Method::OPTIONS;
        let headers = request.headers_mut();
        headers.insert(header::ORIGIN, "https://app.example.com".parse().unwrap());
        headers.insert(
            header::ACCESS_CONTROL_REQUEST_METHOD,
            "POST".parse().unwrap(),
        );
        assert!(of_passive_region(&request).status().is_success());
    }
}
