//! Metadata that scripts write.

use ratchet_domain::{ids::UserId, time::Timestamp};
use ratchet_store::{CommitError, Metadata};
use serde_json::{Map, Value, json};

use crate::fixtures::{NOW, login_record, put_user, store, user_id};

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

#[tokio::test]
async fn a_patch_is_merged_at_the_root_and_null_removes() {
    let store = store().await;
    let mut record = login_record();
    record.user.app_metadata = object(json!({"plan": "gold", "seen": {"a": 1}, "old": true}));
    put_user(&store, &record).await.unwrap();
    let patch = object(json!({"seen": {"b": 2.5}, "old": null, "never": null, "a.b": ["x"]}));
    let user = user_id();
    let after = store.patch_metadata(&user, Metadata::App, &patch, NOW);
    let after = after.await.unwrap();
    let expected = object(json!({"plan": "gold", "seen": {"b": 2.5}, "a.b": ["x"]}));
    assert_eq!(after.app_metadata, expected);
    assert_eq!(after.updated_at, NOW);
    let stored = store.load_user(&user).await.unwrap().unwrap();
    assert_eq!(stored.user, after);
    assert_eq!(stored.password_hash, record.password_hash);
}

#[tokio::test]
async fn patches_of_different_keys_at_one_moment_both_land() {
    let store = store().await;
    put_user(&store, &login_record()).await.unwrap();
    let user = user_id();
    let patches: Vec<_> = (0..8)
        .map(|key| object(json!({format!("k{key}"): key})))
        .collect();
    let written = futures_util::future::join_all(
        patches
            .iter()
            .map(|patch| store.patch_metadata(&user, Metadata::User, patch, NOW)),
    )
    .await;
    assert!(written.iter().all(Result::is_ok));
    let stored = store.load_user(&user).await.unwrap().unwrap().user;
    assert!((0..8).all(|key| stored.user_metadata[&format!("k{key}")] == key));
}

#[tokio::test]
async fn a_metadata_patch_creates_no_user() {
    let store = store().await;
    let unknown = UserId::parse("auth0|unknown").unwrap();
    let patch = object(json!({"plan": "gold"}));
    let written = store.patch_metadata(&unknown, Metadata::App, &patch, Timestamp::default());
    assert!(matches!(written.await, Err(CommitError::Conflict)));
    assert_eq!(store.load_user(&unknown).await.unwrap(), None);
}
