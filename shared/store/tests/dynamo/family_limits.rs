//! Many families: the reads of a login, and the end of them all.

use std::time::Duration;

use dynoxide::Database;
use futures_util::future::join_all;
use ratchet_domain::{
    family::EndReason,
    family_key::FamilyKey,
    family_limit::{FamilyCount, Recounted, Room},
    ids::{ClientId, FamilyId},
    time::{Lifetime, Timestamp},
};
use ratchet_store::StoreError;
use ratchet_system::Deadline;
use ratchet_telemetry::cost;
use serde_json::{Value, json};

use crate::fixtures::{
    NOW, changed, client_id, ended, family, import, is_conflict, store, store_and_database, user_id,
};

/// The stored item of a family.
fn item(sort_key: &str, id: FamilyId, client: &str, at: Timestamp, ends: Timestamp) -> Value {
    let text = |text: &str| json!({ "S": text });
    let number = |number: u64| json!({ "N": number.to_string() });
    json!({
        "PK": text(&format!("USER#{}", user_id())),
        "SK": text(sort_key),
        "family_id": text(&id.to_string()),
        "user_id": text(user_id().as_str()),
        "client_id": text(client),
        "scope": text("openid offline_access"),
        "created_at": number(at.as_millis()),
        "auth_time": number(at.as_millis()),
        "generation": number(0),
        "rotation": text("rotating"),
        "key_id": number(1),
        "idle_expires_at": number(ends.as_millis()),
    })
}

/// This number of families of an application, one a second, the last a second ago.
fn families(client: &str, number: u64, ends: Timestamp) -> Vec<Value> {
    let begin = |n: u64| {
        let at = Timestamp::from_secs(NOW.as_secs() - number + n);
        let id = FamilyId::new(at, [1; 16]);
        item(&format!("FAMILY_OF#{client}#{id}"), id, client, at, ends)
    };
    (0..number).map(begin).collect()
}

/// This number of families as earlier versions stored them.
fn earlier_families(number: u32) -> Vec<Value> {
    let begin = |n: u32| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        let id = FamilyId::from_bytes(id);
        let mut item = item(
            &format!("FAMILY#{id}"),
            id,
            client_id().as_str(),
            NOW,
            later(),
        );
        item["ended_at"] = json!({ "N": NOW.as_millis().to_string() });
        item["ended_reason"] = json!({ "S": "revoked" });
        item
    };
    (0..number).map(begin).collect()
}

const fn later() -> Timestamp {
    NOW.plus(Lifetime::from_secs(86_400))
}

fn put_history(database: &Database) {
    import(database, families(client_id().as_str(), 10_000, NOW));
    import(database, families("other", 20_000, later()));
    import(database, earlier_families(20_000));
}

#[tokio::test]
async fn a_login_reads_no_family_even_after_many_logins() {
    let (store, database) = store_and_database().await;
    put_history(&database);
    let login = Box::pin(async {
        let count = store.count_family(&family(1), NOW).await.unwrap();
        assert_eq!(count.room(NOW), Room::Enough);
        store.put_family(&family(1)).await.unwrap();
    });
    let ((), cost) = cost::counted(login).await;
    assert_eq!((cost.read_calls, cost.read_units), (0, 0.0));
    // The count, and the family on the condition that its session has not ended.
    assert_eq!((cost.write_calls, cost.write_units), (2, 5.0));
    // The families exist.
    let user = user_id();
    let client = client_id();
    for client in [None, Some(&client)] {
        let part = store.load_some_families(&user, client, None, 1).await;
        assert!(part.unwrap().next.is_some());
    }
}

#[tokio::test]
async fn the_oldest_family_is_found_without_the_others() {
    let (store, database) = store_and_database().await;
    import(&database, families(client_id().as_str(), 200, later()));
    import(&database, families("other", 2_000, later()));
    let end = Box::pin(async {
        let ended = ended(EndReason::LimitExceeded);
        store.end_oldest_family(&family(1), 1, &ended).await
    });
    let (result, cost) = cost::counted(end).await;
    result.unwrap();
    assert!(cost.read_units <= 1.0, "{cost:?}");
    let left = store.load_counted_families(&family(1)).await.unwrap();
    assert_eq!(left.len(), 199);
    assert_eq!(left[0].created_at.as_secs(), NOW.as_secs() - 199);
}

#[tokio::test]
async fn of_logins_at_once_over_the_limit_each_ends_one_family() {
    let (store, database) = store_and_database().await;
    import(&database, families(client_id().as_str(), 200, later()));
    let ended = ended(EndReason::LimitExceeded);
    let login = family(1);
    let at_once = (1..=8).map(|over| store.end_oldest_family(&login, over, &ended));
    for done in join_all(at_once).await {
        done.unwrap();
    }
    let left = store.load_counted_families(&login).await.unwrap().len();
    assert_eq!(left, 192);
}

