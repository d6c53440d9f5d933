//! The program as an operator calls it, against the embedded database.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use dynoxide::Database;
use serde_json::{Value, json};
use shared::{
    adapters::dynamo::Store,
    domain::{
        brute_force::{Counter, Failures, Guessed},
        client::RefreshTokenPolicy,
        family::{Exchange, Family, Login},
        grant::GrantKey,
        ids::{
            Audience, ClientId, ConnectionName, ConsentId, FamilyId, RequestId, SessionId, UserId,
        },
        scope::Scope,
        sealed::KeyId,
        secret::Secret,
        session::Session,
        settings::Settings,
        throttle::RateLimit,
        time::{Lifetime, Timestamp},
        user::{LoginName, User},
        valid_from::Epoch,
    },
    keys::file::KeyFile,
    password::Verification,
    system::Clock,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

const TENANT: &str = "clients:
  - name: Phone
    app_type: native
    callbacks: ['##ISSUER##/callback', 'https://##HOST##/callback']
    oidc_conformant: true
    grant_types: [authorization_code]
users:
  - email: ada@example.com
";

/// A table, a key file, and a folder for files.
struct Stack {
    endpoint: String,
    store: Store,
    folder: TempDir,
}

impl Stack {
    async fn start() -> Self {
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

    /// The user agrees to what `/userinfo` tells.
    async fn agree(&self, user: &UserId, client: &ClientId, now: Timestamp) {
        let grant = GrantKey {
            user_id: user.clone(),
            client_id: client.clone(),
            audience: None,
        };
        let (id, scope) = (ConsentId::from_bytes([1; 16]), Scope::parse("openid email"));
        let joined = self.store.join_consent(&grant, id, &scope, now).await;
        joined.unwrap();
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Calls the program; `stdin` is what it may read.
    async fn call(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut command = program();
        command
            .args(["--endpoint", &self.endpoint, "--table", "ratchet"])
            .args(["--issuer", "http://127.0.0.1:3000/", "--key-file"])
            .arg(self.folder.path().join("keys.json"))
            .args(arguments);
        finish(command, stdin.to_owned()).await
    }

    /// What a call prints that is to succeed.
    async fn print(&self, arguments: &[&str]) -> String {
        let output = self.call(arguments, "").await;
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    }

    /// What a call says that is to fail.
    async fn refuse(&self, arguments: &[&str]) -> String {
        let output = self.call(arguments, "").await;
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
        assert_eq!(stdout(&output), "");
        stderr(&output)
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_admin"));
    for variable in [
        "TABLE_NAME",
        "ISSUER",
        "KEY_FILE",
        "AUTH0_KEYWORD_REPLACE_MAPPINGS",
        "AUDIT_LOG",
    ] {
        command.env_remove(variable);
    }
    command
}

async fn finish(mut command: Command, stdin: String) -> Output {
    let call = move || {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that needs no input may be gone before it is written.
        let written = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        drop(written);
        child.wait_with_output().unwrap()
    };
    tokio::task::spawn_blocking(call).await.unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What people are to read of it: the lines that are no audit events.
fn stderr(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let lines = text.split_inclusive('\n');
    lines.filter(|line| !line.starts_with('{')).collect()
}

/// The one audit event of a call.
fn audit_event(output: &Output) -> Value {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let mut events = text.lines().filter(|line| line.starts_with('{'));
    let event = events
        .next()
        .unwrap_or_else(|| panic!("no audit event in {text}"));
    assert_eq!(events.next(), None, "one event for each call: {text}");
    serde_json::from_str(event).unwrap()
}

fn people() -> ConnectionName {
    ConnectionName::parse("Username-Password-Authentication").unwrap()
}

fn family(number: u8, user: &UserId, client: &str, created_at: Timestamp) -> Family {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_file_is_checked_and_imported() {
    let stack = Stack::start().await;
    let file = stack.file("tenant.yaml", &format!("hooks: [x]\n{TENANT}"));
    let file = file.to_str().unwrap();

    let set = "HOST=x.example";
    let import = ["tenant", "import", file, "--set", set, "--dry-run"];
    let dry = stack.call(&import, "").await;
    assert_eq!(stdout(&dry), "the file is fine: 1 client, 0 APIs, 1 user\n");
    assert_eq!(
        stderr(&dry),
        format!("warning: {file}:1:1: hooks: not supported yet\n")
    );
    assert_eq!(
        stack
            .store
            .load_login(&people(), "ada@example.com")
            .await
            .unwrap(),
        None
    );

    let host = stack.file("host", "x.example\n");
    let set = format!("HOST={}", host.display());
    let from_file = ["tenant", "import", file, "--set-file", &set, "--dry-run"];
    assert_eq!(
        stack.print(&from_file).await,
        "the file is fine: 1 client, 0 APIs, 1 user\n"
    );

    let arguments = [
        "tenant",
        "import",
        file,
        "--mappings",
        r#"{"HOST": "x.example"}"#,
    ];
    assert_eq!(
        stack.print(&arguments).await,
        "imported 1 client, 0 APIs, 1 user\n"
    );
    assert!(
        stack
            .store
            .load_login(&people(), "ada@example.com")
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tenant_file_breaks_of_rfc_9700_is_a_line_each_and_a_status() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("tenant.yaml");
    let file = path.to_str().unwrap();
    let check = async |text: &str| {
        std::fs::write(&path, text).unwrap();
        let mut command = program();
        command.args(["tenant", "check", file, "--set", "HOST=x.example"]);
        let output = finish(command, String::new()).await;
        (output.status.code(), stdout(&output), stderr(&output))
    };
    let sound = TENANT.replace("##ISSUER##", "http://127.0.0.1");
    let nothing = "the file breaks nothing of RFC 9700\n";
    assert_eq!(
        check(&sound).await,
        (Some(0), nothing.to_owned(), String::new())
    );

    let (status, said, error) = check(&sound.replace("##HOST##", "*.##HOST##")).await;
    assert_eq!(status, Some(1), "{said}");
    assert!(said.starts_with(&format!("{file}:4:")), "{said}");
    assert!(said.contains("clients[0].callbacks[1]: "), "{said}");
    assert!(said.ends_with("(RFC 9700 section 2.1, MUST)\n"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(error.starts_with("error: 1 place breaks"), "{error}");

    let secret = "app_type: regular_web\n    client_secret: 0123456789abcdef";
    let (status, said, error) = check(
        &sound
            .replace("app_type: native", secret)
            .replace("http:", "https:"),
    )
    .await;
    assert_eq!((status, error.as_str()), (Some(0), ""), "{said}");
    assert!(
        said.contains("(RFC 9700 section 2.5, RECOMMENDED)"),
        "{said}"
    );

    let query = sound.replace("##HOST##/callback", "##HOST##/callback?code=1");
    let (status, said, error) = check(&query).await;
    assert_eq!((status, said.as_str()), (Some(0), nothing));
    assert!(
        error.contains("clients[0].callbacks[1]: has `code` in its query"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_tenant_file_is_one_line_and_status_1() {
    let stack = Stack::start().await;
    let file = stack.file("tenant.yaml", TENANT);
    let file = file.to_str().unwrap();
    assert_eq!(
        stack.refuse(&["tenant", "import", file]).await,
        format!("error: {file}:4:49: the keyword `##HOST##` has no value\n")
    );
    let missing = stack
        .refuse(&["tenant", "import", "no/such/file.yaml"])
        .await;
    assert!(
        missing.starts_with("error: no/such/file.yaml: No such file"),
        "{missing}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_created_once_with_a_password_from_standard_input() {
    let stack = Stack::start().await;
    let create = [
        "users",
        "create",
        "--email",
        "ada@example.com",
        "--password-stdin",
    ];
    let output = stack.call(&create, "correct horse\n").await;
    assert!(output.status.success(), "{}", stderr(&output));

    let ada = stack
        .store
        .load_login(&people(), "ada@example.com")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stdout(&output), format!("{}\n", ada.user.user_id));
    let hash = ada.password_hash.unwrap();
    assert_eq!(
        hash.verify(&Secret::new("correct horse")),
        Verification::Match
    );

    let again = stack.call(&create, "another").await;
    assert_eq!(again.status.code(), Some(1));
    let id = &ada.user.user_id;
    assert_eq!(
        stderr(&again),
        format!("error: ada@example.com is the address of {id} already\n")
    );
    let empty = [
        "users",
        "create",
        "--email",
        "bob@example.com",
        "--password-stdin",
    ];
    assert_eq!(
        stack.refuse(&empty).await,
        "error: the password on standard input is empty\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_user_is_let_in_again_under_all_names() {
    let stack = Stack::start().await;
    let file = "users:\n  - {email: ada@example.com, username: ada}\n";
    let file = stack.file("tenant.yaml", file);
    stack
        .print(&["tenant", "import", file.to_str().unwrap()])
        .await;
    let connection = ConnectionName::parse("Username-Password-Authentication").unwrap();
    let counters =
        ["203.0.113.9", "203.0.113.10"].map(|origin| Counter::Origin(origin.parse().unwrap()));
    let record = stack.store.load_login(&connection, "ada").await.unwrap();
    // The user's, whichever name was typed, and the name's from before the user was there.
    let guessed = [
        Guessed::User(record.unwrap().user.user_id),
        Guessed::Name(connection, LoginName::parse("ada@example.com").unwrap()),
    ];
    let now = Clock::system().now();
    for guessed in &guessed {
        for counter in &counters {
            let added = stack.store.add_failure(guessed, counter, now);
            assert_eq!(added.await.unwrap().failures, 1);
        }
    }
    assert_eq!(
        stack.print(&["users", "unblock", "Ada@example.com"]).await,
        "forgot the failed logins as Ada@example.com from 4 places\n"
    );
    for guessed in &guessed {
        for counter in &counters {
            let left = stack.store.load_failures(guessed, counter);
            assert_eq!(left.await.unwrap(), Failures::default());
        }
    }
    assert_eq!(
        stack.print(&["users", "unblock", "nobody"]).await,
        "no failed logins as nobody\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_address_is_let_in_again_and_no_other() {
    let stack = Stack::start().await;
    let (limit, now) = (RateLimit::every(2, 864_000), Clock::system().now());
    let office = "2001:db8:1:2::1".parse().unwrap();
    let other = "203.0.113.9".parse().unwrap();
    for origin in [office, other, office, other] {
        let taken = stack.store.take_failure(origin, limit, now).await;
        assert!(taken.unwrap());
    }
    assert!(!stack.store.take_failure(office, limit, now).await.unwrap());
    let unblock = ["addresses", "unblock", "2001:db8:1:2:ffff::9"];
    assert_eq!(
        stack.print(&unblock).await,
        "forgot the failed logins from 2001:db8:1:2::\n"
    );
    assert!(stack.store.take_failure(office, limit, now).await.unwrap());
    assert!(!stack.store.take_failure(other, limit, now).await.unwrap());
    let unknown = stack.print(&["addresses", "unblock", "192.0.2.1"]).await;
    assert_eq!(unknown, "no failed logins from 192.0.2.1\n");
    let wrong = stack.call(&["addresses", "unblock", "office"], "").await;
    assert_eq!(wrong.status.code(), Some(2), "{}", stderr(&wrong));
}

#[tokio::test(flavor = "multi_thread")]
async fn families_are_listed_and_revoked() {
    let stack = Stack::start().await;
    let file = stack.file(
        "tenant.yaml",
        "users: [{email: ada@example.com, user_id: ada}]",
    );
    stack
        .print(&["tenant", "import", file.to_str().unwrap()])
        .await;
    assert_eq!(
        stack.print(&["families", "list", "ada@example.com"]).await,
        "auth0|ada has no families\n"
    );

    let user = UserId::parse("auth0|ada").unwrap();
    let now = Clock::system().now();
    let long_ago = Timestamp::from_secs(1_700_000_000);
    for family in [
        family(1, &user, "phone", now),
        family(2, &user, "web", now.plus(Lifetime::from_secs(1))),
        family(3, &user, "phone", long_ago),
    ] {
        stack.store.put_family(&family).await.unwrap();
    }
    let listed = stack.print(&["families", "list", "ada@example.com"]).await;
    let lines: Vec<_> = listed.lines().collect();
    assert!(lines[0].starts_with("FAMILY "), "{listed}");
    assert!(
        lines[1].contains(" web ") && lines[1].contains(" live "),
        "{listed}"
    );
    assert!(
        lines[2].contains(" phone ") && lines[2].contains(" live "),
        "{listed}"
    );
    assert_eq!(
        lines[3],
        "03030303030303030303030303030303  phone   https://api.example.com  0           expired  \
         2023-11-14T22:13:20.000Z  -               2023-11-29T22:13:20.000Z"
    );

    assert_eq!(
        stack
            .print(&["families", "revoke", "auth0|ada", "--client", "phone"])
            .await,
        "revoked 1 family of auth0|ada\n"
    );
    let family = "02020202020202020202020202020202";
    assert_eq!(
        stack
            .print(&["families", "revoke", "ada@example.com", family])
            .await,
        "revoked 1 family of auth0|ada\n"
    );
    let json = stack
        .print(&["families", "list", "auth0|ada", "--json"])
        .await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    // Nothing is left of those that were revoked.
    assert_eq!(json.as_array().map(Vec::len), Some(1));
    assert_eq!(json[0]["status"], "expired");
    assert_eq!(
        stack
            .refuse(&["families", "revoke", "auth0|ada", &"0".repeat(32)])
            .await,
        format!("error: auth0|ada has no family {}\n", "0".repeat(32))
    );
    assert_eq!(
        stack.refuse(&["families", "list", "bob@example.com"]).await,
        "error: nobody logs in to Username-Password-Authentication as bob@example.com\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_are_listed_and_deleted_with_their_families() {
    let stack = Stack::start().await;
    let user = UserId::parse("auth0|ada").unwrap();
    assert_eq!(
        stack.print(&["grants", "list", "auth0|ada"]).await,
        "auth0|ada has granted nothing\n"
    );
    let now = Clock::system().now();
    let partner = ClientId::parse("partner").unwrap();
    stack.agree(&user, &partner, now).await;
    for family in [
        family(1, &user, "phone", now),
        family(2, &user, "phone", now),
        family(3, &user, "web", now),
    ] {
        stack.store.put_family(&family).await.unwrap();
    }
    let api = "https://api.example.com";
    assert_eq!(
        stack.print(&["grants", "list", "auth0|ada"]).await,
        format!(
            "CLIENT   AUDIENCE                 SCOPE
partner  -                        email openid
phone    {api}  openid offline_access
web      {api}  openid offline_access
"
        )
    );

    let delete = ["grants", "delete", "auth0|ada"];
    let of_phone = [delete.as_slice(), &["--client", "phone", "--audience", api]].concat();
    assert_eq!(
        stack.print(&of_phone).await,
        "deleted 1 grant of auth0|ada, ended 2 families\n"
    );
    assert_eq!(
        stack.print(&of_phone).await,
        "deleted 0 grants of auth0|ada, ended 0 families\n"
    );
    let families = stack.print(&["families", "list", "auth0|ada"]).await;
    assert_eq!(families.lines().count(), 2, "{families}");
    assert_eq!(families.matches(" live ").count(), 1, "{families}");

    assert_eq!(
        stack.print(&delete).await,
        "deleted 2 grants of auth0|ada, ended 1 family\n"
    );
    let listed = stack
        .print(&["grants", "list", "auth0|ada", "--json"])
        .await;
    assert_eq!(listed, "[]\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_waits_before_it_seals() {
    let stack = Stack::start().await;
    let none = stack.print(&["keys", "list"]).await;
    assert_eq!(
        none,
        "there are no keys yet; the first function that starts makes one\n"
    );

    let rotated = stack.print(&["keys", "rotate"]).await;
    assert!(
        rotated.starts_with("added key 2, which seals from "),
        "{rotated}"
    );
    let json = stack.print(&["keys", "list", "--json"]).await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["status"], "active");
    assert_eq!(json[1]["status"], "pending");
    let listed = stack.print(&["keys", "list"]).await;
    assert!(
        listed.starts_with("KEY  STATUS   ACTIVE FROM\n1    active   "),
        "{listed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_cannot_be_reached_is_one_line() {
    let stack = Stack::start().await;
    let mut command = program();
    command.args([
        "--endpoint",
        "http://127.0.0.1:1",
        "--table",
        "x",
        "keys",
        "list",
    ]);
    let output = finish(command, String::new()).await;
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.starts_with("error: store unavailable"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");

    let mut command = program();
    command.args([
        "--endpoint",
        &stack.endpoint,
        "--table",
        "x",
        "keys",
        "list",
    ]);
    let said = stderr(&finish(command, String::new()).await);
    assert!(said.starts_with("error: store refused"), "{said}");

    let mut command = program();
    command
        .args([
            "--endpoint",
            &stack.endpoint,
            "--table",
            "ratchet",
            "--key-file",
            "no/keys.json",
        ])
        .args(["--issuer", "http://127.0.0.1:3000/", "keys", "rotate"]);
    let output = finish(command, String::new()).await;
    assert_eq!(
        stderr(&output),
        "error: key file no/keys.json: there is none\n"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_call_is_status_2() {
    for (arguments, said) in [
        (
            &["keys", "list"][..],
            "error: --table is missing (or the variable TABLE_NAME)",
        ),
        (
            &["keys", "rotate", "--table", "x"],
            "error: --issuer is missing (or the variable ISSUER)",
        ),
        (
            &["keys", "rotate", "--table", "x", "--issuer", "x"],
            "error: --issuer must be a URL",
        ),
        (
            &["tenant", "import", "x", "--set", "HOST"],
            "error: invalid value 'HOST'",
        ),
        (
            &["tenant", "import", "x", "--set-file", "HOST=no/such/file"],
            "error: --set-file: no/such/file: No such file",
        ),
        (
            &["tenant", "import", "x", "--mappings", "[]"],
            "error: --mappings: the keyword mappings",
        ),
        (
            &["users", "create", "--email", "a@b.example"],
            "error: the following required arguments",
        ),
        (&["families"], "Families of refresh tokens"),
        (&["frobnicate"], "error: unrecognized subcommand"),
    ] {
        let mut command = program();
        command.args(arguments);
        let output = finish(command, String::new()).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).starts_with(said), "{}", stderr(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_are_listed_and_one_that_does_not_compile_imports_nothing() {
    const RULE: &str = "function (user, context, callback) { callback(null, user, context); }\n";
    let stack = Stack::start().await;
    assert_eq!(stack.print(&["rules", "list"]).await, "no rules run\n");
    stack.file("a.js", RULE);
    stack.file("code.js", "exports.onExecutePostLogin = async () => {};\n");
    let text = "rules:
  - {name: Later, script: ./a.js, order: 20}
  - {name: First, script: ./a.js, order: 3}
  - {name: Off, script: ./a.js, order: 1, enabled: false}
actions:
  - {name: Plan, code: ./code.js, supported_triggers: [{id: post-login}], secrets: [{name: KEY, value: x}]}
triggers: {post-login: [{action_name: Plan}]}
";
    let file = stack.file("tenant.yaml", text);
    let import = ["tenant", "import", file.to_str().unwrap()];
    assert_eq!(
        stack.print(&import).await,
        "imported 0 clients, 0 APIs, 0 users, 2 rules, 1 Action\n"
    );
    // As `sha256sum` has it.
    assert_eq!(
        stack.print(&["rules", "list"]).await,
        "ORDER  NAME   BYTES  SHA256\n\
         3      First  70     ee3476a856af\n\
         20     Later  70     ee3476a856af\n"
    );
    assert_eq!(
        stack.print(&["actions", "list"]).await,
        "NAME  BYTES  SHA256        SECRETS\n\
         Plan  45     323ca3954090  KEY\n"
    );

    stack.file("a.js", "function (user {}");
    stack.file(
        "tenant.yaml",
        &format!("tenant: {{friendly_name: Shop}}\n{text}"),
    );
    let error = stack.refuse(&import).await;
    assert!(error.starts_with("error: ./a.js:1:"), "{error}");
    let settings = stack.store.load_settings().await.unwrap().unwrap();
    assert_ne!(settings.friendly_name, "Shop");
    assert_eq!(stack.print(&["rules", "list"]).await.lines().count(), 3);
}

fn session(number: u8, user: &User, clients: &[&str]) -> (SessionId, Session) {
    let id = SessionId::from_bytes([number; 16]);
    let now = Clock::system().now();
    let mut session = Session::begin(user, format!("si1_{number}"), &Settings::default(), now);
    let clients = clients.iter().map(|id| ClientId::parse(*id).unwrap());
    session.clients.extend(clients);
    (id, session)
}

impl Stack {
    /// A user with two sessions and a family.
    async fn with_ada() -> (Self, UserId) {
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
        let mut family = family(1, &id, "phone", Clock::system().now());
        family.valid_from = record.user.valid_from.refresh_tokens;
        stack.store.put_family(&family).await.unwrap();
        (stack, id)
    }

    async fn sessions(&self) -> Vec<String> {
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

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_revoked() {
    let (stack, id) = Stack::with_ada().await;
    let listed = stack.print(&["sessions", "list", "ada@example.com"]).await;
    assert!(listed.starts_with("SESSION "), "{listed}");
    assert!(listed.contains("spa web"), "{listed}");
    assert_eq!(stack.sessions().await, ["si1_1", "si1_2"]);
    let unknown = ["sessions", "revoke", "ada@example.com", "si1_3"];
    assert_eq!(
        stack.refuse(&unknown).await,
        "error: auth0|ada has no such session\n"
    );
    let revoke = ["sessions", "revoke", "ada@example.com", "si1_1"];
    assert_eq!(stack.print(&revoke).await, "ended 1 session of auth0|ada\n");
    assert_eq!(stack.sessions().await, ["si1_2"]);
    assert_eq!(
        stack.print(&["sessions", "revoke", id.as_str()]).await,
        "ended 1 session of auth0|ada\n"
    );
    assert_eq!(
        stack.print(&["sessions", "list", "ada@example.com"]).await,
        "auth0|ada is logged in nowhere\n"
    );
    // Refresh tokens live on.
    let families = stack.store.load_families(&id).await.unwrap();
    assert_eq!(families[0].ended, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_logged_out_everywhere() {
    let (stack, id) = Stack::with_ada().await;
    assert_eq!(
        stack.print(&["users", "log-out", "ada@example.com"]).await,
        "logged auth0|ada out everywhere: ended 2 sessions and 1 family\n"
    );
    assert_eq!(stack.sessions().await, Vec::<String>::new());
    assert_eq!(stack.store.load_families(&id).await.unwrap(), []);
    // Once more ends nothing more.
    assert_eq!(
        stack.print(&["users", "log-out", "auth0|ada"]).await,
        "logged auth0|ada out everywhere: ended 0 sessions and 0 families\n"
    );
    let unknown = stack.refuse(&["users", "log-out", "auth0|eve"]).await;
    assert_eq!(unknown, "error: there is no user auth0|eve\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_blocked_and_unblocked() {
    let (stack, id) = Stack::with_ada().await;
    let blocked = stack.print(&["users", "block", "ada@example.com"]).await;
    assert!(
        blocked.starts_with("blocked auth0|ada: ended 2 sessions"),
        "{blocked}"
    );
    let user = async || stack.store.load_user(&id).await.unwrap().unwrap().user;
    assert!(user().await.blocked);
    assert_eq!(stack.sessions().await, Vec::<String>::new());
    for named in ["ada@example.com", "auth0|ada"] {
        let unblocked = stack.print(&["users", "unblock", named]).await;
        assert!(
            unblocked.starts_with("unblocked auth0|ada\n"),
            "{unblocked}"
        );
        assert!(!user().await.blocked);
        stack.print(&["users", "block", named]).await;
    }
    // Sessions stay over, refresh tokens come back.
    stack.print(&["users", "unblock", "auth0|ada"]).await;
    assert_eq!(stack.sessions().await, Vec::<String>::new());
    let families = stack.store.load_families(&id).await.unwrap();
    assert_eq!(families[0].ended, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_deleted() {
    let (stack, id) = Stack::with_ada().await;
    assert_eq!(
        stack.print(&["users", "delete", "ada@example.com"]).await,
        "deleted auth0|ada: ended 2 sessions and 1 family\n"
    );
    assert!(stack.store.load_user(&id).await.unwrap().is_none());
    let again = stack.refuse(&["users", "delete", "auth0|ada"]).await;
    assert_eq!(again, "error: there is no user auth0|ada\n");
}

/// The profile goes first: a user whose deletion was cut short is gone, but what they agreed to is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_was_cut_short_is_finished_by_the_next() {
    let stack = Stack::start().await;
    let user = UserId::parse("auth0|gone").unwrap();
    let partner = ClientId::parse("partner").unwrap();
    stack.agree(&user, &partner, Clock::system().now()).await;
    let refused = stack.refuse(&["users", "delete", "auth0|gone"]).await;
    assert_eq!(refused, "error: there is no user auth0|gone\n");
    let left = stack.store.load_grant(&user, &partner, None).await;
    assert!(left.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_deleted_and_nothing_else() {
    let stack = Stack::start().await;
    let tenant = "clients: [{name: Phone, client_id: phone, app_type: native}]\nusers: [{email: ada@example.com}]";
    let file = stack.file("tenant.yaml", tenant);
    let import = ["tenant", "import", file.to_str().unwrap()];
    stack.print(&import).await;
    let id = ClientId::parse("phone").unwrap();
    let client = async || stack.store.load_client(&id).await.unwrap();
    assert!(client().await.is_some());
    assert_eq!(
        stack.print(&["clients", "delete", "phone"]).await,
        "deleted phone; running functions refuse it within a minute\n"
    );
    assert!(client().await.is_none());
    let again = stack.refuse(&["clients", "delete", "phone"]).await;
    assert_eq!(again, "error: there is no application phone\n");
    let ada = stack.store.load_login(&people(), "ada@example.com").await;
    assert!(ada.unwrap().is_some());
}

/// A call of every command with what its audit event names, and how it ends on a table without a user.
const CALLS: [(&[&str], &str, &str); 22] = [
    (&["tenant", "check", "missing.yaml"], "file", "refused"),
    (&["tenant", "import", "missing.yaml"], "file", "refused"),
    (
        &[
            "users",
            "create",
            "--email",
            "ada@example.com",
            "--password-stdin",
        ],
        "email",
        "refused",
    ),
    (&["users", "unblock", "ada@example.com"], "user", "done"),
    (&["addresses", "unblock", "203.0.113.9"], "address", "done"),
    (&["families", "list", "auth0|1"], "user", "done"),
    (&["families", "revoke", "auth0|1"], "user", "done"),
    (&["grants", "list", "auth0|1"], "user", "done"),
    (&["grants", "delete", "auth0|1"], "user", "done"),
    (&["keys", "list"], "table", "done"),
    (&["keys", "rotate"], "table", "done"),
    // Keys of a key file are named as those in KMS are.
    (&["keys", "rotate-signing"], "table", "failed"),
    (&["rules", "list"], "table", "done"),
    (&["rules", "test", "missing.js"], "script", "refused"),
    (&["actions", "list"], "table", "done"),
    (&["actions", "test", "missing.js"], "script", "refused"),
    (&["users", "log-out", "auth0|1"], "user", "refused"),
    (&["users", "block", "auth0|1"], "user", "refused"),
    (&["users", "delete", "auth0|1"], "user", "refused"),
    (&["sessions", "list", "auth0|1"], "user", "done"),
    (&["sessions", "revoke", "auth0|1"], "user", "done"),
    (&["clients", "delete", "nobody"], "client_id", "refused"),
];

/// The names of all commands, as the help lists them.
async fn commands(path: &[&str]) -> Vec<String> {
    let mut command = program();
    command.args(path).arg("--help");
    let help = stdout(&finish(command, String::new()).await);
    let Some((_, below)) = help.split_once("\nCommands:\n") else {
        return vec![path.join(" ")];
    };
    let names = below.lines().take_while(|line| !line.is_empty());
    let names = names.filter_map(|line| line.split_whitespace().next());
    let mut found = Vec::new();
    for name in names.filter(|name| *name != "help") {
        let path: Vec<_> = path.iter().copied().chain([name]).collect();
        found.extend(Box::pin(commands(&path)).await);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_is_an_audit_event() {
    let stack = Stack::start().await;
    let mut left = commands(&[]).await;
    for (call, named, outcome) in CALLS {
        let output = stack.call(call, "").await;
        let event = audit_event(&output);
        let name = event["description"].as_str().unwrap().to_owned();
        assert_eq!(name, call[..2].join(" "));
        left.retain(|command| *command != name);
        assert_eq!(event["outcome"], outcome, "{event}");
        assert!(event["on"][named].is_string(), "{event}");
        let caller = event["caller"].as_str().unwrap();
        assert_eq!(caller, format!("os:{}", event["os_user"].as_str().unwrap()));
        assert!(
            event["timestamp"].as_str().unwrap().ends_with('Z'),
            "{event}"
        );
        let code = match event["description"].as_str().unwrap().rsplit(' ').next() {
            _ if outcome != "done" => "fapi",
            Some("list") => "mgmt_api_read",
            _ => "sapi",
        };
        assert_eq!(event["type"], code, "{event}");
        assert_eq!(event.get("reason").is_some(), outcome != "done", "{event}");
    }
    assert_eq!(left, Vec::<String>::new(), "add a call of each to `CALLS`");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_event_has_no_secret() {
    let stack = Stack::start().await;
    let file = stack.file("tenant.yaml", TENANT);
    let file = file.to_str().unwrap();
    let set = ["--set", "HOST=top-secret.example"];
    let import = [&["tenant", "import", file][..], &set].concat();
    let output = stack.call(&import, "").await;
    assert!(output.status.success(), "{}", stderr(&output));
    let event = audit_event(&output);
    assert_eq!(event["on"]["file"], file);
    assert!(!event.to_string().contains("top-secret"), "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_events_are_appended_to_a_file_or_nothing_is_done() {
    let stack = Stack::start().await;
    let log = stack.folder.path().join("audit.log");
    for _ in 0..2 {
        let output = stack
            .call(
                &["keys", "rotate", "--audit-log", log.to_str().unwrap()],
                "",
            )
            .await;
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    }
    let text = std::fs::read_to_string(&log).unwrap();
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events.len(), 2, "{text}");
    assert_eq!(events[0]["on"]["table"], json!("ratchet"));

    let before = stack.print(&["keys", "list"]).await;
    let nowhere = ["keys", "rotate", "--audit-log", "no/such/folder/audit.log"];
    let refused = stack.refuse(&nowhere).await;
    assert!(refused.contains("no/such/folder/audit.log"), "{refused}");
    assert_eq!(stack.print(&["keys", "list"]).await, before);
}
