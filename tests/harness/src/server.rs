//! The server under test.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use reqwest::{Method, RequestBuilder, Url};
use serde_json::{Value, json};

use crate::{
    apps::{App, SPA_STRICT, User},
    browser::Browser,
    deployed::{base_url, first_user, require_front, require_own_server},
    flow::Login,
    http::{Http, send},
    launch::{Launch, write},
    process::Process,
    tenant,
};

/// The server under test: one of our own, or the one that `BASE_URL` names.
pub struct Server {
    base: Url,
    issuer: String,
    process: Option<Process>,
    /// The time at which our own server's clock was stopped, in seconds since the epoch; `None` for a server that
    /// `BASE_URL` names.
    stopped_at: Option<u64>,
    /// The machine's time when the tests first used the server, in seconds since the epoch.
    started: u64,
    advanced: AtomicU64,
    users: AtomicUsize,
}

impl Server {
    /// The server that most tests share. They may log in, refresh and revoke there, and end grants and sessions of a
    /// [`Server::fresh_user`]; they must not change clock and tenant.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| match base_url() {
            Some(base) => Self::new(base, None, None),
            None => Launch::new().tenant(tenant::with_pool()).spawn(),
        })
    }

    /// The shared server, if it is one of ours, with a clock to move, users to block and costs to read; with `BASE_URL`
    /// set, the test is ignored.
    pub fn shared_local(reason: &str) -> &'static Self {
        require_own_server(reason);
        Self::shared()
    }

    /// The shared server, if its front supports the test's action, named as in `FRONT_LIMITS`; otherwise the test is
    /// ignored.
    pub fn shared_behind_front(action: &str) -> &'static Self {
        require_front(action);
        Self::shared()
    }

    /// A server for this test alone; with `BASE_URL` set, the test is ignored.
    pub fn start(reason: &str) -> Self {
        Launch::new().start(reason)
    }

    /// A server that another program starts and stops.
    pub fn at(issuer: &str) -> Self {
        let base = Url::parse(issuer).unwrap_or_else(|error| panic!("`{issuer}`: {error}"));
        Self::new(base, None, None)
    }

    pub(crate) fn new(base: Url, process: Option<Process>, stopped_at: Option<u64>) -> Self {
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

    /// The issuer, with its trailing slash.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// An absolute URL below the issuer.
    pub fn url(&self, path: &str) -> String {
        format!("{}{}", self.issuer, path.trim_start_matches('/'))
    }

    /// The name of a server's cookie: with the prefix that keeps other hosts from setting it over HTTPS, and with the
    /// issuer's port if it names one.
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

    /// The access key that requests to the embedded DynamoDB must name.
    pub fn dynamodb_key(&self) -> &str {
        let ready = self.process().ready();
        ready
            .dynamodb_key
            .as_deref()
            .expect("the server was started with `--dynamodb-port`")
    }

    /// A request to the embedded DynamoDB with an access key; its signature is not verified.
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

    /// All output of the server so far.
    pub fn log(&self) -> String {
        self.process().log()
    }

    /// Writes a file into the folder of the tenant file.
    pub fn write_file(&self, name: &str, content: &str) {
        write(self.process().folder(), name, content);
    }

    /// Stops the server and returns its whole output.
    pub fn stop(self) -> String {
        self.process
            .expect("only a server of our own has a process")
            .stop()
    }

    /// A client without cookies.
    pub fn http(&self) -> Http {
        Http::new(&self.base)
    }

    /// A user's browser without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(self.http())
    }

    /// Starts a login of Ada in a new browser.
    pub fn login(&self, app: &App) -> Login<'_> {
        Login::new(self, *app)
    }

    /// True if the browser has a session: the server answers a request of [`SPA_STRICT`] with `prompt=none` by a code
    /// or, without a session, by `login_required`.
    pub async fn is_logged_in(&self, browser: &Browser) -> bool {
        let silent = self.login(&SPA_STRICT).browser(browser);
        let callback = silent.with("prompt", "none").open().await.callback();
        let is_logged_in = callback.get("code").is_some();
        if !is_logged_in {
            callback.assert_error("login_required", "Login required");
        }
        is_logged_in
    }

    /// A user of no other test.
    pub fn fresh_user(&self) -> User {
        User::pooled(1 + self.users.fetch_add(1, Ordering::Relaxed))
    }

    /// The service's time, in seconds since the epoch. It is exact for our own server during its first thousand
    /// requests, each of which takes a millisecond.
    pub fn now(&self) -> u64 {
        let base = self.stopped_at.unwrap_or_else(machine_time);
        base + self.advanced.load(Ordering::Relaxed)
    }

    /// True if the service recorded this time, in seconds, just now. For our own server, whose clock hardly moves, the
    /// tolerance is a minute. For another one, any time since the start of the tests counts, within a minute because
    /// the clocks may differ.
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

    /// Logs a user out on all devices.
    pub async fn log_out_everywhere(&self, user: &User) {
        self.control(
            "/test/user",
            json!({ "email": user.email, "logged_out": true }),
        )
        .await;
    }

    pub async fn delete_user(&self, user: &User) {
        self.control(
            "/test/user",
            json!({ "email": user.email, "deleted": true }),
        )
        .await;
    }

    /// Imports a tenant file over the existing tenant.
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

/// The machine's time, in seconds since the epoch.
pub(crate) fn machine_time() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("it is past 1970").as_secs()
}
