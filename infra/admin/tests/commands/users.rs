//! `users create`, `unblock`, `log-out`, `block` and `delete`.

use ratchet_domain::{
    brute_force::{Counter, Failures, Guessed},
    ids::{ClientId, ConnectionName, UserId},
    secret::Secret,
    user::LoginName,
};
use ratchet_keys::password::{self, Verification};
use ratchet_system::Clock;

use crate::stack::{Stack, people, stderr, stdout};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_created_once_with_a_password_from_standard_input() {
    let stack = Stack::start().await;
    let create = [
        "users",
        "create",
        "--email",
        "ada@example.com",
        "--password-stdin",
    ];
    let output = stack.call(&create, "correct horse\n").await;
    assert!(output.status.success(), "{}", stderr(&output));

    let ada = stack
        .store
        .load_login(&people(), "ada@example.com")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stdout(&output), format!("{}\n", ada.user.user_id));
    let hash = ada.password_hash.unwrap();
    assert_eq!(
        password::verify(&hash, &Secret::new("correct horse")),
        Verification::Match
    );

    let again = stack.call(&create, "another").await;
    assert_eq!(again.status.code(), Some(1));
    let id = &ada.user.user_id;
    assert_eq!(
        stderr(&again),
        format!("error: ada@example.com is the address of {id} already\n")
    );
    let empty = [
        "users",
        "create",
        "--email",
        "bob@example.com",
        "--password-stdin",
    ];
    assert_eq!(
        stack.refuse(&empty).await,
        "error: the password on standard input is empty\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_user_is_let_in_again_under_all_names() {
    let stack = Stack::start().await;
    let file = "users:\n  - {email: ada@example.com, username: ada}\n";
    let file = stack.file("tenant.yaml", file);
    stack
        .print(&["tenant", "import", file.to_str().unwrap()])
        .await;
    let connection = ConnectionName::parse("Username-Password-Authentication").unwrap();
    let counters =
        ["203.0.113.9", "203.0.113.10"].map(|origin| Counter::Origin(origin.parse().unwrap()));
    let record = stack.store.load_login(&connection, "ada").await.unwrap();
    // Failures of the user, under any name, and failures of the name from before the user existed.
    let guessed = [
        Guessed::User(record.unwrap().user.user_id),
        Guessed::Name(connection, LoginName::parse("ada@example.com").unwrap()),
    ];
    let now = Clock::system().now();
    for guessed in &guessed {
        for counter in &counters {
            let added = stack.store.add_failure(guessed, counter, now);
            assert_eq!(added.await.unwrap().failures, 1);
        }
    }
    assert_eq!(
        stack.print(&["users", "unblock", "Ada@example.com"]).await,
        "forgot the failed logins as Ada@example.com from 4 places\n"
    );
    for guessed in &guessed {
        for counter in &counters {
            let left = stack.store.load_failures(guessed, counter);
            assert_eq!(left.await.unwrap(), Failures::default());
        }
    }
    assert_eq!(
        stack.print(&["users", "unblock", "unknown"]).await,
        "no failed logins as unknown\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_logged_out_everywhere() {
    let (stack, id) = Stack::with_ada().await;
    assert_eq!(
        stack.print(&["users", "log-out", "ada@example.com"]).await,
        "logged auth0|ada out everywhere: ended 2 sessions and 1 family\n"
    );
    assert_eq!(stack.sessions().await, Vec::<String>::new());
    assert_eq!(stack.store.load_families(&id).await.unwrap(), []);
    // A second call ends nothing more.
    assert_eq!(
        stack.print(&["users", "log-out", "auth0|ada"]).await,
        "logged auth0|ada out everywhere: ended 0 sessions and 0 families\n"
    );
    let unknown = stack.refuse(&["users", "log-out", "auth0|eve"]).await;
    assert_eq!(unknown, "error: there is no user auth0|eve\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_blocked_and_unblocked() {
    let (stack, id) = Stack::with_ada().await;
    let blocked = stack.print(&["users", "block", "ada@example.com"]).await;
    assert!(
        blocked.starts_with("blocked auth0|ada: ended 2 sessions"),
        "{blocked}"
    );
    let user = async || stack.store.load_user(&id).await.unwrap().unwrap().user;
    assert!(user().await.blocked);
    assert_eq!(stack.sessions().await, Vec::<String>::new());
    for named in ["ada@example.com", "auth0|ada"] {
        let unblocked = stack.print(&["users", "unblock", named]).await;
        assert!(
            unblocked.starts_with("unblocked auth0|ada\n"),
            "{unblocked}"
        );
        assert!(!user().await.blocked);
        stack.print(&["users", "block", named]).await;
    }
    // Sessions stay ended; refresh tokens are valid again.
    stack.print(&["users", "unblock", "auth0|ada"]).await;
    assert_eq!(stack.sessions().await, Vec::<String>::new());
    let families = stack.store.load_families(&id).await.unwrap();
    assert_eq!(families[0].ended, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_deleted() {
    let (stack, id) = Stack::with_ada().await;
    assert_eq!(
        stack.print(&["users", "delete", "ada@example.com"]).await,
        "deleted auth0|ada: ended 2 sessions and 1 family\n"
    );
    assert!(stack.store.load_user(&id).await.unwrap().is_none());
    let again = stack.refuse(&["users", "delete", "auth0|ada"]).await;
    assert_eq!(again, "error: there is no user auth0|ada\n");
}

/// A deletion removes the profile first, so an interrupted one leaves a user who is gone but whose consents are not.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_was_cut_short_is_finished_by_the_next() {
    let stack = Stack::start().await;
    let user = UserId::parse("auth0|gone").unwrap();
    let partner = ClientId::parse("partner").unwrap();
    stack.agree(&user, &partner, Clock::system().now()).await;
    let refused = stack.refuse(&["users", "delete", "auth0|gone"]).await;
    assert_eq!(refused, "error: there is no user auth0|gone\n");
    let left = stack.store.load_grant(&user, &partner, None).await;
    assert!(left.unwrap().is_none());
}
