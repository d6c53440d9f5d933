//! A local server reveals nothing to a web page in a developer's browser or to requests by another host name.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use harness::{
    Answer, Http, Launch, Server,
    apps::{SPA_STRICT, User},
    deployed::require_own_server,
    http,
    process::free_port,
    tenant,
};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::local_cli::{Running, file};

const REASON: &str = "starts the local server in its own way";

/// A web page of another origin.
const PAGE: &str = "http://evil.example";

/// The request of the attack.
fn scan(server: &Server, key: &str) -> RequestBuilder {
    server.store_request("Scan", &json!({ "TableName": "ratchet" }), key)
}

fn start_with_database() -> Server {
    Launch::new().option("--dynamodb-port", "0").start(REASON)
}

#[track_caller]
fn assert_no_items(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer}");
    assert!(!answer.text().contains("Items"), "{answer}");
    let cors = answer
        .headers
        .keys()
        .any(|name| name.as_str().starts_with("access-control-"));
    assert!(!cors, "{answer}");
}

/// The listening TCP sockets of a process, by address.
#[cfg(target_os = "linux")]
fn listening(pid: u32) -> Vec<String> {
    let inode = |entry: fs::DirEntry| {
        let target = fs::read_link(entry.path()).ok()?.display().to_string();
        let inode = target.strip_prefix("socket:[")?.strip_suffix(']')?;
        Some(inode.to_owned())
    };
    let open = fs::read_dir(format!("/proc/{pid}/fd")).expect("the process is ours");
    let sockets: Vec<String> = open.filter_map(|entry| inode(entry.ok()?)).collect();
    let mut found = Vec::new();
    for kind in ["tcp", "tcp6"] {
        let table = fs::read_to_string(format!("/proc/{pid}/net/{kind}")).unwrap_or_default();
        for row in table.lines().skip(1) {
            let row: Vec<&str> = row.split_whitespace().collect();
            // 0A is LISTEN.
            if row[3] == "0A" && sockets.iter().any(|socket| socket == row[9]) {
                found.push(row[1].to_owned());
            }
        }
    }
    found
}

#[cfg(target_os = "linux")]
#[harness::test]
fn without_a_port_for_the_database_only_the_servers_own_port_listens() {
    require_own_server(REASON);
    let (_folder, path) = file(&tenant::base());
    let running = Running::start(&["--port", "0", "--data", "memory", "--tenant", &path]);
    let listening = listening(running.pid());
    assert_eq!(listening.len(), 1, "{listening:?}");
}

