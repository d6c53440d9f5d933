//! The store against a real engine: every condition once holding and once failing, and what goes in
//! coming out again.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::net::IpAddr;

use dynoxide::Database;
use shared::{
    adapters::dynamo::{
        CodeExchange, CommitError, DeviceExchange, LoginRecord, Store, StoreError, StoredKey,
        StoredKeyring,
    },
    domain::{
        authorization::Grant,
        brute_force::{Counter, Failures},
        client::{
            AppType, AuthMethod, Client, ClientGrant, JwtConfiguration, MultiResourcePolicy,
            OidcLogout, RedirectionPolicy, RefreshTokenPolicy, Rotation, StoredSecret, SubjectType,
        },
        code::{AuthorizationCode, Redeemed},
        connection::Connection,
        device::{Approval, DeviceGrant, DeviceState, Polled},
        family::{EndReason, Ended, Exchange, Family, Login, Redemption},
        grant::{GrantKey, UserGrant},
        ids::{
            Audience, ClientId, CodeId, ConnectionName, DeviceId, DeviceName, FamilyId, Generation,
            RequestId, SessionId, UserId,
        },
        login_ticket::LoginTicket,
        pipeline::Pipeline,
        scope::Scope,
        sealed::KeyId,
        secret::Secret,
        session::Session,
        settings::Settings,
        throttle::{Bucket, Origin},
        time::{Lifetime, Timestamp},
        user::{LoginName, Profile, User},
    },
    password::PasswordHash,
    telemetry::cost,
};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

async fn store() -> Store {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    let store = Store::local(endpoint, "ratchet");
    store.create_table().await.unwrap();
    store
}

fn user_id() -> UserId {
    UserId::parse("auth0|5f7c8ec7c33c6c004bbafe82").unwrap()
}

fn client_id() -> ClientId {
    ClientId::parse("AaiyAPdpYdesoKnqjj8HJqRn4T5titww").unwrap()
}

fn audience() -> Audience {
    Audience::parse("https://api.example.com").unwrap()
}

const fn request(n: u8) -> RequestId {
    RequestId::from_bytes([n; 16])
}

fn policy() -> RefreshTokenPolicy {
    RefreshTokenPolicy {
        leeway: Lifetime::from_secs(10),
        ..RefreshTokenPolicy::ROTATING
    }
}

fn exchange(n: u8) -> Exchange {
    Exchange {
        request: request(n),
        active_key: KeyId::new(1),
        now: NOW,
    }
}

fn family(n: u8) -> Family {
    let login = Login {
        user_id: user_id(),
        client_id: client_id(),
        audience: Some(audience()),
        scope: Scope::parse("openid profile email offline_access read:orders write:orders"),
        auth_time: NOW,
        session_id: Some(SessionId::from_bytes([9; 16])),
        device: None,
    };
    Family::begin(FamilyId::from_bytes([n; 16]), login, &policy(), exchange(0))
}

fn phone() -> DeviceName {
    DeviceName::parse("Ada's phone").unwrap()
}

fn rotated(family: &Family, n: u8) -> Family {
    match family.redeem(family.generation, &policy(), exchange(n)) {
        Redemption::Exchange { next, .. } => *next,
        other => panic!("not exchanged: {other:?}"),
    }
}

/// With as many buckets as a family keeps, each under the longest name.
fn busy(family: &Family) -> Family {
    let origin = |last| {
        Origin::of(Some(IpAddr::from([
            0x2001, 0xdb8, 0xffff, last, 0, 0, 0, 0,
        ])))
    };
    let buckets = (0xfff1..=0xfff4).map(|last| (origin(last), Bucket::full_at(NOW)));
    Family {
        buckets: buckets.collect(),
        ..family.clone()
    }
}

async fn stored(store: &Store, family: &Family) -> Option<Family> {
    store.load_family(&family.user_id, family.id).await.unwrap()
}

fn is_conflict(result: Result<(), CommitError>) -> bool {
    match result {
        Ok(()) => false,
        Err(CommitError::Conflict) => true,
        Err(CommitError::Store(error)) => panic!("{error}"),
    }
}

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
    store.put_user(&login_record()).await.unwrap();
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

