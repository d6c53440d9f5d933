//! Evictions of users: each condition holding and failing.

use ratchet_domain::{
    family::{EndReason, Ended, Family},
    family_key::FamilyKey,
    ids::{AccessTokenDigest, ConsentId, SessionId, UserId},
    scope::Scope,
    session::Session,
    settings::Settings,
    time::{Lifetime, Timestamp},
    user::User,
    valid_from::{Epoch, RefreshTokensThen, ValidFrom},
};
use ratchet_store::{
    AccessKeys, CommitError, LoginRecord, Metadata, PasswordNow, Store, UserChange,
};
use ratchet_system::Deadline;

use crate::fixtures::{
    EPOCH, NOW, UNCHANGED, bare_sid, changed, connection, family, grant_key, hash, is_conflict,
    login_record, put_user, store, user_id,
};

const LATER: Timestamp = NOW.plus(Lifetime::from_secs(60));

async fn there(store: &Store) -> LoginRecord {
    store.load_user(&user_id()).await.unwrap().unwrap()
}

async fn created(store: &Store) -> LoginRecord {
    put_user(store, &login_record()).await.unwrap();
    there(store).await
}

fn later(epoch: Epoch, than: Epoch) -> bool {
    epoch.begin() > than.begin()
}

#[tokio::test]
async fn logging_out_everywhere_moves_both_epochs_and_nothing_else() {
    let store = store().await;
    let before = created(&store).await;
    let user = store.log_out_everywhere(&user_id(), LATER).await.unwrap();
    let after = there(&store).await;
    assert_eq!(user.as_ref(), Some(&after.user));
    assert!(later(after.user.valid_from.sessions, EPOCH));
    assert!(later(after.user.valid_from.refresh_tokens, EPOCH));
    let as_before = User {
        valid_from: before.user.valid_from,
        ..after.user
    };
    assert_eq!(as_before, before.user);
    assert_eq!(after.password_hash, before.password_hash);
}

#[tokio::test]
async fn a_clock_that_is_behind_moves_the_epoch_all_the_same() {
    let store = store().await;
    created(&store).await;
    let mut last = EPOCH;
    for now in [Timestamp::from_secs(1), NOW, Timestamp::from_secs(1)] {
        store.log_out_everywhere(&user_id(), now).await.unwrap();
        let valid_from = there(&store).await.user.valid_from;
        assert!(later(valid_from.sessions, last) && later(valid_from.refresh_tokens, last));
        last = valid_from.sessions;
    }
}

#[tokio::test]
async fn evictions_at_once_each_have_an_epoch_of_their_own() {
    let store = store().await;
    created(&store).await;
    let evict = || async {
        let user = store.log_out_everywhere(&user_id(), LATER).await;
        user.unwrap().unwrap().valid_from.sessions.begin()
    };
    let (one, two, three) = tokio::join!(evict(), evict(), evict());
    assert!(one != two && two != three && one != three);
    let last = there(&store).await.user.valid_from.sessions.begin();
    assert_eq!(last, one.max(two).max(three));
}

#[tokio::test]
async fn a_block_moves_the_epoch_of_sessions_once() {
    let store = store().await;
    created(&store).await;
    let user = store.block_user(&user_id(), LATER).await.unwrap().unwrap();
    assert!(user.blocked && later(user.valid_from.sessions, EPOCH));
    assert_eq!(user.valid_from.refresh_tokens, EPOCH);
    let again = store.block_user(&user_id(), LATER).await.unwrap();
    assert_eq!(again.as_ref(), Some(&user));
    let unblocked = store.unblock_user(&user_id()).await.unwrap().unwrap();
    assert!(!unblocked.blocked);
    assert_eq!(unblocked.valid_from, user.valid_from);
    assert_eq!(there(&store).await.user, unblocked);
}

#[tokio::test]
async fn a_user_who_does_not_exist_is_not_put_out() {
    let store = store().await;
    let (user, now) = (user_id(), NOW);
    assert_eq!(store.log_out_everywhere(&user, now).await.unwrap(), None);
    assert_eq!(store.block_user(&user, now).await.unwrap(), None);
    assert_eq!(store.unblock_user(&user).await.unwrap(), None);
    assert_eq!(store.delete_user(&user, now).await.unwrap(), None);
    assert_eq!(store.load_user(&user).await.unwrap(), None);
}

