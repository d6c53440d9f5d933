//! Test data, and the store itself.

use std::net::IpAddr;

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
};
use dynoxide::{Database, ImportOptions};
use ratchet_domain::{
    client::RefreshTokenPolicy,
    code::{AuthorizationCode, CodeParts, Redeemed},
    consent::{Basis, RestsOn},
    family::{EndReason, Ended, Exchange, Family, FamilyParts, Login, Redemption},
    family_key::FamilyKey,
    grant::GrantKey,
    ids::{
        Audience, ClientId, CodeId, ConnectionName, DeviceName, FamilyId, RequestId, SessionId,
        UserId,
    },
    login_flow::Effects,
    password_hash::PasswordHash,
    pipeline::Pipeline,
    scope::Scope,
    sealed::KeyId,
    sid::Sid,
    throttle::{Bucket, Origin},
    time::{Lifetime, Timestamp},
    user::{LoginStats, Profile, User},
    valid_from::{Epoch, IssuedIn, ValidFrom},
};
use ratchet_keys::password;
use ratchet_store::{CodeExchange, CommitError, LoginRecord, PasswordNow, Store, UserChange};
use serde_json::Value;

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// The epoch of a user created at [`NOW`].
pub(crate) const EPOCH: Epoch = Epoch::at(NOW);

pub(crate) const UNCHANGED: UserChange = UserChange {
    now: NOW,
    password: PasswordNow::Same,
};

pub(crate) async fn store() -> Store {
    store_and_endpoint().await.0
}

/// A store, and the endpoint for access to its table without the store.
pub(crate) async fn store_and_endpoint() -> (Store, String) {
    let (store, endpoint, _) = start().await;
    (store, endpoint)
}

/// A store and its database.
pub(crate) async fn store_and_database() -> (Store, Database) {
    let (store, _, database) = start().await;
    (store, database)
}

async fn start() -> (Store, String, Database) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
    let store = Store::local(&endpoint, "ratchet");
    store.create_table().await.unwrap();
    (store, endpoint, database)
}

/// Puts items in DynamoDB's JSON into the table, without the store.
pub(crate) fn import(database: &Database, items: Vec<Value>) {
    let items = items
        .into_iter()
        .map(|item| serde_json::from_value(item).unwrap());
    let options = ImportOptions::default();
    database
        .import_items("ratchet", items.collect(), options)
        .unwrap();
}

