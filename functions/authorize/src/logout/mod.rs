//! The end of a browser's session: `/v2/logout` and `/oidc/logout`.

mod end;
pub(crate) mod oidc;
pub(crate) mod v2;
