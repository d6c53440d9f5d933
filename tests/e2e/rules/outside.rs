//! What scripts ask of other hosts: those that the operator has named answer, no other is asked.

use std::{
    io::{Read, Write},
    net::TcpListener,
};

use super::{CLAIM, told};
use e2e::{Launch, Scripts, apps::SPA_STRICT};

/// A rule that tells what a host answers, or why it was not asked.
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

#[tokio::test]
async fn a_script_reaches_the_hosts_that_are_named_at_the_start() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let launch = Launch::new().option("--script-hosts", &format!("api.example.com, http://{host}"));
    let reason = "it starts a server with --script-hosts";
    let Some(server) = Scripts::of_rule(&asking(&host))
        .launch(launch)
        .start(reason)
    else {
        return;
    };
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
    assert_eq!(told(&first), "green");
    let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
    assert_eq!(told(&second), "green");
}

#[tokio::test]
async fn without_a_list_a_script_reaches_no_host_and_is_told_how_it_could() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let Some(server) = Scripts::of_rule(&asking(&host)).start() else {
        return;
    };
    let tokens = server.login(&SPA_STRICT).tokens().await;
    assert_eq!(
        told(&tokens),
        format!(
            "fetch failed: http://{host} is not a host that scripts may reach; the operator can allow it \
             (ScriptHosts of the stack, --script-hosts on the command line)"
        )
    );
}
