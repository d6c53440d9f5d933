//! The exact form of stored items: functions of two versions read each other's items during an update, and the size of
//! a family's item determines its cost. `stored_forms.json` changes only by attributes that are optional when they are read, or with a migration.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use ratchet_domain::{
    client::SigningAlgorithm,
    code::{IssuedAccessToken, Redeemed},
    consent::Basis,
    device::{Approval, DeviceGrant, DeviceState},
    ids::{AccessTokenDigest, CodeId, ConsentId, DeviceId, SessionId},
    scope::Scope,
    sealed::KeyId,
    session::Session,
    settings::Settings,
    sid::Sid,
    time::Lifetime,
    valid_from::IssuedIn,
};
use ratchet_keys::password;
use ratchet_store::{
    LoginRecord, Store, StoredKey, StoredKeyring, StoredPrivateKey, StoredSigningKey,
    StoredSigningKeys,
};
use serde_json::{Map, Value, json};

use crate::fixtures::{
    EPOCH, NOW, audience, bare_sid, busy, changed, changed_code, client_id, code, earlier_family,
    family, grant_key, login_record, phone, put_user, raw_client, redeemed, rests_on, rotated,
    store_and_endpoint, use_of, user_id,
};

/// A hash with a constant salt.
const HASH: &str = "$2b$04$abcdefghijklmnopqrstuuk0sDS4kKvEKl1FMyz0VvPx6xYXVnGmG";

const WRAPPED_BY: &str = "arn:aws:kms:eu-west-1:1:key/wraps";

/// A session whose `sid` is its bare id, as in earlier versions.
const SESSION: SessionId = SessionId::from_bytes([9; 16]);
const OTHER_SESSION: SessionId = SessionId::from_bytes([8; 16]);
/// The `sid` of the other session.
const SEALED: &str = "si1_AAAAAQ-_9WzA2Mj";
const CONSENT: ConsentId = ConsentId::from_bytes([7; 16]);

async fn put_users_items(store: &Store) {
    let record = LoginRecord {
        password_hash: Some(password::import(HASH).unwrap()),
        ..login_record()
    };
    let user = put_user(store, &record).await.unwrap();
    let session = Session::begin(&user, bare_sid(SESSION), &Settings::default(), NOW);
    store.put_session(SESSION, &session).await.unwrap();
    let sid = Sid::parse(SEALED).unwrap();
    let sealed = Session::begin(&user, sid, &Settings::default(), NOW);
    store.put_session(OTHER_SESSION, &sealed).await.unwrap();
    let scope = Scope::parse("openid read:orders");
    store
        .join_consent(&grant_key(), CONSENT, &scope, NOW)
        .await
        .unwrap();
}

async fn put_families(store: &Store) {
    let named = changed(&rotated(&busy(&family(2)), 3), |parts| {
        parts.device = Some(phone());
        parts.fence = 1;
    });
    for family in [&family(1), &named, &earlier_family(4)] {
        store.put_family(family).await.unwrap();
    }
    store.count_family(&named, NOW).await.unwrap();
}

async fn put_codes(store: &Store) {
    let waiting = changed_code(|parts| {
        parts.nonce = Some("n-0S6_WzA2Mj".to_owned());
        parts.basis = Basis::Consent(CONSENT);
    });
    let unused = CodeId::from_bytes([2; 16]);
    store.put_code(unused, &waiting).await.unwrap();
    store
        .put_code(CodeId::from_bytes([1; 16]), &code())
        .await
        .unwrap();
    let issued = IssuedAccessToken {
        digest: AccessTokenDigest::new("digest of the access token"),
        expires_at: NOW.plus(Lifetime::from_secs(86_400)),
    };
    let redeemed = Redeemed {
        family_id: Some(family(1).id),
        access_token: Some(issued),
        ..redeemed(1)
    };
    let unasked = rests_on(Basis::Unasked);
    store
        .commit_code(use_of(&redeemed, None, &unasked))
        .await
        .unwrap();
}

async fn put_device(store: &Store) {
    let approval = Approval {
        issued_in: IssuedIn {
            sessions: EPOCH,
            refresh_tokens: Some(EPOCH),
        },
        user_id: user_id(),
        session_id: bare_sid(SESSION),
        auth_time: NOW,
        basis: Basis::Consent(CONSENT),
    };
    let device = DeviceGrant {
        client_id: client_id(),
        audience: Some(audience()),
        scope: Scope::parse("openid offline_access"),
        expires_at: NOW.plus(Lifetime::from_secs(900)),
        polled: None,
        state: DeviceState::Approved(approval),
    };
    let id = DeviceId::from_bytes([1; 16]);
    store.put_device(id, &device, "digest", NOW).await.unwrap();
}

