//! State that a browser carries from one request to the next: its session, its interaction, and the secrets that tie
//! a form or a confirmation to it.

pub(crate) mod binding;
pub(crate) mod browser;
pub(crate) mod form_token;
pub(crate) mod own_cookies;
pub(crate) mod transaction;
