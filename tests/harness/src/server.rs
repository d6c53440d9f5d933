//! The server under test.

use std::{
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use reqwest::{Method, RequestBuilder, Url};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    apps::{App, User},
    browser::Browser,
    flow::Login,
    http::{Http, send},
    process::Process,
    tenant,
};

/// A server: one of our own, or the one that `BASE_URL` names.
pub struct Server {
    base: Url,
    issuer: String,
    process: Option<Process>,
    /// When our own server's clock was stopped; `None` for a server that `BASE_URL` names.
    stopped_at: Option<u64>,
    /// When the tests first turned to it.
    started: u64,
    advanced: AtomicU64,
    users: AtomicUsize,
}

impl Server {
    /// The server that most tests share. They may log in, refresh and revoke there, and end what
    /// belongs to a [`Server::fresh_user`]; clock and tenant stay as they are.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| match base_url() {
            Some(base) => Self::new(base, None, None),
            None => Self::spawn(&Launch::new().tenant(tenant::with_pool())),
        })
    }

    /// The shared server if it is one of ours, with a clock to move, users to block and costs to
    /// read; otherwise prints why the test does not run.
    pub fn shared_local(reason: &str) -> Option<&'static Self> {
        runs_here(reason).then(Self::shared)
    }

    /// The shared server if what stands before it carries what the test does, named as in
    /// `FRONT_LIMITS`; otherwise prints why the test does not run.
    pub fn shared_behind_front(deed: &str) -> Option<&'static Self> {
        match front_fault(deed) {
            Some(fault) => {
                not_run(&format!("{deed}, and its front {fault}"));
                None
            }
            None => Some(Self::shared()),
        }
    }

    /// A server for this test alone; with `BASE_URL` set, prints why the test does not run.
    pub fn start(reason: &str) -> Option<Self> {
        Launch::new().start(reason)
    }

    /// A server that somebody else has started and will stop.
    pub fn at(issuer: &str) -> Self {
        let base = Url::parse(issuer).unwrap_or_else(|error| panic!("`{issuer}`: {error}"));
        Self::new(base, None, None)
    }

    fn new(base: Url, process: Option<Process>, stopped_at: Option<u64>) -> Self {
        let issuer = base.to_string();
        Self {
            base,
            issuer,
            process,
            stopped_at,
            started: machine_time(),
            advanced: AtomicU64::new(0),
            users: AtomicUsize::new(first_user()),
        }
    }

    fn spawn(launch: &Launch) -> Self {
        let files = tempfile::tempdir().expect("a temporary folder");
        let path = files.path().join("tenant.yaml");
        write(files.path(), "tenant.yaml", &launch.tenant);
        for (name, content) in &launch.files {
            write(files.path(), name, content);
        }

        let text = |text: &str| text.to_owned();
        let clock = launch.stopped_at.to_string();
        let mut arguments = vec![text("--test-controls"), text("--test-clock"), clock];
        arguments.extend([text("--tenant"), path.display().to_string()]);
        for (option, value) in [
            ("--port", "0"),
            ("--data", "memory"),
            ("--test-script-patience", "600"),
        ] {
            if !launch.arguments.iter().any(|argument| argument == option) {
                arguments.extend([text(option), text(value)]);
            }
        }
        arguments.extend(launch.arguments.iter().cloned());

        let process = Process::start(&arguments, &launch.env, Some(files));
        let base = Url::parse(&process.ready().issuer).expect("the issuer is a URL");
        Self::new(base, Some(process), Some(launch.stopped_at))
    }

    /// The issuer, with its trailing slash.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// An absolute URL below the issuer.
    pub fn url(&self, path: &str) -> String {
        format!("{}{}", self.issuer, path.trim_start_matches('/'))
    }

    /// What a cookie of the server's is called: over HTTPS no other host can set it, and a port that the
    /// issuer names is part of it.
    pub fn cookie(&self, base: &str) -> String {
        let prefix = match self.base.scheme() {
            "https" => "__Host-",
            _ => "",
        };
        let port = self.base.port().map(|port| format!("_{port}"));
        format!("{prefix}{base}{}", port.unwrap_or_default())
    }

    /// The embedded DynamoDB of a server started with `--dynamodb-port`.
    pub fn dynamodb(&self) -> &str {
        let ready = self.process().ready();
        ready
            .dynamodb
            .as_deref()
            .expect("the server was started with `--dynamodb-port`")
    }

    /// The access key that requests to the embedded DynamoDB have to name.
    pub fn dynamodb_key(&self) -> &str {
        let ready = self.process().ready();
        ready
            .dynamodb_key
            .as_deref()
            .expect("the server was started with `--dynamodb-port`")
    }

    /// A request to the embedded DynamoDB that names a key; its signature is not verified.
    pub fn store_request(&self, operation: &str, body: &Value, key: &str) -> RequestBuilder {
        let scope = "20260101/local/dynamodb/aws4_request";
        let headers = "SignedHeaders=host;x-amz-date, Signature=0";
        let signature = format!("AWS4-HMAC-SHA256 Credential={key}/{scope}, {headers}");
        self.http()
            .request(Method::POST, self.dynamodb())
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", signature)
            .body(body.to_string())
    }

    /// Every item of the table of a server started with `--dynamodb-port`, as JSON.
    pub async fn table(&self) -> String {
        let scan = json!({ "TableName": "ratchet" });
        let answer = send(self.store_request("Scan", &scan, self.dynamodb_key())).await;
        assert_eq!(answer.status, 200, "{answer}");
        assert!(answer.json()["LastEvaluatedKey"].is_null(), "{answer}");
        answer.text()
    }

    /// Everything that the server has written so far.
    pub fn log(&self) -> String {
        self.process().log()
    }

    /// Writes a file into the folder of the tenant file.
    pub fn write_file(&self, name: &str, content: &str) {
        write(self.process().folder(), name, content);
    }

    /// Stops the server and returns everything that it has written.
    pub fn stop(self) -> String {
        self.process
            .expect("only a server of our own has a process")
            .stop()
    }

    /// A client without cookies.
    pub fn http(&self) -> Http {
        Http::new(&self.base)
    }

    /// A person's browser without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(self.http())
    }

    /// Begins a login of Ada's in a new browser.
    pub fn login(&self, app: &App) -> Login<'_> {
        Login::new(self, *app)
    }

    /// A user that no other test has.
    pub fn fresh_user(&self) -> User {
        User::pooled(1 + self.users.fetch_add(1, Ordering::Relaxed))
    }

    /// The service's time, in seconds: of a server of our own exactly, until it has answered a thousand
    /// requests, each of which takes a millisecond.
    pub fn now(&self) -> u64 {
        let base = self.stopped_at.unwrap_or_else(machine_time);
        base + self.advanced.load(Ordering::Relaxed)
    }

    /// Whether the service put this time down just now, in seconds: of a server of our own, whose clock hardly
    /// moves, within a minute; of another one since the tests began, by a clock that may differ from ours by
    /// as much.
    pub fn is_now(&self, at: u64) -> bool {
        let since = match self.stopped_at {
            Some(_) => self.now(),
            None => self.started.saturating_sub(60),
        };
        (since..=self.now() + 60).contains(&at)
    }

    /// Moves the service's clock.
    pub async fn advance(&self, seconds: u64) {
        self.control("/test/clock", json!({ "advance_seconds": seconds }))
            .await;
        self.advanced.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Blocks or unblocks a user.
    pub async fn set_blocked(&self, user: &User, blocked: bool) {
        self.control(
            "/test/user",
            json!({ "email": user.email, "blocked": blocked }),
        )
        .await;
    }

    /// Logs a user out everywhere.
    pub async fn log_out_everywhere(&self, user: &User) {
        self.control(
            "/test/user",
            json!({ "email": user.email, "logged_out": true }),
        )
        .await;
    }

    /// Deletes a user.
    pub async fn delete_user(&self, user: &User) {
        self.control(
            "/test/user",
            json!({ "email": user.email, "deleted": true }),
        )
        .await;
    }

    /// Imports a tenant file over what is there.
    pub async fn import_tenant(&self, file: String) {
        let answer = self
            .http()
            .post_bytes("/test/tenant", "application/yaml", file)
            .await;
        assert!((200..300).contains(&answer.status), "{answer}");
    }

    async fn control(&self, path: &str, body: Value) {
        let answer = self.http().post_json(path, &body).await;
        assert!((200..300).contains(&answer.status), "{answer}");
    }

    fn process(&self) -> &Process {
        self.process
            .as_ref()
            .expect("only a server of our own has a process")
    }
}