/// An import's write after its read: another profile, and a password.
async fn import(
    store: &Store,
    read: &LoginRecord,
    password: PasswordNow,
) -> Result<User, CommitError> {
    let mut record = read.clone();
    record.user.profile.nickname = Some("countess".to_owned());
    if password != PasswordNow::Same {
        record.password_hash = Some(hash("second"));
    }
    let change = UserChange {
        now: LATER,
        password,
    };
    store.put_user(&record, Some(read), change).await
}

#[tokio::test]
async fn an_import_keeps_the_epochs_and_another_password_moves_them() {
    for (password, sessions_end, refresh_tokens_end) in [
        (PasswordNow::Same, false, false),
        (PasswordNow::Other(RefreshTokensThen::Stay), true, false),
        (PasswordNow::Other(RefreshTokensThen::End), true, true),
    ] {
        let store = store().await;
        let read = created(&store).await;
        let user = import(&store, &read, password).await.unwrap();
        let after = there(&store).await.user;
        assert_eq!(user, after);
        assert_eq!(later(after.valid_from.sessions, EPOCH), sessions_end);
        let refresh_tokens = after.valid_from.refresh_tokens;
        assert_eq!(later(refresh_tokens, EPOCH), refresh_tokens_end);
    }
}

#[tokio::test]
async fn a_rehash_at_a_login_puts_no_user_out() {
    let store = store().await;
    let read = created(&store).await;
    let second = hash("first");
    store.commit_password_hash(&read, &second).await.unwrap();
    let after = there(&store).await;
    assert_eq!(after.user.valid_from, read.user.valid_from);
    assert_eq!(after.password_hash, Some(second));
    let fingerprint = read.password_hash.as_ref().unwrap().fingerprint();
    assert_eq!(after.rehashed_from, Some(fingerprint));
    // The first hash is the one that another import contains, even after a second rehash.
    store
        .commit_password_hash(&after, &hash("first"))
        .await
        .unwrap();
    assert_eq!(there(&store).await.rehashed_from, after.rehashed_from);
}

