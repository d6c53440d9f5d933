//! The count of failed logins.

use ratchet_domain::{
    brute_force::{Counter, Failures, Guessed},
    ids::UserId,
    secret::Secret,
    throttle::{Bucket, Origin, RateLimit},
    time::Timestamp,
    user::LoginName,
    valid_from::RefreshTokensThen,
};
use ratchet_keys::password;
use ratchet_store::{PasswordNow, UserChange};

use crate::fixtures::{NOW, connection_name, login_record, put_user, store};

fn login_name() -> LoginName {
    LoginName::parse("ada@example.com").unwrap()
}

fn unknown_name(connection: &str) -> Guessed {
    Guessed::Name(connection_name(connection), login_name())
}

fn origin() -> Counter {
    Counter::Origin("203.0.113.9".parse().unwrap())
}

#[tokio::test]
async fn failures_are_counted_without_losing_one() {
    let store = store().await;
    let (guessed, counter) = (unknown_name("Users"), origin());
    let added = (0..32).map(|_| store.add_failure(&guessed, &counter, NOW));
    let mut counts: Vec<u32> = futures_util::future::join_all(added)
        .await
        .into_iter()
        .map(|failures| failures.unwrap().failures)
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=32).collect::<Vec<_>>());
    let stored = store.load_failures(&guessed, &counter).await.unwrap();
    assert_eq!((stored.failures, stored.last_failed_at), (32, NOW));
    for (guessed, counter) in [
        (&guessed, Counter::AllOrigins),
        (&unknown_name("Staff"), counter),
        (&Guessed::User(UserId::parse("auth0|ada").unwrap()), counter),
    ] {
        let other = store.load_failures(guessed, &counter).await;
        assert_eq!(other.unwrap(), Failures::default());
    }
}

#[tokio::test]
async fn a_forgotten_count_begins_anew_once() {
    let store = store().await;
    let (guessed, counter) = (unknown_name("Users"), origin());
    for _ in 0..9 {
        store.add_failure(&guessed, &counter, NOW).await.unwrap();
    }
    let last = Timestamp::from_millis(NOW.plus(Failures::MEMORY).as_millis() - 1);
    let late = NOW.plus(Failures::MEMORY).plus(Failures::MEMORY);
    let tenth = store.add_failure(&guessed, &counter, last).await;
    assert_eq!(tenth.unwrap().failures, 10);
    let added = (0..8).map(|_| store.add_failure(&guessed, &counter, late));
    for failures in futures_util::future::join_all(added).await {
        assert!(failures.unwrap().failures <= 8);
    }
    let stored = store.load_failures(&guessed, &counter).await.unwrap();
    assert_eq!(stored.failures, 8);
}

#[tokio::test]
async fn a_reset_forgets_failures_only_if_none_was_counted_since() {
    let store = store().await;
    let (guessed, counter) = (unknown_name("Users"), origin());
    let seen = store.add_failure(&guessed, &counter, NOW).await.unwrap();
    let two = store.add_failure(&guessed, &counter, NOW).await.unwrap();
    store
        .reset_failures(&guessed, &counter, seen)
        .await
        .unwrap();
    let left = store.load_failures(&guessed, &counter).await.unwrap();
    assert_eq!(left, two);
    store.reset_failures(&guessed, &counter, two).await.unwrap();
    let left = store.load_failures(&guessed, &counter).await.unwrap();
    assert_eq!(left, Failures::default());
    store.reset_failures(&guessed, &counter, two).await.unwrap();
}

#[tokio::test]
async fn clearing_forgets_every_counter_of_a_user_and_not_the_user() {
    let store = store().await;
    let (record, name) = (login_record(), login_name());
    put_user(&store, &record).await.unwrap();
    let users = &record.user.connection;
    let guessed = Guessed::User(record.user.user_id.clone());
    for counter in [Counter::AllOrigins, origin()] {
        store.add_failure(&guessed, &counter, NOW).await.unwrap();
    }
    assert_eq!(store.clear_failures(&guessed).await.unwrap(), 2);
    assert_eq!(store.clear_failures(&guessed).await.unwrap(), 0);
    let attempt = store
        .load_login_attempt(users, &name, Some(&origin()), None)
        .await
        .unwrap();
    assert_eq!(
        (attempt.record, attempt.failures, attempt.guessed),
        (Some(record), Failures::default(), guessed)
    );
}

