//! What a browser brings from one request to the next: its session, the interaction that it is on, and what ties a form or
//! a confirmation to it.

pub(crate) mod binding;
pub(crate) mod browser;
pub(crate) mod form_token;
pub(crate) mod own_cookies;
pub(crate) mod transaction;
