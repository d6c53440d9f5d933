//! The engine from outside: what scripts can do, and what they cannot.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod exhaustion;
mod fixtures;
mod rules;
