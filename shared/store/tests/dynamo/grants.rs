//! Consents and their withdrawal.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use ratchet_domain::{
    authorization::Grant,
    consent::{Basis, RestsOn},
    family::{EndReason, Ended},
    grant::{GrantKey, UserGrant},
    ids::{ClientId, CodeId, ConsentId, SessionId},
    scope::Scope,
    session::Session,
    settings::Settings,
    time::{Lifetime, Timestamp},
};
use ratchet_store::Store;
use ratchet_system::Deadline;

use crate::fixtures::{
    NOW, audience, bare_sid, changed, changed_code, client_id, code, family, grant_key,
    is_conflict, login_record, put_user, raw_client, redeemed, rests_on, store, store_and_endpoint,
    use_of, user_id,
};

const LATER: Timestamp = NOW.plus(Lifetime::from_secs(1));
const CODE: CodeId = CodeId::from_bytes([1; 16]);

const fn id(n: u8) -> ConsentId {
    ConsentId::from_bytes([n; 16])
}

fn ended() -> Ended {
    Ended {
        at: NOW,
        reason: EndReason::GrantRevoked,
    }
}

async fn join(store: &Store, grant: &GrantKey, n: u8, scope: &str) -> Grant {
    let scope = Scope::parse(scope);
    store.join_consent(grant, id(n), &scope, NOW).await.unwrap()
}

async fn there(store: &Store, grant: &GrantKey) -> Option<Grant> {
    let GrantKey {
        user_id,
        client_id,
        audience,
    } = grant;
    store
        .load_grant(user_id, client_id, audience.as_ref())
        .await
        .unwrap()
}

/// True if the code is exchanged on this consent, with a family or without.
async fn is_exchanged(store: &Store, n: u8, with_family: bool, basis: Basis) -> bool {
    let (redeemed, family, rests_on) = (redeemed(n), family(n), rests_on(basis));
    let family = with_family.then_some(&family);
    let exchange = use_of(&redeemed, family, &rests_on);
    !is_conflict(store.commit_code(exchange).await)
}

#[tokio::test]
async fn a_consent_keeps_its_id_while_its_scopes_grow_and_has_another_after_a_withdrawal() {
    let store = store().await;
    let grant = grant_key();
    assert_eq!(there(&store, &grant).await, None);
    let first = join(&store, &grant, 1, "openid email").await;
    assert_eq!(first.id, Some(id(1)));
    let scope = Scope::parse("openid read:orders");
    let joined = store
        .join_consent(&grant, id(2), &scope, LATER)
        .await
        .unwrap();
    let expected = Grant {
        id: Some(id(1)),
        scope: Scope::parse("email openid read:orders"),
        granted_at: LATER,
    };
    assert_eq!(joined, expected);
    assert_eq!(there(&store, &grant).await, Some(expected));
    // A consent to an empty scope is a consent, too.
    assert_eq!(join(&store, &grant, 3, "").await.id, Some(id(1)));
    store.end_consent(&grant).await.unwrap();
    assert_eq!(there(&store, &grant).await, None);
    let again = join(&store, &grant, 4, "").await;
    assert_eq!((again.id, again.scope), (Some(id(4)), Scope::default()));
}

#[tokio::test]
async fn a_code_is_exchanged_only_on_the_very_consent_that_it_rests_on() {
    for with_family in [true, false] {
        let store = store().await;
        let grant = grant_key();
        store.put_code(CODE, &code()).await.unwrap();
        let basis = Basis::Consent(id(1));
        assert!(!is_exchanged(&store, 1, with_family, basis).await);
        join(&store, &grant, 2, "openid offline_access").await;
        for basis in [basis, Basis::Unnamed] {
            assert!(!is_exchanged(&store, 1, with_family, basis).await);
        }
        let stored = store.load_code(&user_id(), CODE).await.unwrap();
        assert_eq!(stored, Some(code()));
        assert_eq!(store.load_families(&user_id()).await.unwrap(), []);

        let basis = Basis::Consent(id(2));
        assert!(is_exchanged(&store, 1, with_family, basis).await);
        let families = store.load_families(&user_id()).await.unwrap();
        assert_eq!(families.len(), usize::from(with_family));
    }
}

