//! The headers that report a caller's rate limit ([Auth0's headers]).
//!
//! [Auth0's headers]: https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy

use http::{HeaderName, HeaderValue, header::RETRY_AFTER};
use ratchet_domain::throttle::Quota;

use super::Response;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Adds the rate limit headers: the bucket's size, the requests left in it, and the Unix time in seconds at which more
/// are added.
pub fn add_headers(response: &mut Response, quota: &Quota) {
    let headers = response.headers_mut();
    headers.insert(LIMIT, HeaderValue::from(quota.limit));
    headers.insert(REMAINING, HeaderValue::from(quota.remaining));
    // Rounded up, so that more requests are there at that second.
    let reset = quota.reset.as_millis().div_ceil(1_000);
    headers.insert(RESET, HeaderValue::from(reset));
}

/// Adds the rate limit headers and `Retry-After`.
pub fn add_rejection_headers(response: &mut Response, quota: &Quota) {
    add_headers(response, quota);
    let seconds = HeaderValue::from(quota.retry_after_secs);
    response.headers_mut().insert(RETRY_AFTER, seconds);
}
