//! Calls that fail: status, and one line.

use crate::stack::{Stack, finish, program, stderr};

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
            &[
                "--table",
                "x",
                "--issuer",
                "http://127.0.0.1:3000/",
                "--key-file",
                "keys.json",
                "keys",
                "rotate-signing",
                "--signing-mode",
                "wrapped",
            ],
            "error: --signing-mode (or the variable SIGNING_MODE) is for keys in KMS",
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
