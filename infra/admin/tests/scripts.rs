//! Tests of Rules and Actions as an operator runs them: no table, no network.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    process::{Command, Output},
    thread::{self, JoinHandle},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with files, and calls of the program in it.
struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn call(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_admin"))
            .current_dir(self.0.path())
            .env_remove("ISSUER")
            .env_remove("AUDIT_LOG")
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Standard output of a call that succeeds.
    fn print(&self, arguments: &[&str]) -> String {
        let output = self.call(arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.print(arguments)).unwrap()
    }

    /// Standard output and standard error of a call that fails.
    fn refuse(&self, arguments: &[&str]) -> (String, String) {
        let output = self.call(arguments);
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
        (stdout(&output), stderr(&output))
    }
}

/// Output of a script, without the time that it took.
fn without_time(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| !line.starts_with("took"))
        .collect()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Standard error for people: the lines that are not audit events.
fn stderr(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let lines = text.split_inclusive('\n');
    lines.filter(|line| !line.starts_with('{')).collect()
}

const RULE: &str = "function (user, context, callback) {
  console.log('hello', user.nickname);
  user.app_metadata.plan = configuration.PLAN;
  context.idToken['https://example.com/protocol'] = context.protocol;
  delete context.stats;
  auth0.users.updateAppMetadata(user.user_id, user.app_metadata)
    .then(() => callback(null, user, context));
}";

#[test]
fn a_rule_is_run_and_what_it_changes_is_shown() {
    let folder = Folder::new(&[("rule.js", RULE), ("plan", "gold\r\n")]);
    let text = folder.print(&["rules", "test", "rule.js", "--config", "PLAN=gold"]);
    let from_file = ["rules", "test", "rule.js", "--config-file", "PLAN=plan"];
    assert_eq!(without_time(&folder.print(&from_file)), without_time(&text));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[..5],
        [
            "info     hello ada",
            "asked    {\"patch\":{\"plan\":\"gold\"},\"updateAppMetadata\":\"auth0|5f7c8ec7c33c6c004bbafe82\"}",
            "user     app_metadata = {\"plan\":\"gold\"}",
            "context  idToken = {\"https://example.com/protocol\":\"oidc-basic-profile\"}",
            "context  stats = null",
        ]
    );
    assert!(
        lines[5].starts_with("took     ") && lines[5].ends_with(" KB"),
        "{text}"
    );
    assert_eq!(lines.len(), 6, "{text}");
}

#[test]
fn a_rule_is_given_the_user_and_the_context_of_files() {
    let folder = Folder::new(&[
        ("rule.js", RULE),
        (
            "user.json",
            r#"{"nickname": "bob", "user_id": "u", "app_metadata": {"a": 1}}"#,
        ),
        (
            "context.json",
            r#"{"protocol": "oauth2-refresh-token", "idToken": {}}"#,
        ),
    ]);
    let files = ["--user", "user.json", "--context", "context.json"];
    let mut arguments = vec![
        "rules",
        "test",
        "rule.js",
        "--json",
        "--config",
        "PLAN=gold",
    ];
    arguments.extend(files);
    let answer = folder.json(&arguments);
    assert_eq!(
        answer["logs"],
        json!([{"level": "info", "text": "hello bob"}])
    );
    assert_eq!(
        answer["user"]["app_metadata"],
        json!({"a": 1, "plan": "gold"})
    );
    assert_eq!(
        answer["changed"]["context"],
        json!({"idToken": {"https://example.com/protocol": "oauth2-refresh-token"}})
    );
    assert!(answer["usage"]["memory_bytes"].as_u64().unwrap() > 0);
}

/// Answers one request with a body, and returns the request.
fn answering(body: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answering = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = String::new();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while let Some(line) = lines
            .next()
            .map(Result::unwrap)
            .filter(|line| !line.is_empty())
        {
            head.push_str(&line);
            head.push('\n');
        }
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).unwrap();
        head
    });
    (address, answering)
}

#[test]
fn a_script_reaches_the_hosts_that_are_named_and_no_other() {
    let (address, asked) = answering(r#"{"plan":"gold"}"#);
    let ask = format!(
        "function (user, context, callback) {{
  request.get({{ url: '{address}/plan', json: true }}, (error, response, body) => {{
    if (error) return callback(error);
    context.idToken['https://example.com/plan'] = body.plan;
    callback(null, user, context);
  }});
}}"
    );
    let folder = Folder::new(&[("ask.js", &ask)]);
    let (said, error) = folder.refuse(&["rules", "test", "ask.js"]);
    assert!(
        said.contains(&format!("{{\"http\":\"GET\",\"url\":\"{address}/plan\"}}")),
        "{said}"
    );
    assert!(
        error.contains("is not a host that scripts may reach"),
        "{error}"
    );
    let said = folder.print(&["rules", "test", "ask.js", "--script-hosts", &address]);
    assert!(
        said.contains("context  idToken = {\"https://example.com/plan\":\"gold\"}"),
        "{said}"
    );
    assert!(asked.join().unwrap().starts_with("GET /plan HTTP/1.1\n"));
}