async fn put_keys(store: &Store) {
    let sealing = StoredKey {
        id: KeyId::new(1),
        wrapped: "d3JhcHBlZA==".to_owned(),
        wrapped_by: Some(WRAPPED_BY.to_owned()),
        active_from: NOW,
    };
    let keyring = StoredKeyring {
        keys: vec![sealing],
        version: 1,
    };
    store.create_keyring(&keyring).await.unwrap();
    let signing = |algorithm, key| StoredSigningKey {
        algorithm,
        key,
        active_from: NOW,
        certificate: None,
    };
    let pair = StoredPrivateKey::Wrapped {
        private: "cHJpdmF0ZQ==".to_owned(),
        public: "cHVibGlj".to_owned(),
        wrapped_by: Some(WRAPPED_BY.to_owned()),
    };
    let named = StoredPrivateKey::Service("arn:aws:kms:eu-west-1:1:key/es256".to_owned());
    let certified = StoredSigningKey {
        certificate: Some("Y2VydGlmaWNhdGU=".to_owned()),
        ..signing(SigningAlgorithm::RS256, pair)
    };
    let keys = StoredSigningKeys {
        keys: vec![certified, signing(SigningAlgorithm::ES256, named)],
        version: 1,
    };
    store.create_signing_keys(&keys).await.unwrap();
    store.take_signing_keys_lease(NOW).await.unwrap();
}

/// All items of the table by their keys, in DynamoDB's JSON.
async fn items(endpoint: &str) -> Value {
    let table = raw_client(endpoint).scan().table_name("ratchet");
    let scanned = table.send().await.unwrap().items.unwrap_or_default();
    let items: BTreeMap<String, Value> = scanned
        .into_iter()
        .map(|mut item| {
            let mut key = |name| item.remove(name).unwrap().as_s().unwrap().clone();
            (format!("{} / {}", key("PK"), key("SK")), map(&item))
        })
        .collect();
    json!(items)
}

fn map(attributes: &HashMap<String, AttributeValue>) -> Value {
    let attributes = attributes.iter();
    let map: Map<_, _> = attributes.map(|(n, v)| (n.clone(), json(v))).collect();
    Value::Object(map)
}

fn json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(truth) => json!({ "BOOL": truth }),
        AttributeValue::Null(truth) => json!({ "NULL": truth }),
        AttributeValue::B(bytes) => json!({ "B": bytes.as_ref() }),
        AttributeValue::Ss(texts) => {
            let mut texts = texts.clone();
            texts.sort();
            json!({ "SS": texts })
        }
        AttributeValue::L(values) => json!({ "L": values.iter().map(json).collect::<Vec<_>>() }),
        AttributeValue::M(attributes) => json!({ "M": map(attributes) }),
        other => panic!("not stored by us: {other:?}"),
    }
}

/// A value of DynamoDB's JSON.
fn attribute(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text(value)),
        "N" => AttributeValue::N(text(value)),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "NULL" => AttributeValue::Null(true),
        "B" => AttributeValue::B(
            serde_json::from_value::<Vec<u8>>(value.clone())
                .unwrap()
                .into(),
        ),
        "SS" => AttributeValue::Ss(value.as_array().unwrap().iter().map(text).collect()),
        "L" => AttributeValue::L(value.as_array().unwrap().iter().map(attribute).collect()),
        "M" => AttributeValue::M(attributes(value)),
        other => panic!("not stored by us: {other}"),
    }
}

fn attributes(map: &Value) -> HashMap<String, AttributeValue> {
    let map = map.as_object().unwrap().iter();
    map.map(|(name, value)| (name.clone(), attribute(value)))
        .collect()
}

async fn put_items(endpoint: &str, items: &Value) {
    for (key, item) in items.as_object().unwrap() {
        let (partition, sort) = key.split_once(" / ").unwrap();
        let put = raw_client(endpoint).put_item().table_name("ratchet");
        let put = put.set_item(Some(attributes(item)));
        let put = put.item("PK", AttributeValue::S(partition.to_owned()));
        let put = put.item("SK", AttributeValue::S(sort.to_owned()));
        put.send().await.unwrap();
    }
}

