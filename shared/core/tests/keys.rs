//! Sealing and signing keys over their lifetimes, in a table of a real engine: created once, shared by all processes,
//! and replaced without any effect on clients.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::{path::Path, sync::Arc};

use dynoxide::Database;
use ratchet_core::{
    App, Freshness, KEY_ACTIVATION_DELAY, KeyUse, Parts, SIGNING_KEY_DELAY, config::Issuer,
};
use ratchet_domain::{
    client::SigningAlgorithm,
    jitter::Jitter,
    sealed::Purpose,
    signing_key::SigningMode,
    time::{Lifetime, Timestamp},
};
use ratchet_keys::{
    file::KeyFile,
    signer::{JwtType, SigningKey},
};
use ratchet_store::{LEASE_TIME, Store, StoredPrivateKey};
use ratchet_system::Clock;
use ratchet_telemetry::cost;
use serde_json::json;

/// A table and a key file that several processes share.
struct Stack {
    endpoint: String,
    folder: tempfile::TempDir,
}

impl Stack {
    async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_on(
            listener,
            Database::memory().unwrap(),
        ));
        let stack = Self {
            endpoint,
            folder: tempfile::tempdir().unwrap(),
        };
        stack.store().create_table().await.unwrap();
        stack
    }

    fn store(&self) -> Store {
        Store::local(&self.endpoint, "ratchet")
    }

    async fn process(&self, signing_mode: SigningMode, key_use: KeyUse) -> App {
        let issuer = Issuer::parse("https://login.example.com/").unwrap();
        let keys = KeyFile::open(&Path::new(self.folder.path()).join("keys.json")).unwrap();
        let parts = Parts::with_key_file(issuer, self.store(), keys);
        App::new(Parts {
            signing_mode,
            key_use,
            ..parts
        })
        .await
        .unwrap()
    }

    /// An environment of the function that signs and generates keys. Its clock stands still.
    async fn environment(&self, signing_mode: SigningMode, jitter: Jitter) -> App {
        let issuer = Issuer::parse("https://login.example.com/").unwrap();
        let keys = KeyFile::open(&Path::new(self.folder.path()).join("keys.json")).unwrap();
        let parts = Parts::with_key_file(issuer, self.store(), keys);
        let parts = Parts {
            signing_mode,
            freshness: Freshness::of_function(jitter),
            clock: Arc::new(Clock::stopped(START)),
            ..parts
        };
        Box::pin(App::new(parts)).await.unwrap()
    }
}

const START: Timestamp = Timestamp::from_secs(1_800_000_000);

const HOUR: Lifetime = Lifetime::from_secs(3_600);

/// Time that a wrapped key signs before its successor is due.
const TERM: Lifetime = Lifetime::from_secs(90 * 86_400);

async fn published(app: &App) -> Vec<String> {
    let keys = app.publication().keys().await;
    let mut kids: Vec<String> = keys.into_iter().map(|key| key.kid).collect();
    kids.sort();
    kids
}

async fn sign(app: &App) -> Result<String, String> {
    let key = SigningKey::Tenant(SigningAlgorithm::ES256);
    let signer = app.signing_keys().current().await;
    let now = app.clock.now();
    let claims = json!({ "sub": "ada" });
    let jwt = signer
        .sign(&app.key_service, key, JwtType::Jwt, &claims, now)
        .await;
    jwt.map_err(|e| e.to_string())
}

fn kid(jwt: &str) -> String {
    jsonwebtoken::decode_header(jwt).unwrap().kid.unwrap()
}

#[tokio::test]
async fn every_process_of_a_stack_publishes_the_same_keys() {
    for mode in [SigningMode::Kms, SigningMode::Wrapped] {
        let stack = Stack::new().await;
        let first = stack.process(mode, KeyUse::SignAndRotate).await;
        let second = stack.process(mode, KeyUse::Verify).await;
        assert_eq!(published(&first).await.len(), 3);
        assert_eq!(published(&first).await, published(&second).await);
        assert!(
            published(&second)
                .await
                .contains(&kid(&sign(&first).await.unwrap()))
        );
        assert!(
            sign(&second).await.is_err(),
            "a function that verifies must not sign"
        );
    }
}

