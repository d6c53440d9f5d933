//! Families: rotation, the end, and what a refresh reads.

use shared::{
    domain::{
        client::Rotation,
        family::{EndReason, Ended, Family},
        ids::{FamilyId, Generation, UserId},
        time::Lifetime,
    },
    telemetry::cost,
};

use crate::fixtures::{
    NOW, busy, family, is_conflict, login_record, phone, put_user, request, rotated, store, stored,
    user_id,
};

#[tokio::test]
async fn a_family_comes_out_as_it_went_in() {
    let store = store().await;
    let bare = Family {
        audience: None,
        session_id: None,
        idle_expires_at: None,
        expires_at: None,
        rotation: Rotation::NonRotating,
        ..family(1)
    };
    let full = Family {
        ended: None,
        ..busy(&rotated(&family(2), 1))
    };
    let legacy = Family {
        device: Some(phone()),
        ..family(3)
    };
    for family in [bare, full, legacy] {
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

/// A token that does not rotate keeps its generation, so the generation alone would not tell.
#[tokio::test]
async fn an_absolute_end_that_came_forward_is_not_moved_back() {
    let store = store().await;
    for (n, was) in [(1, None), (2, Some(NOW.plus(Lifetime::from_secs(86_400))))] {
        let family = Family {
            rotation: Rotation::NonRotating,
            expires_at: was,
            ..family(n)
        };
        store.put_family(&family).await.unwrap();
        let sooner = Family {
            expires_at: Some(NOW.plus(Lifetime::from_secs(60))),
            ..family.clone()
        };
        let decided_before = Family {
            idle_expires_at: Some(NOW.plus(Lifetime::from_secs(30))),
            ..family.clone()
        };
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
    let ended = Ended {
        at: NOW,
        reason: EndReason::Revoked,
    };
    store
        .end_family(&family.user_id, family.id, &ended)
        .await
        .unwrap();
    assert!(is_conflict(
        store.commit_family(&family, &next, request(1)).await
    ));
    assert_eq!(
        stored(&store, &family).await.unwrap().generation,
        Generation::FIRST
    );
}

#[tokio::test]
async fn a_family_ends_once_and_the_first_reason_stays() {
    let store = store().await;
    let family = family(1);
    store.put_family(&family).await.unwrap();
    let first = Ended {
        at: NOW,
        reason: EndReason::ReuseDetected,
    };
    let second = Ended {
        at: NOW,
        reason: EndReason::Revoked,
    };
    for ended in [&first, &second] {
        store
            .end_family(&family.user_id, family.id, ended)
            .await
            .unwrap();
    }
    assert_eq!(stored(&store, &family).await.unwrap().ended, Some(first));
}

#[tokio::test]
async fn ending_a_family_that_is_not_there_leaves_nothing_behind() {
    let store = store().await;
    let ended = Ended {
        at: NOW,
        reason: EndReason::Revoked,
    };
    store
        .end_family(&user_id(), FamilyId::from_bytes([1; 16]), &ended)
        .await
        .unwrap();
    assert_eq!(store.load_families(&user_id()).await.unwrap(), []);
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
            .load_refresh_state(&family.user_id, family.id)
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
        .load_refresh_state(&user_id(), FamilyId::from_bytes([1; 16]))
        .await
        .unwrap();
    assert!(state.family.is_none() && state.user.is_none());
}

#[tokio::test]
async fn families_of_one_user_are_not_those_of_another() {
    let store = store().await;
    let other = Family {
        user_id: UserId::parse("auth0|other").unwrap(),
        ..family(2)
    };
    for family in [&family(1), &other] {
        store.put_family(family).await.unwrap();
    }
    assert_eq!(store.load_families(&user_id()).await.unwrap(), [family(1)]);
}
