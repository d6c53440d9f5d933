//! Users, their login names, and sessions.

use aws_sdk_dynamodb::types::AttributeValue;
use ratchet_domain::{
    ids::{ClientId, ConnectionName, SessionId, UserId},
    scope::Scope,
    session::Session,
    settings::Settings,
    time::Lifetime,
    user::{LoginName, LoginStats},
};
use ratchet_store::CommitError;

use crate::fixtures::{
    NOW, audience, bare_sid, client_id, connection, hash, is_conflict, login_record, put_user,
    raw_client, store, store_and_endpoint, user_id,
};

#[tokio::test]
async fn permissions_are_read_as_they_were_written() {
    let store = store().await;
    let mut record = login_record();
    put_user(&store, &record).await.unwrap();
    let load = || async { store.load_user(&user_id()).await.unwrap().unwrap() };
    assert_eq!(load().await, record);
    record.user.roles = vec!["Editor".to_owned()];
    record.user.permissions = [(audience(), Scope::parse("read write"))].into();
    put_user(&store, &record).await.unwrap();
    assert_eq!(load().await.user, record.user);
}

#[tokio::test]
async fn a_user_is_found_by_every_name_in_any_case() {
    let store = store().await;
    let record = login_record();
    put_user(&store, &record).await.unwrap();
    for name in ["ada@example.com", " ADA@example.com ", "Ada"] {
        assert_eq!(
            store
                .load_login(&connection(), name)
                .await
                .unwrap()
                .as_ref(),
            Some(&record)
        );
    }
    assert_eq!(store.load_login(&connection(), "eve").await.unwrap(), None);
    store.delete_user(&user_id(), NOW).await.unwrap();
    assert_eq!(store.load_login(&connection(), "ada").await.unwrap(), None);
    assert_eq!(store.load_user(&user_id()).await.unwrap(), None);
}

const COMPOSED: &str = "zo\u{eb}@example.com";
const APART: &str = "zoe\u{308}@example.com";