/// The values that a function reads from the items of [`items_keep_their_form`].
async fn read(store: &Store) -> String {
    let user = user_id();
    let code = |number| store.load_code(&user, CodeId::from_bytes([number; 16]));
    let read = (
        store.load_user(&user).await.unwrap().unwrap(),
        store.load_families(&user).await.unwrap(),
        store.load_sessions(&user).await.unwrap(),
        store.load_grants(&user).await.unwrap(),
        [
            code(1).await.unwrap().unwrap(),
            code(2).await.unwrap().unwrap(),
        ],
        store
            .load_device(DeviceId::from_bytes([1; 16]))
            .await
            .unwrap()
            .unwrap(),
        store.load_keyring().await.unwrap().unwrap(),
        store.load_signing_keys().await.unwrap().unwrap(),
    );
    assert_eq!((read.1.len(), read.2.len(), read.3.len()), (3, 2, 1));
    // The attributes that the previous version does not have.
    format!("{read:#?}").replace("fence: 1,", "fence: 0,")
}

#[tokio::test]
async fn the_items_of_the_previous_version_are_read_as_ours() {
    let (ours, _) = store_and_endpoint().await;
    put_users_items(&ours).await;
    put_families(&ours).await;
    put_codes(&ours).await;
    put_device(&ours).await;
    put_keys(&ours).await;
    let (theirs, endpoint) = store_and_endpoint().await;
    let items = serde_json::from_str(include_str!("previous_forms.json")).unwrap();
    put_items(&endpoint, &items).await;
    assert_eq!(read(&theirs).await, read(&ours).await);
}

#[tokio::test]
async fn a_keyring_of_another_version_is_read() {
    let (store, endpoint) = store_and_endpoint().await;
    let of_later = ("of_a_later_version", AttributeValue::Bool(true));
    let key = |id: &str, also: Option<(&str, AttributeValue)>| {
        let attributes = [
            ("id", AttributeValue::N(id.to_owned())),
            ("wrapped", AttributeValue::S("d3JhcHBlZA==".to_owned())),
            ("active_from", AttributeValue::N("1800000000000".to_owned())),
        ];
        let attributes = attributes.into_iter().chain(also);
        AttributeValue::M(
            attributes
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    };
    let keys = vec![key("1", None), key("2", Some(of_later))];
    let put = raw_client(&endpoint).put_item().table_name("ratchet");
    put.item("PK", AttributeValue::S("TENANT".to_owned()))
        .item("SK", AttributeValue::S("KEYRING#SEALING".to_owned()))
        .item("keys", AttributeValue::L(keys))
        .item("version", AttributeValue::N("2".to_owned()))
        .send()
        .await
        .unwrap();
    let keyring = store.load_keyring().await.unwrap().unwrap();
    let ids: Vec<_> = keyring.keys.iter().map(|key| key.id.number()).collect();
    assert_eq!(ids, [1, 2]);
    assert!(keyring.keys.iter().all(|key| key.wrapped_by.is_none()));
}

#[tokio::test]
async fn items_keep_their_form() {
    let (store, endpoint) = store_and_endpoint().await;
    put_users_items(&store).await;
    put_families(&store).await;
    put_codes(&store).await;
    put_device(&store).await;
    put_keys(&store).await;
    let items = items(&endpoint).await;
    let expected: Value = serde_json::from_str(include_str!("stored_forms.json")).unwrap();
    assert_eq!(items, expected, "{items:#}");
}

/// Asserts that the previous version finds in an item of this one what it wrote itself. It ignores what is new.
fn assert_has(path: &str, previous: &Value, current: &Value) {
    match (previous, current) {
        (Value::Object(previous), Value::Object(current)) => {
            for (name, value) in previous {
                let path = format!("{path} / {name}");
                let found = current.get(name);
                assert_has(
                    &path,
                    value,
                    found.unwrap_or_else(|| panic!("{path} is gone")),
                );
            }
        }
        (Value::Array(previous), Value::Array(current)) => {
            assert_eq!(previous.len(), current.len(), "{path}");
            for (previous, current) in previous.iter().zip(current) {
                assert_has(path, previous, current);
            }
        }
        _ => assert_eq!(previous, current, "{path}"),
    }
}

#[test]
fn items_of_the_previous_version_keep_their_attributes() {
    let previous = serde_json::from_str(include_str!("previous_forms.json")).unwrap();
    let current = serde_json::from_str(include_str!("stored_forms.json")).unwrap();
    assert_has("item", &previous, &current);
}
