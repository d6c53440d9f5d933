//! The login flow: the input of a tenant's scripts at a login or a refresh, and the effects of their output. Rules run
//! first, in their order, then post-login Actions ([Auth0's rules], [Auth0's login trigger]). Nothing here runs a
//! script: that is [`crate::engine`].
//!
//! [Auth0's rules]: https://auth0.com/docs/customize/rules
//! [Auth0's login trigger]: https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger

mod added;
mod asked;
mod command;
mod custom_claims;
mod effects;
mod event;
mod facts;
mod objects;
mod protocol;
mod script;
#[cfg(test)]
mod tests;
mod verdict;
mod version;

pub use added::WithCustomClaims;
pub use asked::{asked, sent};
pub use command::Command;
pub use custom_claims::CustomClaims;
pub use effects::{ChangedProfile, Effects, Redirect, RefreshTokenEnds, Verdict};
pub use event::event;
pub use facts::{Facts, RequestFacts, tenant_name};
pub use objects::{CONTEXT_WITH_EFFECT, context, user, user_has_effect};
pub use protocol::Protocol;
pub use script::{Action, Rule, Scripts};
pub use verdict::{Left, MetadataChanges, verdict};
pub use version::{ImportId, InvalidVersion, ScriptsVersion};