#[harness::test]
async fn the_database_answers_only_requests_that_name_the_key_of_this_start() {
    let server = start_with_database();
    let unsigned = server.http().request(Method::POST, server.dynamodb());
    let unsigned = unsigned.header("x-amz-target", "DynamoDB_20120810.Scan");
    let unsigned = http::send(unsigned.body(r#"{"TableName":"ratchet"}"#)).await;
    assert_no_items(&unsigned, 400);
    let key = server.dynamodb_key();
    let last = if key.ends_with('0') { '1' } else { '0' };
    let almost = format!("{}{last}", &key[..key.len() - 1]);
    for wrong in ["local", "", &almost, &key[..key.len() - 1]] {
        let answer = http::send(scan(&server, wrong)).await;
        assert_no_items(&answer, 400);
        let kind = answer.json()["__type"].as_str().map(str::to_owned);
        let kind = kind.unwrap_or_default();
        assert!(kind.ends_with("#UnrecognizedClientException"), "{answer}");
    }
    let answer = http::send(scan(&server, key)).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert!(answer.text().contains("PROFILE"), "{answer}");
}

#[harness::test]
async fn the_database_refuses_pages_and_foreign_names_even_with_the_key() {
    let server = start_with_database();
    let key = server.dynamodb_key();
    let own = server.issuer().trim_end_matches('/').to_owned();
    for origin in [PAGE, "null", own.as_str()] {
        let answer = http::send(scan(&server, key).header("origin", origin)).await;
        assert_no_items(&answer, 403);
        let preflight = server
            .http()
            .request(Method::OPTIONS, server.dynamodb())
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,x-amz-target",
            );
        assert_no_items(&http::send(preflight).await, 403);
    }
    let answer = http::send(scan(&server, key).header("host", "evil.example")).await;
    assert_no_items(&answer, 421);
}

#[harness::test]
fn every_start_draws_another_key() {
    let (one, other) = (start_with_database(), start_with_database());
    assert!(one.dynamodb_key().len() >= 32, "{}", one.dynamodb_key());
    assert_ne!(one.dynamodb_key(), other.dynamodb_key());
}

async fn status_for(http: &Http, path: &str, host: &str) -> u16 {
    let request = http.request(Method::GET, path).header("host", host);
    http::send(request).await.status
}

#[harness::test]
async fn a_request_for_a_foreign_host_is_misdirected_on_every_path() {
    let server = Server::start("asks by other names");
    let http = server.http();
    let port = http.base().port().expect("a port of its own");
    for path in [
        "/demo",
        "/demo/config.json",
        "/.well-known/openid-configuration",
        "/authorize",
        "/test/clock",
        "/no-such-path",
    ] {
        for host in [
            format!("evil.example:{port}"),
            "evil.example".to_owned(),
            format!("127.0.0.1.evil.example:{port}"),
            format!("localhost.evil.example:{port}"),
            format!("10.0.0.1:{port}"),
            format!("[2001:db8::1]:{port}"),
        ] {
            assert_eq!(status_for(&http, path, &host).await, 421, "{host} {path}");
        }
    }
    for host in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("LOCALHOST:{port}"),
        format!("[::1]:{port}"),
    ] {
        let status = status_for(&http, "/.well-known/jwks.json", &host).await;
        assert_eq!(status, 200, "{host}");
    }
}

#[harness::test]
async fn the_issuers_host_and_those_that_an_option_adds_are_answered() {
    require_own_server(REASON);
    let (_folder, path) = file(&tenant::base());
    let port = free_port().to_string();
    let options = ["--port", &port, "--data", "memory", "--tenant", &path];
    let issuer = ["--issuer", "https://login.example.com/"];
    let allowed = ["--allow-host", "tunnel.example.net"];
    let _running = Running::start(&[&options[..], &issuer, &allowed].concat());
    let base = format!("http://127.0.0.1:{port}/").parse().expect("a URL");
    let http = Http::new(&base);
    for (host, status) in [
        ("login.example.com", 200),
        ("LOGIN.example.com:443", 200),
        ("tunnel.example.net", 200),
        ("tunnel.example.net:8443", 200),
        ("example.com", 421),
        ("a.tunnel.example.net", 421),
    ] {
        let answered = status_for(&http, "/.well-known/jwks.json", host).await;
        assert_eq!(answered, status, "{host}");
    }
}

#[harness::test]
async fn the_demo_page_gives_no_password_of_a_tenant_file() {
    require_own_server(REASON);
    let config = async |arguments: &[&str]| {
        let port = free_port().to_string();
        let options = [&["--port", &port, "--data", "memory"], arguments].concat();
        let running = Running::start(&options);
        let base = running.issuer().parse().expect("a URL");
        Http::new(&base).get("/demo/config.json").await
    };
    let (_folder, path) = file(&tenant::changed(
        "    callbacks:\n",
        "    callbacks:\n      - \"##ISSUER##/demo\"\n",
    ));
    let own = config(&["--tenant", &path]).await;
    assert_eq!(own.status, 200, "{own}");
    assert!(own.json()["user"].is_null(), "{own}");
    assert!(!own.text().contains(User::ada().password), "{own}");
    let demo = config(&[]).await;
    assert!(demo.json()["user"]["password"].is_string(), "{demo}");
}

