//! The store against a real engine: every condition holding and failing, and every value read back as it was written.

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
mod lease;
mod logins;
mod metadata;
mod parts;
mod stored_forms;
mod tenant_reads;
mod users;
