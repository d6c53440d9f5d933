//! `tenant check` and `tenant import`.

use tempfile::TempDir;

use crate::stack::{Stack, TENANT, finish, people, program, stderr, stdout};

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
async fn each_violation_of_rfc_9700_is_a_line_and_sets_the_exit_status() {
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
