//! Rules and Actions of a tenant: what they are told, and what follows, wherever users get tokens. A test
//! has a server with [`harness::Scripts`] of its own.

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

/// A rule that changes nothing.
const IDLE: &str = "function (user, context, callback) { callback(null, user, context); }";

/// A rule that tells the value of an expression in both tokens.
fn telling(expression: &str) -> String {
    rule(&format!(
        "const value = {expression};
         context.accessToken['{CLAIM}'] = value;
         context.idToken['{CLAIM}'] = value;"
    ))
}

/// A rule that does something and goes on.
pub(crate) fn rule(deed: &str) -> String {
    format!("function (user, context, callback) {{ {deed}\n callback(null, user, context); }}")
}

/// An Action that does something.
fn action(deed: &str) -> String {
    format!("exports.onExecutePostLogin = async (event, api) => {{ {deed}\n }};")
}

/// The claims of a token.
fn claims(token: &str) -> Value {
    jwt::peek(token).1
}

/// What [`telling`] told: the same in both tokens.
#[track_caller]
fn told(tokens: &Tokens) -> Value {
    let access = claims(&tokens.access_token())[CLAIM].clone();
    assert_eq!(claims(&tokens.id_token())[CLAIM], access);
    access
}

/// How often a rule has said `line` to `console`.
fn said(log: &str, line: &str) -> usize {
    log.matches(line).count()
}
