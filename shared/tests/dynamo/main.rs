//! The store against a real engine: every condition once holding and once failing, and what goes in
//! coming out again.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod codes;
mod configuration;
mod consent_interleavings;
mod devices;
mod evictions;
mod families;
mod family_limits;
mod fixtures;
mod grants;
mod logins;
mod metadata;
mod parts;
mod stored_forms;
mod users;
