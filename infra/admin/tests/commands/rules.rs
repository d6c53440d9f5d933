//! `rules list` and `actions list`, and imports of scripts.

use crate::stack::Stack;

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
    // The digests of `sha256sum`.
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