fn code() -> AuthorizationCode {
    AuthorizationCode {
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
        session_id: SessionId::from_bytes([9; 16]).to_string(),
        pipeline: Pipeline::Legacy,
        device: Some(phone()),
        rests_on_consent: false,
        expires_at: NOW.plus(Lifetime::from_secs(60)),
        redeemed: None,
    }
}

fn redeemed(n: u8) -> Redeemed {
    Redeemed {
        at: NOW,
        by: request(n).to_string(),
        family_id: None,
    }
}

fn use_of<'a>(
    user_id: &'a UserId,
    redeemed: &'a Redeemed,
    family: Option<&'a Family>,
) -> CodeExchange<'a> {
    CodeExchange {
        user_id,
        code_id: CodeId::from_bytes([1; 16]),
        redeemed,
        family,
        rests_on_consent: false,
    }
}

#[tokio::test]
async fn a_code_is_used_once_with_or_without_a_family() {
    for family in [None, Some(&family(1))] {
        let store = store().await;
        let id = CodeId::from_bytes([1; 16]);
        let user = user_id();
        assert!(is_conflict(
            store.commit_code(use_of(&user, &redeemed(1), family)).await
        ));
        store.put_code(id, &code()).await.unwrap();
        assert_eq!(store.load_code(&user, id).await.unwrap(), Some(code()));
        assert!(!is_conflict(
            store.commit_code(use_of(&user, &redeemed(1), family)).await
        ));
        assert!(is_conflict(
            store.commit_code(use_of(&user, &redeemed(2), None)).await
        ));
        let after = store.load_code(&user, id).await.unwrap().unwrap();
        assert_eq!(after.redeemed, Some(redeemed(1)));
        let families = store.load_families(&user).await.unwrap();
        assert_eq!(families.first(), family);
    }
}

#[tokio::test]
async fn a_code_and_its_family_are_written_together_or_not_at_all() {
    let store = store().await;
    let (user, id) = (user_id(), CodeId::from_bytes([1; 16]));
    store.put_code(id, &code()).await.unwrap();
    store.put_family(&family(1)).await.unwrap();
    assert!(is_conflict(
        store
            .commit_code(use_of(&user, &redeemed(1), Some(&family(1))))
            .await
    ));
    assert_eq!(
        store.load_code(&user, id).await.unwrap().unwrap().redeemed,
        None
    );
}

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
        user_id: user_id(),
        session_id: SessionId::from_bytes([9; 16]).to_string(),
        auth_time: NOW,
        rests_on_consent: false,
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
        by: request(n).to_string(),
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

    // An expired code is free again, even before it is tidied up.
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
        let use_up = |next, family| {
            store.commit_device_exchange(DeviceExchange {
                device_id: DEVICE,
                current: &current,
                next,
                family,
                rests_on_consent: false,
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
        rests_on_consent: false,
    };
    assert!(is_conflict(store.commit_device_exchange(exchange).await));
    assert_eq!(stored_device(&store).await, Some(approved()));
}

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
async fn permissions_are_read_as_they_were_written() {
    let store = store().await;
    let mut record = login_record();
    store.put_user(&record).await.unwrap();
    let load = || async { store.load_user(&user_id()).await.unwrap().unwrap() };
    assert_eq!(load().await, record);
    record.user.roles = vec!["Editor".to_owned()];
    record.user.permissions = [(audience(), Scope::parse("read write"))].into();
    store.put_user(&record).await.unwrap();
    assert_eq!(load().await, record);
}

#[tokio::test]
async fn an_assertion_is_used_once_by_each_client() {
    let store = store().await;
    let other = ClientId::parse("other").unwrap();
    assert!(!is_conflict(
        store.put_assertion(&client_id(), "jti", NOW).await
    ));
    assert!(is_conflict(
        store.put_assertion(&client_id(), "jti", NOW).await
    ));
    assert!(!is_conflict(store.put_assertion(&other, "jti", NOW).await));
}

fn login_record() -> LoginRecord {
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
        },
        password_hash: Some(hash("first")),
    }
}

fn hash(password: &str) -> PasswordHash {
    PasswordHash::import(bcrypt::hash(password, 4).unwrap()).unwrap()
}

fn connection() -> ConnectionName {
    ConnectionName::parse("Username-Password-Authentication").unwrap()
}

#[tokio::test]
async fn a_user_is_found_by_every_name_in_any_case() {
    let store = store().await;
    let record = login_record();
    store.put_user(&record).await.unwrap();
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
    store.delete_user(&record.user).await.unwrap();
    assert_eq!(store.load_login(&connection(), "ada").await.unwrap(), None);
    assert_eq!(store.load_user(&user_id()).await.unwrap(), None);
}