/// How a test's own server is started.
#[derive(Clone, Debug)]
pub struct Launch {
    tenant: String,
    files: Vec<(String, String)>,
    arguments: Vec<String>,
    env: Vec<(String, String)>,
    /// Where the clock of each server that is started so stands. Only requests, by a millisecond, and the test
    /// move it: no cache grows old and no bucket fills up while the machine is busy.
    stopped_at: u64,
}

impl Default for Launch {
    fn default() -> Self {
        Self {
            tenant: tenant::base(),
            files: Vec::new(),
            arguments: Vec::new(),
            env: Vec::new(),
            stopped_at: machine_time(),
        }
    }
}

impl Launch {
    /// In memory, on any port, with the test controls and the tests' tenant.
    pub fn new() -> Self {
        Self::default()
    }

    /// With another tenant file.
    #[must_use]
    pub fn tenant(mut self, file: String) -> Self {
        self.tenant = file;
        self
    }

    /// With further sections of the tenant file.
    #[must_use]
    pub fn and_tenant(mut self, sections: &str) -> Self {
        self.tenant = format!("{}\n{sections}", self.tenant);
        self
    }

    /// With a file in the folder of the tenant file.
    #[must_use]
    pub fn file(mut self, name: &str, content: &str) -> Self {
        self.files.push((name.to_owned(), content.to_owned()));
        self
    }

