//! Reasons why a script's request has no response, in the words that scripts compare: those of [Node's errors], which
//! `request`, `axios` and `node-fetch` pass on, and those of Node's own `fetch` ([undici]).
//!
//! [Node's errors]: https://nodejs.org/api/errors.html#common-system-errors
//! [undici]: https://undici.nodejs.org/#/docs/api/Errors

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::requests::hosts::ForbiddenAddress;

/// A request without a response: reason and destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFailure {
    /// The reason, from which `message`, `code` and `errno` in the script follow.
    pub reason: Reason,
    /// Progress of the request.
    pub stage: Stage,
    /// Host of the request, as the URL has it.
    pub host: String,
    /// Port of the request: that of the URL, or else the scheme's.
    pub port: u16,
    /// Message of the libraries beneath; only for the log.
    pub detail: String,
}

/// Progress of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// There was no connection yet: the server has not received anything.
    Connecting,
    /// Connected, but without the complete head of a response.
    Head,
    /// The body of the response had begun.
    Body,
}

/// Reason of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The resolver does not know the name, or (`EAI_AGAIN`) has no answer now.
    Lookup {
        /// `ENOTFOUND`, or `EAI_AGAIN` for a passing failure.
        code: &'static str,
        /// libuv's number of the code.
        errno: i32,
    },
    /// The operating system rejected a call.
    System {
        /// Name of the error, such as `ECONNREFUSED`.
        code: &'static str,
        /// Number of the error, negative as in Node.
        errno: i32,
        /// `connect`, `read` or `write`.
        syscall: &'static str,
    },
    /// The server closed the connection before the response was complete.
    Closed,
    /// The server closed the connection before TLS was established.
    ClosedBeforeTls,
    /// The server supports no TLS, or no version or cipher of ours: undici's code.
    Tls(&'static str),
    /// The server's certificate does not verify: OpenSSL's code and message.
    Certificate(&'static str, &'static str),
    /// The response is not HTTP.
    NotHttp,
    /// The body has malformed chunks.
    BadChunk,
    /// The head of the response is too large.
    HeadTooLarge,
    /// The response was not complete within this time.
    Late(Duration),
    /// The body of the response has more than this many bytes.
    AnswerTooLarge(usize),
    /// The body of the request has more than this many bytes.
    RequestTooLarge(usize),
    /// The request was redirected more than this many times.
    Redirects(usize),
    /// Scripts may not send requests to this address.
    Forbidden(ForbiddenAddress),
    /// The request is malformed, for this reason.
    Malformed(String),
    /// Ratchet could not send the request.
    Internal,
}

impl RequestFailure {
    /// Properties of Node's error: `message`, and of `code`, `errno`, `syscall`, `address`, `port` and `hostname` those
    /// that it has.
    pub fn in_node(&self) -> Map<String, Value> {
        let Self { host, port, .. } = self;
        let described = match &self.reason {
            Reason::Lookup { code, errno } => json!({
                "message": format!("getaddrinfo {code} {host}"),
                "errno": errno, "code": code, "syscall": "getaddrinfo", "hostname": host,
            }),
            Reason::System {
                code,
                errno,
                syscall: "connect",
            } => self.no_connection(code, *errno),
            Reason::System {
                code,
                errno,
                syscall,
            } => json!({
                "message": format!("{syscall} {code}"), "errno": errno, "code": code, "syscall": syscall,
            }),
            Reason::Closed if self.stage == Stage::Body => {
                json!({ "message": "aborted", "code": "ECONNRESET" })
            }
            Reason::Closed => json!({ "message": "socket hang up", "code": "ECONNRESET" }),
            Reason::ClosedBeforeTls => json!({
                "message": "Client network socket disconnected before secure TLS connection was established",
                "code": "ECONNRESET", "host": host, "port": port,
            }),
            Reason::Tls(_) => json!({
                "message": "write EPROTO", "errno": -71, "code": "EPROTO", "syscall": "write",
            }),
            Reason::Certificate(code, message) => json!({ "message": message, "code": code }),
            Reason::NotHttp => parse_error("HPE_INVALID_CONSTANT", "Expected HTTP/"),
            Reason::BadChunk => {
                parse_error("HPE_INVALID_CHUNK_SIZE", "Invalid character in chunk size")
            }
            Reason::HeadTooLarge => parse_error("HPE_HEADER_OVERFLOW", "Header overflow"),
            Reason::Late(_) if self.stage == Stage::Connecting => {
                self.no_connection("ETIMEDOUT", -110)
            }
            Reason::Late(after) => json!({
                "message": format!("no answer within {} ms", after.as_millis()), "code": "ETIMEDOUT",
            }),
            Reason::AnswerTooLarge(most) => json!({
                "message": format!("the body of the answer is larger than {most} bytes"),
                "code": "ERR_BAD_RESPONSE",
            }),
            Reason::RequestTooLarge(most) => json!({
                "message": format!("the body of the request is larger than {most} bytes"),
                "code": "ERR_FR_MAX_BODY_LENGTH_EXCEEDED",
            }),
            Reason::Redirects(_) => json!({
                "message": "Maximum number of redirects exceeded", "code": "ERR_FR_TOO_MANY_REDIRECTS",
            }),
            Reason::Forbidden(why) => {
                json!({ "message": why.to_string(), "code": "ERR_ACCESS_DENIED" })
            }
            Reason::Malformed(why) => json!({ "message": why, "code": "ERR_INVALID_ARG_VALUE" }),
            Reason::Internal => json!({ "message": "the request could not be sent" }),
        };
        object(described)
    }

