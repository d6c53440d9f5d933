//! `local` on the command line: its output when it starts, fails to start, and stops.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use harness::{
    Launch, Server,
    apps::SPA_STRICT,
    apps::WEB_CLASSIC,
    assert_unknown_refresh_token,
    deployed::require_own_server,
    jwt,
    process::{binary, free_port},
    tenant,
};

const REASON: &str = "starts the server in its own way";

fn local(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .stdin(Stdio::null())
        .env_remove("RUST_LOG");
    command
}

fn run(arguments: &[&str]) -> Output {
    local(arguments).output().expect("the binary runs")
}

/// Asserts that `local` refused to start with one line that contains these words.
#[track_caller]
fn assert_one_line_error(output: &Output, words: &[&str]) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert_eq!(errors.trim_end().lines().count(), 1, "{errors}");
    for word in words {
        assert!(errors.contains(word), "`{word}` is not in: {errors}");
    }
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("ready"), "{said}");
}

/// A tenant file in a folder of its own.
pub(crate) fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("tenant.yaml");
    std::fs::write(&path, text).expect("the file can be written");
    let path = path.display().to_string();
    (folder, path)
}

fn run_with_tenant(text: &str) -> Output {
    let (_folder, path) = file(text);
    run(&["--port", "0", "--data", "memory", "--tenant", &path])
}

/// The number of the line that holds a text.
fn line_of(file: &str, text: &str) -> String {
    let line = file
        .lines()
        .position(|line| line.contains(text))
        .expect("the text is there");
    (line + 1).to_string()
}

#[harness::test]
fn a_taken_port_is_a_one_line_error() {
    require_own_server(REASON);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken
        .local_addr()
        .expect("a bound socket has an address")
        .port()
        .to_string();
    let (_folder, path) = file(&tenant::base());
    let output = run(&["--port", &port, "--data", "memory", "--tenant", &path]);
    assert_one_line_error(&output, &[&port]);
}

#[harness::test]
fn a_missing_tenant_file_is_a_one_line_error() {
    require_own_server(REASON);
    let output = run(&[
        "--port",
        "0",
        "--data",
        "memory",
        "--tenant",
        "no-such-tenant.yaml",
    ]);
    assert_one_line_error(&output, &["no-such-tenant.yaml"]);
}

#[harness::test]
fn a_wrong_value_in_the_tenant_file_is_named_with_line_and_field() {
    require_own_server(REASON);
    for (from, to, field) in [
        ("      leeway: 10\n", "      leeway: soon\n", "leeway"),
        (
            "    app_type: native\n",
            "    app_type: submarine\n",
            "app_type",
        ),
        (
            "rotation_type: rotating\n      expiration_type: expiring\n      leeway: 10",
            "rotation_type: sideways\n      expiration_type: expiring\n      leeway: 10",
            "rotation_type",
        ),
        (
            "    signing_alg: PS256\n",
            "    signing_alg: ROT13\n",
            "signing_alg",
        ),
        ("    blocked: true\n", "    blocked: perhaps\n", "blocked"),
    ] {
        let text = tenant::changed(from, to);
        let wrong = to.lines().next().expect("a line").trim();
        let line = line_of(&text, wrong);
        assert_one_line_error(&run_with_tenant(&text), &["tenant.yaml", &line, field]);
    }
}

#[harness::test]
fn broken_yaml_is_named_with_its_line() {
    require_own_server(REASON);
    let text = tenant::changed("databases:\n", "databases: [\n");
    assert_one_line_error(&run_with_tenant(&text), &["tenant.yaml"]);
    assert_one_line_error(
        &run_with_tenant("clients: 7\n"),
        &["tenant.yaml", "1", "clients"],
    );
}

#[harness::test]
fn settings_that_contradict_each_other_are_refused() {
    require_own_server(REASON);
    for (from, to) in [
        (
            "rotation_type: rotating\n      expiration_type: expiring",
            "rotation_type: rotating\n      expiration_type: non-expiring",
        ),
        (
            "token_lifetime: 600\n      idle_token_lifetime: 120",
            "token_lifetime: 600\n      idle_token_lifetime: 601",
        ),
    ] {
        let output = run_with_tenant(&tenant::changed(from, to));
        assert_one_line_error(&output, &["tenant.yaml", "refresh_token"]);
    }
}

#[harness::test]
fn a_data_folder_that_cannot_be_written_is_a_one_line_error() {
    require_own_server(REASON);
    // Below a file: not even root can create a folder there.
    let (_folder, path) = file(&tenant::base());
    let data = Path::new(&path).join("data").display().to_string();
    let output = run(&["--port", "0", "--data", &data, "--tenant", &path]);
    assert_one_line_error(&output, &[&data]);
}

#[harness::test]
fn an_unknown_option_is_refused_and_help_is_there() {
    require_own_server(REASON);
    assert_ne!(run(&["--no-such-option"]).status.code(), Some(0));
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8_lossy(&help.stdout);
    for option in [
        "--port",
        "--issuer",
        "--tenant",
        "--data",
        "--dynamodb-port",
        "--tls",
        "--tls-dir",
    ] {
        assert!(text.contains(option), "{option} is not in: {text}");
    }
}

