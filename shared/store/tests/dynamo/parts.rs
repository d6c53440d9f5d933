//! Lists that are read page by page, in the order of ids.

use ratchet_domain::{
    family_key::FamilyKey,
    ids::{ClientId, SessionId},
    session::Session,
    settings::Settings,
};

use crate::fixtures::{
    NOW, bare_sid, changed, client_id, earlier_family, family, login_record, store, user_id,
};

#[tokio::test]
async fn sessions_are_read_part_by_part_without_those_that_have_ended() {
    let store = store().await;
    let ids: Vec<_> = (1..=5).map(|n| SessionId::from_bytes([n; 16])).collect();
    let settings = Settings::default();
    for id in &ids {
        let session = Session::begin(&login_record().user, bare_sid(*id), &settings, NOW);
        store.put_session(*id, &session).await.unwrap();
    }
    store.end_session(&user_id(), ids[1], NOW).await.unwrap();
    let part = async |after, limit| {
        let part = store.load_some_sessions(&user_id(), after, limit).await;
        let part = part.unwrap();
        let found: Vec<_> = part.items.into_iter().map(|(id, _)| id).collect();
        (found, part.next)
    };
    assert_eq!(part(None, 2).await, (vec![ids[0]], Some(ids[1])));
    assert_eq!(
        part(Some(ids[1]), 2).await,
        (ids[2..4].to_vec(), Some(ids[3]))
    );
    assert_eq!(part(Some(ids[3]), 2).await, (vec![ids[4]], None));
    assert_eq!(part(Some(ids[4]), 2).await, (vec![], None));
    let all = store.load_sessions_by_id(&user_id()).await.unwrap();
    assert_eq!(all.len(), 4);
    for (id, session) in all {
        assert_eq!(session.session_id, bare_sid(id));
    }
}

#[tokio::test]
async fn families_are_read_part_by_part() {
    let store = store().await;
    let [elsewhere, earlier_elsewhere] = [family(3), earlier_family(2)].map(|family| {
        changed(&family, |parts| {
            parts.client_id = ClientId::parse("other").unwrap();
        })
    });
    let families = [
        earlier_family(1),
        earlier_elsewhere,
        family(1),
        family(2),
        elsewhere,
    ];
    for family in &families {
        store.put_family(family).await.unwrap();
    }
    let keys: Vec<_> = families.iter().map(FamilyKey::of).collect();
    let read = async |client, after, limit| {
        let user = user_id();
        let part = store.load_some_families(&user, client, after, limit).await;
        let part = part.unwrap();
        let found: Vec<_> = part.items.iter().map(FamilyKey::of).collect();
        (found, part.next)
    };
    let all = async |after, limit| read(None, after, limit).await;
    assert_eq!(
        all(None, 2).await,
        (keys[..2].to_vec(), Some(keys[1].clone()))
    );
    let rest = all(Some(&keys[1]), 2).await;
    assert_eq!(rest, (keys[2..4].to_vec(), Some(keys[3].clone())));
    assert_eq!(all(Some(&keys[3]), 2).await, (keys[4..].to_vec(), None));

    let client = client_id();
    let own = async |after, limit| read(Some(&client), after, limit).await;
    let named =
        |numbers: &[usize]| -> Vec<_> { numbers.iter().map(|n| keys[*n].clone()).collect() };
    assert_eq!(own(None, 1).await, (named(&[0]), Some(keys[0].clone())));
    // Families of earlier versions include those of other applications, which are read and omitted.
    let second = own(Some(&keys[0]), 2).await;
    assert_eq!(second, (named(&[2]), Some(keys[2].clone())));
    assert_eq!(own(Some(&keys[2]), 2).await, (named(&[3]), None));
    assert_eq!(own(None, 9).await, (named(&[0, 2, 3]), None));
}