#[test]
fn a_denial_or_failure_of_a_script_is_reported_with_its_earlier_output() {
    let refuse = "function (user, context, callback) {
  console.warn('no');
  callback(new UnauthorizedError('Not today'));
}";
    let folder = Folder::new(&[
        ("refuse.js", refuse),
        (
            "throw.js",
            "function (user, context, callback) {\n  nothing.there();\n}",
        ),
        (
            "loop.js",
            "function (user, context, callback) { for (;;) {} }",
        ),
        ("never.js", "function (user, context, callback) {}"),
    ]);
    let (said, error) = folder.refuse(&["rules", "test", "refuse.js"]);
    assert!(said.starts_with("warn     no\ntook "), "{said}");
    assert_eq!(error, "error: refuse.js: UnauthorizedError: Not today\n");
    let (_, error) = folder.refuse(&["rules", "test", "throw.js"]);
    assert!(
        error.starts_with("error: throw.js: ") && error.contains("throw.js:2:"),
        "{error}"
    );
    let (_, error) = folder.refuse(&["rules", "test", "loop.js"]);
    // A busy machine may reach the other limit first.
    let limits = ["more CPU time than allowed", "no answer in time"];
    let expected = limits.map(|limit| format!("error: loop.js: {limit}\n"));
    assert!(expected.contains(&error), "{error}");
    let (_, error) = folder.refuse(&["rules", "test", "never.js"]);
    assert_eq!(error, "error: never.js: ended without an answer\n");
}

#[test]
fn a_script_that_does_not_compile_is_named_with_its_place() {
    let folder = Folder::new(&[
        (
            "rule.js",
            "function (user, context, callback) {\n  var a = ;\n}",
        ),
        (
            "code.js",
            "exports.onExecutePostLogin = async (event, api) => {\n  await;\n};",
        ),
    ]);
    let (said, error) = folder.refuse(&["rules", "test", "rule.js"]);
    assert_eq!(said, "");
    assert!(error.starts_with("error: rule.js:2:11: "), "{error}");
    let (_, error) = folder.refuse(&["actions", "test", "code.js"]);
    assert!(error.starts_with("error: code.js:2:8: "), "{error}");
}

#[test]
fn a_missing_or_invalid_input_file_is_named_in_the_error() {
    let folder = Folder::new(&[
        ("rule.js", RULE),
        ("user.json", "[1]"),
        ("context.json", "{"),
    ]);
    for (arguments, error) in [
        (
            vec!["no.js"],
            "error: no.js: No such file or directory (os error 2)\n",
        ),
        (
            vec!["rule.js", "--user", "user.json"],
            "error: user.json: must be a JSON object\n",
        ),
        (
            vec!["rule.js", "--context", "context.json"],
            "error: context.json: EOF while parsing an object at line 1 column 1\n",
        ),
    ] {
        let arguments = [vec!["rules", "test"], arguments].concat();
        assert_eq!(folder.refuse(&arguments).1, error);
    }
}

#[test]
fn an_action_is_run_and_what_it_asks_for_is_shown() {
    let code = "exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('plan', event.secrets.PLAN);
  if (event.client.client_id === 'bad') api.access.deny('Not you');
};";
    let folder = Folder::new(&[
        ("code.js", code),
        ("plan", "gold"),
        (
            "event.json",
            r#"{"client": {"client_id": "bad"}, "user": {"user_id": "u"}}"#,
        ),
    ]);
    let text = folder.print(&["actions", "test", "code.js", "--secret", "PLAN=gold"]);
    let from_file = ["actions", "test", "code.js", "--secret-file", "PLAN=plan"];
    assert_eq!(without_time(&folder.print(&from_file)), without_time(&text));
    let first = text.lines().next().unwrap();
    let command = first.strip_prefix("command  ").unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(command).unwrap(),
        json!({"command": "setIdTokenClaim", "name": "plan", "value": "gold"})
    );
    let (_, error) = folder.refuse(&["actions", "test", "code.js", "--event", "event.json"]);
    assert_eq!(error, "error: access denied: Not you\n");
}