#[tokio::test]
async fn a_login_name_belongs_to_one_user() {
    let store = store().await;
    store.put_user(&login_record()).await.unwrap();
    let mut thief = login_record();
    thief.user.user_id = UserId::parse("auth0|eve").unwrap();
    thief.user.profile.username = None;
    assert!(is_conflict(store.put_user(&thief).await));
    assert_eq!(store.load_user(&thief.user.user_id).await.unwrap(), None);
}

#[tokio::test]
async fn a_changed_login_name_lets_go_of_the_old_one() {
    let store = store().await;
    let mut record = login_record();
    store.put_user(&record).await.unwrap();
    record.user.profile.username = Some("countess".to_owned());
    store.put_user(&record).await.unwrap();
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
    store.put_user(&record).await.unwrap();
    record.user.connection = ConnectionName::parse("Customers").unwrap();
    store.put_user(&record).await.unwrap();
    assert_eq!(store.load_login(&connection(), "ada").await.unwrap(), None);
    let there = store
        .load_login(&record.user.connection, "ada")
        .await
        .unwrap();
    assert_eq!(there, Some(record));
}

#[tokio::test]
async fn a_password_hash_is_replaced_only_if_it_is_the_one_that_was_read() {
    let store = store().await;
    let record = login_record();
    store.put_user(&record).await.unwrap();
    let (second, third) = (hash("second"), hash("third"));
    store.commit_password_hash(&record, &second).await.unwrap();
    store.commit_password_hash(&record, &third).await.unwrap();
    let after = store.load_user(&user_id()).await.unwrap().unwrap();
    assert_eq!(after.password_hash, Some(second));
}

