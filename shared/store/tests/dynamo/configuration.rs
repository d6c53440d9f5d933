//! Keys and configuration, and an unavailable store.

use std::collections::BTreeMap;

use dynoxide::Database;
use ratchet_domain::{
    client::{
        AppType, AuthMethod, Client, ClientGrant, JwtConfiguration, MultiResourcePolicy,
        OidcLogout, RedirectionPolicy, SigningAlgorithm, StoredSecret, SubjectType,
    },
    connection::Connection,
    ids::ClientId,
    login_flow::{ImportId, ScriptsVersion},
    mobile::{IosApp, MobileApps},
    scope::Scope,
    sealed::KeyId,
    settings::Settings,
    signing_algorithms::SigningAlgorithms,
    time::Timestamp,
};
use ratchet_store::{
    Store, StoreError, StoredAction, StoredKey, StoredKeyring, StoredRule, StoredScripts,
};

use crate::fixtures::{NOW, audience, client_id, connection_name, is_conflict, policy, store};

#[tokio::test]
async fn the_first_keyring_wins_and_changes_need_the_version_before() {
    let store = store().await;
    let key = StoredKey {
        id: KeyId::new(1),
        wrapped: "a".to_owned(),
        wrapped_by: None,
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
        initiate_login_uri: Some("https://app.example/login".to_owned()),
    };
    store.put_client(&client).await.unwrap();
    assert_eq!(store.load_client(&client_id()).await.unwrap(), Some(client));
    assert_eq!(
        store.load_configured_algorithms().await.unwrap(),
        Some([SigningAlgorithm::RS256].into())
    );
    assert_eq!(store.load_settings().await.unwrap(), None);
    store.put_settings(&Settings::default()).await.unwrap();
    assert_eq!(
        store.load_settings().await.unwrap(),
        Some(Settings::default())
    );
}

#[tokio::test]
async fn the_apps_of_a_client_change_without_touching_those_of_others() {
    let store = store().await;
    assert!(store.load_mobile_apps().await.unwrap().is_empty());
    let apps = |bundle: &str| MobileApps {
        ios: Some(IosApp {
            team_id: "86WQXF56BC".to_owned(),
            bundle_identifier: bundle.to_owned(),
        }),
        android: None,
    };
    let id = |number: usize| ClientId::parse(format!("app.{number}")).unwrap();
    let all: Vec<_> = (0..250).map(|number| (id(number), apps("a"))).collect();
    store.put_mobile_apps(&all).await.unwrap();
    let changed = [(id(1), MobileApps::default()), (id(2), apps("b"))];
    store.put_mobile_apps(&changed).await.unwrap();
    store.put_mobile_apps(&[]).await.unwrap();
    let mut expected: BTreeMap<_, _> = all.into_iter().collect();
    expected.remove(&id(1));
    expected.insert(id(2), apps("b"));
    assert_eq!(store.load_mobile_apps().await.unwrap(), expected);
    let removed = [(id(2), MobileApps::default())];
    store.put_mobile_apps(&removed).await.unwrap();
    assert_eq!(store.load_mobile_apps().await.unwrap().len(), 248);
}

fn import(at: u64) -> ImportId {
    ImportId::new(Timestamp::from_secs(at), [1; 8])
}

fn scripts() -> StoredScripts {
    let rule = |order| StoredRule {
        name: format!("Rule {order}"),
        order,
        script: "function (user, context, callback) {}".to_owned(),
    };
    let action = |name: &str| StoredAction {
        name: name.to_owned(),
        code: "x".repeat(100 * 1024),
        secrets: [("KEY".to_owned(), "cf1_sealed".to_owned())].into(),
    };
    // Enough for several pages of a query, and numbers whose order is not that of their digits.
    let names = (0..12).map(|n| format!("Action {n}"));
    StoredScripts {
        rules: [2, 10, 100].map(rule).into(),
        actions: names.map(|name| action(&name)).collect(),
        configuration: [("A#B".to_owned(), "cf1_value".to_owned())].into(),
    }
}

