//! Rules and Actions of a tenant: their input and their effects, wherever users get tokens. Each test has its own
//! server with [`harness::Scripts`].

mod code;
mod delegation;
mod denial;
mod device;
mod faults;
mod implicit;
mod login;
mod out_of_time;
mod outside;
mod password;
mod redirect;
mod redirect_return;
mod refresh;
mod refresh_actions;
mod refresh_scope;
mod samples;
mod silent;
mod stats;

use harness::{Tokens, jwt};
use serde_json::Value;

/// A claim that scripts may set in every token.
const CLAIM: &str = "https://example.com/claim";

/// A Rule that changes nothing.
const IDLE: &str = "function (user, context, callback) { callback(null, user, context); }";

/// A Rule that puts the value of an expression into both tokens.
fn rule_with_claim(expression: &str) -> String {
    rule(&format!(
        "const value = {expression};
         context.accessToken['{CLAIM}'] = value;
         context.idToken['{CLAIM}'] = value;"
    ))
}

/// A Rule that executes a statement and continues.
pub(crate) fn rule(statement: &str) -> String {
    format!("function (user, context, callback) {{ {statement}\n callback(null, user, context); }}")
}

/// An Action that executes a statement.
fn action(statement: &str) -> String {
    format!("exports.onExecutePostLogin = async (event, api) => {{ {statement}\n }};")
}

/// The claims of a token.
fn claims(token: &str) -> Value {
    jwt::peek(token).1
}

/// The value that [`rule_with_claim`] put into both tokens.
#[track_caller]
fn custom_claim(tokens: &Tokens) -> Value {
    let access = claims(&tokens.access_token())[CLAIM].clone();
    assert_eq!(claims(&tokens.id_token())[CLAIM], access);
    access
}

/// Number of times that a Rule has written `line` to `console`.
fn said(log: &str, line: &str) -> usize {
    log.matches(line).count()
}
