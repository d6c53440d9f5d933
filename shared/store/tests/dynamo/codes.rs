//! Single use: codes, assertions, login tickets, redirects to `/continue`.

use aws_sdk_dynamodb::types::AttributeValue;
use ratchet_domain::{
    code::IssuedAccessToken,
    consent::Basis,
    continuation::Continuation,
    grant::GrantKey,
    ids::{AccessTokenDigest, ClientId, CodeId, UserId},
    login_ticket::LoginTicket,
};
use ratchet_store::{AccessKeys, StoreError};

use crate::fixtures::{
    EPOCH, NOW, client_id, code, family, is_conflict, raw_client, redeemed, rests_on, store,
    store_and_endpoint, use_of, user_id,
};

#[tokio::test]
async fn a_code_is_used_once_with_or_without_a_family() {
    for family in [None, Some(&family(1))] {
        let store = store().await;
        let id = CodeId::from_bytes([1; 16]);
        let (user, unasked) = (user_id(), rests_on(Basis::Unasked));
        assert!(is_conflict(
            store
                .commit_code(use_of(&redeemed(1), family, &unasked))
                .await
        ));
        store.put_code(id, &code()).await.unwrap();
        assert_eq!(store.load_code(&user, id).await.unwrap(), Some(code()));
        assert!(!is_conflict(
            store
                .commit_code(use_of(&redeemed(1), family, &unasked))
                .await
        ));
        assert!(is_conflict(
            store
                .commit_code(use_of(&redeemed(2), None, &unasked))
                .await
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
    let unasked = rests_on(Basis::Unasked);
    assert!(is_conflict(
        store
            .commit_code(use_of(&redeemed(1), Some(&family(1)), &unasked))
            .await
    ));
    assert_eq!(
        store.load_code(&user, id).await.unwrap().unwrap().redeemed,
        None
    );
}

/// Sets an attribute of a stored code without the store.
async fn set_attribute(endpoint: &str, code: CodeId, name: &str, value: AttributeValue) {
    let text = |text: String| AttributeValue::S(text);
    raw_client(endpoint)
        .update_item()
        .table_name("ratchet")
        .key("PK", text(format!("USER#{}", user_id())))
        .key("SK", text(format!("CODE#{code}")))
        .update_expression("SET #name = :value")
        .expression_attribute_names("#name", name)
        .expression_attribute_values(":value", value)
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_damaged_id_in_the_exchange_of_a_code_is_inconsistent() {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let sound = "02020202020202020202020202020202";
    for (by, family_id, is_sound) in [
        (sound, sound, true),
        ("damaged", sound, false),
        (sound, "damaged", false),
    ] {
        let (store, endpoint) = store_and_endpoint().await;
        let (user, id) = (user_id(), CodeId::from_bytes([1; 16]));
        store.put_code(id, &code()).await.unwrap();
        let redeemed = [
            ("at".to_owned(), AttributeValue::N("0".to_owned())),
            ("by".to_owned(), text(by)),
            ("family_id".to_owned(), text(family_id)),
        ];
        let redeemed = AttributeValue::M(redeemed.into());
        set_attribute(&endpoint, id, "redeemed", redeemed).await;
        let loaded = store.load_code(&user, id).await;
        assert_eq!(loaded.is_ok(), is_sound, "{loaded:?}");
        assert!(is_sound || matches!(loaded, Err(StoreError::Inconsistent { .. })));
    }
}

#[tokio::test]
async fn a_withdrawal_deletes_a_code_with_a_damaged_id_that_was_not_exchanged() {
    let (store, endpoint) = store_and_endpoint().await;
    for n in [1, 2, 3] {
        let id = CodeId::from_bytes([n; 16]);
        store.put_code(id, &code()).await.unwrap();
    }
    let (redeemed, unasked) = (redeemed(1), rests_on(Basis::Unasked));
    let exchange = store.commit_code(use_of(&redeemed, None, &unasked));
    exchange.await.unwrap();
    for n in [1, 2] {
        let damaged = AttributeValue::S("damaged".to_owned());
        set_attribute(
            &endpoint,
            CodeId::from_bytes([n; 16]),
            "consent_id",
            damaged,
        )
        .await;
    }
    let of_none = |_: &GrantKey| false;
    let deleted = store.delete_codes(&user_id(), NOW, of_none).await;
    assert_eq!(deleted.unwrap(), 1);
    let load = async |n| {
        let id = CodeId::from_bytes([n; 16]);
        store.load_code(&user_id(), id).await
    };
    assert!(matches!(
        load(1).await,
        Err(StoreError::Inconsistent { .. })
    ));
    assert!(load(2).await.unwrap().is_none());
    assert_eq!(load(3).await.unwrap(), Some(code()));
}

#[tokio::test]
async fn a_revoked_access_token_is_its_users_and_no_other() {
    let store = store().await;
    let (user, other) = (user_id(), UserId::parse("auth0|other").unwrap());
    let token = |text: &str| IssuedAccessToken {
        digest: AccessTokenDigest::new(text),
        expires_at: NOW,
    };
    for _ in 0..2 {
        let revoked = token("one");
        store
            .put_revoked_access_token(&user, &revoked)
            .await
            .unwrap();
    }
    for (user, text, revoked) in [
        (&user, "one", true),
        (&user, "two", false),
        (&other, "one", false),
    ] {
        let keys = AccessKeys {
            user,
            token: &token(text).digest,
            session: None,
            family: None,
            grant: None,
        };
        let state = store.load_access_state(&keys).await;
        assert_eq!(state.unwrap().revoked, revoked, "{user} {text}");
    }
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

#[tokio::test]
async fn a_login_ticket_is_used_once() {
    let store = store().await;
    let ticket = LoginTicket {
        valid_from: EPOCH,
        id: "one".to_owned(),
        user_id: user_id(),
        browser: String::new(),
        expires_at: NOW,
    };
    assert!(!is_conflict(store.put_used_ticket(&ticket).await));
    assert!(is_conflict(store.put_used_ticket(&ticket).await));
}

#[tokio::test]
async fn a_browser_comes_back_to_continue_once() {
    let store = store().await;
    let request = serde_json::json!({
        "client_id": "app",
        "redirect_uri": "https://app.example/cb",
        "redirect_uri_was_sent": true,
        "response_type": {"code": true, "token": false, "id_token": false},
        "response_mode": "query",
        "scope": "openid",
        "prompt": {"none": false, "login": false, "consent": false},
        "started_at": NOW,
    });
    let continuation = Continuation {
        id: "one".to_owned(),
        request: serde_json::from_value(request).unwrap(),
        action: None,
        user_id: user_id(),
        session_id: code().session_id.clone(),
        started_at: NOW,
    };
    let other = Continuation {
        id: "other".to_owned(),
        ..continuation.clone()
    };
    assert!(!is_conflict(
        store.put_used_continuation(&continuation).await
    ));
    assert!(is_conflict(
        store.put_used_continuation(&continuation).await
    ));
    assert!(!is_conflict(store.put_used_continuation(&other).await));
}
