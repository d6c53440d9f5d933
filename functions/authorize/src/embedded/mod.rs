//! Logins by pages that are not ours: the client's own (`/co/authenticate`) and Auth0's classic login page.

pub(crate) mod classic;
pub(crate) mod cross_origin;
pub(crate) mod ticket;