    /// Properties of the `cause` of undici's error: `name`, `message`, `code` and others of [`Self::in_node`]. `None`
    /// for a request that Ratchet itself rejects or cannot send.
    pub fn in_fetch(&self) -> Option<Map<String, Value>> {
        let named = |name: &str, message: &str, code: &str| {
            Some(object(
                json!({ "name": name, "message": message, "code": code }),
            ))
        };
        let no_http = |code: &str, why: &str| {
            let message = format!("Response does not match the HTTP/1.1 protocol ({why})");
            named("HTTPParserError", &message, code)
        };
        match &self.reason {
            Reason::Closed => named("SocketError", "other side closed", "UND_ERR_SOCKET"),
            Reason::Tls(code) => named("Error", "the other side speaks no TLS that fits", code),
            Reason::NotHttp => no_http("HPE_INVALID_CONSTANT", "Expected HTTP/"),
            Reason::BadChunk => {
                no_http("HPE_INVALID_CHUNK_SIZE", "Invalid character in chunk size")
            }
            Reason::HeadTooLarge => named(
                "HeadersOverflowError",
                "Headers Overflow Error",
                "UND_ERR_HEADERS_OVERFLOW",
            ),
            Reason::Late(_) => match self.stage {
                Stage::Connecting => named(
                    "ConnectTimeoutError",
                    "Connect Timeout Error",
                    "UND_ERR_CONNECT_TIMEOUT",
                ),
                Stage::Head => named(
                    "HeadersTimeoutError",
                    "Headers Timeout Error",
                    "UND_ERR_HEADERS_TIMEOUT",
                ),
                Stage::Body => named(
                    "BodyTimeoutError",
                    "Body Timeout Error",
                    "UND_ERR_BODY_TIMEOUT",
                ),
            },
            Reason::AnswerTooLarge(_) => named(
                "ResponseExceededMaxSizeError",
                "Response content exceeded max size",
                "UND_ERR_RES_EXCEEDED_MAX_SIZE",
            ),
            Reason::Redirects(_) => Some(object(json!({ "message": "redirect count exceeded" }))),
            Reason::Lookup { .. }
            | Reason::System { .. }
            | Reason::ClosedBeforeTls
            | Reason::Certificate(..) => Some(self.in_node()),
            Reason::RequestTooLarge(_)
            | Reason::Forbidden(_)
            | Reason::Malformed(_)
            | Reason::Internal => None,
        }
    }

    /// The `message` that the same failure has in Node.
    pub fn message(&self) -> String {
        let described = self.in_node();
        let message = described.get("message").and_then(Value::as_str);
        message.unwrap_or_default().to_owned()
    }

