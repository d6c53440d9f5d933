//! Importing a tenant file into the embedded database and reading it back.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use dynoxide::Database;
use ratchet_core::{App, CLIENT_SECRET, Parts, config::Issuer};
use ratchet_domain::{
    client::{ClientGrant, SigningAlgorithm, SubjectType},
    ids::{Audience, ClientId, ConnectionName, SessionId},
    scope::Scope,
    sealed::Purpose,
    secret::Secret,
    session::Session,
    settings::Settings,
    time::Lifetime,
};
use ratchet_keys::{
    file::KeyFile,
    password::{self, Verification},
};
use ratchet_store::{LoginRecord, PasswordNow, Store, UserChange};
use ratchet_tenant::{Destination, ImportError, Keywords, import, parse, unpublished_algorithms};
use tokio::net::TcpListener;

const FILE: &str = "
tenant:
  friendly_name: Orders
clients:
  - name: Web
    client_id: web
    client_secret: 0123456789abcdef
    app_type: regular_web
    jwt_configuration: {alg: HS256}
  - name: Job
    client_id: job
    client_secret: fedcba9876543210
    app_type: non_interactive
  - name: Phone
    client_id: phone
    app_type: native
resourceServers:
  - identifier: https://api.example.com
    signing_alg: HS256
    signing_secret: abcdef0123456789
    scopes: [{value: read:orders}]
clientGrants:
  - {client_id: Job, audience: https://api.example.com, scope: [read:orders]}
users:
  - email: ada@example.com
    password: correct horse battery staple
";

/// An app over its own database.
async fn app() -> App {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(
        listener,
        database,
        std::future::pending(),
    ));
    let store = Store::local(&endpoint, "ratchet");
    store.create_table().await.unwrap();
    let issuer = Issuer::parse("http://127.0.0.1:3000/").unwrap();
    let keys = KeyFile::generate().unwrap();
    App::new(Parts::with_key_file(issuer, store, keys))
        .await
        .unwrap()
}

async fn put(app: &App, text: &str) -> Result<String, ImportError> {
    let tenant = parse(text, &Keywords::new()).unwrap();
    let imported = import(&tenant, &Destination::of(app).await).await?;
    app.forget_configuration();
    Ok(imported.to_string())
}

fn people() -> ConnectionName {
    ConnectionName::parse("Username-Password-Authentication").unwrap()
}

async fn load_ada(app: &App) -> LoginRecord {
    let found = app.store.load_login(&people(), "ada@example.com").await;
    found.unwrap().unwrap()
}

#[tokio::test]
async fn everything_of_a_file_is_in_the_table_and_no_secret_in_clear() {
    let app = app().await;
    assert_eq!(
        put(&app, FILE).await.unwrap(),
        "settings, 3 clients, 1 API, 1 user"
    );
    let (keyring, _) = app.active_key().await;

    let load = async |id: &str| {
        app.store
            .load_client(&ClientId::parse(id).unwrap())
            .await
            .unwrap()
            .unwrap()
    };
    let web = load("web").await.secret.unwrap();
    assert!(keyring.digest_matches(&web.digest, CLIENT_SECRET, b"0123456789abcdef"));
    let sealed = web.sealed.unwrap();
    let opened = keyring
        .open(Purpose::Configuration, "web", &sealed)
        .unwrap();
    assert_eq!(opened.plaintext, b"0123456789abcdef");

    let job = load("job").await;
    assert_eq!(
        job.secret.unwrap().sealed,
        None,
        "an RS256 client's secret is needed as digest only"
    );
    let audience = Audience::parse("https://api.example.com").unwrap();
    let scope = Scope::parse("read:orders");
    assert_eq!(
        job.client_grants,
        [ClientGrant {
            audience: audience.clone(),
            scope,
            subject_type: SubjectType::Client,
        }]
    );
    assert_eq!(load("phone").await.secret, None);

    let api = app
        .store
        .load_resource_server(&audience)
        .await
        .unwrap()
        .unwrap();
    let sealed = api.sealed_signing_secret.unwrap();
    let opened = keyring
        .open(Purpose::Configuration, "https://api.example.com", &sealed)
        .unwrap();
    assert_eq!(opened.plaintext, b"abcdef0123456789");

    assert_eq!(
        app.store
            .load_settings()
            .await
            .unwrap()
            .unwrap()
            .friendly_name,
        "Orders"
    );
    let ada = app
        .store
        .load_login(&people(), "ADA@example.com")
        .await
        .unwrap()
        .unwrap();
    let password = Secret::new("correct horse battery staple");
    assert_eq!(
        password::verify(&ada.password_hash.unwrap(), &password),
        Verification::Match
    );
    assert!(ada.user.created_at.as_secs() > 1_700_000_000);
}

