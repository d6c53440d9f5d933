//! Scripts beside the tenant file: their import, the messages about invalid ones, and the effect of a change at the
//! next refresh.

use std::process::{Command, Stdio};

use harness::{
    Launch, Server, apps::SPA_STRICT, deployed::require_own_server, jwt, process::binary, tenant,
};
use serde_json::{Value, json};

const REASON: &str = "edits the files of the server";
const CLAIM: &str = "https://example.com/plan";

/// A Rule that puts a plan into the ID token.
fn rule(plan: &str) -> String {
    format!(
        "function (user, context, callback) {{
  context.idToken['{CLAIM}'] = {plan};
  callback(null, user, context);
}}"
    )
}

fn with_rules(rules: &str) -> String {
    format!("{}\n{rules}", tenant::base())
}

fn one_rule() -> String {
    with_rules("rules:\n  - {name: Plan, script: ./rules/Plan.js, order: 1, enabled: true}\n")
}

/// The Rule's claim after a refresh; stores the next refresh token.
async fn refreshed(server: &Server, token: &mut String) -> Value {
    let tokens = server.refreshed(&SPA_STRICT, token).await;
    *token = tokens.refresh_token();
    jwt::peek(&tokens.id_token()).1[CLAIM].clone()
}

#[harness::test]
async fn a_script_that_is_saved_runs_at_the_next_refresh_and_a_broken_one_leaves_the_last() {
    let launch = Launch::new().tenant(one_rule());
    let launch = launch.file("rules/Plan.js", &rule("'gold'"));
    let server = launch.start(REASON);
    let login = server.login(&SPA_STRICT).tokens().await;
    assert_eq!(jwt::peek(&login.id_token()).1[CLAIM], "gold");
    let mut token = login.refresh_token();
    assert_eq!(refreshed(&server, &mut token).await, "gold");

    server.write_file("rules/Plan.js", &rule("'silver'"));
    assert_eq!(refreshed(&server, &mut token).await, "silver");
    assert!(server.log().contains("reloaded "), "{}", server.log());

    server.write_file("rules/Plan.js", &rule("'bronze"));
    assert_eq!(refreshed(&server, &mut token).await, "silver");
    let log = server.log();
    assert!(log.contains("not reloaded: ./rules/Plan.js:2:"), "{log}");

    server.write_file("rules/Plan.js", &rule("'bronze'"));
    assert_eq!(refreshed(&server, &mut token).await, "bronze");
}

#[harness::test]
async fn a_rule_that_is_added_disabled_or_removed_in_the_tenant_file_counts_at_once() {
    let server = Launch::new().tenant(with_rules("")).start(REASON);
    let mut token = server.login(&SPA_STRICT).refresh_token().await;
    assert_eq!(refreshed(&server, &mut token).await, Value::Null);

    // The named file is missing; the server reports the tenant's error until it exists.
    server.write_file("tenant.yaml", &one_rule());
    assert_eq!(refreshed(&server, &mut token).await, Value::Null);
    let log = server.log();
    assert!(
        log.contains("./rules/Plan.js: there is no such file"),
        "{log}"
    );
    server.write_file("rules/Plan.js", &rule("'gold'"));
    assert_eq!(refreshed(&server, &mut token).await, "gold");

    let disabled = one_rule().replace("enabled: true", "enabled: false");
    server.write_file("tenant.yaml", &disabled);
    assert_eq!(refreshed(&server, &mut token).await, Value::Null);
    server.write_file("tenant.yaml", &one_rule());
    assert_eq!(refreshed(&server, &mut token).await, "gold");
    server.write_file("tenant.yaml", &with_rules("rules: []\n"));
    assert_eq!(refreshed(&server, &mut token).await, Value::Null);
}

#[harness::test]
async fn rules_run_in_their_order_with_their_configuration() {
    let rules = "rules:
  - {name: Second, order: 20, script: ./rules/Second.js}
  - {name: First, order: 3, script: ./rules/First.js}
rulesConfigs:
  - {key: PLAN, value: gold}
";
    let launch = Launch::new()
        .tenant(with_rules(rules))
        .file("rules/First.js", &rule("['first', configuration.PLAN]"))
        .file(
            "rules/Second.js",
            &rule(&format!("context.idToken['{CLAIM}'].concat('second')")),
        );
    let server = launch.start(REASON);
    let mut token = server.login(&SPA_STRICT).refresh_token().await;
    assert_eq!(
        refreshed(&server, &mut token).await,
        json!(["first", "gold", "second"])
    );
}

#[harness::test]
fn a_script_that_does_not_compile_is_named_with_file_line_and_column_before_anything_starts() {
    require_own_server(REASON);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("tenant.yaml");
    std::fs::write(&file, one_rule()).expect("the file can be written");
    std::fs::create_dir(folder.path().join("rules")).expect("the folder can be made");
    let script = folder.path().join("rules/Plan.js");
    std::fs::write(
        script,
        "function (user, context, callback) {\n  var a = ;\n}",
    )
    .expect("it can");
    let output = Command::new(binary())
        .args(["--port", "0", "--data", "memory", "--tenant"])
        .arg(&file)
        .stdin(Stdio::null())
        .env_remove("RUST_LOG")
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("error: ./rules/Plan.js:2:11: "), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
}