#[tokio::test]
async fn a_function_that_does_not_rotate_makes_no_keys() {
    for key_use in [KeyUse::Verify, KeyUse::Sign] {
        let stack = Stack::new().await;
        let issuer = Issuer::parse("https://login.example.com/").unwrap();
        let parts = Parts::with_key_file(issuer, stack.store(), KeyFile::generate().unwrap());
        let error = App::new(Parts { key_use, ..parts }).await.unwrap_err();
        assert!(error.to_string().starts_with("there are no keys yet"));
        assert_eq!(stack.store().load_signing_keys().await.unwrap(), None);
        assert_eq!(stack.store().load_keyring().await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_function_that_only_signs_signs_with_the_keys_of_others() {
    for mode in [SigningMode::Kms, SigningMode::Wrapped] {
        let stack = Stack::new().await;
        let first = stack.process(mode, KeyUse::SignAndRotate).await;
        let second = stack.process(mode, KeyUse::Sign).await;
        assert_eq!(
            kid(&sign(&first).await.unwrap()),
            kid(&sign(&second).await.unwrap())
        );
    }
}

#[tokio::test]
async fn a_process_that_manages_keys_makes_them_and_does_not_sign() {
    let stack = Stack::new().await;
    let manager = stack.process(SigningMode::Wrapped, KeyUse::Rotate).await;
    assert_eq!(published(&manager).await.len(), 3);
    assert!(sign(&manager).await.is_err());
    let function = stack
        .process(SigningMode::Wrapped, KeyUse::SignAndRotate)
        .await;
    assert_eq!(published(&function).await, published(&manager).await);
}

#[tokio::test]
async fn a_key_that_is_over_is_not_even_unwrapped() {
    let stack = Stack::new().await;
    let app = stack
        .process(SigningMode::Wrapped, KeyUse::SignAndRotate)
        .await;
    let issuer = Issuer::parse("https://login.example.com/").unwrap();
    let mut stored = stack.store().load_signing_keys().await.unwrap().unwrap();
    for key in &mut stored.keys {
        let gone = StoredPrivateKey::Wrapped {
            private: "!".to_owned(),
            public: "!".to_owned(),
            wrapped_by: None,
        };
        key.key = gone;
        key.active_from = ratchet_domain::time::Timestamp::from_secs(0);
    }
    stored.version += 1;
    stack.store().commit_signing_keys(&stored).await.unwrap();
    app.rotate_signing_keys(&[]).await.unwrap();
    let keys = KeyFile::open(&stack.folder.path().join("keys.json")).unwrap();
    let parts = Parts::with_key_file(issuer, stack.store(), keys);
    parts.clock.advance(Lifetime::from_secs(40 * 86_400));
    let parts = Parts {
        signing_mode: SigningMode::Wrapped,
        ..parts
    };
    let restarted = App::new(parts).await.unwrap();
    assert_eq!(published(&restarted).await.len(), 3);
}

#[tokio::test]
async fn a_signature_calls_kms_in_kms_mode_only() {
    for (mode, calls) in [(SigningMode::Kms, 1), (SigningMode::Wrapped, 0)] {
        let stack = Stack::new().await;
        let app = stack.process(mode, KeyUse::SignAndRotate).await;
        let (_, cost) = Box::pin(cost::counted(sign(&app))).await;
        assert_eq!(cost.sign_calls, calls, "{mode:?}");
    }
}

#[tokio::test]
async fn wrapped_private_keys_are_not_in_the_table_in_clear() {
    let stack = Stack::new().await;
    stack
        .process(SigningMode::Wrapped, KeyUse::SignAndRotate)
        .await;
    let stored = stack.store().load_signing_keys().await.unwrap().unwrap();
    for key in stored.keys {
        let StoredPrivateKey::Wrapped { private, .. } = key.key else {
            panic!("not wrapped")
        };
        let bytes =
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, private).unwrap();
        assert_eq!(
            aws_lc_rs::signature::RsaKeyPair::from_pkcs8(&bytes)
                .map(|_| ())
                .ok(),
            None
        );
        // PKCS#8 begins with a DER sequence; a ciphertext begins with its random nonce, so the search covers all bytes.
        assert!(
            !bytes
                .windows(7)
                .any(|window| window == b"\x2a\x86\x48\xce\x3d\x02\x01")
        );
    }
}

#[tokio::test]
async fn a_wrapped_key_is_replaced_on_schedule_and_published_before_it_signs() {
    let stack = Stack::new().await;
    let app = stack
        .process(SigningMode::Wrapped, KeyUse::SignAndRotate)
        .await;
    let verifier = stack.process(SigningMode::Wrapped, KeyUse::Verify).await;
    let old = kid(&sign(&app).await.unwrap());
    for clock in [&app.clock, &verifier.clock] {
        clock.advance(Lifetime::from_secs(91 * 86_400));
    }
    assert_eq!(
        kid(&sign(&app).await.unwrap()),
        old,
        "the next key is not due yet"
    );
    assert_eq!(published(&app).await.len(), 6);
    assert_eq!(published(&verifier).await, published(&app).await);
    app.clock.advance(SIGNING_KEY_DELAY);
    let new = kid(&sign(&app).await.unwrap());
    assert_ne!(new, old);
    assert!(published(&verifier).await.contains(&new));
    // Old tokens still verify until all of them have expired.
    assert!(published(&app).await.contains(&old));
    app.clock.advance(Lifetime::from_secs(31 * 86_400));
    assert!(!published(&app).await.contains(&old));
}

#[tokio::test]
async fn a_new_sealing_key_is_known_everywhere_before_it_seals() {
    let stack = Stack::new().await;
    let app = stack.process(SigningMode::Kms, KeyUse::SignAndRotate).await;
    let other = stack.process(SigningMode::Kms, KeyUse::SignAndRotate).await;
    let (_, old) = app.active_key().await;
    let seal = async |app: &App| {
        let (keyring, key) = app.active_key().await;
        (
            key,
            keyring
                .seal(key, Purpose::Session, "", [1; 12], b"x")
                .unwrap(),
        )
    };
    let (_, before) = seal(&app).await;
    let (id, _) = app.rotate_sealing_key().await.unwrap();
    for clock in [&app.clock, &other.clock] {
        clock.advance(Lifetime::from_secs(61));
    }
    assert_eq!(seal(&app).await.0, old, "the new key is not due yet");
    for clock in [&app.clock, &other.clock] {
        clock.advance(KEY_ACTIVATION_DELAY);
    }
    let (key, after) = seal(&app).await;
    assert_eq!(key, id);
    for text in [before, after] {
        assert!(
            other
                .keyring()
                .await
                .open(Purpose::Session, "", &text)
                .is_some()
        );
    }
}

#[tokio::test]
async fn a_keyring_of_another_key_file_is_a_clear_start_up_error() {
    let stack = Stack::new().await;
    stack.process(SigningMode::Kms, KeyUse::SignAndRotate).await;
    let issuer = Issuer::parse("https://login.example.com/").unwrap();
    let parts = Parts::with_key_file(issuer, stack.store(), KeyFile::generate().unwrap());
    let error = App::new(parts).await.unwrap_err().to_string();
    assert!(error.contains("wrapped with another key file"), "{error}");
}

#[tokio::test]
async fn an_unchanged_keyring_costs_an_environment_half_a_unit_a_minute() {
    // Three wrapped key pairs and a certificate are more than four kilobytes.
    for (mode, units) in [(SigningMode::Kms, 1.0), (SigningMode::Wrapped, 1.5)] {
        let stack = Stack::new().await;
        let app = stack.environment(mode, Jitter::MIDDLE).await;
        let check = async || {
            app.keyring().await;
            app.signing_keys().current().await;
        };
        app.clock.advance(Lifetime::from_secs(59));
        let ((), cost) = Box::pin(cost::counted(check())).await;
        assert_eq!(cost.read_calls, 0, "{mode:?}");
        app.clock.advance(Lifetime::from_secs(1));
        let ((), cost) = Box::pin(cost::counted(check())).await;
        assert_eq!((cost.read_calls, cost.read_units), (2, units), "{mode:?}");
        assert_eq!(cost.write_calls, 0, "{mode:?}");
    }
}

#[tokio::test]
async fn only_the_holder_of_the_lease_generates_the_keys_that_are_due() {
    let stack = Stack::new().await;
    let app = stack
        .environment(SigningMode::Wrapped, Jitter::EARLIEST)
        .await;
    app.clock.advance(TERM);
    // Another environment has found the keys due a moment ago.
    let others = stack.store().take_signing_keys_lease(app.clock.now()).await;
    assert!(others.unwrap());
    let (kids, cost) = Box::pin(cost::counted(published(&app))).await;
    assert_eq!(kids.len(), 3);
    assert_eq!(cost.write_calls, 0);

    // The other one has been stopped, and its lease is over.
    app.clock.advance(LEASE_TIME);
    let (kids, cost) = Box::pin(cost::counted(published(&app))).await;
    assert_eq!(kids.len(), 6);
    // The lease and the keys.
    assert_eq!(cost.write_calls, 2);
    let other = stack
        .environment(SigningMode::Wrapped, Jitter::EARLIEST)
        .await;
    other.clock.advance(TERM);
    let (kids, cost) = Box::pin(cost::counted(published(&other))).await;
    assert_eq!(kids.len(), 6);
    assert_eq!(cost.write_calls, 0);
}

#[tokio::test]
async fn two_environments_that_find_keys_due_together_store_them_once() {
    let stack = Stack::new().await;
    let apps = [
        stack
            .environment(SigningMode::Wrapped, Jitter::EARLIEST)
            .await,
        stack
            .environment(SigningMode::Wrapped, Jitter::EARLIEST)
            .await,
    ];
    for app in &apps {
        app.clock.advance(TERM);
    }
    let (first, second) =
        tokio::join!(Box::pin(published(&apps[0])), Box::pin(published(&apps[1])));
    // The environment without the lease may still go by the old keys.
    assert!(first.len() == 6 || second.len() == 6);
    for app in &apps {
        app.clock.advance(LEASE_TIME);
        assert_eq!(published(app).await.len(), 6);
    }
    let stored = stack.store().load_signing_keys().await.unwrap().unwrap();
    assert_eq!((stored.version, stored.keys.len()), (2, 6));
}

#[tokio::test]
async fn environments_find_keys_due_in_the_course_of_an_hour() {
    let stack = Stack::new().await;
    let app = stack
        .environment(SigningMode::Wrapped, Jitter::LATEST)
        .await;
    app.clock.advance(TERM);
    app.clock.advance(Lifetime::from_secs(HOUR.as_secs() - 1));
    assert_eq!(published(&app).await.len(), 3);
    app.clock.advance(Lifetime::from_secs(75));
    assert_eq!(published(&app).await.len(), 6);
}

#[tokio::test]
async fn a_start_reads_the_keys_strongly_consistent() {
    let stack = Stack::new().await;
    stack.environment(SigningMode::Kms, Jitter::MIDDLE).await;
    let start = async || {
        let app = Box::pin(stack.environment(SigningMode::Kms, Jitter::MIDDLE));
        let (_, cost) = Box::pin(cost::counted(app)).await;
        (cost.read_calls, cost.read_units)
    };
    // Settings eventually consistent; keyring and signing keys strongly consistent.
    assert_eq!(start().await, (3, 2.5));
}