#[tokio::test]
async fn a_users_failures_are_the_users_and_a_name_without_a_user_has_its_own() {
    let store = store().await;
    let (record, name) = (login_record(), login_name());
    let users = &record.user.connection;
    let counter = origin();
    let attempt = store.load_login_attempt(users, &name, Some(&counter), None);
    let attempt = attempt.await.unwrap();
    assert_eq!(attempt.guessed, Guessed::Name(users.clone(), name.clone()));
    put_user(&store, &record).await.unwrap();
    let user = Guessed::User(record.user.user_id.clone());
    store.add_failure(&user, &origin(), NOW).await.unwrap();
    let attempt = store.load_login_attempt(users, &name, Some(&counter), None);
    let attempt = attempt.await.unwrap();
    assert_eq!((attempt.guessed, attempt.failures.failures), (user, 1));
}

#[tokio::test]
async fn another_password_forgets_failures_and_another_hash_of_the_same_does_not() {
    let store = store().await;
    let mut record = login_record();
    let hash = |text| password::hash(&Secret::new(text), [1; 16]).unwrap();
    record.password_hash = Some(hash("one"));
    put_user(&store, &record).await.unwrap();
    let guessed = Guessed::User(record.user.user_id.clone());
    store.add_failure(&guessed, &origin(), NOW).await.unwrap();
    store
        .commit_password_hash(&record, &hash("two"))
        .await
        .unwrap();
    let left = store.load_failures(&guessed, &origin()).await.unwrap();
    assert_eq!(left.failures, 1);
    record.password_hash = Some(hash("three"));
    let before = store.load_user(&record.user.user_id).await.unwrap();
    let change = UserChange {
        now: NOW,
        password: PasswordNow::Other(RefreshTokensThen::End),
    };
    let put = store.put_user(&record, before.as_ref(), change);
    put.await.unwrap();
    let left = store.load_failures(&guessed, &origin()).await.unwrap();
    assert_eq!(left.failures, 0);
}

/// Five failures, and one more every minute.
const LIMIT: RateLimit = RateLimit::every(5, 60_000);

fn address(last: u8) -> Origin {
    Origin::of(Some([203, 0, 113, last].into()))
}

fn after(secs: u64) -> Timestamp {
    Timestamp::from_secs(NOW.as_secs() + secs)
}

#[tokio::test]
async fn of_failures_at_once_no_more_are_taken_than_an_address_has() {
    let store = store().await;
    let taken = (0..32).map(|_| store.take_failure(address(1), LIMIT, NOW));
    let taken = futures_util::future::join_all(taken).await;
    // A request that gave up after lost races took nothing.
    let taken = taken.into_iter().filter(|taken| matches!(taken, Ok(true)));
    assert_eq!(taken.count(), 5);
    assert!(!store.take_failure(address(1), LIMIT, NOW).await.unwrap());
    let left = store.load_address(address(1)).await.unwrap();
    assert_eq!(left, Bucket::full_at(after(300)));
    // Another address has its own bucket.
    assert!(store.take_failure(address(2), LIMIT, NOW).await.unwrap());
    assert_eq!(
        store.load_address(address(3)).await.unwrap(),
        Bucket::default()
    );
}

#[tokio::test]
async fn an_address_gets_failures_back_one_by_one_and_all_after_a_while() {
    let store = store().await;
    let take = async |now| store.take_failure(address(1), LIMIT, now).await.unwrap();
    for _ in 0..5 {
        assert!(take(NOW).await);
    }
    assert!(!take(after(59)).await);
    assert!(take(after(60)).await);
    assert!(!take(after(60)).await);
    for expected in [true, true, true, true, true, false] {
        assert_eq!(take(after(3_600)).await, expected);
    }
    store.clear_address(address(1)).await.unwrap();
    assert!(take(after(3_600)).await);
}

#[tokio::test]
async fn a_higher_limit_counts_at_once_for_an_address_that_was_refused() {
    let store = store().await;
    for expected in [true, true, true, true, true, false] {
        let taken = store.take_failure(address(1), LIMIT, NOW).await.unwrap();
        assert_eq!(taken, expected);
    }
    let higher = RateLimit::every(6, 60_000);
    assert!(store.take_failure(address(1), higher, NOW).await.unwrap());
    assert!(!store.take_failure(address(1), higher, NOW).await.unwrap());
}
