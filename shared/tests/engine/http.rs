//! What scripts ask of other hosts, and what they are answered.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt};
use serde_json::{Value, json};
use shared::{
    adapters::outbound::Outbound,
    domain::script_hosts::{AllowedHosts, ScriptRequest},
    engine::{Engine, Host, HostCall, HostError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Notify,
};

use crate::fixtures::{limits, rules, run};

/// Returns what it was sent; a few paths have answers of their own. `/held` is answered once `/release` was asked
/// for, since a run waits for every answer.
#[derive(Default)]
struct Echo {
    sent: Mutex<Vec<Value>>,
    released: Arc<Notify>,
}

impl Host for Echo {
    fn call(&self, call: HostCall) -> BoxFuture<'static, Result<Value, HostError>> {
        let HostCall::Http(request) = call else {
            panic!("{call:?}");
        };
        let ScriptRequest {
            method,
            url,
            headers,
            body,
        } = request;
        let sent = json!({ "method": method, "url": url, "headers": headers, "body": body });
        self.sent.lock().unwrap().push(sent.clone());
        let answer = |status: u16, text: &str, body: String| {
            Ok(json!({
                "status": status, "statusText": text, "body": body,
                "headers": [["Content-Type", "application/json"], ["X-Twice", "a"], ["X-Twice", "b"], ["Set-Cookie", "c=1"]],
            }))
        };
        let answer = if url.ends_with("/missing") {
            answer(404, "Not Found", r#"{"error":"no"}"#.to_owned())
        } else if url.ends_with("/text") {
            answer(200, "OK", "plain".to_owned())
        } else if url.contains("forbidden") {
            Err(HostError::from("forbidden.example is not allowed"))
        } else if url.ends_with("/held") {
            let released = self.released.clone();
            let answer = answer(200, "OK", sent.to_string());
            return async move {
                released.notified().await;
                answer
            }
            .boxed();
        } else if url.ends_with("/release") {
            self.released.notify_one();
            answer(200, "OK", sent.to_string())
        } else {
            answer(200, "OK", sent.to_string())
        };
        async move { answer }.boxed()
    }
}

/// What an `async` rule of this body makes of `found`.
async fn found(body: &str) -> Value {
    let release = if body.contains("/held") {
        "await fetch('https://api.example/release');"
    } else {
        ""
    };
    let rule = format!(
        "async function (user, context, callback) {{ let found; try {{ {body} }} catch (error) {{ found = `${{error.name}}: ${{error.message}}`; }} {release} user.found = found; callback(null, user, context); }}"
    );
    let mut run = run(&rules(&[&rule]));
    run.host = Arc::new(Echo::default());
    let report = Engine::new(limits()).run(run).await;
    report
        .result
        .unwrap_or_else(|failure| panic!("{body}: {failure}"))
        .user["found"]
        .clone()
}

async fn check(cases: &[(&str, Value)]) {
    for (body, expected) in cases {
        assert_eq!(found(body).await, *expected, "{body}");
    }
}

#[tokio::test]
async fn fetch_is_the_web_s() {
    check(&[
        (
            "const answer = await fetch('https://api.example/a', { method: 'post', headers: { 'X-Key': 'k' }, body: JSON.stringify({ b: 1 }) }); found = [answer.ok, answer.status, answer.statusText, answer.headers.get('x-twice'), await answer.json()];",
            json!([true, 200, "OK", "a, b", {
                "method": "POST", "url": "https://api.example/a", "body": "{\"b\":1}",
                "headers": [["content-type", "text/plain;charset=UTF-8"], ["x-key", "k"]],
            }]),
        ),
        ("const sent = await (await fetch(new URL('https://api.example/?q'), { method: 'PUT', body: new URLSearchParams({ a: 'b c' }) })).json(); found = [sent.body, sent.headers];",
         json!(["a=b+c", [["content-type", "application/x-www-form-urlencoded;charset=UTF-8"]]])),
        ("const answer = await fetch('https://api.example/missing'); found = [answer.ok, answer.status, await answer.text(), await answer.text()];",
         json!("TypeError: Body is unusable: Body has already been read")),
        ("await fetch('https://forbidden.example/');", json!("TypeError: fetch failed: forbidden.example is not allowed")),
        ("await fetch('https://api.example/', { body: 'x' });", json!("TypeError: Request with GET/HEAD method cannot have body.")),
        ("const stop = new AbortController(); setTimeout(() => stop.abort(), 5); await fetch('https://api.example/held', { signal: stop.signal });", json!("AbortError: This operation was aborted")),
        ("await fetch('https://api.example/held', { signal: AbortSignal.timeout(5) });", json!("TimeoutError: The operation was aborted due to timeout")),
        ("found = await (await require('node-fetch')('https://api.example/text')).text();", json!("plain")),
        ("try { await require('node-fetch')('https://api.example/held', { timeout: 5 }); } catch (error) { found = [error.name, error.type, error.message]; }",
         json!(["FetchError", "request-timeout", "network timeout at: https://api.example/held"])),
    ])
    .await;
}

#[tokio::test]
async fn request_calls_back() {
    let ask = |call: &str| format!("found = await new Promise((done) => {call});");
    check(&[
        (
            &ask("request({ url: 'https://user:p%40@api.example/a?x=1', qs: { y: 'z ä' }, method: 'POST', json: { b: 1 }, headers: { 'X-Key': 'k' } }, (error, response, body) => done([error, response.statusCode, response.headers['content-type'], response.headers['set-cookie'], body]))"),
            json!([null, 200, "application/json", ["c=1"], {
                "method": "POST", "url": "https://api.example/a?x=1&y=z%20%C3%A4", "body": "{\"b\":1}",
                "headers": [["x-key", "k"], ["accept", "application/json"], ["content-type", "application/json"], ["authorization", "Basic dXNlcjpwQA=="]],
            }]),
        ),
        (
            &ask("request.post('https://api.example/', { form: { a: 'b c' }, auth: { bearer: 't' } }, (error, response, body) => done([typeof body, JSON.parse(body).body, JSON.parse(body).headers]))"),
            json!(["string", "a=b%20c", [["content-type", "application/x-www-form-urlencoded"], ["authorization", "Bearer t"]]]),
        ),
        (&ask("request.get({ uri: 'https://api.example/missing', json: true }, (error, { statusCode }, body) => done([statusCode, body]))"), json!([404, { "error": "no" }])),
        (&ask("request('https://forbidden.example/', (error) => done(error.message))"), json!("forbidden.example is not allowed")),
        (&ask("request({ url: 'https://api.example/held', timeout: 5 }, (error) => done([error.code, error.message, error.connect]))"), json!(["ESOCKETTIMEDOUT", "ESOCKETTIMEDOUT", false])),
        (&ask("require('request').defaults({ baseUrl: 'https://api.example/v2/', json: true }).del('/users', (error, response, body) => done([body.method, body.url]))"), json!(["DELETE", "https://api.example/v2/users"])),
        (&ask("request('https://api.example/text').on('response', (response) => done(response.body))"), json!("plain")),
        ("found = (await require('request-promise')({ uri: 'https://api.example/a', json: true })).method;", json!("GET")),
        ("await require('request-promise-native').get({ uri: 'https://api.example/missing' });", json!("StatusCodeError: 404 - \"{\\\"error\\\":\\\"no\\\"}\"")),
        ("found = (await require('request-promise')({ uri: 'https://api.example/missing', simple: false, resolveWithFullResponse: true })).statusCode;", json!(404)),
        ("await require('request-promise')('https://forbidden.example');", json!("RequestError: Error: forbidden.example is not allowed")),
    ])
    .await;
}

#[tokio::test]
async fn axios_rejects_what_is_no_success() {
    check(&[
        (
            "const { data, status, headers } = await require('axios').post('https://api.example/a', { b: 1 }, { params: { c: ['d', 'e'], f: null, g: 'h i' }, headers: { 'X-Key': 'k' }, auth: { username: 'u', password: 'p' } }); found = [data, status, headers['x-twice']];",
            json!([{
                "method": "POST", "url": "https://api.example/a?c[]=d&c[]=e&g=h+i", "body": "{\"b\":1}",
                "headers": [["accept", "application/json, text/plain, */*"], ["x-key", "k"], ["content-type", "application/json"], ["authorization", "Basic dTpw"]],
            }, 200, "a, b"]),
        ),
        ("const axios = require('axios'); try { await axios.get('https://api.example/missing'); } catch (error) { found = [axios.isAxiosError(error), error.message, error.code, error.response.status, error.response.data]; }",
         json!([true, "Request failed with status code 404", "ERR_BAD_REQUEST", 404, { "error": "no" }])),
        ("found = (await require('axios')({ url: 'https://api.example/missing', validateStatus: (status) => status === 404 })).status;", json!(404)),
        ("found = (await require('axios').get('https://api.example/text')).data;", json!("plain")),
        ("const api = require('axios').create({ baseURL: 'https://api.example/v2', headers: { 'X-Key': 'k' } }); found = (await api.delete('/users')).data;",
         json!({ "method": "DELETE", "url": "https://api.example/v2/users", "body": null, "headers": [["accept", "application/json, text/plain, */*"], ["x-key", "k"]] })),
        ("await require('axios').get('https://forbidden.example');", json!("AxiosError: forbidden.example is not allowed")),
        ("try { await require('axios').get('https://api.example/held', { timeout: 5 }); } catch (error) { found = [error.code, error.message]; }", json!(["ECONNABORTED", "timeout of 5ms exceeded"])),
        ("const data = (await require('axios').post('https://api.example/', new URLSearchParams({ a: 'b' }))).data; found = [data.body, data.headers[1]];", json!(["a=b", ["content-type", "application/x-www-form-urlencoded;charset=utf-8"]])),
    ])
    .await;
}

/// The host as the functions have it, without their store.
struct Real(Arc<Outbound>);

impl Host for Real {
    fn call(&self, call: HostCall) -> BoxFuture<'static, Result<Value, HostError>> {
        let HostCall::Http(request) = call else {
            panic!("{call:?}");
        };
        let outbound = Arc::clone(&self.0);
        async move {
            let answer = outbound.script_request(request).await;
            answer.map_err(|failure| HostError::of_request(&failure))
        }
        .boxed()
    }
}

