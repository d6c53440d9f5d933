//! Devices and their user codes.

use ratchet_domain::{
    consent::Basis,
    device::{Approval, DeviceGrant, DeviceState, Polled},
    ids::{DeviceId, SessionId},
    scope::Scope,
    time::Lifetime,
    valid_from::IssuedIn,
};
use ratchet_store::{DeviceExchange, Store};

use crate::fixtures::{
    EPOCH, NOW, audience, bare_sid, client_id, family, is_conflict, redeemed, request, rests_on,
    store, user_id,
};

const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);

fn device() -> DeviceGrant {
    DeviceGrant {
        client_id: client_id(),
        audience: Some(audience()),
        scope: Scope::parse("openid offline_access"),
        expires_at: NOW.plus(Lifetime::from_secs(900)),
        polled: None,
        state: DeviceState::Pending,
    }
}

fn approval() -> Approval {
    Approval {
        issued_in: IssuedIn {
            sessions: EPOCH,
            refresh_tokens: Some(EPOCH),
        },
        user_id: user_id(),
        session_id: bare_sid(SessionId::from_bytes([9; 16])),
        auth_time: NOW,
        basis: Basis::Unasked,
    }
}

fn approved() -> DeviceGrant {
    DeviceGrant {
        state: DeviceState::Approved(approval()),
        ..device()
    }
}

fn exchanged(n: u8) -> DeviceState {
    DeviceState::Redeemed {
        approval: approval(),
        redeemed: redeemed(n),
    }
}

fn polled(n: u8) -> Polled {
    Polled {
        at: NOW,
        by: request(n),
    }
}

async fn stored_device(store: &Store) -> Option<DeviceGrant> {
    store.load_device(DEVICE).await.unwrap()
}

#[tokio::test]
async fn a_user_code_leads_to_one_live_device() {
    let store = store().await;
    let other = DeviceId::from_bytes([2; 16]);
    let (end, device) = (device().expires_at, device());
    store
        .put_device(DEVICE, &device, "digest", NOW)
        .await
        .unwrap();
    assert_eq!(stored_device(&store).await, Some(device.clone()));
    assert!(is_conflict(
        store.put_device(other, &device, "digest", NOW).await
    ));
    assert_eq!(store.load_device(other).await.unwrap(), None);
    let found = |digest, now| store.load_user_code(digest, now);
    assert_eq!(found("digest", NOW).await.unwrap(), Some(DEVICE));
    assert_eq!(found("digest", end).await.unwrap(), None);
    assert_eq!(found("another", NOW).await.unwrap(), None);

    // An expired code is free again, even before DynamoDB deletes it.
    let later = DeviceGrant {
        expires_at: end.plus(Lifetime::from_secs(900)),
        ..device.clone()
    };
    store
        .put_device(other, &later, "digest", end)
        .await
        .unwrap();
    assert_eq!(found("digest", end).await.unwrap(), Some(other));
    assert!(is_conflict(
        store.put_device(DEVICE, &device, "free", NOW).await
    ));
    assert_eq!(found("free", NOW).await.unwrap(), None);
}

#[tokio::test]
async fn a_poll_is_written_down_while_nothing_has_changed() {
    let store = store().await;
    let fresh = device();
    assert!(is_conflict(
        store.commit_poll(DEVICE, &fresh, &polled(1)).await
    ));
    assert_eq!(stored_device(&store).await, None);
    store
        .put_device(DEVICE, &fresh, "digest", NOW)
        .await
        .unwrap();
    store.commit_poll(DEVICE, &fresh, &polled(1)).await.unwrap();
    assert!(is_conflict(
        store.commit_poll(DEVICE, &fresh, &polled(2)).await
    ));
    let once = stored_device(&store).await.unwrap();
    assert_eq!(once.polled, Some(polled(1)));
    store.commit_poll(DEVICE, &once, &polled(2)).await.unwrap();
    assert!(is_conflict(
        store.commit_poll(DEVICE, &once, &polled(3)).await
    ));
    let twice = stored_device(&store).await.unwrap();
    store
        .commit_device(DEVICE, &twice, &approved().state)
        .await
        .unwrap();
    assert!(is_conflict(
        store.commit_poll(DEVICE, &twice, &polled(3)).await
    ));
}

#[tokio::test]
async fn a_device_moves_on_from_the_state_it_was_read_in() {
    let store = store().await;
    assert!(is_conflict(
        store
            .commit_device(DEVICE, &device(), &DeviceState::Declined)
            .await
    ));
    assert_eq!(stored_device(&store).await, None);
    store
        .put_device(DEVICE, &device(), "digest", NOW)
        .await
        .unwrap();
    store
        .commit_device(DEVICE, &device(), &approved().state)
        .await
        .unwrap();
    for next in [DeviceState::Declined, approved().state] {
        assert!(is_conflict(
            store.commit_device(DEVICE, &device(), &next).await
        ));
    }
    assert_eq!(stored_device(&store).await, Some(approved()));
}

#[tokio::test]
async fn a_device_code_is_used_once_with_or_without_a_family() {
    for family in [None, Some(&family(1))] {
        let store = store().await;
        let (current, first, second) = (approved(), exchanged(1), exchanged(2));
        let unasked = rests_on(Basis::Unasked);
        let use_up = |next, family| {
            store.commit_device_exchange(DeviceExchange {
                device_id: DEVICE,
                current: &current,
                next,
                family,
                rests_on: &unasked,
            })
        };
        assert!(is_conflict(use_up(&first, family).await));
        store
            .put_device(DEVICE, &device(), "digest", NOW)
            .await
            .unwrap();
        assert!(is_conflict(use_up(&first, family).await));
        assert_eq!(store.load_families(&user_id()).await.unwrap(), []);
        store
            .commit_device(DEVICE, &device(), &current.state)
            .await
            .unwrap();
        assert!(!is_conflict(use_up(&first, family).await));
        assert!(is_conflict(use_up(&second, None).await));
        assert_eq!(stored_device(&store).await.unwrap().state, first);
        let families = store.load_families(&user_id()).await.unwrap();
        assert_eq!(families.first(), family);
    }
}

#[tokio::test]
async fn a_device_code_and_its_family_are_written_together_or_not_at_all() {
    let store = store().await;
    store
        .put_device(DEVICE, &approved(), "digest", NOW)
        .await
        .unwrap();
    store.put_family(&family(1)).await.unwrap();
    let exchange = DeviceExchange {
        device_id: DEVICE,
        current: &approved(),
        next: &exchanged(1),
        family: Some(&family(1)),
        rests_on: &rests_on(Basis::Unasked),
    };
    assert!(is_conflict(store.commit_device_exchange(exchange).await));
    assert_eq!(stored_device(&store).await, Some(approved()));
}
