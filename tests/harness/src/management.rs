//! Calls of the Management API, as a back end makes them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    Answer, Server, apps::App, apps::User, assertions::assert_discreet, flow::form_encoded,
    http::send,
};

impl Server {
    /// Calls the Management API as a client, with all scopes that it has been granted.
    pub async fn manage(&self, app: &App, method: Method, path: &str) -> Answer {
        let token = self.management_token(app).await;
        send(self.http().request(method, path).bearer_auth(token)).await
    }

    /// The same with a body.
    pub async fn manage_with(&self, app: &App, method: Method, path: &str, body: &Value) -> Answer {
        let token = self.management_token(app).await;
        let request = self.http().request(method, path).bearer_auth(token);
        send(request.json(body)).await
    }

    /// The body of a `GET` of the Management API.
    pub async fn shown(&self, app: &App, path: &str) -> Value {
        let answer = self.manage(app, Method::GET, path).await;
        assert_eq!(answer.status, 200, "{answer}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
        answer.json()
    }
}

/// A path below a user of the Management API.
pub fn of_user(user: &User, rest: &str) -> String {
    format!("/api/v2/users/{}{rest}", form_encoded(&user.id))
}

/// Asserts an answer without a body.
#[track_caller]
pub fn assert_empty(answer: &Answer, status: u16) {
    let said = (answer.status, answer.text());
    assert_eq!(said, (status, String::new()), "{answer}");
}

/// Asserts an error of the Management API.
#[track_caller]
pub fn assert_management_error(
    answer: &Answer,
    status: u16,
    error: &str,
    message: &str,
    code: &str,
) {
    assert_discreet(answer);
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(
        answer.json(),
        json!({ "statusCode": status, "error": error, "message": message, "errorCode": code }),
        "{answer}"
    );
}

/// Asserts that a query parameter is missing or invalid.
#[track_caller]
pub fn assert_query_error(answer: &Answer, reason: &str) {
    let message = format!("Query validation error: {reason}");
    assert_management_error(answer, 400, "Bad Request", &message, "invalid_query_string");
}

/// Asserts that the body is invalid.
#[track_caller]
pub fn assert_body_error(answer: &Answer, reason: &str) {
    let message = format!("Payload validation error: {reason}");
    assert_management_error(answer, 400, "Bad Request", &message, "invalid_body");
}

/// Asserts that an id in the path is malformed.
#[track_caller]
pub fn assert_no_such_id(answer: &Answer) {
    let message = "Path validation error: no such id";
    assert_management_error(answer, 400, "Bad Request", message, "invalid_uri");
}

/// Asserts that no such user, session or refresh token exists.
#[track_caller]
pub fn assert_inexistent(answer: &Answer, what: &str) {
    let message = format!("The {} does not exist.", what.replace('_', " "));
    let code = format!("inexistent_{what}");
    assert_management_error(answer, 404, "Not Found", &message, &code);
}

/// Asserts that the token lacks the scope of the endpoint.
#[track_caller]
pub fn assert_missing_scope(answer: &Answer, scope: &str) {
    let message = format!("Insufficient scope, expected any of: {scope}");
    assert_management_error(answer, 403, "Forbidden", &message, "insufficient_scope");
}
