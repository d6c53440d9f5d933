//! Names and passwords as users type them: more of a password than its hash covers, and letters that one keyboard sends
//! as one character and another as two.

use std::{fmt::Write as _, sync::OnceLock};

use harness::{
    Answer, Launch, Server, Tokens,
    apps::{PW_NATIVE, SPA_EMBEDDED, SPA_STRICT},
    assert_oauth_error, http, tenant,
};
use reqwest::Method;
use serde_json::json;

const DATABASE: &str = "Username-Password-Authentication";

/// A password of 89 bytes, and its bcrypt hash, which covers 72.
const LONG: &str = "correct horse battery staple, and on and on until the hash has long stopped \
                    reading: here";
const LONG_HASH: &str = "$2b$04$JXicNUlIUSz.6Xu79GQNmuRz/FbZfM4OzObuJ.qtNMr4kCl5afhxe";

/// A name and a password in NFC: every letter is one character.
const NAME: &str = "zo\u{eb}@example.com";
const PASSWORD: &str = "p\u{e4}ssw\u{f6}rd";
/// The same in NFD: every mark is a character of its own.
const NAME_APART: &str = "zoe\u{308}@example.com";
const PASSWORD_APART: &str = "pa\u{308}sswo\u{308}rd";
/// The hashes of the password in either form.
const PASSWORD_HASH: &str = "$2b$04$WoiwUij.zlTVJL3cjHGvQehDYil7/Gzm6NKtQQSZt/g.Ko6X79GuO";
const PASSWORD_APART_HASH: &str = "$2b$04$3y6u.zdBpRaFClK0xoA3qeZM9FCBu89BS2cErL7gGqJk4NZLXfSea";

/// A server with these additional users: their names, and the key and value of their passwords.
fn with_users(users: &[(&str, &str, &str)]) -> Server {
    let mut section = "users:\n".to_owned();
    for (name, key, value) in users {
        let (name, value) = (json!(name), json!(value));
        write!(section, "  - email: {name}\n    {key}: {value}\n").expect("a text grows");
    }
    let file = tenant::changed("users:\n", &section);
    Launch::new().tenant(file).start("imports other users")
}

async fn try_password(server: &Server, name: &str, password: &str) -> Answer {
    let form = [
        ("grant_type", "password"),
        ("username", name),
        ("password", password),
        ("scope", "openid"),
    ];
    server.token(&PW_NATIVE, &form).await
}

#[track_caller]
fn assert_wrong(answer: &Answer) {
    assert_oauth_error(answer, 403, "invalid_grant", "Wrong email or password.");
}

/// The part of [`LONG`] that its hash covers.
fn read_part() -> &'static str {
    static PART: OnceLock<&str> = OnceLock::new();
    PART.get_or_init(|| &LONG[..72])
}

#[harness::test]
async fn a_mistyped_end_beyond_bcrypts_limit_does_not_lock_the_password_out() {
    let server = with_users(&[("long@example.com", "password_hash", LONG_HASH)]);
    let mistyped = format!("{}!", read_part());
    // The bcrypt of Auth0 covers no more either.
    for typed in [&mistyped, read_part(), LONG, &mistyped, LONG, LONG] {
        Tokens::expect(try_password(&server, "long@example.com", typed).await);
    }
    let shorter = &read_part()[..71];
    assert_wrong(&try_password(&server, "long@example.com", shorter).await);
}

#[harness::test]
async fn a_long_password_in_a_file_is_hashed_whole() {
    let server = with_users(&[("long@example.com", "password_hash", LONG_HASH)]);
    let users = format!(
        "users:\n  - email: long@example.com\n    password: {}\n",
        json!(LONG)
    );
    server.import_tenant(users).await;
    Tokens::expect(try_password(&server, "long@example.com", LONG).await);
    assert_wrong(&try_password(&server, "long@example.com", read_part()).await);
}