#[tokio::test]
async fn importing_twice_changes_no_user() {
    let app = app().await;
    put(&app, FILE).await.unwrap();
    let before = app
        .store
        .load_login(&people(), "ada@example.com")
        .await
        .unwrap();
    put(&app, FILE).await.unwrap();
    assert_eq!(
        app.store
            .load_login(&people(), "ada@example.com")
            .await
            .unwrap(),
        before
    );
}

#[tokio::test]
async fn settings_that_the_file_omits_stay() {
    let app = app().await;
    put(&app, FILE).await.unwrap();
    let mut ada = load_ada(&app).await;
    let before = ada.clone();
    ada.user.blocked = true;
    ada.user
        .app_metadata
        .insert("plan".to_owned(), "gold".into());
    let change = UserChange {
        now: app.clock.now(),
        password: PasswordNow::Same,
    };
    let replaced = app.store.put_user(&ada, Some(&before), change);
    replaced.await.unwrap();

    put(&app, "users: [{email: ada@example.com, name: Ada}]")
        .await
        .unwrap();
    let after = load_ada(&app).await;
    assert_eq!(after.password_hash, ada.password_hash);
    assert!(after.user.blocked);
    assert_eq!(after.user.app_metadata, ada.user.app_metadata);
    assert_eq!(after.user.profile.name.as_deref(), Some("Ada"));
    assert!(after.user.updated_at > ada.user.updated_at);
    assert_eq!(after.user.created_at, ada.user.created_at);
    assert_eq!(
        app.store
            .load_settings()
            .await
            .unwrap()
            .unwrap()
            .friendly_name,
        "Orders"
    );

    put(
        &app,
        "users: [{email: ada@example.com, blocked: false, password: another}]",
    )
    .await
    .unwrap();
    let after = load_ada(&app).await;
    assert!(!after.user.blocked);
    assert_eq!(
        password::verify(&after.password_hash.unwrap(), &Secret::new("another")),
        Verification::Match
    );
}

#[tokio::test]
async fn a_user_who_exists_under_the_same_name_keeps_the_id() {
    let app = app().await;
    put(
        &app,
        "users: [{email: ada@example.com, user_id: made-elsewhere}]",
    )
    .await
    .unwrap();
    put(&app, "users: [{email: Ada@example.com, name: Ada}]")
        .await
        .unwrap();
    let ada = load_ada(&app).await;
    assert_eq!(ada.user.user_id.as_str(), "auth0|made-elsewhere");
    assert_eq!(ada.user.profile.name.as_deref(), Some("Ada"));
}

#[tokio::test]
async fn a_login_name_is_not_taken_from_its_owner() {
    let app = app().await;
    put(&app, "users: [{email: ada@example.com, user_id: one}]")
        .await
        .unwrap();
    let error = put(&app, "users: [{email: ada@example.com, user_id: two}]")
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "user auth0|two: the e-mail address or user name belongs to another user"
    );
}

#[tokio::test]
async fn a_user_name_may_be_the_users_own_address() {
    let app = app().await;
    put(
        &app,
        "users: [{email: ada@example.com, username: ada@example.com}]",
    )
    .await
    .unwrap();
    assert!(
        app.store
            .load_login(&people(), "ada@example.com")
            .await
            .unwrap()
            .is_some()
    );
}