#[tokio::test]
async fn an_import_undoes_nothing_that_it_has_not_seen() {
    let conflicts = async |store: &Store, read: &LoginRecord| {
        is_conflict(import(store, read, PasswordNow::Same).await)
    };
    let prepared = || async {
        let store = store().await;
        let read = created(&store).await;
        (store, read)
    };

    let (store, read) = prepared().await;
    store.block_user(&user_id(), LATER).await.unwrap();
    assert!(conflicts(&store, &read).await);
    assert!(there(&store).await.user.blocked);

    let (store, read) = prepared().await;
    store.block_user(&user_id(), LATER).await.unwrap();
    store.unblock_user(&user_id()).await.unwrap();
    assert!(conflicts(&store, &read).await);

    let (store, read) = prepared().await;
    store.log_out_everywhere(&user_id(), LATER).await.unwrap();
    assert!(conflicts(&store, &read).await);

    let (store, read) = prepared().await;
    store.commit_password_hash(&read, &hash("x")).await.unwrap();
    assert!(conflicts(&store, &read).await);

    let (store, read) = prepared().await;
    let patch = serde_json::from_str(r#"{"seen": true}"#).unwrap();
    store
        .patch_metadata(&user_id(), Metadata::App, &patch, LATER)
        .await
        .unwrap();
    assert!(conflicts(&store, &read).await);

    let (store, read) = prepared().await;
    store.delete_user(&user_id(), LATER).await.unwrap();
    assert!(conflicts(&store, &read).await);
    assert_eq!(store.load_user(&user_id()).await.unwrap(), None);

    let (store, read) = prepared().await;
    store.count_login(&user_id(), None, LATER).await.unwrap();
    assert!(!conflicts(&store, &read).await, "a login is no obstacle");
}

/// The revision decides, not the time: a write is detected even if it has the time of the previous one, because it
/// happened at that moment or because an import set it.
#[tokio::test]
async fn the_second_of_two_writes_based_on_one_read_conflicts_at_any_time() {
    let store = store().await;
    let read = created(&store).await;
    let patch = serde_json::from_str(r#"{"seen": true}"#).unwrap();
    store
        .patch_metadata(&user_id(), Metadata::App, &patch, read.user.updated_at)
        .await
        .unwrap();
    assert!(is_conflict(import(&store, &read, PasswordNow::Same).await));
    let read = there(&store).await;
    assert_eq!(read.user.app_metadata["seen"], true);

    let mut other = read.clone();
    other.user.profile.name = Some("Ada King".to_owned());
    store
        .put_user(&other, Some(&read), UNCHANGED)
        .await
        .unwrap();
    assert_eq!(there(&store).await.user.updated_at, read.user.updated_at);
    assert!(is_conflict(import(&store, &read, PasswordNow::Same).await));
    let left = there(&store).await.user.profile;
    assert_eq!(left.name.as_deref(), Some("Ada King"));
}

#[tokio::test]
async fn two_imports_at_once_make_one_user_of_a_name() {
    let store = store().await;
    let namesake = LoginRecord {
        user: User {
            user_id: UserId::from_random([7; 16]),
            ..login_record().user
        },
        ..login_record()
    };
    let record = login_record();
    let (one, two) = tokio::join!(
        store.put_user(&record, None, UNCHANGED),
        store.put_user(&namesake, None, UNCHANGED),
    );
    assert!(one.is_ok() != two.is_ok());
    let winner = one.or(two).unwrap();
    let found = store.load_login(&connection(), "ada").await.unwrap();
    assert_eq!(found.unwrap().user, winner);
}

#[tokio::test]
async fn a_user_is_created_once() {
    let store = store().await;
    created(&store).await;
    let again = store.put_user(&login_record(), None, UNCHANGED).await;
    assert!(is_conflict(again));
}

#[tokio::test]
async fn a_recreated_user_has_a_later_epoch_even_by_a_late_clock() {
    let store = store().await;
    let mut last = EPOCH;
    for now in [NOW, NOW, Timestamp::from_secs(1)] {
        let change = UserChange { now, ..UNCHANGED };
        let user = store.put_user(&login_record(), None, change).await.unwrap();
        assert_eq!(user, there(&store).await.user);
        let ValidFrom {
            sessions,
            refresh_tokens,
        } = user.valid_from;
        assert!(sessions == EPOCH && last == EPOCH || later(sessions, last));
        assert_eq!(refresh_tokens, sessions);
        let moved = store.log_out_everywhere(&user_id(), now).await.unwrap();
        last = moved.unwrap().valid_from.sessions;
        store.delete_user(&user_id(), now).await.unwrap();
    }
}

#[tokio::test]
async fn a_deleted_name_is_free_and_leaves_another_users_alone() {
    let store = store().await;
    let before = created(&store).await.user;
    store.delete_user(&user_id(), NOW).await.unwrap();
    let namesake = LoginRecord {
        user: User {
            user_id: UserId::from_random([7; 16]),
            ..login_record().user
        },
        ..login_record()
    };
    put_user(&store, &namesake).await.unwrap();
    assert_eq!(store.delete_user(&user_id(), NOW).await.unwrap(), None);
    let found = store.load_login(&connection(), "ada").await.unwrap();
    assert_ne!(found.unwrap().user.user_id, before.user_id);
}

fn session(n: u8, valid_from: Epoch) -> (SessionId, Session) {
    let id = SessionId::from_bytes([n; 16]);
    let mut user = login_record().user;
    user.valid_from.sessions = valid_from;
    let session = Session::begin(&user, bare_sid(id), &Settings::default(), NOW);
    (id, session)
}

#[tokio::test]
async fn an_eviction_deletes_invalid_sessions_and_keeps_valid_ones() {
    let store = store().await;
    let new = EPOCH.next(LATER);
    for (id, session) in [session(1, EPOCH), session(2, EPOCH), session(3, new)] {
        store.put_session(id, &session).await.unwrap();
    }
    let newer = changed(&family(3), |parts| parts.valid_from = new);
    for family in [family(1), family(2), newer] {
        store.put_family(&family).await.unwrap();
    }
    let ended = Ended {
        at: LATER,
        reason: EndReason::Revoked,
    };
    let sessions = store.end_sessions(&user_id(), Some(new), LATER).await;
    assert_eq!(sessions.unwrap().len(), 2);
    let user = user_id();
    let over = |family: &Family| family.valid_from != new;
    let families = store
        .end_families(&user, None, &ended, Deadline::NEVER, over)
        .await;
    assert_eq!(families.unwrap(), 2);
    let left = store.load_sessions(&user_id()).await.unwrap();
    assert_eq!(left, [session(3, new).1]);
    let live = store.load_families(&user).await.unwrap();
    assert_eq!(live.len(), 1);

    let sessions = store.end_sessions(&user_id(), None, LATER).await.unwrap();
    let families = store
        .end_families(&user, None, &ended, Deadline::NEVER, |_| true)
        .await;
    assert_eq!((sessions.len(), families.unwrap()), (1, 1));
}

#[tokio::test]
async fn a_session_and_its_user_are_read_at_once() {
    let store = store().await;
    let (id, session) = session(1, EPOCH);
    let state = || async { store.load_session_state(&user_id(), id).await.unwrap() };
    let nothing = state().await;
    assert!(nothing.session.is_none() && nothing.user.is_none());
    store.put_session(id, &session).await.unwrap();
    let record = created(&store).await;
    let there = state().await;
    assert_eq!(there.session, Some(session));
    assert_eq!(there.user, Some(record.user));
    store.end_session(&user_id(), id, NOW).await.unwrap();
    assert_eq!(state().await.session, None);
}

#[tokio::test]
async fn a_session_is_renewed_by_the_one_request_that_read_it_last() {
    let store = store().await;
    let (id, session) = session(1, EPOCH);
    store.put_session(id, &session).await.unwrap();
    let settings = Settings::default();
    let first = session.renewed(&settings, LATER);
    let renew = |current: &Session, next: &Session| {
        let (store, current, next) = (store.clone(), current.clone(), next.clone());
        async move { store.renew_session(id, &current, &next).await }
    };
    renew(&session, &first).await.unwrap();
    assert!(is_conflict(renew(&session, &first).await));
    let second = first.renewed(&settings, LATER);
    renew(&first, &second).await.unwrap();
    assert!(is_conflict(renew(&first, &second).await));
    let there = store.load_session(&user_id(), id).await.unwrap();
    assert_eq!(there, Some(second));
}

#[tokio::test]
async fn an_access_token_finds_out_what_it_rests_on() {
    let store = store().await;
    let token = AccessTokenDigest::new("one");
    let (id, session) = session(1, EPOCH);
    let family = family(1);
    let key = FamilyKey::of(&family);
    let user = user_id();
    let state = || async {
        let keys = AccessKeys {
            user: &user,
            token: &token,
            session: Some(id),
            family: Some(&key),
            grant: None,
        };
        store.load_access_state(&keys).await.unwrap()
    };
    let nothing = state().await;
    assert!(nothing.user.is_none() && nothing.family.is_none() && !nothing.session_ended);

    let record = created(&store).await;
    store.put_session(id, &session).await.unwrap();
    store.put_family(&family).await.unwrap();
    let there = state().await;
    assert_eq!(there.user, Some(record.user));
    assert_eq!(there.family.as_ref(), Some(&family));
    assert!(!there.session_ended && !there.revoked);

    store.end_session(&user_id(), id, NOW).await.unwrap();
    assert!(state().await.session_ended);
    store.log_out_everywhere(&user_id(), LATER).await.unwrap();
    assert!(state().await.family.unwrap().ended.is_some());
    let refresh = store.load_refresh_state(&key).await;
    assert!(refresh.unwrap().family.unwrap().ended.is_some());
}

#[tokio::test]
async fn a_users_consents_are_deleted() {
    let store = store().await;
    let (grant, scope) = (grant_key(), Scope::parse("openid"));
    let id = ConsentId::from_bytes([1; 16]);
    store.join_consent(&grant, id, &scope, NOW).await.unwrap();
    store.end_consents(&user_id()).await.unwrap();
    assert!(store.load_grants(&user_id()).await.unwrap().is_empty());
}
