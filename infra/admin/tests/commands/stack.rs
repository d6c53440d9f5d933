//! A table, a key file and a folder, and calls of the program on them.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use dynoxide::Database;
use ratchet_domain::{
    client::RefreshTokenPolicy,
    family::{Exchange, Family, Login},
    grant::GrantKey,
    ids::{Audience, ClientId, ConnectionName, ConsentId, FamilyId, RequestId, SessionId, UserId},
    scope::Scope,
    sealed::KeyId,
    session::Session,
    settings::Settings,
    sid::Sid,
    time::Timestamp,
    user::User,
    valid_from::Epoch,
};
use ratchet_keys::file::KeyFile;
use ratchet_store::Store;
use ratchet_system::Clock;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

pub(crate) const TENANT: &str = "clients:
  - name: Phone
    app_type: native
    callbacks: ['##ISSUER##/callback', 'https://##HOST##/callback']
    oidc_conformant: true
    grant_types: [authorization_code]
users:
  - email: ada@example.com
";

/// A table, a key file, and a folder for files.
pub(crate) struct Stack {
    pub(crate) endpoint: String,
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
}

impl Stack {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let stopped = std::future::pending();
        let database = Database::memory().unwrap();
        tokio::spawn(dynoxide::server::serve_with_shutdown(
            listener, database, stopped,
        ));
        let store = Store::local(&endpoint, "ratchet");
        store.create_table().await.unwrap();
        let folder = TempDir::new().unwrap();
        KeyFile::open(&folder.path().join("keys.json")).unwrap();
        Self {
            endpoint,
            store,
            folder,
        }
    }

    /// Stores the user's consent to the scopes of `/userinfo`.
    pub(crate) async fn agree(&self, user: &UserId, client: &ClientId, now: Timestamp) {
        let grant = GrantKey {
            user_id: user.clone(),
            client_id: client.clone(),
            audience: None,
        };
        let (id, scope) = (ConsentId::from_bytes([1; 16]), Scope::parse("openid email"));
        let joined = self.store.join_consent(&grant, id, &scope, now).await;
        joined.unwrap();
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Calls the program; `stdin` is its standard input.
    pub(crate) async fn call(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut command = program();
        command
            .args(["--endpoint", &self.endpoint, "--table", "ratchet"])
            .args(["--issuer", "http://127.0.0.1:3000/", "--key-file"])
            .arg(self.folder.path().join("keys.json"))
            .args(arguments);
        finish(command, stdin.to_owned()).await
    }

    /// Standard output of a call that succeeds.
    pub(crate) async fn print(&self, arguments: &[&str]) -> String {
        let output = self.call(arguments, "").await;
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    }

    /// Standard error of a call that fails.
    pub(crate) async fn refuse(&self, arguments: &[&str]) -> String {
        let output = self.call(arguments, "").await;
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
        assert_eq!(stdout(&output), "");
        stderr(&output)
    }
}

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_admin"));
    for variable in [
        "TABLE_NAME",
        "ISSUER",
        "KEY_FILE",
        "WRAPPING_KEY",
        "SIGNING_KEYS",
        "SIGNING_MODE",
        "AUTH0_KEYWORD_REPLACE_MAPPINGS",
        "AUDIT_LOG",
    ] {
        command.env_remove(variable);
    }
    command
}

pub(crate) async fn finish(mut command: Command, stdin: String) -> Output {
    let call = move || {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that needs no input may have exited before it is written.
        let written = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        drop(written);
        child.wait_with_output().unwrap()
    };
    tokio::task::spawn_blocking(call).await.unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Standard error for people: the lines that are not audit events.
pub(crate) fn stderr(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let lines = text.split_inclusive('\n');
    lines.filter(|line| !line.starts_with('{')).collect()
}

/// The audit event of a call, of which there is exactly one.
pub(crate) fn audit_event(output: &Output) -> Value {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let mut events = text.lines().filter(|line| line.starts_with('{'));
    let event = events
        .next()
        .unwrap_or_else(|| panic!("no audit event in {text}"));
    assert_eq!(events.next(), None, "one event for each call: {text}");
    serde_json::from_str(event).unwrap()
}

pub(crate) fn people() -> ConnectionName {
    ConnectionName::parse("Username-Password-Authentication").unwrap()
}

pub(crate) fn family(number: u8, user: &UserId, client: &str, created_at: Timestamp) -> Family {
    let login = Login {
        user_id: user.clone(),
        client_id: ClientId::parse(client).unwrap(),
        audience: Some(Audience::parse("https://api.example.com").unwrap()),
        scope: Scope::parse("openid offline_access"),
        valid_from: Epoch::default(),
        auth_time: created_at,
        tells_auth_time: false,
        session_id: None,
        device: None,
    };
    let at = Exchange {
        request: RequestId::from_bytes([1; 16]),
        active_key: KeyId::new(1),
        from: None,
        now: created_at,
    };
    Family::begin(
        FamilyId::from_bytes([number; 16]),
        login,
        &RefreshTokenPolicy::ROTATING,
        at,
    )
}

pub(crate) fn session(number: u8, user: &User, clients: &[&str]) -> (SessionId, Session) {
    let id = SessionId::from_bytes([number; 16]);
    let now = Clock::system().now();
    let sid = Sid::parse(format!("si1_{number}")).unwrap();
    let mut session = Session::begin(user, sid, &Settings::default(), now).into_parts();
    let clients = clients.iter().map(|id| ClientId::parse(*id).unwrap());
    session.clients.extend(clients);
    (id, session.try_into().unwrap())
}

impl Stack {
    /// A user with two sessions and a family.
    pub(crate) async fn with_ada() -> (Self, UserId) {
        let stack = Self::start().await;
        let tenant = "users: [{email: ada@example.com, user_id: ada}]";
        let file = stack.file("tenant.yaml", tenant);
        let import = ["tenant", "import", file.to_str().unwrap()];
        stack.print(&import).await;
        let id = UserId::parse("auth0|ada").unwrap();
        let record = stack.store.load_user(&id).await.unwrap().unwrap();
        for (number, clients) in [(1, &["spa"][..]), (2, &["spa", "web"])] {
            let (session_id, session) = session(number, &record.user, clients);
            let put = stack.store.put_session(session_id, &session);
            put.await.unwrap();
        }
        let mut family = family(1, &id, "phone", Clock::system().now()).into_parts();
        family.valid_from = record.user.valid_from.refresh_tokens;
        let family = family.try_into().unwrap();
        stack.store.put_family(&family).await.unwrap();
        (stack, id)
    }

    pub(crate) async fn sessions(&self) -> Vec<String> {
        let listed = self
            .print(&["sessions", "list", "ada@example.com", "--json"])
            .await;
        let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
        let ids = listed.iter().map(|row| row["session_id"].as_str().unwrap());
        let mut ids: Vec<_> = ids.map(str::to_owned).collect();
        ids.sort();
        ids
    }
}