#[harness::test]
async fn the_test_controls_refuse_what_a_page_can_send() {
    let server = Server::start("has test controls");
    let body =
        json!({ "advance_seconds": 1, "email": User::ada().email, "deleted": true }).to_string();
    let post = |path: &str, kind: &str| {
        let request = server.http().request(Method::POST, path);
        request.header("content-type", kind).body(body.clone())
    };
    for path in ["/test/clock", "/test/user", "/test/tenant"] {
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain; application/json",
        ] {
            let answer = http::send(post(path, kind)).await;
            assert_eq!(answer.status, 415, "{kind} {answer}");
        }
        for origin in [PAGE, "null", "http://localhost:1"] {
            let answer = http::send(post(path, "application/json").header("origin", origin)).await;
            assert_eq!(answer.status, 403, "{origin} {answer}");
        }
    }
    // Ada still exists.
    server.login(&SPA_STRICT).refresh_token().await;
}

#[harness::test]
async fn no_strict_transport_security_is_promised_for_loopback_names() {
    require_own_server(REASON);
    let (_folder, path) = file(&tenant::base());
    let promised = async |issuer: &str, host: &str| {
        let port = free_port().to_string();
        let options = ["--port", &port, "--data", "memory", "--tenant", &path];
        let _running = Running::start(&[&options[..], &["--issuer", issuer]].concat());
        let base = format!("http://127.0.0.1:{port}/").parse().expect("a URL");
        let request = Http::new(&base)
            .request(Method::GET, "/.well-known/jwks.json")
            .header("host", host);
        let answer = http::send(request).await;
        assert_eq!(answer.status, 200, "{answer}");
        answer.header("strict-transport-security").is_some()
    };
    assert!(!promised("https://localhost:3000/", "localhost:3000").await);
    assert!(!promised("https://127.0.0.1:3000/", "127.0.0.1:3000").await);
    assert!(!promised("https://login.example.com/", "localhost").await);
    assert!(promised("https://login.example.com/", "login.example.com").await);
}

/// The permission bits of a folder and of everything in it.
fn modes(folder: &Path) -> Vec<(String, u32)> {
    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    let mut all = vec![(".".to_owned(), mode(folder))];
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").display().to_string();
        all.push((name, mode(&path)));
    }
    all.sort();
    all
}

#[harness::test]
fn the_files_of_a_data_folder_are_their_owners_alone_also_those_that_were_there() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let start = || Launch::new().data(&folder).start(REASON);
    let server = start();
    server.stop();
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("they are ours");
    };
    for entry in fs::read_dir(folder.path()).expect("the folder can be read") {
        set(&entry.expect("an entry").path(), 0o644);
    }
    set(folder.path(), 0o755);

    let server = start();
    let modes = modes(folder.path());
    drop(server);
    let names: Vec<&str> = modes.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        names.contains(&"dynamodb.sqlite") && names.contains(&"keys.json"),
        "{names:?}"
    );
    for (name, mode) in modes {
        let expected = if name == "." { 0o700 } else { 0o600 };
        assert_eq!(format!("{mode:o}"), format!("{expected:o}"), "{name}");
    }
}

#[harness::test]
fn a_folder_that_holds_other_peoples_files_is_left_open_but_for_our_files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = folder.path().join("notes.txt");
    fs::write(&other, "theirs").expect("the file can be written");
    for (path, mode) in [(folder.path(), 0o755), (other.as_path(), 0o644)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("they are ours");
    }
    let server = Launch::new().data(&folder).start(REASON);
    let modes = modes(folder.path());
    drop(server);
    for (name, mode) in modes {
        let expected = match name.as_str() {
            "." => 0o755,
            "notes.txt" => 0o644,
            _ => 0o600,
        };
        assert_eq!(format!("{mode:o}"), format!("{expected:o}"), "{name}");
    }
}
