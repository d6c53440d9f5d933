//! `sessions list` and `revoke`.

use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_changes_a_password_ends_what_began_with_the_old_one() {
    let (stack, id) = Stack::with_ada().await;
    let tenant =
        "users: [{email: ada@example.com, user_id: ada, password: correct horse battery staple}]";
    let file = stack.file("tenant.yaml", tenant);
    let import = ["tenant", "import", file.to_str().unwrap()];
    assert_eq!(
        stack.print(&import).await,
        "imported 0 clients, 0 APIs, 1 user\n"
    );
    assert_eq!(stack.sessions().await, Vec::<String>::new());
    assert_eq!(
        stack.print(&["families", "list", id.as_str()]).await,
        "auth0|ada has no families\n"
    );
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
    // Refresh tokens stay valid.
    let families = stack.store.load_families(&id).await.unwrap();
    assert_eq!(families[0].ended, None);
}