    /// With a further option and its value.
    #[must_use]
    pub fn option(mut self, name: &str, value: &str) -> Self {
        self.arguments.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// With data (and keys) in a folder.
    #[must_use]
    pub fn data(self, folder: &TempDir) -> Self {
        let folder = folder.path().display().to_string();
        self.option("--data", &folder)
    }

    /// On this port, for two servers that must have one issuer.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        self.option("--port", &port.to_string())
    }

    /// With an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it; with `BASE_URL` set, prints why the test does not run.
    pub fn start(self, reason: &str) -> Option<Server> {
        runs_here(reason).then(|| Server::spawn(&self))
    }
}

/// The machine's time, in seconds.
fn machine_time() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("it is past 1970").as_secs()
}

/// Replaces a file at once, so that nobody reads half of it.
fn write(folder: &Path, name: &str, content: &str) {
    let path = folder.join(name);
    let parent = path.parent().expect("the file lies in a folder");
    std::fs::create_dir_all(parent).expect("the folder can be made");
    let draft = path.with_extension("draft");
    std::fs::write(&draft, content).expect("the file can be written");
    std::fs::rename(&draft, &path).expect("the file can be replaced");
}

/// How many users of the pool earlier runs against the same server have used up.
fn first_user() -> usize {
    let text = std::env::var("USERS_TAKEN").unwrap_or_default();
    if text.is_empty() {
        return 0;
    }
    text.parse()
        .unwrap_or_else(|error| panic!("USERS_TAKEN `{text}`: {error}"))
}

fn base_url() -> Option<Url> {
    let text = std::env::var("BASE_URL").ok()?;
    let slash = if text.ends_with('/') { "" } else { "/" };
    let url = Url::parse(&format!("{text}{slash}"));
    Some(url.unwrap_or_else(|error| panic!("BASE_URL `{text}`: {error}")))
}

/// Whether the tests start their own servers; if not, says on standard error what is left out.
pub fn runs_here(reason: &str) -> bool {
    let ours = base_url().is_none();
    if !ours {
        not_run(reason);
    }
    ours
}

/// What the front of `BASE_URL` makes of a deed that it does not carry to the server: `FRONT_LIMITS`
/// is `deed=fault;deed=fault`.
fn front_fault(deed: &str) -> Option<String> {
    let limits = std::env::var("FRONT_LIMITS").ok()?;
    limits
        .split(';')
        .filter_map(|limit| limit.split_once('='))
        .find(|(known, _)| *known == deed)
        .map(|(_, fault)| fault.to_owned())
}

fn not_run(reason: &str) {
    let server = base_url().map_or_else(String::new, |base| base.to_string());
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    eprintln!("not run against {server}: {test}: it {reason}");
}
