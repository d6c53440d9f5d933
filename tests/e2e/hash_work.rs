//! The time of a rejection does not reveal the existence of a user: every rejection computes the same hashes, whichever
//! hash the user has. The tests count instead of measuring time.

use std::fmt::Write as _;

use harness::{
    Answer, Launch, Server,
    apps::{PW_NATIVE, User},
    tenant,
};
use serde_json::{Value, json};

/// bcrypt with 2^4 and 2^6 rounds, and argon2id with parameters that differ from ours.
const BCRYPT_4: &str = "$2b$04$JXicNUlIUSz.6Xu79GQNmuRz/FbZfM4OzObuJ.qtNMr4kCl5afhxe";
const BCRYPT_6: &str = "$2b$06$JXicNUlIUSz.6Xu79GQNmuRz/FbZfM4OzObuJ.qtNMr4kCl5afhxe";
const ARGON2: &str = "$argon2id$v=19$m=64,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const BLOCKED_PASSWORD: &str = "correct horse battery staple, and on and on until the hash has long stopped \
                                reading: here";

/// A server with these additional lines of users.
fn with_users(lines: &[String]) -> Server {
    let mut section = "users:\n".to_owned();
    for line in lines {
        writeln!(section, "  - {line}").expect("a text grows");
    }
    let file = tenant::changed("users:\n", &section);
    Launch::new()
        .tenant(file)
        .start("reads what each request cost")
}

fn user(name: &str, more: &str) -> String {
    format!("{{ email: {name}@example.com{more} }}")
}

fn migrated() -> Vec<String> {
    let hash = |hash: &str| format!(", password_hash: {}", json!(hash));
    vec![
        user("four", &hash(BCRYPT_4)),
        user("six", &hash(BCRYPT_6)),
        user("foreign", &hash(ARGON2)),
        user("none", ""),
        user("stopped", &format!("{}, blocked: true", hash(BCRYPT_4))),
    ]
}

async fn attempt(server: &Server, name: &str, password: &str) -> Answer {
    let form = [
        ("grant_type", "password"),
        ("username", name),
        ("password", password),
    ];
    server.token(&PW_NATIVE, &form).await
}

/// The hashes that a request computed, by kind.
fn hash_work(answer: &Answer) -> Value {
    let text = answer.header("x-ratchet-cost").expect("a cost");
    let cost: Value = serde_json::from_str(text).expect("JSON");
    json!([cost["argon2_kib"], cost["bcrypt_rounds"]])
}

async fn refused(server: &Server, name: &str, password: &str) -> Value {
    let answer = attempt(server, name, password).await;
    assert!(matches!(answer.status, 403 | 429), "{answer}");
    hash_work(&answer)
}

#[harness::test]
async fn every_refusal_computes_the_same_hashes() {
    let server = with_users(&migrated());
    let of_unknown_user = refused(&server, "unknown@example.com", "wrong").await;
    // Our hash, the foreign one, and as many rounds as the most expensive bcrypt hash.
    assert_eq!(of_unknown_user, json!([19 * 1024 * 2 + 64 * 3, 64]));
    let ada = User::ada();
    for name in [
        ada.email.as_str(),
        "four@example.com",
        "six@example.com",
        "foreign@example.com",
        "none@example.com",
        "stopped@example.com",
        "blocked@example.com",
        "mary@example.com",
        &"x".repeat(3_000),
    ] {
        assert_eq!(
            refused(&server, name, "wrong").await,
            of_unknown_user,
            "{name}"
        );
    }
    // The right password of a blocked user.
    let stopped = refused(&server, "stopped@example.com", BLOCKED_PASSWORD).await;
    assert_eq!(stopped, of_unknown_user);
    let blocked = refused(&server, "blocked@example.com", ada.password).await;
    assert_eq!(blocked, of_unknown_user);
}

#[harness::test]
async fn a_password_of_two_forms_is_compared_twice_with_every_hash() {
    let server = with_users(&migrated());
    let apart = "pa\u{308}ssword";
    let of_unknown_user = refused(&server, "unknown@example.com", apart).await;
    assert_eq!(
        of_unknown_user,
        json!([2 * (19 * 1024 * 2 + 64 * 3), 2 * 64])
    );
    for name in [
        "ada@example.com",
        "four@example.com",
        "six@example.com",
        "foreign@example.com",
        "none@example.com",
    ] {
        assert_eq!(
            refused(&server, name, apart).await,
            of_unknown_user,
            "{name}"
        );
    }
}

#[harness::test]
async fn a_tenant_without_imported_hashes_computes_one_hash() {
    let server = with_users(&[user("none", "")]);
    let native = json!([19 * 1024 * 2, 0]);
    for name in ["unknown@example.com", "ada@example.com", "none@example.com"] {
        assert_eq!(refused(&server, name, "wrong").await, native, "{name}");
    }
    let ada = User::ada();
    let good = attempt(&server, &ada.email, ada.password).await;
    assert_eq!((good.status, hash_work(&good)), (200, native));
}

#[harness::test]
async fn hashes_that_a_later_import_brings_count_from_then_on() {
    let server = with_users(&[user("none", "")]);
    let file = format!(
        "users:\n  - {}\n",
        user("six", &format!(", password_hash: {}", json!(BCRYPT_6)))
    );
    server.import_tenant(file).await;
    let both = json!([19 * 1024 * 2, 64]);
    for name in ["unknown@example.com", "ada@example.com", "six@example.com"] {
        assert_eq!(refused(&server, name, "wrong").await, both, "{name}");
    }
    // The login of a user with a hash of ours computes that hash alone.
    let ada = User::ada();
    let good = attempt(&server, &ada.email, ada.password).await;
    assert_eq!(
        (good.status, hash_work(&good)),
        (200, json!([19 * 1024 * 2, 0]))
    );
}