#[tokio::test]
async fn a_stored_code_keeps_its_consent() {
    let store = store().await;
    for (n, basis) in [
        (1, Basis::Unasked),
        (2, Basis::Unnamed),
        (3, Basis::Consent(id(1))),
    ] {
        let code = changed_code(|parts| parts.basis = basis);
        let code_id = CodeId::from_bytes([n; 16]);
        store.put_code(code_id, &code).await.unwrap();
        let stored = store.load_code(&user_id(), code_id).await.unwrap();
        assert_eq!(stored, Some(code));
    }
}

/// The item of a consent as versions before consent ids wrote it. Tables contain it: it never changes.
fn of_an_earlier_version() -> HashMap<String, AttributeValue> {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let sort_key = format!("GRANT#{}#{}", client_id(), audience());
    HashMap::from([
        ("PK".to_owned(), text(&format!("USER#{}", user_id()))),
        ("SK".to_owned(), text(&sort_key)),
        ("scope".to_owned(), text("openid read:orders")),
        (
            "granted_at".to_owned(),
            AttributeValue::N(NOW.as_millis().to_string()),
        ),
    ])
}

#[tokio::test]
async fn a_consent_of_an_earlier_version_is_read_and_has_an_id_once_the_user_agrees_again() {
    let (store, endpoint) = store_and_endpoint().await;
    let put = raw_client(&endpoint).put_item().table_name("ratchet");
    put.set_item(Some(of_an_earlier_version()))
        .send()
        .await
        .unwrap();
    let grant = grant_key();
    let old = Grant {
        id: None,
        scope: Scope::parse("openid read:orders"),
        granted_at: NOW,
    };
    assert_eq!(there(&store, &grant).await, Some(old.clone()));
    store.put_code(CODE, &code()).await.unwrap();
    assert!(is_exchanged(&store, 1, false, Basis::of(&old)).await);

    let joined = join(&store, &grant, 1, "openid write:orders").await;
    let expected = Grant {
        id: Some(id(1)),
        scope: Scope::parse("openid read:orders write:orders"),
        granted_at: NOW,
    };
    assert_eq!(joined, expected);
    let listed = UserGrant {
        key: grant,
        scope: expected.scope,
    };
    assert_eq!(store.load_grants(&user_id()).await.unwrap(), [listed]);
}

#[tokio::test]
async fn withdrawing_a_grant_ends_its_families_and_codes_and_no_others() {
    let store = store().await;
    let key = grant_key();
    let elsewhere = GrantKey {
        audience: None,
        ..key.clone()
    };
    for grant in [&key, &elsewhere] {
        join(&store, grant, 1, "openid email").await;
    }
    let other = changed(&family(3), |parts| parts.audience = None);
    for family in [&family(1), &family(2), &other] {
        store.put_family(family).await.unwrap();
    }
    let redeemed = changed_code(|parts| parts.redeemed = Some(redeemed(1)));
    let of_other_client = changed_code(|parts| {
        parts.client_id = ClientId::parse("other").unwrap();
    });
    let of_other_api = changed_code(|parts| parts.audience = None);
    for (n, code) in [
        (1, &code()),
        (2, &redeemed),
        (3, &of_other_client),
        (4, &of_other_api),
    ] {
        let id = CodeId::from_bytes([n; 16]);
        store.put_code(id, code).await.unwrap();
    }
    let listed = |key: &GrantKey| UserGrant {
        key: key.clone(),
        scope: Scope::parse("email openid"),
    };
    let grants = store.load_grants(&user_id()).await.unwrap();
    assert_eq!(grants, [listed(&elsewhere), listed(&key)]);

    for families in [2, 0] {
        let number = store.end_grant(&key, None, &ended(), Deadline::NEVER).await;
        assert_eq!(number.unwrap(), families);
    }
    let grants = store.load_grants(&user_id()).await.unwrap();
    assert_eq!(grants, [listed(&elsewhere)]);
    let live: Vec<_> = store
        .load_families(&user_id())
        .await
        .unwrap()
        .into_iter()
        .filter(|family| family.ended.is_none())
        .collect();
    assert_eq!(live, [other]);
    for (n, is_there) in [(1, false), (2, true), (3, true), (4, true)] {
        let id = CodeId::from_bytes([n; 16]);
        let code = store.load_code(&user_id(), id).await.unwrap();
        assert_eq!(code.is_some(), is_there, "{n}");
    }
}

