//! `keys list` and `rotate`.

use crate::stack::Stack;

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
