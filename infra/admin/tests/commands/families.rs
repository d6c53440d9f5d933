//! `families list` and `revoke`.

use ratchet_domain::{
    ids::UserId,
    time::{Lifetime, Timestamp},
};
use ratchet_system::Clock;

use crate::stack::{Stack, family};

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
    // The application is not in the tenant, but there may be families of one that was removed.
    assert_eq!(
        stack
            .refuse(&["families", "revoke", "auth0|ada", "--client", "phnoe"])
            .await,
        "error: there is no application phnoe\n"
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
    // The revoked families are deleted.
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
        "error: Username-Password-Authentication has no user with the login name bob@example.com\n"
    );
}
