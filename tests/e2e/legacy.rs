//! The legacy pipeline beside the conformant one; each test shows both where they differ.

mod code;
pub(crate) mod delegation;
mod delegation_limits;
mod delegation_tokens;
mod endpoints;
mod implicit;
