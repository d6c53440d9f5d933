//! The legacy pipeline beside the conformant one: what differs, each claim in both.

mod code;
pub(crate) mod delegation;
mod delegation_limits;
mod delegation_tokens;
mod endpoints;
mod implicit;
