//! Audit events: one for each call of each command.

use serde_json::{Value, json};

use crate::stack::{Stack, TENANT, audit_event, finish, program, stderr, stdout};

/// One call of every command, with the object in its audit event and its outcome on a table without users.
const CALLS: [(&[&str], &str, &str); 23] = [
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
    // With a key file, too, the call has to name the new keys.
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
    (&["clients", "delete", "unknown"], "client_id", "refused"),
    // It reads an account of AWS, and the calls are for an embedded database.
    (
        &["preflight", "--refreshes-per-second", "9"],
        "refreshes_per_second",
        "refused",
    ),
];

/// Names of all commands in the help.
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
        let words = call[..2].iter().filter(|word| !word.starts_with('-'));
        assert_eq!(name, words.copied().collect::<Vec<_>>().join(" "));
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
