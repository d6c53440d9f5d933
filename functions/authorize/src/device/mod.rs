//! `/activate` (RFC 8628 section 3.3, [Auth0's device flow]): a user enters or scans the code that a device shows,
//! confirms it, logs in and consents if necessary. Then the device is connected.
//!
//! [Auth0's device flow]: https://auth0.com/docs/get-started/authentication-and-authorization-flow/device-authorization-flow

pub(crate) mod activate;
pub(crate) mod confirm;
pub(crate) mod decide;
pub(crate) mod decline;
pub(crate) mod ends;