/// A client for items that the store does not write.
pub(crate) fn raw_client(endpoint: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("local"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .endpoint_url(endpoint)
        .build();
    Client::from_conf(config)
}

pub(crate) fn user_id() -> UserId {
    UserId::parse("auth0|5f7c8ec7c33c6c004bbafe82").unwrap()
}

pub(crate) fn client_id() -> ClientId {
    ClientId::parse("AaiyAPdpYdesoKnqjj8HJqRn4T5titww").unwrap()
}

pub(crate) fn audience() -> Audience {
    Audience::parse("https://api.example.com").unwrap()
}

pub(crate) const fn request(n: u8) -> RequestId {
    RequestId::from_bytes([n; 16])
}

pub(crate) fn policy() -> RefreshTokenPolicy {
    RefreshTokenPolicy {
        leeway: Lifetime::from_secs(10),
        ..RefreshTokenPolicy::ROTATING
    }
}

pub(crate) fn exchange(n: u8) -> Exchange {
    Exchange {
        request: request(n),
        from: None,
        active_key: KeyId::new(1),
        now: NOW,
    }
}

pub(crate) fn family(n: u8) -> Family {
    let login = Login {
        user_id: user_id(),
        client_id: client_id(),
        audience: Some(audience()),
        scope: Scope::parse("openid profile email offline_access read:orders write:orders"),
        valid_from: EPOCH,
        auth_time: NOW,
        tells_auth_time: true,
        session_id: Some(SessionId::from_bytes([9; 16])),
        device: None,
    };
    Family::begin(FamilyId::new(NOW, [n; 16]), login, &policy(), exchange(0))
}

/// The family with other parts.
pub(crate) fn changed(family: &Family, change: impl FnOnce(&mut FamilyParts)) -> Family {
    let mut parts = family.clone().into_parts();
    change(&mut parts);
    parts.try_into().unwrap()
}

/// The same family as earlier versions stored it: under an id that contains no time.
pub(crate) fn earlier_family(n: u8) -> Family {
    changed(&family(n), |parts| parts.id = FamilyId::from_bytes([n; 16]))
}

pub(crate) const fn ended(reason: EndReason) -> Ended {
    Ended { at: NOW, reason }
}

pub(crate) fn phone() -> DeviceName {
    DeviceName::parse("Ada's phone").unwrap()
}

pub(crate) fn rotated(family: &Family, n: u8) -> Family {
    match family.redeem(family.generation, &policy(), exchange(n)) {
        Redemption::Exchange { next, .. } => *next,
        other => panic!("not exchanged: {other:?}"),
    }
}

/// The family with the maximum number of buckets, each under the longest name.
pub(crate) fn busy(family: &Family) -> Family {
    let origin = |last| {
        Origin::of(Some(IpAddr::from([
            0x2001, 0xdb8, 0xffff, last, 0, 0, 0, 0,
        ])))
    };
    let buckets = (0xfff1..=0xfff4).map(|last| (origin(last), Bucket::full_at(NOW)));
    changed(family, |parts| parts.buckets = buckets.collect())
}

pub(crate) async fn stored(store: &Store, family: &Family) -> Option<Family> {
    store.load_family(&FamilyKey::of(family)).await.unwrap()
}

pub(crate) fn is_conflict<T>(result: Result<T, CommitError>) -> bool {
    match result {
        Ok(_) => false,
        Err(CommitError::Conflict) => true,
        Err(CommitError::Store(error)) => panic!("{error}"),
    }
}

pub(crate) fn login_record() -> LoginRecord {
    LoginRecord {
        user: User {
            user_id: user_id(),
            connection: connection(),
            profile: Profile {
                email: Some("Ada@Example.com".to_owned()),
                email_verified: true,
                username: Some("ada".to_owned()),
                name: Some("Ada Lovelace".to_owned()),
                ..Profile::default()
            },
            blocked: false,
            app_metadata: serde_json::from_str(r#"{"plan":{"name":"gold","seats":5,"f":1.5}}"#)
                .unwrap(),
            user_metadata: serde_json::Map::new(),
            attributes: serde_json::from_str(r#"{"favorite_color":"blue"}"#).unwrap(),
            identities: Vec::new(),
            roles: Vec::new(),
            permissions: std::collections::BTreeMap::new(),
            created_at: NOW,
            updated_at: NOW,
            stats: LoginStats::default(),
            valid_from: ValidFrom::created(NOW, None),
        },
        password_hash: Some(hash("first")),
        rehashed_from: None,
        revision: 0,
    }
}

/// Creates or replaces a user.
pub(crate) async fn put_user(store: &Store, record: &LoginRecord) -> Result<User, CommitError> {
    let before = store.load_user(&record.user.user_id).await.unwrap();
    store.put_user(record, before.as_ref(), UNCHANGED).await
}

pub(crate) fn hash(password: &str) -> PasswordHash {
    password::import(bcrypt::hash(password, 4).unwrap()).unwrap()
}

pub(crate) fn connection() -> ConnectionName {
    ConnectionName::parse("Username-Password-Authentication").unwrap()
}

pub(crate) fn code() -> AuthorizationCode {
    changed_code(|_| {})
}

/// The code of [`code`] with other parts.
pub(crate) fn changed_code(change: impl FnOnce(&mut CodeParts)) -> AuthorizationCode {
    let mut parts = CodeParts {
        user_id: user_id(),
        client_id: client_id(),
        redirect_uri: "https://app.example/cb".to_owned(),
        redirect_uri_was_sent: true,
        audience: Some(audience()),
        scope: Scope::parse("openid offline_access"),
        nonce: None,
        challenge: None,
        auth_time: NOW,
        tells_auth_time: false,
        session_id: bare_sid(SessionId::from_bytes([9; 16])),
        issued_in: IssuedIn {
            sessions: EPOCH,
            refresh_tokens: Some(EPOCH),
        },
        pipeline: Pipeline::Legacy,
        device: Some(phone()),
        effects: Effects::default(),
        basis: Basis::Unasked,
        expires_at: NOW.plus(Lifetime::from_secs(60)),
        redeemed: None,
    };
    change(&mut parts);
    parts.try_into().unwrap()
}

/// The `sid` of a session in an earlier version.
pub(crate) fn bare_sid(session: SessionId) -> Sid {
    Sid::parse(session.to_string()).unwrap()
}

pub(crate) fn redeemed(n: u8) -> Redeemed {
    Redeemed {
        at: NOW,
        by: request(n),
        family_id: None,
        access_token: None,
    }
}

pub(crate) fn grant_key() -> GrantKey {
    GrantKey {
        user_id: user_id(),
        client_id: client_id(),
        audience: Some(audience()),
    }
}

pub(crate) fn rests_on(basis: Basis) -> RestsOn {
    RestsOn {
        grant: grant_key(),
        basis,
    }
}

pub(crate) fn use_of<'a>(
    redeemed: &'a Redeemed,
    family: Option<&'a Family>,
    rests_on: &'a RestsOn,
) -> CodeExchange<'a> {
    CodeExchange {
        user_id: &rests_on.grant.user_id,
        code_id: CodeId::from_bytes([1; 16]),
        redeemed,
        family,
        rests_on,
    }
}

pub(crate) fn connection_name(name: &str) -> ConnectionName {
    ConnectionName::parse(name).unwrap()
}
