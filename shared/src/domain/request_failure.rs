//! Why a request of a script has no answer, in the words that scripts compare: those of [Node's errors], which
//! `request`, `axios` and `node-fetch` pass on, and those of Node's own `fetch` ([undici]).
//!
//! [Node's errors]: https://nodejs.org/api/errors.html#common-system-errors
//! [undici]: https://undici.nodejs.org/#/docs/api/Errors

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::script_hosts::ForbiddenAddress;

/// Why a request has no answer, and where it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFailure {
    /// Why.
    pub trouble: Trouble,
    /// How far it came.
    pub stage: Stage,
    /// The host that was asked, as the URL names it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What the libraries beneath said, for the log alone.
    pub detail: String,
}

/// How far a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// There was no connection yet.
    Connecting,
    /// The head of the answer was not there.
    Head,
    /// The answer had begun.
    Body,
}

/// What happened to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The resolver knows no such name, or (`EAI_AGAIN`) cannot say now.
    Lookup {
        /// `ENOTFOUND` or `EAI_AGAIN`.
        code: &'static str,
        /// libuv's number of it.
        errno: i32,
    },
    /// The operating system refused a call.
    System {
        /// Such as `ECONNREFUSED`.
        code: &'static str,
        /// Its number, negative as in Node.
        errno: i32,
        /// `connect`, `read` or `write`.
        syscall: &'static str,
    },
    /// The other side closed the connection before its answer was whole.
    Closed,
    /// It closed the connection before there was TLS.
    ClosedBeforeTls,
    /// It speaks no TLS, or none of ours: undici's code.
    Tls(&'static str),
    /// Its certificate does not verify: OpenSSL's code and words.
    Certificate(&'static str, &'static str),
    /// It speaks no HTTP.
    NotHttp,
    /// The chunks of its body are none.
    BadChunk,
    /// The head of its answer is too large.
    HeadTooLarge,
    /// There was no whole answer in this time.
    Late(Duration),
    /// The body of its answer has more bytes than this.
    AnswerTooLarge(usize),
    /// The body of the request has more bytes than this.
    RequestTooLarge(usize),
    /// It was sent on more often than this.
    Redirects(usize),
    /// It goes where scripts may not go.
    Forbidden(ForbiddenAddress),
    /// It is no request.
    Malformed(String),
    /// We could not even begin.
    Ours,
}

impl RequestFailure {
    /// The properties of Node's error: `message`, and those of `code`, `errno`, `syscall`, `address`, `port` and
    /// `hostname` that it has.
    pub fn in_node(&self) -> Map<String, Value> {
        let Self { host, port, .. } = self;
        let described = match &self.trouble {
            Trouble::Lookup { code, errno } => json!({
                "message": format!("getaddrinfo {code} {host}"),
                "errno": errno, "code": code, "syscall": "getaddrinfo", "hostname": host,
            }),
            Trouble::System {
                code,
                errno,
                syscall: "connect",
            } => self.no_connection(code, *errno),
            Trouble::System {
                code,
                errno,
                syscall,
            } => json!({
                "message": format!("{syscall} {code}"), "errno": errno, "code": code, "syscall": syscall,
            }),
            Trouble::Closed if self.stage == Stage::Body => {
                json!({ "message": "aborted", "code": "ECONNRESET" })
            }
            Trouble::Closed => json!({ "message": "socket hang up", "code": "ECONNRESET" }),
            Trouble::ClosedBeforeTls => json!({
                "message": "Client network socket disconnected before secure TLS connection was established",
                "code": "ECONNRESET", "host": host, "port": port,
            }),
            Trouble::Tls(_) => json!({
                "message": "write EPROTO", "errno": -71, "code": "EPROTO", "syscall": "write",
            }),
            Trouble::Certificate(code, message) => json!({ "message": message, "code": code }),
            Trouble::NotHttp => parse_error("HPE_INVALID_CONSTANT", "Expected HTTP/"),
            Trouble::BadChunk => {
                parse_error("HPE_INVALID_CHUNK_SIZE", "Invalid character in chunk size")
            }
            Trouble::HeadTooLarge => parse_error("HPE_HEADER_OVERFLOW", "Header overflow"),
            Trouble::Late(_) if self.stage == Stage::Connecting => {
                self.no_connection("ETIMEDOUT", -110)
            }
            Trouble::Late(after) => json!({
                "message": format!("no answer within {} ms", after.as_millis()), "code": "ETIMEDOUT",
            }),
            Trouble::AnswerTooLarge(most) => json!({
                "message": format!("the body of the answer is larger than {most} bytes"),
                "code": "ERR_BAD_RESPONSE",
            }),
            Trouble::RequestTooLarge(most) => json!({
                "message": format!("the body of the request is larger than {most} bytes"),
                "code": "ERR_FR_MAX_BODY_LENGTH_EXCEEDED",
            }),
            Trouble::Redirects(_) => json!({
                "message": "Maximum number of redirects exceeded", "code": "ERR_FR_TOO_MANY_REDIRECTS",
            }),
            Trouble::Forbidden(why) => {
                json!({ "message": why.to_string(), "code": "ERR_ACCESS_DENIED" })
            }
            Trouble::Malformed(why) => json!({ "message": why, "code": "ERR_INVALID_ARG_VALUE" }),
            Trouble::Ours => json!({ "message": "the request could not be sent" }),
        };
        object(described)
    }

