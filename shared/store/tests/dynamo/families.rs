//! Families: rotation, the end, and the read of a refresh.

use ratchet_domain::{
    client::Rotation,
    family::{EndReason, Family},
    family_key::FamilyKey,
    ids::{FamilyId, Generation, UserId},
    time::Lifetime,
};
use ratchet_store::Store;
use ratchet_telemetry::cost;

use crate::fixtures::{
    NOW, busy, changed, client_id, earlier_family, ended, family, import, is_conflict,
    login_record, phone, put_user, request, rotated, store, store_and_database, stored, user_id,
};

#[tokio::test]
async fn a_family_comes_out_as_it_went_in() {
    let store = store().await;
    let bare = changed(&family(1), |parts| {
        parts.audience = None;
        parts.session_id = None;
        parts.idle_expires_at = None;
        parts.expires_at = None;
        parts.rotation = Rotation::NonRotating;
    });
    let full = busy(&rotated(&family(2), 1));
    let legacy = changed(&family(3), |parts| parts.device = Some(phone()));
    let earlier = earlier_family(4);
    for family in [bare, full, legacy, earlier] {
        store.put_family(&family).await.unwrap();
        assert_eq!(stored(&store, &family).await, Some(family));
    }
}

#[tokio::test]
async fn a_rotation_happens_once() {
    let store = store().await;
    let family = family(1);
    store.put_family(&family).await.unwrap();
    let (mine, other) = (rotated(&family, 1), rotated(&family, 2));
    assert!(!is_conflict(
        store.commit_family(&family, &mine, request(1)).await
    ));
    assert!(is_conflict(
        store.commit_family(&family, &other, request(2)).await
    ));
    assert_eq!(stored(&store, &family).await, Some(mine));
}

/// A token that does not rotate keeps its generation, so a condition on the generation alone would not suffice.
#[tokio::test]
async fn an_absolute_end_that_came_forward_is_not_moved_back() {
    let store = store().await;
    for (n, was) in [(1, None), (2, Some(NOW.plus(Lifetime::from_secs(86_400))))] {
        let family = changed(&family(n), |parts| {
            parts.rotation = Rotation::NonRotating;
            parts.expires_at = was;
        });
        store.put_family(&family).await.unwrap();
        let (mut sooner, mut decided_before) = (family.clone(), family.clone());
        sooner.end_sooner(Some(NOW.plus(Lifetime::from_secs(60))), None);
        decided_before.end_sooner(None, Some(NOW.plus(Lifetime::from_secs(30))));
        assert!(!is_conflict(
            store.commit_family(&family, &sooner, request(1)).await
        ));
        assert!(is_conflict(
            store
                .commit_family(&family, &decided_before, request(2))
                .await
        ));
        assert_eq!(stored(&store, &family).await, Some(sooner));
    }
}

#[tokio::test]
async fn a_rotation_that_landed_before_its_answer_was_lost_counts_as_done() {
    let store = store().await;
    let family = family(1);
    store.put_family(&family).await.unwrap();
    let next = rotated(&family, 1);
    for _ in 0..2 {
        assert!(!is_conflict(
            store.commit_family(&family, &next, request(1)).await
        ));
    }
    assert_eq!(stored(&store, &family).await, Some(next));
}

#[tokio::test]
async fn an_ended_or_missing_family_is_not_rotated() {
    let store = store().await;
    let family = family(1);
    let next = rotated(&family, 1);
    assert!(is_conflict(
        store.commit_family(&family, &next, request(1)).await
    ));
    assert_eq!(stored(&store, &family).await, None);
    store.put_family(&family).await.unwrap();
    end(&store, &family).await;
    assert!(is_conflict(
        store.commit_family(&family, &next, request(1)).await
    ));
    assert_eq!(stored(&store, &family).await, None);
}

async fn end(store: &Store, family: &Family) {
    let ended = ended(EndReason::Revoked);
    store
        .end_family(&FamilyKey::of(family), &ended)
        .await
        .unwrap();
}

#[tokio::test]
async fn nothing_is_left_of_a_family_that_ends_and_ending_it_again_is_no_error() {
    let store = store().await;
    for family in [family(1), earlier_family(2)] {
        store.put_family(&family).await.unwrap();
        for _ in 0..2 {
            end(&store, &family).await;
            assert_eq!(store.load_families(&user_id()).await.unwrap(), []);
        }
    }
}