#[tokio::test]
async fn a_script_reaches_a_host_on_the_list_and_no_other() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{\"plan\":\"a\"}";
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let rule = format!(
        "async function (user, context, callback) {{
            user.plan = (await (await fetch('http://{host}/plan')).json()).plan;
            try {{ await fetch('http://127.0.0.2/'); }} catch (error) {{ user.refused = error.message; }}
            callback(null, user, context);
        }}"
    );
    let mut run = run(&rules(&[&rule]));
    let hosts = AllowedHosts::parse(&format!("http://{host}")).unwrap();
    run.host = Arc::new(Real(Arc::new(Outbound::new(
        hosts,
        Duration::from_mins(10),
    ))));
    let output = Engine::new(limits()).run(run).await.result.unwrap();
    assert_eq!(output.user["plan"], "a");
    assert_eq!(
        output.user["refused"],
        "fetch failed: http://127.0.0.2 is not a host that scripts may reach; the operator can allow it \
         (ScriptHosts of the stack, --script-hosts on the command line)"
    );
}

/// What a server does that answers no request as it should.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// It is not there.
    Absent,
    /// It closes when it has read the request, after these bytes.
    Sends(&'static str),
    /// It resets the connection when the request has arrived.
    Resets,
    /// It sends a body that is larger than a script may have.
    Endless,
    /// It sends itself round in a circle.
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
                // What is closed with something unread is reset.
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
            // The client may have heard enough.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    host
}

/// Faults, and what Node 20.20 says of them: `message` and `code` of `request` 2.88 (and of Node's own `http`),
/// `message`, `cause.message` and `cause.code` of `fetch`, `message` and `code` of axios 1, `message`, `code` and
/// `type` of node-fetch 2, as the same faults in front of them showed. `*` is the host. Node knows neither our limit of a
/// body nor one of node-fetch 2 for a body that is cut short of its length, which it waits for without end.
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

/// What each client says of a request to this URL.
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
    let mut run = run(&rules(&[&rule]));
    let hosts = AllowedHosts::parse(hosts).unwrap();
    let outbound = Outbound::new(hosts, Duration::from_mins(10));
    run.host = Arc::new(Real(Arc::new(outbound)));
    let output = Engine::new(limits()).run(run).await.result.unwrap();
    output.user["said"].clone()
}

#[tokio::test]
async fn names_and_tls_that_fail_have_nodes_codes() {
    // No label of a name has more than 63 characters: no resolver is asked.
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
