//! Lists that are read part by part, in the order of ids.

use shared::domain::{
    family::Family,
    ids::{FamilyId, SessionId},
    session::Session,
    settings::Settings,
};

use crate::fixtures::{NOW, family, login_record, store, user_id};

#[tokio::test]
async fn sessions_are_read_part_by_part_without_those_that_have_ended() {
    let store = store().await;
    let ids: Vec<_> = (1..=5).map(|n| SessionId::from_bytes([n; 16])).collect();
    let settings = Settings::default();
    for id in &ids {
        let session = Session::begin(&login_record().user, id.to_string(), &settings, NOW);
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
        assert_eq!(session.session_id, id.to_string());
    }
}

#[tokio::test]
async fn families_are_read_part_by_part() {
    let store = store().await;
    let families: Vec<Family> = (1..=3).map(family).collect();
    for family in &families {
        store.put_family(family).await.unwrap();
    }
    let part = async |after, limit| {
        let part = store.load_some_families(&user_id(), after, limit).await;
        let part = part.unwrap();
        let found: Vec<FamilyId> = part.items.iter().map(|family| family.id).collect();
        (found, part.next)
    };
    let ids: Vec<_> = families.iter().map(|family| family.id).collect();
    assert_eq!(part(None, 2).await, (ids[..2].to_vec(), Some(ids[1])));
    assert_eq!(part(Some(ids[1]), 2).await, (ids[2..].to_vec(), None));
}
