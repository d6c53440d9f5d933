//! Rules that call other servers.

use harness::{
    Server,
    apps::{SPA_STRICT, User},
    receiver::{Received, Receiver, Reply},
};
use serde_json::{Value, json};

use super::{
    Sample, access_token_claim, assert_login, assert_refresh, change, id_token_claim, next, rule,
    tokens,
};

/// A server whose scripts may reach this other one.
fn start(scripts: Sample, other: &Receiver, key: &str) -> Server {
    let scripts = scripts.config(key, &other.url());
    let launch = scripts.launch().option("--script-hosts", &other.url());
    launch.start("has a tenant of its own")
}

/// The JSON bodies that were sent to a path.
fn sent(other: &Receiver, path: &str) -> Vec<Value> {
    let received = other.received();
    let there = received.iter().filter(|one| one.target.ends_with(path));
    there
        .map(|one| serde_json::from_str(&one.body).expect("JSON"))
        .collect()
}

#[harness::test]
async fn remote_allowlist() {
    let lines = |_: &Received| (200, "ada@example.com\ngrace@example.com\n".to_owned());
    let other = Receiver::answering(lines);
    let server = start(rule("remote-allowlist"), &other, "LIST_URL");
    let denial = "Not on the remote list.";
    assert_login(&server, &SPA_STRICT, &User::iris(), "unauthorized", denial).await;
    let first = tokens(&server, &User::ada()).await;
    let second = next(&server, &first).await;
    let moved = "users: [{ user_id: \"auth0|ada\", email: ada@example.org }]\n";
    server.import_tenant(moved.to_owned()).await;
    assert_refresh(&server, &second, denial).await;
    change(&server, &User::ada(), "email_verified: true").await;
    next(&server, &second).await;
}

#[harness::test]
async fn internal_id() {
    let other = Receiver::answering(|_| (200, json!({ "id": 4711 }).to_string()));
    let scripts = rule("internal-id").config("WEBHOOK_SECRET", "between us");
    let server = start(scripts, &other, "WEBHOOK");
    let first = tokens(&server, &User::ada()).await;
    assert_eq!(id_token_claim(&first, "internal_id"), 4711);
    assert_eq!(
        id_token_claim(&next(&server, &first).await, "internal_id"),
        4711
    );
    assert_eq!(
        id_token_claim(&tokens(&server, &User::ada()).await, "internal_id"),
        4711
    );
    // The Rule asked once and stored the answer.
    let asked = sent(&other, "/ids");
    assert_eq!(
        asked,
        [json!({ "user_id": "auth0|ada", "secret": "between us" })]
    );
}

#[harness::test]
async fn login_webhook() {
    let other = Receiver::start(Reply::Status(500));
    let server = start(rule("login-webhook"), &other, "HOOK_URL");
    let first = tokens(&server, &User::ada()).await;
    next(&server, &first).await;
    let logins = sent(&other, "/logins");
    let protocols: Vec<_> = logins.iter().map(|one| &one["protocol"]).collect();
    assert_eq!(protocols, ["oidc-basic-profile", "oauth2-refresh-token"]);
    for login in &logins {
        assert_eq!(login["app"], "Strict SPA");
        assert_eq!(login["ip"], "127.0.0.1");
        assert_eq!(
            (&login["user_id"], &login["email"]),
            (&json!("auth0|ada"), &json!("ada@example.com"))
        );
        assert_eq!(login.get("app_metadata"), None);
    }
}

#[harness::test]
async fn signup_webhook() {
    let other = Receiver::start(Reply::Status(200));
    let server = start(rule("signup-webhook"), &other, "HOOK_URL");
    let first = tokens(&server, &User::ada()).await;
    next(&server, &first).await;
    tokens(&server, &User::ada()).await;
    tokens(&server, &User::zoe()).await;
    // The Rule does not wait for the answers; the requests have been sent.
    let texts: Vec<_> = sent(&other, "/signups")
        .into_iter()
        .map(|one| one["text"].clone())
        .collect();
    assert_eq!(texts, ["New: Ada Lovelace", "New: zoe@example.com"]);
}

#[harness::test]
async fn contact_sync() {
    let other = Receiver::answering(|asked| {
        if asked.body.contains("ada") {
            (201, json!({ "number": 12 }).to_string())
        } else {
            (422, "no such contact".to_owned())
        }
    });
    let server = start(rule("contact-sync"), &other, "SHOP_URL");
    let first = tokens(&server, &User::ada()).await;
    for tokens in [next(&server, &first).await, first] {
        assert_eq!(id_token_claim(&tokens, "contact"), 12);
    }
    let grace = User::grace();
    assert_login(
        &server,
        &SPA_STRICT,
        &grace,
        "access_denied",
        "no such contact",
    )
    .await;
    assert_eq!(
        sent(&other, "/contacts")[0],
        json!({ "email": "ada@example.com", "verified": true })
    );
}

#[harness::test]
async fn risk_score() {
    let other = Receiver::answering(|asked| {
        let good = asked.target.contains("ip=127.0.0.1&user=auth0%7Cada");
        let status = if good { 200 } else { 503 };
        (status, json!({ "score": 17 }).to_string())
    });
    let server = start(rule("risk-score"), &other, "RISK_URL");
    let first = tokens(&server, &User::ada()).await;
    for tokens in [next(&server, &first).await, first] {
        assert_eq!(id_token_claim(&tokens, "risk"), 17);
        assert_eq!(access_token_claim(&tokens, "risk"), 17);
    }
    let grace = tokens(&server, &User::grace()).await;
    assert_eq!(
        id_token_claim(&next(&server, &grace).await, "risk"),
        Value::Null
    );
    let log = server.stop();
    assert!(
        log.contains("no risk score: Request failed with status code 503"),
        "{log}"
    );
}

#[harness::test]
async fn cached_token() {
    let other = Receiver::answering(|_| {
        let body = json!({ "access_token": "from the partner", "expires_in": 600 });
        (200, body.to_string())
    });
    let server = start(rule("cached-token"), &other, "PARTNER_URL");
    let mut last = tokens(&server, &User::ada()).await;
    for _ in 0..3 {
        assert_eq!(id_token_claim(&last, "partner"), "from the partner");
        last = next(&server, &last).await;
    }
    let asked = sent(&other, "/oauth/token");
    assert_eq!(asked, [json!({ "grant_type": "client_credentials" })]);
}

#[harness::test]
async fn a_host_that_is_not_allowed_gets_no_request() {
    let other = Receiver::start(Reply::Status(200));
    let scripts = rule("remote-allowlist").config("LIST_URL", &other.url());
    let server = scripts.start();
    let callback = server.login(&SPA_STRICT).callback().await;
    assert_eq!(callback.get("error").as_deref(), Some("access_denied"));
    let words = callback.get("error_description");
    let discreet = "A script's request to another host failed.";
    assert_eq!(words.as_deref(), Some(discreet));
    let log = server.stop();
    assert!(
        log.contains("is not a host that scripts may reach"),
        "{log}"
    );
    assert_eq!(other.received().len(), 0);
}