#[tokio::test]
async fn a_visit_does_not_revive_a_session() {
    let store = store().await;
    let id = SessionId::from_bytes([3; 16]);
    let settings = Settings::default();
    let session = Session::begin(user_id(), id.to_string(), &settings, NOW);
    let later = NOW.plus(Lifetime::from_secs(60));
    store.put_session(id, &session).await.unwrap();
    let other = ClientId::parse("other").unwrap();
    for client in [client_id(), other.clone(), client_id()] {
        let touched = session.touched(&settings, later);
        store.touch_session(id, &touched, &client).await.unwrap();
    }
    let there = store.load_session(&user_id(), id).await.unwrap().unwrap();
    let visited = Session {
        clients: [client_id(), other].into(),
        ..session.touched(&settings, later)
    };
    assert_eq!(there, visited);

    store.put_session(id, &visited).await.unwrap();
    let third = ClientId::parse("third").unwrap();
    store.touch_session(id, &visited, &third).await.unwrap();
    let renewed = visited.renewed(&settings, NOW.plus(Lifetime::from_secs(90)));
    store.renew_session(id, &renewed).await.unwrap();
    let ended = store.delete_session(&user_id(), id).await.unwrap().unwrap();
    assert_eq!(ended.clients.len(), 3, "a login meanwhile is not forgotten");
    assert_eq!(
        Session {
            clients: renewed.clients.clone(),
            ..ended
        },
        renewed
    );

    assert_eq!(store.delete_session(&user_id(), id).await.unwrap(), None);
    for refused in [
        store.touch_session(id, &session, &client_id()).await,
        store.renew_session(id, &session).await,
    ] {
        assert!(matches!(refused, Err(CommitError::Conflict)));
    }
    assert_eq!(store.load_session(&user_id(), id).await.unwrap(), None);
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

#[tokio::test]
async fn the_first_keyring_wins_and_changes_need_the_version_before() {
    let store = store().await;
    let key = StoredKey {
        id: KeyId::new(1),
        wrapped: "a".to_owned(),
        active_from: NOW,
    };
    let mut keyring = StoredKeyring {
        keys: vec![key],
        version: 1,
    };
    assert_eq!(store.load_keyring().await.unwrap(), None);
    assert!(!is_conflict(store.create_keyring(&keyring).await));
    assert!(is_conflict(store.create_keyring(&keyring).await));
    keyring.version = 2;
    assert!(!is_conflict(store.commit_keyring(&keyring).await));
    assert!(is_conflict(store.commit_keyring(&keyring).await));
    assert_eq!(store.load_keyring().await.unwrap(), Some(keyring));
}

#[tokio::test]
async fn configuration_comes_out_as_it_went_in() {
    let store = store().await;
    let client = Client {
        client_id: client_id(),
        name: "Shop".to_owned(),
        logo_uri: None,
        app_type: AppType::RegularWeb,
        auth_method: AuthMethod::ClientSecretBasic,
        secret: Some(StoredSecret {
            digest: "1.x".to_owned(),
            sealed: None,
        }),
        public_keys: Vec::new(),
        oidc_conformant: true,
        is_first_party: true,
        callbacks: vec!["https://app.example/cb".to_owned()],
        allowed_origins: Vec::new(),
        web_origins: Vec::new(),
        allowed_logout_urls: Vec::new(),
        oidc_logout: OidcLogout::default(),
        grant_types: vec!["refresh_token".to_owned()],
        jwt_configuration: JwtConfiguration::default(),
        refresh_token: policy(),
        client_grants: vec![ClientGrant {
            audience: audience(),
            scope: Scope::parse("a b"),
            subject_type: SubjectType::User,
        }],
        client_metadata: [("k".to_owned(), "v".to_owned())].into(),
        skip_non_verifiable_callback_uri_confirmation_prompt: Some(true),
        allowed_clients: vec!["other".to_owned()],
        sso: Some(true),
        cross_origin_authentication: true,
        is_token_endpoint_ip_header_trusted: true,
        multi_resource_policies: vec![MultiResourcePolicy {
            audience: audience(),
            scope: Scope::parse("a"),
        }],
        redirection_policy: RedirectionPolicy::OpenRedirectProtection,
    };
    store.put_client(&client).await.unwrap();
    assert_eq!(store.load_client(&client_id()).await.unwrap(), Some(client));
    assert_eq!(store.load_settings().await.unwrap(), None);
    store.put_settings(&Settings::default()).await.unwrap();
    assert_eq!(
        store.load_settings().await.unwrap(),
        Some(Settings::default())
    );
}

#[tokio::test]
async fn a_store_that_is_down_is_unavailable_and_a_missing_table_is_a_defect() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let down = Store::local(format!("http://{free}"), "ratchet");
    assert!(matches!(
        down.load_client(&client_id()).await,
        Err(StoreError::Unavailable(_))
    ));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(dynoxide::server::serve_on(
        listener,
        Database::memory().unwrap(),
    ));
    let empty = Store::local(endpoint, "no-such-table");
    assert!(matches!(
        empty.load_client(&client_id()).await,
        Err(StoreError::Refused(_))
    ));
}

fn connection_name(name: &str) -> ConnectionName {
    ConnectionName::parse(name).unwrap()
}

fn login_name() -> LoginName {
    LoginName::parse("ada@example.com").unwrap()
}

fn origin() -> Counter {
    Counter::Origin("203.0.113.9".parse().unwrap())
}

#[tokio::test]
async fn failures_are_counted_without_losing_one() {
    let store = store().await;
    let (users, name, counter) = (connection_name("Users"), login_name(), origin());
    let added = (0..32).map(|_| store.add_failure(&users, &name, &counter, NOW));
    let mut counts: Vec<u32> = futures_util::future::join_all(added)
        .await
        .into_iter()
        .map(|failures| failures.unwrap().failures)
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=32).collect::<Vec<_>>());
    let stored = store.load_failures(&users, &name, &counter).await.unwrap();
    assert_eq!((stored.failures, stored.last_failed_at), (32, NOW));
    for (connection, counter) in [
        (&users, Counter::Everybody),
        (&connection_name("Staff"), counter),
    ] {
        let other = store.load_failures(connection, &name, &counter).await;
        assert_eq!(other.unwrap(), Failures::default());
    }
}

#[tokio::test]
async fn a_forgotten_count_begins_anew_once() {
    let store = store().await;
    let (users, name, counter) = (connection_name("Users"), login_name(), origin());
    for _ in 0..9 {
        store
            .add_failure(&users, &name, &counter, NOW)
            .await
            .unwrap();
    }
    let last = Timestamp::from_millis(NOW.plus(Failures::MEMORY).as_millis() - 1);
    let late = NOW.plus(Failures::MEMORY).plus(Failures::MEMORY);
    let tenth = store.add_failure(&users, &name, &counter, last).await;
    assert_eq!(tenth.unwrap().failures, 10);
    let added = (0..8).map(|_| store.add_failure(&users, &name, &counter, late));
    for failures in futures_util::future::join_all(added).await {
        assert!(failures.unwrap().failures <= 8);
    }
    let stored = store.load_failures(&users, &name, &counter).await.unwrap();
    assert_eq!(stored.failures, 8);
}

