//! Requests of scripts to other hosts: only hosts that the operator has listed receive them.

use std::{
    io::{Read, Write},
    net::TcpListener,
};

use serde_json::json;

use super::{CLAIM, custom_claim};
use harness::{Launch, Scripts, apps::SPA_STRICT};

/// A Rule that reports a host's answer, or the reason why the host was not asked.
fn asking(host: &str) -> String {
    format!(
        "async function (user, context, callback) {{
            try {{
                context.accessToken['{CLAIM}'] = (await (await fetch('http://{host}/plan')).json()).plan;
            }} catch (error) {{
                context.accessToken['{CLAIM}'] = error.message;
            }}
            context.idToken['{CLAIM}'] = context.accessToken['{CLAIM}'];
            callback(null, user, context);
        }}"
    )
}

#[harness::test]
async fn a_script_reaches_the_hosts_that_are_named_at_the_start() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let launch = Launch::new().option("--script-hosts", &format!("api.example.com, http://{host}"));
    let reason = "it starts a server with --script-hosts";
    let server = Scripts::of_rule(&asking(&host))
        .launch(launch)
        .start(reason);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).unwrap() > 0);
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 16\r\nconnection: close\r\n\r\n{\"plan\":\"green\"}";
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let first = server.login(&SPA_STRICT).tokens().await;
    assert_eq!(custom_claim(&first), "green");
    let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
    assert_eq!(custom_claim(&second), "green");
}

#[harness::test]
async fn a_script_without_allowed_hosts_gets_an_error_that_names_the_setting() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let server = Scripts::of_rule(&asking(&host)).start();
    let tokens = server.login(&SPA_STRICT).tokens().await;
    assert_eq!(
        custom_claim(&tokens),
        format!(
            "fetch failed: http://{host} is not a host that scripts may reach; the operator can allow it \
             (ScriptHosts of the stack, --script-hosts on the command line)"
        )
    );
}

/// A Rule that puts the errors of its HTTP clients into claims, or fails with the requested one.
fn failing(cut: &str, refused: &str) -> String {
    format!(
        "async function (user, context, callback) {{
            const get = (url) => new Promise((done) => require('request')(url, (error) => done(error)));
            const errors = {{
                request: await get('http://{cut}/'),
                refused: await get('http://{refused}/'),
                fetch: await fetch('http://{cut}/').catch((error) => error),
                axios: await require('axios').get('http://{refused}/').catch((error) => error),
                forbidden: await get('http://10.1.2.3/'),
            }};
            const asked = context.request.query.fail;
            if (asked) return callback(asked === 'wrapped' ? new Error('CRM: ' + errors.refused) : errors[asked]);
            const {{ request, refused, fetch: {{ cause }}, axios }} = errors;
            context.idToken['{CLAIM}'] = [request.code, refused.code, refused.syscall, cause.code, axios.code, axios.isAxiosError];
            context.accessToken['{CLAIM}'] = context.idToken['{CLAIM}'];
            callback(null, user, context);
        }}"
    )
}

#[harness::test]
async fn a_script_hears_why_a_request_failed_and_a_browser_does_not() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let cut = listener.local_addr().unwrap().to_string();
    // A port that was free and on which no server listens now.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = free.local_addr().unwrap().to_string();
    drop(free);
    let hosts = format!("http://{cut}, http://{refused}");
    let launch = Launch::new().option("--script-hosts", &hosts);
    let reason = "it starts a server with --script-hosts";
    let rule = failing(&cut, &refused);
    let server = Scripts::of_rule(&rule).launch(launch).start(reason);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).unwrap() > 0);
            // One byte of a hundred.
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx";
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let tokens = server.login(&SPA_STRICT).tokens().await;
    assert_eq!(
        custom_claim(&tokens),
        json!([
            "ECONNRESET",
            "ECONNREFUSED",
            "connect",
            "UND_ERR_SOCKET",
            "ECONNREFUSED",
            true
        ])
    );
    for fail in [
        "request",
        "refused",
        "fetch",
        "axios",
        "forbidden",
        "wrapped",
    ] {
        let refused = server.login(&SPA_STRICT).with("fail", fail);
        let refused = refused.callback().await;
        refused.assert_error(
            "access_denied",
            "A script's request to another host failed.",
        );
    }
    let log = server.stop();
    for reason in [
        format!("connect ECONNREFUSED {refused}"),
        "code=\"ECONNRESET\"".to_owned(),
        "http://10.1.2.3 is not a host that scripts may reach".to_owned(),
    ] {
        assert!(log.contains(&reason), "{reason}");
    }
}
