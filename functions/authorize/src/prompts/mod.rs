//! The pages that ask the user in the course of an interaction: log in, agree, confirm the client.

pub(crate) mod confirmation;
pub(crate) mod consent;
pub(crate) mod login;
mod permissions;