    /// The properties of the `cause` of undici's error: `name`, `message`, `code` and others of
    /// [`Self::in_node`]. `None` for what is no failure of the network.
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
        match &self.trouble {
            Trouble::Closed => named("SocketError", "other side closed", "UND_ERR_SOCKET"),
            Trouble::Tls(code) => named("Error", "the other side speaks no TLS that fits", code),
            Trouble::NotHttp => no_http("HPE_INVALID_CONSTANT", "Expected HTTP/"),
            Trouble::BadChunk => {
                no_http("HPE_INVALID_CHUNK_SIZE", "Invalid character in chunk size")
            }
            Trouble::HeadTooLarge => named(
                "HeadersOverflowError",
                "Headers Overflow Error",
                "UND_ERR_HEADERS_OVERFLOW",
            ),
            Trouble::Late(_) => match self.stage {
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
            Trouble::AnswerTooLarge(_) => named(
                "ResponseExceededMaxSizeError",
                "Response content exceeded max size",
                "UND_ERR_RES_EXCEEDED_MAX_SIZE",
            ),
            Trouble::Redirects(_) => Some(object(json!({ "message": "redirect count exceeded" }))),
            Trouble::Lookup { .. }
            | Trouble::System { .. }
            | Trouble::ClosedBeforeTls
            | Trouble::Certificate(..) => Some(self.in_node()),
            Trouble::RequestTooLarge(_)
            | Trouble::Forbidden(_)
            | Trouble::Malformed(_)
            | Trouble::Ours => None,
        }
    }

    /// Node's message.
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

/// What a browser or a client reads in place of a message that came from the network.
pub const UNREACHED: &str = "A script's request to another host failed.";

/// The messages of the library that stand for a failed request and name nothing.
const OF_THE_LIBRARY: [&str; 4] = [
    "aborted",
    "fetch failed",
    "terminated",
    "stream has been aborted",
];

/// What a browser or a client reads of a script's message: [`UNREACHED`] if the script passes on the message of
/// one of these failures of its run, which would show strangers what is behind us.
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

    fn failure(trouble: Trouble) -> RequestFailure {
        RequestFailure {
            trouble,
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
                ..failure(Trouble::Late(Duration::from_secs(3)))
            };
            assert_eq!(late.message(), message);
            assert_eq!(late.code().as_deref(), Some("ETIMEDOUT"));
            assert_eq!(late.in_fetch().expect("a cause")["code"], in_fetch);
        }
    }

    #[test]
    fn a_message_of_the_network_is_kept_from_browsers_however_a_script_passes_it_on() {
        let refused = failure(Trouble::System {
            code: "ECONNREFUSED",
            errno: -111,
            syscall: "connect",
        });
        let failures = [refused, failure(Trouble::Closed)];
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