/// Stores the name of a user as it was stored before names were composed.
async fn store_name_apart(endpoint: &str) {
    let client = raw_client(endpoint);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let partition = |name: &str| text(&format!("LOGIN#{}#{name}", connection()));
    let put = client.put_item().table_name("ratchet");
    put.item("PK", partition(APART))
        .item("SK", text("LOGIN"))
        .item("user_id", text(user_id().as_str()))
        .send()
        .await
        .unwrap();
    let delete = client.delete_item().table_name("ratchet");
    delete
        .key("PK", partition(COMPOSED))
        .key("SK", text("LOGIN"))
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_name_is_found_in_either_form_and_as_it_was_stored_before_there_was_one() {
    let (store, endpoint) = store_and_endpoint().await;
    let mut record = login_record();
    record.user.profile.email = Some(APART.to_owned());
    put_user(&store, &record).await.unwrap();
    let found = async |name: &str| {
        let (database, login_name) = (connection(), LoginName::parse(name).unwrap());
        let by_name = store.load_login(&database, name).await.unwrap();
        let attempt = store.load_login_attempt(&database, &login_name, None, None);
        assert_eq!(attempt.await.unwrap().record, by_name);
        by_name.is_some()
    };
    assert!(found(COMPOSED).await && found(APART).await);

    store_name_apart(&endpoint).await;
    assert!(found(APART).await && !found(COMPOSED).await);
    // The next import stores the name in its composed form and deletes the other.
    put_user(&store, &record).await.unwrap();
    assert!(found(COMPOSED).await);
    record.user.profile.email = None;
    put_user(&store, &record).await.unwrap();
    assert!(!found(COMPOSED).await && !found(APART).await);

    record.user.profile.email = Some(APART.to_owned());
    put_user(&store, &record).await.unwrap();
    store_name_apart(&endpoint).await;
    store.delete_user(&user_id(), NOW).await.unwrap();
    assert!(!found(COMPOSED).await && !found(APART).await);
}

#[tokio::test]
async fn a_login_name_belongs_to_one_user() {
    let store = store().await;
    put_user(&store, &login_record()).await.unwrap();
    let mut thief = login_record();
    thief.user.user_id = UserId::parse("auth0|eve").unwrap();
    thief.user.profile.username = None;
    assert!(is_conflict(put_user(&store, &thief).await));
    assert_eq!(store.load_user(&thief.user.user_id).await.unwrap(), None);
}

#[tokio::test]
async fn a_changed_login_name_lets_go_of_the_old_one() {
    let store = store().await;
    let mut record = login_record();
    put_user(&store, &record).await.unwrap();
    record.user.profile.username = Some("countess".to_owned());
    put_user(&store, &record).await.unwrap();
    assert_eq!(store.load_login(&connection(), "ada").await.unwrap(), None);
    assert!(
        store
            .load_login(&connection(), "countess")
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_user_who_changes_connection_leaves_no_name_behind() {
    let store = store().await;
    let mut record = login_record();
    put_user(&store, &record).await.unwrap();
    record.user.connection = ConnectionName::parse("Customers").unwrap();
    put_user(&store, &record).await.unwrap();
    assert_eq!(store.load_login(&connection(), "ada").await.unwrap(), None);
    let there = store
        .load_login(&record.user.connection, "ada")
        .await
        .unwrap();
    assert_eq!(there.map(|there| there.user), Some(record.user));
}

#[tokio::test]
async fn a_password_hash_is_replaced_only_if_it_is_the_one_that_was_read() {
    let store = store().await;
    let record = login_record();
    put_user(&store, &record).await.unwrap();
    let (second, third) = (hash("second"), hash("third"));
    store.commit_password_hash(&record, &second).await.unwrap();
    store.commit_password_hash(&record, &third).await.unwrap();
    let after = store.load_user(&user_id()).await.unwrap().unwrap();
    assert_eq!(after.password_hash, Some(second));
}

#[tokio::test]
async fn logins_are_counted_one_by_one_and_replacing_the_user_leaves_the_count() {
    let store = store().await;
    let mut record = login_record();
    put_user(&store, &record).await.unwrap();
    let address = Some("192.0.2.7".parse().unwrap());
    let counted = futures_util::future::join_all(
        (0..5).map(|_| async { store.count_login(&user_id(), address, NOW).await.unwrap() }),
    )
    .await;
    let mut counts: Vec<u64> = counted.iter().map(|stats| stats.logins_count).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2, 3, 4, 5]);

    record.user.profile.nickname = Some("countess".to_owned());
    record.password_hash = None;
    put_user(&store, &record).await.unwrap();
    record.user.stats = LoginStats {
        logins_count: 5,
        last_login: Some(NOW),
        last_ip: address,
    };
    let there = store.load_user(&user_id()).await.unwrap();
    assert_eq!(there.map(|there| there.user), Some(record.user));

    let later = NOW.plus(Lifetime::from_secs(60));
    let nowhere = store.count_login(&user_id(), None, later).await.unwrap();
    let last = (nowhere.logins_count, nowhere.last_login, nowhere.last_ip);
    assert_eq!(last, (6, Some(later), None));
}

#[tokio::test]
async fn a_login_does_not_revive_a_user_who_was_removed() {
    let store = store().await;
    let counted = store.count_login(&user_id(), None, NOW).await;
    assert!(matches!(counted, Err(CommitError::Conflict)));
    assert_eq!(store.load_user(&user_id()).await.unwrap(), None);
}

#[tokio::test]
async fn a_visit_does_not_revive_a_session() {
    let store = store().await;
    let id = SessionId::from_bytes([3; 16]);
    let settings = Settings::default();
    let session = Session::begin(&login_record().user, bare_sid(id), &settings, NOW);
    let later = NOW.plus(Lifetime::from_secs(60));
    store.put_session(id, &session).await.unwrap();
    let other = ClientId::parse("other").unwrap();
    for client in [client_id(), other.clone(), client_id()] {
        let touched = session.touched(&settings, later);
        store.touch_session(id, &touched, &client).await.unwrap();
    }
    let there = store.load_session(&user_id(), id).await.unwrap().unwrap();
    let mut visited = session.touched(&settings, later).into_parts();
    visited.clients = [client_id(), other].into();
    let visited = Session::try_from(visited).unwrap();
    assert_eq!(there, visited);

    store.put_session(id, &visited).await.unwrap();
    let third = ClientId::parse("third").unwrap();
    store.touch_session(id, &visited, &third).await.unwrap();
    let renewed = visited.renewed(&settings, NOW.plus(Lifetime::from_secs(90)));
    store.renew_session(id, &visited, &renewed).await.unwrap();
    let ended = store
        .end_session(&user_id(), id, NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ended.clients.len(), 3, "a login meanwhile is not forgotten");
    let mut as_renewed = ended.into_parts();
    as_renewed.clients.clone_from(&renewed.clients);
    assert_eq!(as_renewed, renewed.into_parts());

    assert_eq!(store.end_session(&user_id(), id, NOW).await.unwrap(), None);
    for refused in [
        store.touch_session(id, &session, &client_id()).await,
        store
            .renew_session(id, &session, &session.renewed(&settings, NOW))
            .await,
    ] {
        assert!(matches!(refused, Err(CommitError::Conflict)));
    }
    assert_eq!(store.load_session(&user_id(), id).await.unwrap(), None);
}