    /// Node's code, if it has one.
    pub fn code(&self) -> Option<String> {
        let described = self.in_node();
        described.get("code")?.as_str().map(str::to_owned)
    }

    fn no_connection(&self, code: &str, errno: i32) -> Value {
        let Self { host, port, .. } = self;
        json!({
            "message": format!("connect {code} {host}:{port}"),
            "errno": errno, "code": code, "syscall": "connect", "address": host, "port": port,
        })
    }
}

fn parse_error(code: &str, reason: &str) -> Value {
    json!({ "message": format!("Parse Error: {reason}"), "code": code, "reason": reason })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Text for browsers and clients in place of a message from the network.
pub const UNREACHED: &str = "A script's request to another host failed.";

/// Messages of the library for a failed request that contain no details.
const OF_THE_LIBRARY: [&str; 4] = [
    "aborted",
    "fetch failed",
    "terminated",
    "stream has been aborted",
];

/// A script's message as browsers and clients read it: [`UNREACHED`] if it contains the message of one of these
/// failures, which would show internal hosts to strangers.
pub fn without_internals(message: String, failures: &[RequestFailure]) -> String {
    let passed_on = |failure: &RequestFailure| {
        let in_fetch = failure.in_fetch();
        let in_fetch = in_fetch.as_ref().and_then(|cause| cause.get("message"));
        let own = [Some(failure.message()), in_fetch.map(text)];
        own.into_iter()
            .flatten()
            .any(|own| own.contains(' ') && message.contains(&own))
    };
    let bare = message
        .rsplit_once("Error: ")
        .map_or(&*message, |(_, bare)| bare);
    let of_the_library = !failures.is_empty() && OF_THE_LIBRARY.contains(&bare);
    if of_the_library || failures.iter().any(passed_on) {
        return UNREACHED.to_owned();
    }
    message
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(reason: Reason) -> RequestFailure {
        RequestFailure {
            reason,
            stage: Stage::Body,
            host: "10.0.0.5".to_owned(),
            port: 8080,
            detail: String::new(),
        }
    }

    #[test]
    fn a_request_without_an_answer_in_time_says_how_far_it_came() {
        for (stage, message, in_fetch) in [
            (
                Stage::Connecting,
                "connect ETIMEDOUT 10.0.0.5:8080",
                "UND_ERR_CONNECT_TIMEOUT",
            ),
            (
                Stage::Head,
                "no answer within 3000 ms",
                "UND_ERR_HEADERS_TIMEOUT",
            ),
            (
                Stage::Body,
                "no answer within 3000 ms",
                "UND_ERR_BODY_TIMEOUT",
            ),
        ] {
            let late = RequestFailure {
                stage,
                ..failure(Reason::Late(Duration::from_secs(3)))
            };
            assert_eq!(late.message(), message);
            assert_eq!(late.code().as_deref(), Some("ETIMEDOUT"));
            assert_eq!(late.in_fetch().expect("a cause")["code"], in_fetch);
        }
    }

    #[test]
    fn a_message_of_the_network_is_kept_from_browsers_however_a_script_passes_it_on() {
        let refused = failure(Reason::System {
            code: "ECONNREFUSED",
            errno: -111,
            syscall: "connect",
        });
        let failures = [refused, failure(Reason::Closed)];
        for message in [
            "connect ECONNREFUSED 10.0.0.5:8080",
            "Error: connect ECONNREFUSED 10.0.0.5:8080",
            "the CRM: connect ECONNREFUSED 10.0.0.5:8080 (again)",
            "fetch failed",
            "TypeError: fetch failed",
            "other side closed",
            "Error: aborted",
        ] {
            let shown = without_internals(message.to_owned(), &failures);
            assert_eq!(shown, UNREACHED, "{message}");
            assert_eq!(without_internals(message.to_owned(), &[]), message);
        }
        for message in [
            "Not on Sundays.",
            "The login was aborted",
            "ECONNREFUSED",
            "",
        ] {
            assert_eq!(without_internals(message.to_owned(), &failures), message);
        }
    }
}
