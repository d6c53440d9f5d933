//! Requests that the shell answers itself, before a function sees them.

use ratchet_domain::{denial::Denial, error::Error};
use ratchet_protocol::{Request, Response, error::OAuthError};

use crate::event::ProxyBypassed;

/// The rejection of a request that bypassed the operator's proxies, if these are required; `None` for other requests.
pub(super) fn of_bypass(request: &Request) -> Option<Response> {
    request.extensions().get::<ProxyBypassed>()?;
    Some(answer(&Denial::ProxyBypassed.into()))
}

fn answer(reason: &Error) -> Response {
    tracing::info!(%reason, "refused");
    OAuthError::from(reason).into_response()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::StatusCode;

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
}