#[harness::test]
async fn letters_typed_apart_are_the_letters_that_were_set() {
    let server = with_users(&[(NAME, "password", PASSWORD)]);
    for name in [NAME, NAME_APART, "ZOE\u{308}@example.com"] {
        for password in [PASSWORD, PASSWORD_APART] {
            Tokens::expect(try_password(&server, name, password).await);
        }
    }
    assert_wrong(&try_password(&server, NAME_APART, "passwo\u{308}rd").await);
    assert_wrong(&try_password(&server, "zoe@example.com", PASSWORD).await);
}

#[harness::test]
async fn letters_set_apart_are_the_letters_that_are_typed() {
    let server = with_users(&[(NAME_APART, "password", PASSWORD_APART)]);
    for name in [NAME, NAME_APART] {
        for password in [PASSWORD, PASSWORD_APART] {
            Tokens::expect(try_password(&server, name, password).await);
        }
    }
}

#[harness::test]
async fn an_imported_hash_is_compared_with_both_forms_of_the_typed_password() {
    let server = with_users(&[
        (NAME, "password_hash", PASSWORD_HASH),
        ("apart@example.com", "password_hash", PASSWORD_APART_HASH),
    ]);
    for password in [PASSWORD_APART, PASSWORD, PASSWORD_APART] {
        Tokens::expect(try_password(&server, NAME, password).await);
    }
    // The hash is of the text in NFD, until the first login replaces it.
    for password in [PASSWORD_APART, PASSWORD, PASSWORD_APART] {
        Tokens::expect(try_password(&server, "apart@example.com", password).await);
    }
}

#[harness::test]
async fn every_login_takes_letters_typed_apart() {
    let server = with_users(&[(NAME, "password", PASSWORD)]);
    let browser = server.browser();
    let page = server.login(&SPA_STRICT).browser(&browser).open().await;
    let answer = browser
        .log_in(&page.page_at("/u/login"), NAME_APART, PASSWORD_APART)
        .await;
    browser.follow(answer).await.callback().code();

    let post = |path: &str, origin: &str, body| {
        let request = server.http().request(Method::POST, path);
        http::send(request.header("origin", origin).json(body))
    };
    let embedded = json!({
        "client_id": SPA_EMBEDDED.id, "username": NAME_APART, "password": PASSWORD_APART,
        "realm": DATABASE, "credential_type": "http://auth0.com/oauth/grant-type/password-realm",
    });
    let answer = post(
        "/co/authenticate",
        "https://embedded.example.com",
        &embedded,
    )
    .await;
    assert_eq!(answer.status, 200, "{answer}");

    let classic = json!({
        "client_id": SPA_EMBEDDED.id, "redirect_uri": SPA_EMBEDDED.callback, "tenant": "tests",
        "response_type": "token id_token", "scope": "openid", "state": "s", "nonce": "n",
        "connection": DATABASE, "username": NAME_APART, "password": PASSWORD_APART,
    });
    let own = server.issuer().trim_end_matches('/');
    let answer = post("/usernamepassword/login", own, &classic).await;
    assert_eq!(answer.status, 200, "{answer}");
}

/// A server that allows three failures.
fn guarded() -> Server {
    let file = tenant::changed(
        "users:\n",
        &format!(
            "users:\n  - email: {}\n    password: {}\n",
            json!(NAME),
            json!(PASSWORD)
        ),
    );
    let section = "attackProtection:\n";
    assert!(file.contains(section));
    let guarded = format!("{section}  bruteForceProtection: {{ max_attempts: 3 }}\n");
    let launch = Launch::new().tenant(file.replacen(section, &guarded, 1));
    launch.start("has other settings")
}

#[harness::test]
async fn a_wrong_password_in_letters_apart_is_one_failure() {
    let server = guarded();
    for _ in 0..2 {
        assert_wrong(&try_password(&server, NAME, "wro\u{308}ng").await);
    }
    Tokens::expect(try_password(&server, NAME, PASSWORD).await);
}

#[harness::test]
async fn failures_are_counted_together_however_the_name_is_written() {
    let server = guarded();
    for name in [NAME, NAME_APART, NAME_APART] {
        assert_wrong(&try_password(&server, name, "wrong").await);
    }
    for name in [NAME, NAME_APART] {
        let answer = try_password(&server, name, PASSWORD).await;
        assert_eq!(answer.status, 429, "{answer}");
    }
}