/// A server that is stopped with the test.
pub(crate) struct Running {
    child: Child,
    first_line: String,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = local(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn().expect("the binary runs");
        let mut running = Self {
            child,
            first_line: String::new(),
        };
        let output = running
            .child
            .stdout
            .as_mut()
            .expect("standard output is piped");
        BufReader::new(output)
            .read_line(&mut running.first_line)
            .expect("it says something");
        running
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn issuer(&self) -> &str {
        let issuer = self.first_line.trim_end().strip_prefix("ready ");
        issuer.unwrap_or_else(|| panic!("its first line is `{}`", self.first_line))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have stopped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[harness::test]
fn it_says_ready_first_and_control_c_stops_it_cleanly() {
    require_own_server(REASON);
    let (_folder, path) = file(&tenant::base());
    let mut running = Running::start(&["--port", "0", "--data", "memory", "--tenant", &path]);
    let issuer = running.issuer();
    assert!(
        issuer.starts_with("http://127.0.0.1:") && issuer.ends_with('/'),
        "{issuer}"
    );

    let interrupt = Command::new("kill")
        .args(["-INT", &running.child.id().to_string()])
        .status();
    assert!(interrupt.is_ok_and(|status| status.success()));
    let status = running.child.wait().expect("the child is ours");
    assert_eq!(status.code(), Some(0), "{status}");
}

#[harness::test]
fn an_unknown_key_in_the_tenant_file_is_a_warning() {
    let file = tenant::changed(
        "    app_type: native\n",
        "    app_type: native\n    colour: blue\n",
    );
    let launch = Launch::new().tenant(file).option("--dynamodb-port", "0");
    let server = launch.start(REASON);
    let log = server.stop();
    assert!(log.contains("colour"), "{log}");
}

#[harness::test]
async fn the_issuer_can_be_the_address_of_a_proxy() {
    require_own_server(REASON);
    let port = free_port().to_string();
    let issuer = "https://login.example.com/";
    let (_folder, path) = file(&tenant::base());
    let options = [
        "--port", &port, "--data", "memory", "--tenant", &path, "--issuer", issuer,
    ];
    let running = Running::start(&options);
    let base = format!("http://127.0.0.1:{port}/").parse().expect("a URL");
    let document = harness::Http::new(&base)
        .get("/.well-known/openid-configuration")
        .await
        .json();
    assert_eq!(running.issuer(), issuer);
    assert_eq!(document["issuer"], issuer);
    assert_eq!(
        document["token_endpoint"],
        "https://login.example.com/oauth/token"
    );
}

#[harness::test]
async fn without_test_controls_their_paths_do_not_exist() {
    require_own_server(REASON);
    let (_folder, path) = file(&tenant::base());
    let running = Running::start(&["--port", "0", "--data", "memory", "--tenant", &path]);
    let base = running.issuer().parse().expect("a URL");
    let http = harness::Http::new(&base);
    let mut statuses = Vec::new();
    for path in ["/test/clock", "/test/user", "/test/tenant"] {
        let body = serde_json::json!({ "advance_seconds": 1, "email": "ada@example.com" });
        statuses.push(http.post_json(path, &body).await.status);
    }
    assert_eq!(statuses, [404, 404, 404]);
}

/// The costs include the hashes that an answer computed.
#[harness::test]
async fn costs_are_for_tests_and_for_the_demo_page() {
    require_own_server(REASON);
    let (_folder, path) = file(&tenant::base());
    for (tenant, expected) in [(Some(path.as_str()), false), (None, true)] {
        let mut arguments = vec!["--port", "0", "--data", "memory"];
        arguments.extend(tenant.into_iter().flat_map(|path| ["--tenant", path]));
        let running = Running::start(&arguments);
        let base = running.issuer().parse().expect("a URL");
        let http = harness::Http::new(&base);
        let form = [
            ("client_id", SPA_STRICT.id),
            ("grant_type", "refresh_token"),
        ];
        let answer = http.post_form("/oauth/token", &form).await;
        let reported = answer.header("x-ratchet-cost").is_some();
        assert_eq!(reported, expected, "{tenant:?}: {answer}");
    }
}

#[harness::test]
async fn data_survive_a_restart() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let port = free_port();
    let start = || Launch::new().data(&data).port(port).start(REASON);
    let server = start();
    let first = server.login(&SPA_STRICT).refresh_token().await;
    let tokens = server.refreshed(&SPA_STRICT, &first).await;
    let kept = server.login(&WEB_CLASSIC).refresh_token().await;
    drop(server);

    let server = start();
    let kid = |token: String| jwt::peek(&token).0["kid"].clone();
    let after = server.refreshed(&SPA_STRICT, &tokens.refresh_token()).await;
    assert_eq!(kid(after.access_token()), kid(tokens.access_token()));
    server.refreshed(&WEB_CLASSIC, &kept).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &first).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &after.refresh_token()).await);
}

#[harness::test]
async fn data_survive_a_move_to_another_port_and_to_https() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let start = || Launch::new().data(&data);
    let server = start().start(REASON);
    let first = server.login(&SPA_STRICT).refresh_token().await;
    drop(server);

    let moved = start().start(REASON);
    moved.rotated(&SPA_STRICT, &first).await;
    drop(moved);
    let issuer = "https://login.example.com/";
    start().option("--issuer", issuer).start(REASON);
}

#[harness::test]
async fn memory_is_forgotten() {
    let server = Server::start(REASON);
    let token = server.login(&SPA_STRICT).refresh_token().await;
    drop(server);
    let server = Server::start(REASON);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &token).await);
}