#[tokio::test]
async fn failures_are_forgotten_if_there_was_none_since() {
    let store = store().await;
    let (users, name, counter) = (connection_name("Users"), login_name(), origin());
    let seen = store
        .add_failure(&users, &name, &counter, NOW)
        .await
        .unwrap();
    let two = store
        .add_failure(&users, &name, &counter, NOW)
        .await
        .unwrap();
    store
        .reset_failures(&users, &name, &counter, seen)
        .await
        .unwrap();
    let left = store.load_failures(&users, &name, &counter).await.unwrap();
    assert_eq!(left, two);
    store
        .reset_failures(&users, &name, &counter, two)
        .await
        .unwrap();
    let left = store.load_failures(&users, &name, &counter).await.unwrap();
    assert_eq!(left, Failures::default());
    store
        .reset_failures(&users, &name, &counter, two)
        .await
        .unwrap();
}

#[tokio::test]
async fn clearing_forgets_every_counter_of_a_name_and_not_the_name() {
    let store = store().await;
    let (record, name) = (login_record(), login_name());
    store.put_user(&record).await.unwrap();
    let users = &record.user.connection;
    for counter in [Counter::Everybody, origin()] {
        store
            .add_failure(users, &name, &counter, NOW)
            .await
            .unwrap();
    }
    assert_eq!(store.clear_failures(users, name.as_str()).await.unwrap(), 2);
    assert_eq!(store.clear_failures(users, name.as_str()).await.unwrap(), 0);
    let attempt = store
        .load_login_attempt(users, &name, Some(&origin()))
        .await
        .unwrap();
    assert_eq!(
        (attempt.record, attempt.failures),
        (Some(record), Failures::default())
    );
}

#[tokio::test]
async fn another_password_forgets_failures_and_another_hash_of_the_same_does_not() {
    let store = store().await;
    let (mut record, name) = (login_record(), login_name());
    let hash = |text| PasswordHash::hash(&Secret::new(text), [1; 16]).unwrap();
    record.password_hash = Some(hash("one"));
    store.put_user(&record).await.unwrap();
    let users = record.user.connection.clone();
    store
        .add_failure(&users, &name, &origin(), NOW)
        .await
        .unwrap();
    store
        .commit_password_hash(&record, &hash("two"))
        .await
        .unwrap();
    let left = store.load_failures(&users, &name, &origin()).await.unwrap();
    assert_eq!(left.failures, 1);
    record.password_hash = Some(hash("three"));
    store.put_user(&record).await.unwrap();
    let left = store.load_failures(&users, &name, &origin()).await.unwrap();
    assert_eq!(left.failures, 0);
}

#[tokio::test]
async fn a_login_ticket_is_used_once() {
    let store = store().await;
    let ticket = LoginTicket {
        id: "one".to_owned(),
        user_id: user_id(),
        browser: String::new(),
        verifier: String::new(),
        expires_at: NOW,
    };
    assert!(!is_conflict(store.put_used_ticket(&ticket).await));
    assert!(is_conflict(store.put_used_ticket(&ticket).await));
}

#[tokio::test]
async fn a_connection_is_found_by_its_realms_as_long_as_it_has_them() {
    let store = store().await;
    let mut connection = Connection {
        name: connection_name("Staff"),
        realms: vec![connection_name("employees")],
        enabled_clients: Some(vec![client_id()]),
    };
    store.put_connection(&connection).await.unwrap();
    for realm in ["Staff", "employees"] {
        let found = store.load_realm(&connection_name(realm)).await.unwrap();
        assert_eq!(found.as_ref(), Some(&connection));
    }
    assert_eq!(
        store.load_realm(&connection_name("staff")).await.unwrap(),
        None
    );
    connection.realms.clear();
    store.put_connection(&connection).await.unwrap();
    assert_eq!(
        store
            .load_realm(&connection_name("employees"))
            .await
            .unwrap(),
        None
    );
}
