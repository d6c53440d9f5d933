//! `grants list` and `delete`.

use ratchet_domain::ids::{ClientId, UserId};
use ratchet_system::Clock;

use crate::stack::{Stack, family};

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
