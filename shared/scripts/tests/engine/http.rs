//! Requests of scripts to other hosts, and their responses.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt};
use ratchet_scripts::{
    engine::{Engine, Host, HostCall, HostError},
    requests::{
        ScriptRequests,
        hosts::{AllowedHosts, ScriptRequest},
    },
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Notify,
};

use crate::fixtures::{limits, rules, run};

/// Returns the request that it got; a few paths have their own responses. `/held` is answered only after a request for
/// `/release`, because a run waits for every response.
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

/// The value of `found` after an `async` Rule with this body.
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
async fn axios_rejects_an_unsuccessful_status() {
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

/// The host of the functions, without their store.
struct Real(Arc<ScriptRequests>);

impl Host for Real {
    fn call(&self, call: HostCall) -> BoxFuture<'static, Result<Value, HostError>> {
        let HostCall::Http(request) = call else {
            panic!("{call:?}");
        };
        let requests = Arc::clone(&self.0);
        async move {
            let answer = requests.send(request).await;
            answer.map_err(|failure| HostError::of_request(&failure))
        }
        .boxed()
    }
}

/// The user as left by a Rule that may reach these hosts.
pub(crate) async fn user_after(rule: &str, hosts: &str) -> Value {
    let mut run = run(&rules(&[rule]));
    let hosts = AllowedHosts::parse(hosts).unwrap();
    let requests = ScriptRequests::new(Arc::default(), hosts, Duration::from_mins(10));
    run.host = Arc::new(Real(Arc::new(requests)));
    Engine::new(limits()).run(run).await.result.unwrap().user
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
    let user = user_after(&rule, &format!("http://{host}")).await;
    assert_eq!(user["plan"], "a");
    assert_eq!(
        user["refused"],
        "fetch failed: http://127.0.0.2 is not a host that scripts may reach; the operator can allow it \
         (ScriptHosts of the stack, --script-hosts on the command line)"
    );
}
