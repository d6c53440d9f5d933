//! The harness of the black-box tests, with which a test reads as request, then expectation. It speaks HTTP to a server
//! and imports none of the server's types.
//!
//! - [`runner`]: runs the tests that [`test`] has registered, and ignores those that cannot run;
//! - [`server`]: the server under test, whose clock and tenant a test can change;
//! - [`launch`]: starts `local`; [`deployed`]: uses the server that `BASE_URL` names instead;
//! - [`http`]: a client that follows no redirect, and the [`Answer`] it returns;
//! - [`browser`]: a user at the hosted pages;
//! - [`flow`]: from a login to tokens in one expression;
//! - [`apps`]: the clients, APIs and users of `fixtures/tenant.yaml`; [`tenant`]: that file, in parts and with changes;
//! - [`jwt`], [`pkce`]: the client's side of the cryptography;
//! - [`receiver`]: an application's back channel;
//! - [`scripts`]: Rules and Actions for a test's own server;
//! - [`assertions`]: assertions that hold for every answer of a kind;
//! - [`gateway`]: a front with the limits of API Gateway;
//! - [`families`]: the stored refresh token families, for users with a long history;
//! - [`proxy`]: breaks the connection between a server and its store; [`faulty`] starts both with it.

#![expect(
    missing_docs,
    reason = "the tests are the only users: a comment says what a name cannot"
)]
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "tests fail by panicking, live in real time, and read the environment that they are started in"
)]

pub mod apps;
pub mod assertions;
pub mod browser;
pub mod deployed;
#[cfg(test)]
mod documents;
pub mod families;
pub mod faulty;
pub mod flow;
pub mod gateway;
pub mod html;
pub mod http;
pub mod jwt;
pub mod launch;
pub mod management;
pub mod pkce;
pub mod process;
pub mod proxy;
pub mod receiver;
pub mod runner;
pub mod scripts;
pub mod server;
pub mod tenant;

pub use assertions::{
    INVALID_CODE, INVALID_REFRESH_TOKEN, assert_error_page, assert_oauth_error, assert_refused,
    assert_unknown_refresh_token,
};
pub use browser::{Browser, Callback, Landing};
pub use faulty::Faulty;
pub use flow::{Code, Tokens, scopes};
pub use harness_macros::test;
pub use http::{Answer, Cost, Http, send};
pub use launch::Launch;
pub use scripts::Scripts;
pub use server::Server;
