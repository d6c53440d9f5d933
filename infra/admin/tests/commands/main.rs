//! The program as an operator calls it, on the embedded database.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod addresses;
mod audit;
mod clients;
mod families;
mod grants;
mod keys;
mod rules;
mod sessions;
mod stack;
mod tenant;
mod users;
mod wrong_calls;
