//! What users agreed to, and its withdrawal.

use shared::{
    adapters::dynamo::CodeExchange,
    domain::{
        authorization::Grant,
        family::{EndReason, Ended, Family},
        grant::{GrantKey, UserGrant},
        ids::{Audience, CodeId},
        scope::Scope,
    },
};

use crate::fixtures::{
    NOW, audience, client_id, code, family, is_conflict, redeemed, store, use_of, user_id,
};

#[tokio::test]
async fn a_code_that_rests_on_consent_begins_no_family_once_that_is_withdrawn() {
    let store = store().await;
    let (user, id) = (user_id(), CodeId::from_bytes([1; 16]));
    let consented = |n: u8| {
        let (store, user) = (&store, &user);
        async move {
            let redeemed = redeemed(n);
            let family = family(n);
            let exchange = CodeExchange {
                rests_on_consent: true,
                ..use_of(user, &redeemed, Some(&family))
            };
            store.commit_code(exchange).await
        }
    };
    let grant = Grant {
        scope: Scope::parse("openid"),
        granted_at: NOW,
    };
    store.put_code(id, &code()).await.unwrap();
    assert!(is_conflict(consented(1).await));
    assert_eq!(store.load_code(&user, id).await.unwrap(), Some(code()));
    assert_eq!(store.load_families(&user).await.unwrap(), []);

    store
        .put_grant(&user, &client_id(), Some(&audience()), &grant)
        .await
        .unwrap();
    assert!(!is_conflict(consented(1).await));
    assert_eq!(store.load_families(&user).await.unwrap(), [family(1)]);
}

#[tokio::test]
async fn withdrawing_a_grant_ends_its_families_and_no_others() {
    let store = store().await;
    let grant = Grant {
        scope: Scope::parse("openid email"),
        granted_at: NOW,
    };
    let (user, api) = (user_id(), audience());
    for audience in [Some(&api), None] {
        store
            .put_grant(&user, &client_id(), audience, &grant)
            .await
            .unwrap();
    }
    let other = Family {
        audience: None,
        ..family(3)
    };
    for family in [&family(1), &family(2), &other] {
        store.put_family(family).await.unwrap();
    }
    let key = GrantKey::of(&family(1));
    let stored = |audience: Option<&Audience>| UserGrant {
        key: GrantKey {
            audience: audience.cloned(),
            ..key.clone()
        },
        scope: grant.scope.clone(),
    };
    assert_eq!(
        store.load_grants(&user).await.unwrap(),
        [stored(None), stored(Some(&api))]
    );

    let ended = Ended {
        at: NOW,
        reason: EndReason::GrantRevoked,
    };
    for families in [2, 0] {
        assert_eq!(store.end_grant(&key, &ended).await.unwrap(), families);
    }
    assert_eq!(store.load_grants(&user).await.unwrap(), [stored(None)]);
    let live: Vec<_> = store
        .load_families(&user)
        .await
        .unwrap()
        .into_iter()
        .filter(|family| family.ended.is_none())
        .collect();
    assert_eq!(live, [other]);
}

#[tokio::test]
async fn a_grant_is_per_client_and_api() {
    let store = store().await;
    let grant = Grant {
        scope: Scope::parse("openid email"),
        granted_at: NOW,
    };
    let api = audience();
    store
        .put_grant(&user_id(), &client_id(), Some(&api), &grant)
        .await
        .unwrap();
    let load = |audience| {
        let store = &store;
        async move {
            store
                .load_grant(&user_id(), &client_id(), audience)
                .await
                .unwrap()
        }
    };
    assert_eq!(load(Some(&api)).await, Some(grant));
    assert_eq!(load(None).await, None);
    store
        .delete_grant(&user_id(), &client_id(), Some(&api))
        .await
        .unwrap();
    assert_eq!(load(Some(&api)).await, None);
}
