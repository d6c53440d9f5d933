//! `grants list` and `delete`.

use ratchet_domain::{
    code::AuthorizationCode,
    ids::{ClientId, CodeId, UserId},
    time::{Lifetime, Timestamp},
};
use ratchet_system::Clock;
use serde_json::json;

use crate::stack::{Stack, family};

const API: &str = "https://api.example.com";
const TENANT: &str = "clients:
  - {name: Phone, client_id: phone, app_type: native, oidc_conformant: true}
resourceServers:
  - {name: Orders, identifier: 'https://api.example.com'}
";

impl Stack {
    async fn with_an_application_and_an_api() -> Self {
        let stack = Self::start().await;
        let file = stack.file("tenant.yaml", TENANT);
        let import = ["tenant", "import", file.to_str().unwrap()];
        stack.print(&import).await;
        stack
    }
}

/// A code for the API that has not been exchanged.
fn code(user: &UserId, client: &str, now: Timestamp) -> AuthorizationCode {
    let code = json!({
        "user_id": user,
        "client_id": client,
        "redirect_uri": "https://app.example.com/callback",
        "redirect_uri_was_sent": true,
        "audience": API,
        "scope": "openid",
        "auth_time": now,
        "tells_auth_time": false,
        "session_id": "si1_1",
        "expires_at": now.plus(Lifetime::from_secs(600)),
    });
    serde_json::from_value(code).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_are_listed_and_deleted_with_their_families() {
    let stack = Stack::with_an_application_and_an_api().await;
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
    assert_eq!(
        stack.print(&["grants", "list", "auth0|ada"]).await,
        format!(
            "CLIENT   AUDIENCE                 SCOPE
partner  -                        email openid
phone    {API}  openid offline_access
web      {API}  openid offline_access
"
        )
    );

    let delete = ["grants", "delete", "auth0|ada"];
    let of_phone = [delete.as_slice(), &["--client", "phone", "--audience", API]].concat();
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
async fn the_grants_without_an_api_are_deleted_under_the_name_of_userinfo() {
    let stack = Stack::start().await;
    let user = UserId::parse("auth0|ada").unwrap();
    let now = Clock::system().now();
    let partner = ClientId::parse("partner").unwrap();
    stack.agree(&user, &partner, now).await;
    let family = family(1, &user, "phone", now);
    stack.store.put_family(&family).await.unwrap();
    let userinfo = ["--audience", "http://127.0.0.1:3000/userinfo"];
    let delete = [&["grants", "delete", "auth0|ada"], &userinfo[..]].concat();
    assert_eq!(
        stack.print(&delete).await,
        "deleted 1 grant of auth0|ada, ended 0 families\n"
    );
    let left = stack.print(&["grants", "list", "auth0|ada"]).await;
    assert!(left.contains(API) && !left.contains("partner"), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_counts_the_codes_that_were_not_exchanged() {
    let stack = Stack::with_an_application_and_an_api().await;
    let user = UserId::parse("auth0|ada").unwrap();
    let now = Clock::system().now();
    for (n, client) in [(1, "phone"), (2, "web")] {
        let id = CodeId::from_bytes([n; 16]);
        stack
            .store
            .put_code(id, &code(&user, client, now))
            .await
            .unwrap();
    }
    let delete = ["grants", "delete", "auth0|ada", "--client", "phone"];
    assert_eq!(
        stack.print(&delete).await,
        "deleted 0 grants and 1 code of auth0|ada, ended 0 families\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_application_or_api_is_rejected_unless_the_user_has_a_grant_to_it() {
    let stack = Stack::with_an_application_and_an_api().await;
    let user = UserId::parse("auth0|ada").unwrap();
    let delete = ["grants", "delete", "auth0|ada"];
    for (selected, error) in [
        (
            &["--client", "removed"][..],
            "error: there is no application removed\n",
        ),
        (
            &["--client", "phone", "--audience", "https://typo.example"],
            "error: there is no API https://typo.example\n",
        ),
    ] {
        let call = [&delete[..], selected].concat();
        assert_eq!(stack.refuse(&call).await, error);
    }
    let family = family(1, &user, "removed", Clock::system().now());
    stack.store.put_family(&family).await.unwrap();
    assert_eq!(
        stack
            .print(&[&delete[..], &["--client", "removed"]].concat())
            .await,
        "deleted 1 grant of auth0|ada, ended 1 family\n"
    );
}
