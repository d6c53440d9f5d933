//! An attacker's words in a link are never repeated: neither on the login pages nor in the parameters for applications,
//! whose texts are restricted to the alphabet of RFC 6749 sections 4.1.2.1 and 5.2.

use harness::{
    Answer, Landing, Server,
    apps::{DESKTOP, NATIVE, SPA_STRICT, WEB_POST},
    html,
};
use reqwest::Method;
use serde_json::Value;

/// Texts that a user might act upon, inside the alphabet and outside of it.
const WORDS: [&str; 4] = [
    "Call-555-0100-to-unlock",
    "<script>alert(1)</script>555-0100",
    "\"555-0100\\\r\nSet-Cookie: a=b",
    "\u{202e}555-0100\u{2028}\u{1b}[31m\u{fc}",
];
const MARK: &str = "555-0100";

#[track_caller]
fn assert_plain(text: &str, from: &str) {
    let is_plain = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
    assert!(text.chars().all(is_plain), "{text:?} {from}");
}

/// Asserts that neither a page nor the parameters for an application repeat a word of the request, except `state`.
#[track_caller]
fn assert_unrepeated(landing: Landing, what: &str) {
    let response = match landing {
        Landing::Page(page) if page.url.path() == "/u/login" => return,
        Landing::Page(page) if page.status >= 400 => {
            let text = html::unescape(&page.text());
            assert!(!text.contains(MARK), "{what}: {page}");
            return;
        }
        landing => landing.response(),
    };
    for (name, value) in response {
        if name != "state" {
            assert!(!value.contains(MARK), "{what}: {name}={value}");
            assert_plain(&value, what);
        }
    }
}

#[harness::test]
async fn no_parameter_of_authorize_is_repeated() {
    let server = Server::shared();
    let parameters = [
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "scope",
        "audience",
        "resource",
        "prompt",
        "max_age",
        "connection",
        "realm",
        "code_challenge",
        "code_challenge_method",
        "id_token_hint",
        "login_ticket",
        "request",
        "request_uri",
        "registration",
        "organization",
        "display",
        "device",
        "nonce",
    ];
    for word in WORDS {
        for name in parameters {
            let login = server.login(&SPA_STRICT).with(name, word);
            assert_unrepeated(login.open().await, name);
        }
        let login = server.login(&SPA_STRICT).with(word, "1");
        assert_unrepeated(login.open().await, "a name");
        let messaged = server.login(&DESKTOP).with("response_mode", "web_message");
        assert_unrepeated(messaged.with("audience", word).open().await, "web_message");
    }
}

#[harness::test]
async fn no_parameter_of_a_logout_or_another_page_is_repeated() {
    let server = Server::shared();
    for word in WORDS {
        for (path, name) in [
            ("/v2/logout", "returnTo"),
            ("/v2/logout", "client_id"),
            ("/oidc/logout", "post_logout_redirect_uri"),
            ("/oidc/logout", "client_id"),
            ("/oidc/logout", "id_token_hint"),
            ("/oidc/logout", "logout_hint"),
            ("/authorize/resume", "state"),
            ("/continue", "state"),
            ("/u/login", "state"),
            ("/u/consent", "state"),
            ("/u/confirm", "state"),
            ("/activate/confirm", "state"),
            ("/login", "client"),
        ] {
            let query = harness::flow::form_encoded(word);
            let path = format!("{path}?{name}={}", query.trim_end_matches('='));
            let request = server.http().request(Method::GET, &path);
            let answer = harness::send(request.header("accept", "text/html")).await;
            let text = html::unescape(&answer.text());
            assert!(!text.contains(MARK), "{path}: {answer}");
        }
        let path = format!("/{}", word.replace(['\r', '\n'], ""));
        let request = server.http().request(Method::GET, &path);
        let answer = harness::send(request.header("accept", "text/html")).await;
        assert!(!answer.text().contains(MARK), "{answer}");
    }
}

/// The texts of a JSON error.
fn texts(answer: &Answer) -> Vec<String> {
    let body: Value = answer.json();
    let members = body.as_object().expect("an object").values();
    members
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

#[harness::test]
async fn every_error_of_the_endpoints_keeps_to_the_alphabet() {
    let server = Server::shared();
    let http = server.http();
    for word in WORDS {
        for (path, name, others) in [
            (
                "/oauth/token",
                "grant_type",
                [("client_id", NATIVE.id), ("x", "y")],
            ),
            (
                "/oauth/token",
                "client_id",
                [("grant_type", "refresh_token"), ("x", "y")],
            ),
            (
                "/oauth/token",
                "refresh_token",
                [("grant_type", "refresh_token"), ("client_id", NATIVE.id)],
            ),
            (
                "/oauth/token",
                "code",
                [
                    ("grant_type", "authorization_code"),
                    ("client_id", NATIVE.id),
                ],
            ),
            (
                "/oauth/token",
                "audience",
                [
                    ("grant_type", "client_credentials"),
                    ("client_id", WEB_POST.id),
                ],
            ),
            (
                "/oauth/device/code",
                "audience",
                [("client_id", "tv"), ("x", "y")],
            ),
            ("/oauth/device/code", "client_id", [("x", "y"), ("z", "y")]),
            ("/oauth/revoke", "token", [("client_id", word), ("x", "y")]),
            (
                "/delegation",
                "grant_type",
                [("client_id", "legacy-spa"), ("x", "y")],
            ),
        ] {
            let mut form = vec![(name, word)];
            form.extend(others);
            let answer = http.post_form(path, &form).await;
            if answer.status >= 400 {
                for text in texts(&answer) {
                    assert_plain(&text, path);
                }
            }
        }
    }
}

#[harness::test]
async fn an_error_that_auth0_words_with_double_quotes_has_single_ones() {
    let server = Server::shared();
    let answer = server
        .http()
        .get("/v2/logout?returnTo=https://evil.example")
        .await;
    assert_eq!(answer.status, 400, "{answer}");
    let text = html::unescape(&answer.text());
    assert!(text.contains("'Allowed Logout URLs'"), "{answer}");
}