#[tokio::test]
async fn withdrawing_all_grants_advances_the_epoch_and_revokes_the_families() {
    let store = store().await;
    put_user(&store, &login_record()).await.unwrap();
    join(&store, &grant_key(), 1, "openid").await;
    for n in [1, 2] {
        store.put_family(&family(n)).await.unwrap();
    }
    let epochs = async || {
        let record = store.load_user(&user_id()).await.unwrap().unwrap();
        record.user.valid_from
    };
    let before = epochs().await;
    assert_eq!(
        store
            .end_grants(&user_id(), &ended(), Deadline::NEVER)
            .await
            .unwrap(),
        2
    );
    let after = epochs().await;
    assert_eq!(after.sessions, before.sessions);
    assert!(after.refresh_tokens.begin() > before.refresh_tokens.begin());
    assert!(before.honours(code().issued_in) && !after.honours(code().issued_in));
    assert_eq!(store.load_grants(&user_id()).await.unwrap(), []);
    // The next call ends what begins in the new epoch.
    let begun = changed(&family(3), |parts| {
        parts.valid_from = after.refresh_tokens;
    });
    store.put_family(&begun).await.unwrap();
    assert_eq!(
        store
            .end_grants(&user_id(), &ended(), Deadline::NEVER)
            .await
            .unwrap(),
        1
    );
    assert!(epochs().await.refresh_tokens.begin() > after.refresh_tokens.begin());
}

#[tokio::test]
async fn the_grants_of_a_deleted_user_can_be_withdrawn() {
    let store = store().await;
    join(&store, &grant_key(), 1, "openid").await;
    store.put_family(&family(1)).await.unwrap();
    assert_eq!(
        store
            .end_grants(&user_id(), &ended(), Deadline::NEVER)
            .await
            .unwrap(),
        1
    );
    assert_eq!(store.load_grants(&user_id()).await.unwrap(), []);
}

#[tokio::test]
async fn a_visit_is_noted_on_the_very_consent_alone() {
    let store = store().await;
    let (session_id, user) = (SessionId::from_bytes([9; 16]), login_record().user);
    let session = Session::begin(&user, bare_sid(session_id), &Settings::default(), NOW);
    store.put_session(session_id, &session).await.unwrap();
    join(&store, &grant_key(), 1, "openid").await;
    let visit = async |client: &str, basis| {
        let rests_on = RestsOn {
            basis,
            ..rests_on(Basis::Unasked)
        };
        let client = ClientId::parse(client).unwrap();
        let touched = store
            .touch_session_on(&rests_on, session_id, &session, &client)
            .await;
        !is_conflict(touched)
    };
    assert!(visit("unasked", Basis::Unasked).await);
    assert!(visit("consented", Basis::Consent(id(1))).await);
    assert!(!visit("another", Basis::Consent(id(2))).await);
    assert!(!visit("unnamed", Basis::Unnamed).await);
    let there = store.load_session(&user_id(), session_id).await.unwrap();
    let noted = there.unwrap().into_parts().clients;
    let noted: Vec<_> = noted.iter().map(ClientId::as_str).collect();
    assert_eq!(noted, ["consented", "unasked"]);
    store
        .end_session(&user_id(), session_id, NOW)
        .await
        .unwrap();
    assert!(!visit("late", Basis::Consent(id(1))).await);
}

#[tokio::test]
async fn a_family_of_an_ended_session_does_not_begin() {
    let store = store().await;
    let (session_id, user) = (SessionId::from_bytes([9; 16]), login_record().user);
    let session = Session::begin(&user, bare_sid(session_id), &Settings::default(), NOW);
    store.put_session(session_id, &session).await.unwrap();
    assert!(!is_conflict(store.put_family(&family(1)).await));
    store
        .end_session(&user_id(), session_id, NOW)
        .await
        .unwrap();
    assert!(is_conflict(store.put_family(&family(2)).await));
    let families = store.load_families(&user_id()).await.unwrap();
    assert_eq!(families, [family(1)]);
}

#[tokio::test]
async fn a_grant_is_per_client_and_api() {
    let store = store().await;
    let key = grant_key();
    let elsewhere = GrantKey {
        audience: None,
        ..key.clone()
    };
    let grant = join(&store, &key, 1, "openid email").await;
    assert_eq!(there(&store, &key).await, Some(grant));
    assert_eq!(there(&store, &elsewhere).await, None);
}
