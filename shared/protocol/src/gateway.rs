//! Size limits of a gateway in front of us. The strictest is an HTTP API of Amazon API Gateway: 10,240 bytes for the
//! request line and all headers together ([its quotas]). The URLs of our pages contain the sealed transaction of a
//! login, so a request that would make them longer is rejected on arrival.
//!
//! [its quotas]: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html

use form_urlencoded::byte_serialize;
use ratchet_domain::sealed::sealed_length;

/// Most bytes of a request line and its headers.
const REQUEST_HEAD: usize = 10_240;
/// Bytes of those for the browser's headers and cookies, including cookies of other hosts of our domain.
const HEADERS: usize = 3_072;
/// Longest request line, or `Location`, in bytes.
const LINE: usize = REQUEST_HEAD - HEADERS;
/// Our longest request line, without the value of `state`.
const LINE_WITHOUT_STATE: &str = "POST /activate/confirm?state= HTTP/1.1\r\n";
/// Bytes that a transaction grows by during a login: once the user confirms it, and while a script's redirect keeps
/// the browser elsewhere (`Continuation`).
const CONTINUATION: usize = 304;

/// True if the URLs of our pages are short enough with a text of so many bytes sealed in their `state`.
pub fn takes_state_of(plaintext: usize) -> bool {
    LINE_WITHOUT_STATE.len() + sealed_length(plaintext + CONTINUATION) <= LINE
}

/// True if an application's `state` is short enough for the URL that returns it.
pub fn takes_back(state: &str) -> bool {
    byte_serialize(state.as_bytes())
        .map(str::len)
        .sum::<usize>()
        <= LINE
}

/// True if a URL is short enough for a `Location`.
pub fn takes_location(address: &str) -> bool {
    address.len() <= LINE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_kilobytes_of_state_pass_both_ways_and_all_of_a_gateways_room_does_not() {
        assert!(takes_state_of(4_096 + 900));
        assert!(!takes_state_of(REQUEST_HEAD));
        assert!(takes_back(&"a".repeat(4_096)));
        assert!(!takes_back(&"!".repeat(4_096)));
    }
}
