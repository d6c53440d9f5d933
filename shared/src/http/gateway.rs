//! What a gateway in front of us takes. The narrowest is an HTTP API of Amazon API Gateway: 10,240 bytes for
//! the request line and all headers together ([its quotas]). A login travels sealed in the addresses of our
//! pages, so a request whose addresses would be longer is refused when it arrives.
//!
//! [its quotas]: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html

use form_urlencoded::byte_serialize;

use crate::sealing::sealed_length;

/// Bytes of a request line and its headers that the gateway takes.
const REQUEST_HEAD: usize = 10_240;
/// Bytes of that for the browser's headers and cookies, which include cookies of other hosts of our domain.
const HEADERS: usize = 3_072;
/// The longest request line, or `Location`, in bytes.
const LINE: usize = REQUEST_HEAD - HEADERS;
/// The longest of our request lines, but for its state.
const LINE_WITHOUT_STATE: &str = "POST /activate/confirm?state= HTTP/1.1\r\n";
/// Bytes that a request grows by on its way: once it is confirmed, and while a script has the browser elsewhere
/// (`Continuation`).
const CONTINUATION: usize = 304;

/// Whether the addresses of our pages get through when a text of so many bytes travels sealed in their
/// `state`.
pub fn takes_state_of(plaintext: usize) -> bool {
    LINE_WITHOUT_STATE.len() + sealed_length(plaintext + CONTINUATION) <= LINE
}

/// Whether an application's `state` gets through in the address that returns it.
pub fn takes_back(state: &str) -> bool {
    byte_serialize(state.as_bytes())
        .map(str::len)
        .sum::<usize>()
        <= LINE
}

/// Whether an address gets through in a `Location`.
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
