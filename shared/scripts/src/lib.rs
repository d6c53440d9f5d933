//! Tenants' scripts, Rules and post-login Actions: their input ([`objects`]), the [`mod@engine`] that runs them, their
//! [`requests`] to other hosts, and the effects of their output ([`verdict()`]). Rules run first, in their order, then
//! post-login Actions ([Auth0's rules], [Auth0's login trigger]).
//!
//! [Auth0's rules]: https://auth0.com/docs/customize/rules
//! [Auth0's login trigger]: https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger

mod command;
pub mod engine;
pub mod objects;
pub mod requests;
mod script;
#[cfg(test)]
mod tests;
mod verdict;

pub use command::Command;
pub use script::{Action, Rule, Scripts};
pub use verdict::{MetadataChanges, ScriptOutput, verdict};
