//! The harness of the black-box tests: everything that lets a test read as request, then
//! expectation. It speaks HTTP to a server and imports none of the server's types.
//!
//! - [`runner`]: runs the tests that [`test`] has registered, and ignores those that cannot run;
//! - [`server`]: the server under test, whose clock and tenant a test changes;
//! - [`launch`]: starts `local`; [`deployed`]: takes the server that `BASE_URL` names instead;
//! - [`http`]: a client that follows nothing and hides nothing, and the [`Answer`] it returns;
//! - [`browser`]: a person at the hosted pages;
//! - [`flow`]: from a login to tokens in one expression;
//! - [`apps`]: the clients, APIs and users of `fixtures/tenant.yaml`, which [`tenant`] cuts;
//! - [`jwt`], [`pkce`]: the client's side of the cryptography;
//! - [`receiver`]: an application's back channel;
//! - [`scripts`]: Rules and Actions of a server of a test's own;
//! - [`assertions`]: what is checked about every answer of a kind;
//! - [`gateway`]: a front with the limits of API Gateway;
//! - [`families`]: what the store holds of refresh tokens, for users with a long history;
//! - [`proxy`]: breaks the connection between a server and its store; [`faulty`] puts it there.

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
