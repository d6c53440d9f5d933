//! Failed logins, counted.

use shared::{
    domain::{
        brute_force::{Counter, Failures},
        secret::Secret,
        time::Timestamp,
        user::LoginName,
    },
    password::PasswordHash,
};

use crate::fixtures::{NOW, connection_name, login_record, put_user, store};

fn login_name() -> LoginName {
    LoginName::parse("ada@example.com").unwrap()
}

fn origin() -> Counter {
    Counter::Origin("203.0.113.9".parse().unwrap())
}

#[tokio::test]
async fn failures_are_counted_without_losing_one() {
    let store = store().await;
    let (users, name, counter) = (connection_name("Users"), login_name(), origin());
    let added = (0..32).map(|_| store.add_failure(&users, &name, &counter, NOW));
    let mut counts: Vec<u32> = futures_util::future::join_all(added)
        .await
        .into_iter()
        .map(|failures| failures.unwrap().failures)
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=32).collect::<Vec<_>>());
    let stored = store.load_failures(&users, &name, &counter).await.unwrap();
    assert_eq!((stored.failures, stored.last_failed_at), (32, NOW));
    for (connection, counter) in [
        (&users, Counter::Everybody),
        (&connection_name("Staff"), counter),
    ] {
        let other = store.load_failures(connection, &name, &counter).await;
        assert_eq!(other.unwrap(), Failures::default());
    }
}

#[tokio::test]
async fn a_forgotten_count_begins_anew_once() {
    let store = store().await;
    let (users, name, counter) = (connection_name("Users"), login_name(), origin());
    for _ in 0..9 {
        store
            .add_failure(&users, &name, &counter, NOW)
            .await
            .unwrap();
    }
    let last = Timestamp::from_millis(NOW.plus(Failures::MEMORY).as_millis() - 1);
    let late = NOW.plus(Failures::MEMORY).plus(Failures::MEMORY);
    let tenth = store.add_failure(&users, &name, &counter, last).await;
    assert_eq!(tenth.unwrap().failures, 10);
    let added = (0..8).map(|_| store.add_failure(&users, &name, &counter, late));
    for failures in futures_util::future::join_all(added).await {
        assert!(failures.unwrap().failures <= 8);
    }
    let stored = store.load_failures(&users, &name, &counter).await.unwrap();
    assert_eq!(stored.failures, 8);
}

#[tokio::test]
async fn failures_are_forgotten_if_there_was_none_since() {
    let store = store().await;
    let (users, name, counter) = (connection_name("Users"), login_name(), origin());
    let seen = store
        .add_failure(&users, &name, &counter, NOW)
        .await
        .unwrap();
    let two = store
        .add_failure(&users, &name, &counter, NOW)
        .await
        .unwrap();
    store
        .reset_failures(&users, &name, &counter, seen)
        .await
        .unwrap();
    let left = store.load_failures(&users, &name, &counter).await.unwrap();
    assert_eq!(left, two);
    store
        .reset_failures(&users, &name, &counter, two)
        .await
        .unwrap();
    let left = store.load_failures(&users, &name, &counter).await.unwrap();
    assert_eq!(left, Failures::default());
    store
        .reset_failures(&users, &name, &counter, two)
        .await
        .unwrap();
}

#[tokio::test]
async fn clearing_forgets_every_counter_of_a_name_and_not_the_name() {
    let store = store().await;
    let (record, name) = (login_record(), login_name());
    put_user(&store, &record).await.unwrap();
    let users = &record.user.connection;
    for counter in [Counter::Everybody, origin()] {
        store
            .add_failure(users, &name, &counter, NOW)
            .await
            .unwrap();
    }
    assert_eq!(store.clear_failures(users, name.as_str()).await.unwrap(), 2);
    assert_eq!(store.clear_failures(users, name.as_str()).await.unwrap(), 0);
    let attempt = store
        .load_login_attempt(users, &name, Some(&origin()))
        .await
        .unwrap();
    assert_eq!(
        (attempt.record, attempt.failures),
        (Some(record), Failures::default())
    );
}

#[tokio::test]
async fn another_password_forgets_failures_and_another_hash_of_the_same_does_not() {
    let store = store().await;
    let (mut record, name) = (login_record(), login_name());
    let hash = |text| PasswordHash::hash(&Secret::new(text), [1; 16]).unwrap();
    record.password_hash = Some(hash("one"));
    put_user(&store, &record).await.unwrap();
    let users = record.user.connection.clone();
    store
        .add_failure(&users, &name, &origin(), NOW)
        .await
        .unwrap();
    store
        .commit_password_hash(&record, &hash("two"))
        .await
        .unwrap();
    let left = store.load_failures(&users, &name, &origin()).await.unwrap();
    assert_eq!(left.failures, 1);
    record.password_hash = Some(hash("three"));
    put_user(&store, &record).await.unwrap();
    let left = store.load_failures(&users, &name, &origin()).await.unwrap();
    assert_eq!(left.failures, 0);
}