#[tokio::test]
async fn scripts_come_out_as_they_went_in_and_in_their_order() {
    let store = store().await;
    let scripts = scripts();
    assert!(store.load_scripts(&import(1)).await.unwrap().is_empty());
    store.put_scripts(&import(1), &scripts).await.unwrap();
    let loaded = store.load_scripts(&import(1)).await.unwrap();
    assert_eq!(loaded, scripts);
    assert_eq!(loaded.digest().unwrap(), scripts.digest().unwrap());
    assert!(store.load_scripts(&import(2)).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_digest_knows_every_part_and_the_order() {
    let whole = scripts();
    let digest = |change: fn(&mut StoredScripts)| {
        let mut scripts = whole.clone();
        change(&mut scripts);
        scripts.digest().unwrap()
    };
    let same = digest(|_| ());
    assert_eq!(same, whole.digest().unwrap());
    let changes: [fn(&mut StoredScripts); 6] = [
        |scripts| scripts.rules[0].script.push(' '),
        |scripts| scripts.rules[0].order = 1,
        |scripts| drop(scripts.rules.pop()),
        |scripts| scripts.actions.swap(0, 1),
        |scripts| scripts.actions[3].secrets.clear(),
        |scripts| scripts.configuration.clear(),
    ];
    for change in changes {
        assert_ne!(digest(change), same);
    }
}

#[tokio::test]
async fn imports_are_removed_one_by_one() {
    let store = store().await;
    for at in [1, 2] {
        store.put_scripts(&import(at), &scripts()).await.unwrap();
    }
    let first = import(1);
    store
        .delete_scripts(|import| *import == first)
        .await
        .unwrap();
    assert!(store.load_scripts(&first).await.unwrap().is_empty());
    assert_eq!(store.load_scripts(&import(2)).await.unwrap(), scripts());
}

#[tokio::test]
async fn the_settings_name_other_scripts_only_if_they_name_those_from_before() {
    let store = store().await;
    let [one, two] = [1, 2].map(|at| ScriptsVersion::new(import(at), "digest"));
    let named = async || {
        store
            .load_settings()
            .await
            .unwrap()
            .unwrap_or_default()
            .scripts
    };
    assert!(is_conflict(
        store.commit_scripts(Some(&one), Some(&two)).await
    ));
    assert!(!is_conflict(store.commit_scripts(None, Some(&one)).await));
    assert_eq!(named().await, Some(one.clone()));
    assert!(is_conflict(store.commit_scripts(None, Some(&two)).await));
    assert!(is_conflict(store.commit_scripts(Some(&two), None).await));
    assert!(!is_conflict(
        store.commit_scripts(Some(&one), Some(&two)).await
    ));
    assert_eq!(named().await, Some(two.clone()));
    assert!(!is_conflict(store.commit_scripts(Some(&two), None).await));
    assert_eq!(named().await, None);
}

#[tokio::test]
async fn settings_and_scripts_leave_each_other_alone() {
    let store = store().await;
    let version = ScriptsVersion::new(import(1), "digest");
    let mut settings = Settings {
        friendly_name: "Shop".to_owned(),
        default_audience: Some(audience()),
        ..Settings::default()
    };
    store.put_settings(&settings).await.unwrap();
    assert!(!is_conflict(
        store.commit_scripts(None, Some(&version)).await
    ));
    let named = async || store.load_settings().await.unwrap().unwrap();
    settings.scripts = Some(version);
    assert_eq!(named().await, settings);
    let other = Settings {
        scripts: None,
        ..Settings::default()
    };
    store.put_settings(&other).await.unwrap();
    settings = Settings {
        scripts: settings.scripts,
        ..other
    };
    assert_eq!(named().await, settings, "what is no longer said is gone");
}

#[tokio::test]
async fn a_change_of_algorithms_conflicts_if_it_is_based_on_a_stale_read() {
    let store = store().await;
    let recorded = async || {
        let settings = store.load_settings().await.unwrap();
        settings.and_then(|settings| settings.signing_algorithms)
    };
    assert_eq!(store.load_configured_algorithms().await.unwrap(), None);
    assert_eq!(recorded().await, None);
    let first = SigningAlgorithms::default().changed_to(&[SigningAlgorithm::ES256].into(), NOW);
    assert!(!is_conflict(store.commit_signing_algorithms(&first).await));
    assert!(is_conflict(store.commit_signing_algorithms(&first).await));
    assert_eq!(recorded().await.as_ref(), Some(&first));

    let second = first.changed_to(&[SigningAlgorithm::PS256].into(), NOW);
    assert!(!is_conflict(store.commit_signing_algorithms(&second).await));
    assert!(is_conflict(store.commit_signing_algorithms(&second).await));
    // Other imports replace the settings.
    store.put_settings(&Settings::default()).await.unwrap();
    assert_eq!(recorded().await, Some(second));
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
