//! Keys and configuration, and a store that is not there.

use dynoxide::Database;
use shared::{
    adapters::dynamo::{Store, StoreError, StoredKey, StoredKeyring},
    domain::{
        client::{
            AppType, AuthMethod, Client, ClientGrant, JwtConfiguration, MultiResourcePolicy,
            OidcLogout, RedirectionPolicy, StoredSecret, SubjectType,
        },
        connection::Connection,
        scope::Scope,
        sealed::KeyId,
        settings::Settings,
    },
};

use crate::fixtures::{NOW, audience, client_id, connection_name, is_conflict, policy, store};

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