/// One in 64 ids of earlier versions looks as if it contained a time.
#[tokio::test]
async fn a_family_of_an_earlier_version_is_found_by_every_form_of_id() {
    let store = store().await;
    put_user(&store, &login_record()).await.unwrap();
    let looks_new = changed(&family(5), |parts| {
        parts.id = FamilyId::new(NOW.plus(Lifetime::from_secs(1)), [5; 16]);
    });
    for family in [earlier_family(4), looks_new] {
        store.put_family(&family).await.unwrap();
        let key = FamilyKey::named(user_id(), client_id(), family.id);
        assert_eq!(store.load_family(&key).await.unwrap(), Some(family.clone()));
        let state = store.load_refresh_state(&key).await.unwrap();
        assert_eq!(state.family, Some(family.clone()));
        let next = rotated(&family, 1);
        let rotation = store.commit_family(&family, &next, request(1)).await;
        assert!(!is_conflict(rotation));
        let all = store.load_families(&user_id()).await.unwrap();
        assert_eq!(all, [next]);
        store
            .end_family(&key, &ended(EndReason::Revoked))
            .await
            .unwrap();
        assert_eq!(store.load_families(&user_id()).await.unwrap(), []);
    }
}

/// The item has the form of version 0.1.
#[tokio::test]
async fn the_item_of_an_earlier_version_is_read() {
    let (store, database) = store_and_database().await;
    let text = |text: &str| serde_json::json!({ "S": text });
    let number = |number: u64| serde_json::json!({ "N": number.to_string() });
    let id = "0f8fad5bd9cb469fa16570867728950e";
    let item = serde_json::json!({
        "PK": text("USER#auth0|5f7c8ec7c33c6c004bbafe82"),
        "SK": text(&format!("FAMILY#{id}")),
        "family_id": text(id),
        "user_id": text("auth0|5f7c8ec7c33c6c004bbafe82"),
        "client_id": text("AaiyAPdpYdesoKnqjj8HJqRn4T5titww"),
        "audience": text("https://api.example.com"),
        "scope": text("openid offline_access"),
        "session_id": text("09090909090909090909090909090909"),
        "created_at": number(1_799_000_000_000),
        "auth_time": number(1_799_000_000_000),
        "tells_auth_time": { "BOOL": true },
        "valid_from": number(1_790_000_000_000),
        "generation": number(3),
        "rotation": text("rotating"),
        "key_id": number(1),
        "rotated_at": number(1_799_000_100_000),
        "rotated_by": text("02020202020202020202020202020202"),
        "idle_expires_at": number(1_800_300_000_000),
        "expires_at": number(1_801_600_000_000),
        "ttl": number(1_802_900_000),
    });
    let ended = |item: &serde_json::Value| {
        let mut ended = item.clone();
        ended["ended_at"] = number(1_799_000_200_000);
        ended["ended_reason"] = text("reuse_detected");
        ended
    };
    let key = FamilyKey::named(user_id(), client_id(), FamilyId::parse(id).unwrap());
    import(&database, vec![item.clone()]);
    let family = store.load_family(&key).await.unwrap().unwrap();
    assert!(family.is_live(NOW) && family.generation == Generation::new(3));
    let next = rotated(&family, 1);
    assert!(!is_conflict(
        store.commit_family(&family, &next, request(1)).await
    ));
    assert_eq!(stored(&store, &family).await, Some(next));

    import(&database, vec![ended(&item)]);
    let dead = store.load_family(&key).await.unwrap().unwrap();
    assert_eq!(dead.ended.unwrap().reason, EndReason::ReuseDetected);
    let next = rotated(&family, 1);
    assert!(is_conflict(
        store.commit_family(&family, &next, request(1)).await
    ));
}

#[tokio::test]
async fn a_family_id_is_not_taken_twice() {
    let store = store().await;
    store.put_family(&family(1)).await.unwrap();
    assert!(is_conflict(store.put_family(&family(1)).await));
}

#[tokio::test]
async fn a_rotation_costs_one_write_unit_and_its_read_two_units() {
    let store = store().await;
    let family = busy(&family(1));
    store.put_family(&family).await.unwrap();
    put_user(&store, &login_record()).await.unwrap();
    let ((), cost) = Box::pin(cost::counted(async {
        let state = store
            .load_refresh_state(&FamilyKey::of(&family))
            .await
            .unwrap();
        assert_eq!(state.family.as_ref(), Some(&family));
        assert_eq!(state.user, Some(login_record().user));
        store
            .commit_family(&family, &rotated(&family, 1), request(1))
            .await
            .unwrap();
    }))
    .await;
    assert_eq!((cost.read_calls, cost.write_calls), (1, 1));
    assert!(
        cost.read_units <= 2.0 && cost.write_units <= 1.0,
        "{cost:?}"
    );
}

#[tokio::test]
async fn a_refresh_finds_out_what_is_missing() {
    let store = store().await;
    let state = store
        .load_refresh_state(&FamilyKey::of(&family(1)))
        .await
        .unwrap();
    assert!(state.family.is_none() && state.user.is_none());
}

#[tokio::test]
async fn families_of_one_user_are_not_those_of_another() {
    let store = store().await;
    let other = changed(&family(2), |parts| {
        parts.user_id = UserId::parse("auth0|other").unwrap();
    });
    for family in [&family(1), &other] {
        store.put_family(family).await.unwrap();
    }
    assert_eq!(store.load_families(&user_id()).await.unwrap(), [family(1)]);
}
