//! The audit events of the Management API: the caller, the action, the user concerned, and the outcome.

use harness::{
    Server,
    apps::{AUDITOR, OPERATOR, SPA_STRICT, User, WEB_POST},
    jwt,
    management::of_user,
};
use reqwest::Method;
use serde_json::json;

const REASON: &str = "reads the server's log";
const REFRESH_TOKENS: &str = "/api/v2/refresh-tokens?user_id=auth0%7Cada";

/// The lines of the log that are events of the Management API.
fn events(log: &str) -> Vec<&str> {
    let codes = ["\"sapi\"", "\"fapi\"", "\"mgmt_api_read\""];
    let is_event = |line: &&str| codes.iter().any(|code| line.contains(code));
    log.lines().filter(is_event).collect()
}

#[track_caller]
fn assert_says(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "no `{part}` in {line}");
    }
}

/// A call of every operation on Ada, with the event's code and description.
fn calls(
    session: &str,
    id: &str,
    grant: &str,
) -> Vec<(Method, String, &'static str, &'static str)> {
    let ada = User::ada();
    let list = REFRESH_TOKENS;
    vec![
        (
            Method::GET,
            session.to_owned(),
            "mgmt_api_read",
            "Get session",
        ),
        (Method::DELETE, session.to_owned(), "sapi", "Delete session"),
        (
            Method::GET,
            of_user(&ada, "/sessions"),
            "mgmt_api_read",
            "Get sessions for user",
        ),
        (
            Method::DELETE,
            of_user(&ada, "/sessions"),
            "sapi",
            "Delete sessions for user",
        ),
        (
            Method::GET,
            list.to_owned(),
            "mgmt_api_read",
            "Get refresh tokens",
        ),
        (
            Method::GET,
            format!("/api/v2/refresh-tokens/{id}"),
            "mgmt_api_read",
            "Get a refresh token",
        ),
        (
            Method::DELETE,
            format!("/api/v2/refresh-tokens/{id}"),
            "sapi",
            "Delete a refresh token",
        ),
        (
            Method::GET,
            of_user(&ada, "/refresh-tokens"),
            "mgmt_api_read",
            "Get refresh tokens for a user",
        ),
        (
            Method::DELETE,
            of_user(&ada, "/refresh-tokens"),
            "sapi",
            "Delete refresh tokens for a user",
        ),
        (
            Method::GET,
            "/api/v2/device-credentials?user_id=auth0%7Cada".to_owned(),
            "mgmt_api_read",
            "Get device credentials",
        ),
        (
            Method::DELETE,
            format!("/api/v2/device-credentials/{id}"),
            "sapi",
            "Delete a device credential",
        ),
        (
            Method::POST,
            of_user(&ada, "/revoke-access"),
            "sapi",
            "Revoke access of a user",
        ),
        (
            Method::GET,
            "/api/v2/grants?user_id=auth0%7Cada".to_owned(),
            "mgmt_api_read",
            "Get grants",
        ),
        (
            Method::DELETE,
            format!("/api/v2/grants/{grant}"),
            "sapi",
            "Delete a grant",
        ),
        (
            Method::DELETE,
            "/api/v2/grants?user_id=auth0%7Cada".to_owned(),
            "sapi",
            "Delete grants by user",
        ),
    ]
}

#[harness::test]
async fn every_call_is_an_event_with_caller_operation_and_user() {
    let server = Server::start(REASON);
    let tokens = server.login(&SPA_STRICT).tokens().await;
    server.login(&WEB_POST).refresh_token().await;
    let (_, claims) = jwt::peek(&tokens.id_token());
    let session = format!(
        "/api/v2/sessions/{}",
        claims["sid"].as_str().expect("a text")
    );
    let shown = server.shown(&OPERATOR, REFRESH_TOKENS).await;
    let id = shown["refresh_tokens"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let grants = server
        .shown(&OPERATOR, "/api/v2/grants?user_id=auth0%7Cada")
        .await;
    let grant = grants[0]["id"].as_str().expect("an id").to_owned();
    let log = server.log();
    let before = events(&log).len();
    let calls = calls(&session, &id, &grant);
    for (method, path, ..) in &calls {
        let answer = server.manage(&OPERATOR, method.clone(), path).await;
        assert!(answer.status < 300, "{answer}");
    }
    let log = server.log();
    let events = events(&log).split_off(before);
    assert_eq!(events.len(), calls.len(), "{log}");
    for (line, (method, path, code, operation)) in events.iter().zip(&calls) {
        let (code, operation) = (
            format!("type=\"{code}\""),
            format!("description=\"{operation}\""),
        );
        assert_says(line, &[&code, &operation, "caller=\"operator@clients\""]);
        assert_says(line, &["user_id=\"auth0|ada\"", "outcome=\"done\""]);
        assert!(line.contains(method.as_str()), "{path}: {line}");
    }
}

#[harness::test]
async fn a_refusal_is_an_event_too() {
    let server = Server::start(REASON);
    let ada = User::ada();
    let sessions = of_user(&ada, "/sessions");
    server.manage(&AUDITOR, Method::DELETE, &sessions).await;
    server.http().get(&sessions).await;
    server.http().get_with_bearer(&sessions, "nonsense").await;
    let mistyped = "/api/v2/users/auth0%7Cmistyped/sessions";
    server.manage(&OPERATOR, Method::DELETE, mistyped).await;
    let path = "/api/v2/refresh-tokens/revoke";
    server
        .manage_with(&OPERATOR, Method::POST, path, &json!({}))
        .await;
    let log = server.stop();
    let events = events(&log);
    let expected = [
        (
            "auditor@clients",
            "Delete sessions for user",
            "delete:sessions",
        ),
        ("", "Get sessions for user", "no access token"),
        ("", "Get sessions for user", "access token refused"),
        ("operator@clients", "Delete sessions for user", "user"),
        ("operator@clients", "Revoke refresh tokens", "must name"),
    ];
    assert_eq!(events.len(), expected.len(), "{log}");
    for (line, (caller, operation, reason)) in events.iter().zip(expected) {
        let operation = format!("description=\"{operation}\"");
        assert_says(
            line,
            &["type=\"fapi\"", "outcome=\"refused\"", &operation, reason],
        );
        match caller {
            "" => assert!(!line.contains("caller="), "{line}"),
            caller => assert_says(line, &[&format!("caller=\"{caller}\"")]),
        }
    }
    assert_says(events[0], &["user_id=\"auth0|ada\""]);
    assert_says(events[3], &["user_id=\"auth0|mistyped\""]);
}

#[harness::test]
async fn an_event_has_no_text_of_an_unauthenticated_caller() {
    let server = Server::start(REASON);
    let secret = server.login(&SPA_STRICT).refresh_token().await;
    for path in [
        format!("/api/v2/refresh-tokens/{secret}"),
        format!("/api/v2/sessions/{secret}"),
        format!("/api/v2/device-credentials/{secret}"),
    ] {
        let answer = server.manage(&OPERATOR, Method::DELETE, &path).await;
        assert_eq!(answer.status, 400, "{answer}");
    }
    let log = server.stop();
    assert_eq!(events(&log).len(), 3, "{log}");
    assert!(!log.contains(&secret), "{log}");
}
