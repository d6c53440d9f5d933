//! The errors of scripts' HTTP clients for failed requests, compared with those in Node.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::http::user_after;

/// The fault of a server that answers no request correctly.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// No server is there.
    Absent,
    /// It reads the request, sends these bytes and closes.
    Sends(&'static str),
    /// It resets the connection after the request has arrived.
    Resets,
    /// It sends a body that is larger than a script may have.
    Endless,
    /// It redirects to itself without end.
    Circle,
}

/// The address of a server with a fault.
async fn faulty(fault: Fault) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    if matches!(fault, Fault::Absent) {
        return host;
    }
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            if matches!(fault, Fault::Resets) {
                // A connection that is closed with unread bytes is reset.
                assert!(stream.peek(&mut request).await.unwrap() > 0);
                continue;
            }
            assert!(stream.read(&mut request).await.unwrap() > 0);
            let answer = match fault {
                Fault::Sends(answer) => answer.to_owned(),
                Fault::Circle => {
                    "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n".to_owned()
                }
                _ => format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1024 * 1024 + 1)),
            };
            // The client may have closed already.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    host
}

/// Faults, and the errors of Node 20.20 for them, recorded with the same faulty servers: `message` and `code` of
/// `request` 2.88 (and of Node's own `http`), `message`, `cause.message` and `cause.code` of `fetch`, `message` and
/// `code` of axios 1, `message`, `code` and `type` of node-fetch 2. `*` is the host. Node has no error for our limit of
/// a body, and node-fetch 2 none for a body that is shorter than its length: it waits for the rest without end.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn said_by_node() -> Vec<(Fault, Value)> {
    const HANG_UP: &str = "socket hang up";
    const NO_HTTP: &str = "Parse Error: Expected HTTP/";
    const BAD_CHUNK: &str = "Parse Error: Invalid character in chunk size";
    const LONG: &str = "the body of the answer is larger than 1048576 bytes";
    let closed = ["fetch failed", "other side closed", "UND_ERR_SOCKET"];
    let cut = ["terminated", "other side closed", "UND_ERR_SOCKET"];
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let no_http = "Response does not match the HTTP/1.1 protocol (Expected HTTP/)";
    let bad_chunk =
        "Response does not match the HTTP/1.1 protocol (Invalid character in chunk size)";
    let refused = "connect ECONNREFUSED *";
    let hung_up = "request to http://*/ failed, reason: socket hang up";
    let premature = "Invalid response body while trying to fetch http://*/: Premature close";
    let cut_chunk: &'static str = Box::leak(format!("{chunked}5\r\nab").into_boxed_str());
    let wrong_chunk: &'static str = Box::leak(format!("{chunked}zz\r\nab").into_boxed_str());
    vec![
        (
            Fault::Absent,
            json!([
                [refused, "ECONNREFUSED", -111, "connect"],
                ["fetch failed", refused, "ECONNREFUSED"],
                [refused, "ECONNREFUSED"],
                [
                    "request to http://*/ failed, reason: connect ECONNREFUSED *",
                    "ECONNREFUSED",
                    "system"
                ],
            ]),
        ),
        (
            Fault::Sends(""),
            json!([
                [HANG_UP, "ECONNRESET", null, null],
                closed,
                [HANG_UP, "ECONNRESET"],
                [hung_up, "ECONNRESET", "system"],
            ]),
        ),
        (
            Fault::Sends("HTTP/1.1 200 OK\r\ncontent-le"),
            json!([
                [HANG_UP, "ECONNRESET", null, null],
                closed,
                [HANG_UP, "ECONNRESET"],
                [hung_up, "ECONNRESET", "system"],
            ]),
        ),
        (
            Fault::Resets,
            json!([
                ["read ECONNRESET", "ECONNRESET", -104, "read"],
                ["fetch failed", "read ECONNRESET", "ECONNRESET"],
                ["read ECONNRESET", "ECONNRESET"],
                [
                    "request to http://*/ failed, reason: read ECONNRESET",
                    "ECONNRESET",
                    "system"
                ],
            ]),
        ),
        (
            Fault::Sends("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx"),
            json!([
                ["aborted", "ECONNRESET", null, null],
                cut,
                ["stream has been aborted", "ERR_BAD_RESPONSE"],
                [premature, "ERR_STREAM_PREMATURE_CLOSE", "system"],
            ]),
        ),
        (
            Fault::Sends(cut_chunk),
            json!([
                ["aborted", "ECONNRESET", null, null],
                cut,
                ["stream has been aborted", "ERR_BAD_RESPONSE"],
                [premature, "ERR_STREAM_PREMATURE_CLOSE", "system"],
            ]),
        ),
        (
            Fault::Sends(wrong_chunk),
            json!([
                [BAD_CHUNK, "HPE_INVALID_CHUNK_SIZE", null, null],
                ["terminated", bad_chunk, "HPE_INVALID_CHUNK_SIZE"],
                [BAD_CHUNK, "HPE_INVALID_CHUNK_SIZE"],
                [
                    "request to http://*/ failed, reason: Parse Error: Invalid character in chunk size",
                    "HPE_INVALID_CHUNK_SIZE",
                    "system"
                ],
            ]),
        ),
        (
            Fault::Sends("hello there\r\n\r\n"),
            json!([
                [NO_HTTP, "HPE_INVALID_CONSTANT", null, null],
                ["fetch failed", no_http, "HPE_INVALID_CONSTANT"],
                [NO_HTTP, "HPE_INVALID_CONSTANT"],
                [
                    "request to http://*/ failed, reason: Parse Error: Expected HTTP/",
                    "HPE_INVALID_CONSTANT",
                    "system"
                ],
            ]),
        ),
        (
            Fault::Endless,
            json!([
                [LONG, "ERR_BAD_RESPONSE", null, null],
                [
                    "terminated",
                    "Response content exceeded max size",
                    "UND_ERR_RES_EXCEEDED_MAX_SIZE"
                ],
                [LONG, "ERR_BAD_RESPONSE"],
                [
                    format!("request to http://*/ failed, reason: {LONG}"),
                    "ERR_BAD_RESPONSE",
                    "system"
                ],
            ]),
        ),
        (
            Fault::Circle,
            json!([
                [
                    "Maximum number of redirects exceeded",
                    "ERR_FR_TOO_MANY_REDIRECTS",
                    null,
                    null
                ],
                ["fetch failed", "redirect count exceeded", null],
                [
                    "Maximum number of redirects exceeded",
                    "ERR_FR_TOO_MANY_REDIRECTS"
                ],
                [
                    "maximum redirect reached at: http://*/",
                    null,
                    "max-redirect"
                ],
            ]),
        ),
    ]
}