fn count(present: usize, recount_at: Timestamp, revision: u64) -> FamilyCount {
    FamilyCount {
        present,
        recount_at,
        revision,
    }
}

#[tokio::test]
async fn families_are_counted_as_they_begin_and_end() {
    let store = store().await;
    for n in 1..=3 {
        let family = family(n);
        let counted = store.count_family(&family, NOW).await.unwrap();
        assert_eq!(counted, count(n.into(), Timestamp::default(), n.into()));
        store.put_family(&family).await.unwrap();
    }
    let ended = ended(EndReason::Revoked);
    for n in [1, 1] {
        let key = FamilyKey::of(&family(n));
        store.end_family(&key, &ended).await.unwrap();
    }
    let fourth = family(4);
    let counted = store.count_family(&fourth, NOW).await.unwrap();
    assert_eq!(counted.present, 3, "one that ends twice ends once");

    let elsewhere = changed(&family(5), |parts| {
        parts.client_id = ClientId::parse("other").unwrap();
    });
    let elsewhere = store.count_family(&elsewhere, NOW).await.unwrap();
    assert_eq!(elsewhere.present, 1, "applications are counted apart");

    // A recount is stored, unless the count has changed since it was read.
    let exact = Recounted {
        live: vec![family(2); 7],
        over: 0,
        gone: Vec::new(),
        recount_at: later(),
    };
    let commit = store.commit_family_count(&fourth, counted, &exact).await;
    assert!(!is_conflict(commit));
    let counted = store.count_family(&fourth, NOW).await.unwrap();
    assert_eq!((counted.present, counted.recount_at), (8, later()));

    // A call that ends many families makes the next login over the limit recount.
    store
        .end_families(&user_id(), None, &ended, Deadline::NEVER, |_| true)
        .await
        .unwrap();
    let counted = store.count_family(&fourth, NOW).await.unwrap();
    assert_eq!(
        (counted.present, counted.recount_at),
        (9, Timestamp::default())
    );
}

#[tokio::test]
async fn a_count_one_by_one_does_not_stand_where_the_number_is_the_same_again() {
    let store = store().await;
    let ended = ended(EndReason::LimitExceeded);
    store.put_family(&family(1)).await.unwrap();
    let seen = store.count_family(&family(1), NOW).await.unwrap();
    let key = FamilyKey::of(&family(1));
    store.end_family(&key, &ended).await.unwrap();
    let again = store.count_family(&family(2), NOW).await.unwrap();
    assert_eq!(seen.present, again.present);
    let exact = Recounted {
        live: Vec::new(),
        over: 0,
        gone: Vec::new(),
        recount_at: later(),
    };
    let commit = store.commit_family_count(&family(2), seen, &exact).await;
    assert!(is_conflict(commit));
    let commit = store.commit_family_count(&family(2), again, &exact).await;
    assert!(!is_conflict(commit));
}

#[tokio::test]
async fn many_families_end_in_few_calls() {
    let (store, database) = store_and_database().await;
    import(&database, families(client_id().as_str(), 1_520, later()));
    import(&database, families("other", 30, later()));
    import(&database, earlier_families(30));
    let (user, client) = (user_id(), client_id());
    let ended = ended(EndReason::GrantRevoked);
    let end = store.end_families(&user, Some(&client), &ended, Deadline::NEVER, |_| true);
    let (families, cost) = Box::pin(cost::counted(end)).await;
    assert_eq!(families.unwrap(), 1_520);
    assert_eq!(cost.write_calls, 1_520_u32.div_ceil(25), "{cost:?}");
    let left = store.load_families(&user).await.unwrap();
    assert!(
        left.iter()
            .all(|family| !family.is_live(NOW) || family.client_id != client)
    );
    assert_eq!(left.len(), 60);
}

#[tokio::test]
async fn a_call_without_time_ends_two_hundred_families_and_the_next_goes_on() {
    let (store, database) = store_and_database().await;
    import(&database, families(client_id().as_str(), 450, later()));
    let user = user_id();
    let ended = ended(EndReason::Revoked);
    for left in [250, 50] {
        let until = Deadline::after(Duration::ZERO);
        let end = store.end_families(&user, None, &ended, until, |_| true);
        match end.await {
            Err(StoreError::OutOfTime { families: 200 }) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(store.load_families(&user).await.unwrap().len(), left);
    }
    let until = Deadline::after(Duration::ZERO);
    let end = store.end_families(&user, None, &ended, until, |_| true);
    assert_eq!(end.await.unwrap(), 50);
    assert_eq!(store.load_families(&user).await.unwrap(), []);
}