async fn published(app: &App) -> Vec<&'static str> {
    app.forget_configuration();
    let keys = app.publication().keys().await;
    let mut names: Vec<_> = keys.iter().map(|key| key.algorithm.as_str()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn an_import_records_the_algorithms_of_all_clients_and_apis() {
    let app = app().await;
    assert_eq!(published(&app).await, ["ES256", "PS256", "RS256"]);
    put(&app, FILE).await.unwrap();
    assert_eq!(published(&app).await, ["RS256"]);
    let web = |alg: &str| {
        format!(
            "clients: [{{name: Web, client_id: web, app_type: spa, jwt_configuration: {{alg: {alg}}}}}]"
        )
    };
    let es256 = parse(&web("ES256"), &Keywords::new()).unwrap();
    let unpublished = async || {
        unpublished_algorithms(&es256, &app.store, app.clock.now())
            .await
            .unwrap()
    };
    assert_eq!(unpublished().await, [SigningAlgorithm::ES256]);
    put(&app, &web("ES256")).await.unwrap();
    assert_eq!(unpublished().await, []);
    let api = "resourceServers: [{identifier: https://b.example.com, signing_alg: PS256}]";
    put(&app, api).await.unwrap();
    assert_eq!(published(&app).await, ["ES256", "PS256", "RS256"]);
    app.clock.advance(Lifetime::from_secs(40 * 86_400));
    put(&app, &web("RS256")).await.unwrap();
    assert_eq!(published(&app).await, ["ES256", "PS256", "RS256"]);
    app.clock.advance(Lifetime::from_secs(31 * 86_400));
    assert_eq!(published(&app).await, ["PS256", "RS256"]);
}

#[tokio::test]
async fn a_table_from_before_the_record_keeps_every_key_for_a_month() {
    let app = app().await;
    let tenant = parse(FILE, &Keywords::new()).unwrap();
    app.store
        .put_client(&tenant.clients[0].client)
        .await
        .unwrap();
    put(&app, FILE).await.unwrap();
    assert_eq!(published(&app).await, ["ES256", "PS256", "RS256"]);
    app.clock.advance(Lifetime::from_secs(31 * 86_400));
    assert_eq!(published(&app).await, ["RS256"]);
}

#[tokio::test]
async fn a_new_user_without_an_id_gets_one_that_no_user_has_had() {
    let (app, elsewhere) = (app().await, app().await);
    let file = "users: [{email: ada@example.com, password: x}]";
    put(&app, file).await.unwrap();
    put(&elsewhere, file).await.unwrap();
    let first = load_ada(&app).await.user.user_id;
    let digits = first.as_str().strip_prefix("auth0|").unwrap();
    assert_eq!(digits.len(), 32, "{first}");
    assert_ne!(load_ada(&elsewhere).await.user.user_id, first);

    let now = app.clock.now();
    app.delete_user(&first, now, ratchet_system::Deadline::NEVER)
        .await
        .unwrap()
        .unwrap();
    put(&app, file).await.unwrap();
    assert_ne!(load_ada(&app).await.user.user_id, first);
}

#[tokio::test]
async fn imports_at_once_make_one_user_of_a_name() {
    let app = app().await;
    let file = "users: [{email: ada@example.com}]";
    let imports = (0..4).map(|_| put(&app, file));
    for imported in futures_util::future::join_all(imports).await {
        imported.unwrap();
    }
    assert!(
        load_ada(&app)
            .await
            .user
            .user_id
            .as_str()
            .starts_with("auth0|")
    );
}

#[tokio::test]
async fn the_hash_that_a_login_replaced_is_the_same_password_when_it_comes_again() {
    let app = app().await;
    let hash = "$2b$04$k6ofKfHt9GF7qdbGJ0sMy.NEVkATd/Aus15hbmzJVcqWsEmQVgJPK";
    let file = format!("users: [{{email: ada@example.com, password_hash: '{hash}'}}]");
    put(&app, &file).await.unwrap();
    let imported = load_ada(&app).await;
    let native = password::hash(&Secret::new("x"), [7; 16]).unwrap();
    let committed = app.store.commit_password_hash(&imported, &native).await;
    committed.unwrap();
    put(&app, &file).await.unwrap();
    let again = load_ada(&app).await;
    assert_eq!(again.password_hash, Some(native));
    assert_eq!(again.user.valid_from, imported.user.valid_from);

    let other = file.replace("/Aus15", "/Aus16");
    put(&app, &other).await.unwrap();
    let changed = load_ada(&app).await;
    assert_ne!(changed.user.valid_from, imported.user.valid_from);
    assert_eq!(changed.rehashed_from, None);
}

#[tokio::test]
async fn another_password_ends_sessions_and_the_same_one_does_not() {
    let app = app().await;
    let file = |password| format!("users: [{{email: ada@example.com, password: {password}}}]");
    put(&app, &file("first")).await.unwrap();
    let user = load_ada(&app).await.user;
    let id = SessionId::from_bytes([1; 16]);
    let sid = app.sid(&user.user_id, id).await.unwrap();
    let now = app.clock.now();
    let session = Session::begin(&user, sid, &Settings::default(), now);
    app.store.put_session(id, &session).await.unwrap();
    let is_there = || async {
        let session = app.store.load_session(&user.user_id, id).await;
        session.unwrap().is_some()
    };
    put(&app, &file("first")).await.unwrap();
    assert!(is_there().await);
    put(&app, &file("second")).await.unwrap();
    assert!(!is_there().await);
}