#[tokio::test]
async fn clients_say_of_a_failure_what_they_say_in_node() {
    for (fault, expected) in said_by_node() {
        let host = faulty(fault).await;
        let found = said_of(&format!("http://{host}/"), &format!("http://{host}")).await;
        let found = found.to_string().replace(&host, "*");
        assert_eq!(
            serde_json::from_str::<Value>(&found).unwrap(),
            expected,
            "{fault:?}"
        );
    }
}

/// The error of each client for a request to this URL.
async fn said_of(url: &str, hosts: &str) -> Value {
    let rule = format!(
        "async function (user, context, callback) {{
            const url = '{url}';
            const caught = (asking) => asking.then(() => ({{}}), (error) => error);
            const byRequest = await new Promise((done) => require('request')(url, (error) => done(error ?? {{}})));
            const byFetch = await caught(fetch(url));
            const byAxios = await caught(require('axios').get(url));
            const byNodeFetch = await caught(require('node-fetch')(url));
            user.said = [
                [byRequest.message, byRequest.code, byRequest.errno, byRequest.syscall],
                [byFetch.message, byFetch.cause?.message, byFetch.cause?.code],
                [byAxios.message, byAxios.code],
                [byNodeFetch.message, byNodeFetch.code, byNodeFetch.type],
            ];
            callback(null, user, context);
        }}"
    );
    user_after(&rule, hosts).await["said"].clone()
}

#[tokio::test]
async fn names_and_tls_that_fail_have_nodes_codes() {
    // A label of a name has at most 63 characters, so no resolver is asked.
    let name = format!("{}.example", "x".repeat(64));
    let said = said_of(&format!("http://{name}/"), &format!("http://{name}")).await;
    let message = format!("getaddrinfo ENOTFOUND {name}");
    assert_eq!(said[0], json!([message, "ENOTFOUND", -3008, "getaddrinfo"]));
    assert_eq!(said[1], json!(["fetch failed", message, "ENOTFOUND"]));
    assert_eq!(said[2], json!([message, "ENOTFOUND"]));

    let plain = faulty(Fault::Sends("HTTP/1.1 400 Bad Request\r\n\r\n")).await;
    let said = said_of(&format!("https://{plain}/"), &plain).await;
    assert_eq!(said[0], json!(["write EPROTO", "EPROTO", -71, "write"]));
    assert_eq!(said[1][2], "ERR_SSL_WRONG_VERSION_NUMBER");

    let closing = faulty(Fault::Sends("")).await;
    let said = said_of(&format!("https://{closing}/"), &closing).await;
    let message = "Client network socket disconnected before secure TLS connection was established";
    assert_eq!(said[0], json!([message, "ECONNRESET", null, null]));
    assert_eq!(said[1], json!(["fetch failed", message, "ECONNRESET"]));
}
