//! `/.well-known/assetlinks.json` and `/.well-known/apple-app-site-association`: the phone apps that open https
//! callbacks on our domain, and the page that a browser without the app shows there.

use harness::{
    Answer, Launch, Server,
    apps::{NATIVE, SPA_STRICT},
    tenant,
};
use serde_json::{Value, json};

const ANDROID: &str = "/.well-known/assetlinks.json";
const APPLE: &str = "/.well-known/apple-app-site-association";
const APPLE_AT_THE_ROOT: &str = "/apple-app-site-association";
const FINGERPRINT: &str = "14:6D:E9:83:C5:73:06:50:D8:EE:B9:95:2F:34:FC:64:16:A0:83:42:E6:1D:BE:A8:8A:04:96:B2:3F:CF:44:E5";

/// The statement about one app that Android requires.
fn statement(package: &str) -> Value {
    json!({
        "relation": ["delegate_permission/common.handle_all_urls"],
        "target": {
            "namespace": "android_app",
            "package_name": package,
            "sha256_cert_fingerprints": [FINGERPRINT],
        },
    })
}

/// The association with these apps that Apple requires.
fn association(bundles: &[&str]) -> Value {
    let details: Vec<_> = bundles
        .iter()
        .map(|bundle| {
            json!({
                "appID": format!("86WQXF56BC.{bundle}"),
                "paths": [format!("/ios/{bundle}/*")],
            })
        })
        .collect();
    let ids: Vec<_> = bundles
        .iter()
        .map(|bundle| format!("86WQXF56BC.{bundle}"))
        .collect();
    json!({
        "applinks": { "apps": [], "details": details },
        "webcredentials": { "apps": ids },
    })
}

async fn document(server: &Server, path: &str) -> Value {
    let answer = server.http().get(path).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/json"),
        "{answer}"
    );
    let cache = answer.header("cache-control").unwrap_or_default();
    assert!(cache.starts_with("public, max-age="), "{answer}");
    answer.json()
}

/// A client file with one application, after replacements in it.
fn native(changes: &[(&str, &str)]) -> String {
    tenant::client_changed(&NATIVE, changes)
}

#[harness::test]
async fn phones_find_the_apps_of_the_tenant_file() {
    let server = Server::shared();
    assert_eq!(
        document(server, ANDROID).await,
        json!([statement("com.example.app")])
    );
    for path in [APPLE, APPLE_AT_THE_ROOT] {
        assert_eq!(
            document(server, path).await,
            association(&["com.example.app.ios"])
        );
    }
}

#[harness::test]
async fn an_import_changes_the_apps_of_its_clients_and_no_others() {
    let server = Server::start("changes clients");
    let second = native(&[
        ("client_id: native-app", "client_id: other-app"),
        ("name: Native app", "name: Other app"),
        ("com.example.app\n", "com.example.other\n"),
        ("com.example.app.ios", "com.example.other"),
    ]);
    server.import_tenant(second).await;
    assert_eq!(
        document(&server, ANDROID).await,
        json!([statement("com.example.app"), statement("com.example.other")])
    );
    let both = association(&["com.example.app.ios", "com.example.other"]);
    assert_eq!(document(&server, APPLE).await, both);
    // An app is listed once, also if a second client has it or its client is imported again.
    server
        .import_tenant(native(&[("client_id: native-app", "client_id: third-app")]))
        .await;
    server.import_tenant(native(&[])).await;
    assert_eq!(document(&server, APPLE).await, both);

    server
        .import_tenant(tenant::client_changed(&SPA_STRICT, &[]))
        .await;
    assert_eq!(document(&server, APPLE).await, both);
    for id in ["native-app", "third-app"] {
        let id = format!("client_id: {id}");
        let without = [
            ("client_id: native-app", id.as_str()),
            ("    mobile:\n", "    description:\n"),
        ];
        server.import_tenant(native(&without)).await;
    }
    assert_eq!(
        document(&server, ANDROID).await,
        json!([statement("com.example.other")])
    );
    assert_eq!(
        document(&server, APPLE).await,
        association(&["com.example.other"])
    );
}

#[harness::test]
async fn a_tenant_without_apps_publishes_empty_lists() {
    let launch = Launch::new().tenant("tenant: { friendly_name: None }\n".to_owned());
    let server = launch.start("has a tenant of its own");
    assert_eq!(document(&server, ANDROID).await, json!([]));
    assert_eq!(document(&server, APPLE).await, association(&[]));
}

#[track_caller]
fn assert_says_nothing(page: &Answer, secrets: &[&str]) {
    harness::assertions::assert_page(page);
    assert_eq!(page.status, 200, "{page}");
    assert_eq!(
        page.header("referrer-policy"),
        Some("no-referrer"),
        "{page}"
    );
    assert!(page.text().contains("Go back to the app"), "{page}");
    for secret in secrets {
        assert!(!page.text().contains(secret), "{page}");
    }
}

#[harness::test]
async fn a_browser_at_an_apps_callback_is_shown_a_page_that_repeats_nothing() {
    let server = Server::start("reads the server's log");
    for callback in [
        "android/com.example.app/callback",
        "ios/com.example.app.ios/callback",
    ] {
        let callback = server.url(callback);
        let registered = [("com.example.app://callback", callback.as_str())];
        server.import_tenant(native(&registered)).await;
        let login = server.login(&NATIVE).with("redirect_uri", &callback);
        let page = login.land().await.page();
        let query: Vec<_> = page.url.query_pairs().into_owned().collect();
        let (name, code) = &query[0];
        assert_eq!(name, "code", "{}", page.url);
        assert_says_nothing(&page, &[code, "com.example.app"]);
    }
    let strange = "/android/%3Cscript%3E/callback?code=a-stolen-code&state=a-state";
    let page = server.http().get(strange).await;
    assert_says_nothing(&page, &["script>", "a-stolen-code", "a-state"]);
    for path in [
        "/android/callback",
        "/ios//callback",
        "/android/x/y/callback",
    ] {
        assert_eq!(server.http().get(path).await.status, 404, "{path}");
    }
    let log = server.stop();
    assert!(!log.contains("a-stolen-code"), "{log}");
}
