//! The engine from outside: the abilities and the limits of scripts.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod abandoned;
mod actions;
mod endurance;
mod escape;
mod exhaustion;
mod fixtures;
mod global;
mod http;
mod http_failures;
mod needs;
mod outside;
mod rules;
