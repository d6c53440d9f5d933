//! The pages that ask the user during an interaction: log in, consent, confirm the client.

pub(crate) mod confirmation;
pub(crate) mod consent;
pub(crate) mod login;
mod permissions;
mod question;
