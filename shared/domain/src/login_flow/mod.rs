//! The effects of tenants' scripts on the tokens of a login or a refresh, and the version of a tenant's scripts. The input
//! of scripts, and the verdict on their output, is in the crate of scripts.

mod added;
pub mod custom_claims;
mod effects;
mod version;

pub use added::WithCustomClaims;
pub use custom_claims::CustomClaims;
pub use effects::{ChangedProfile, Effects, Redirect, RefreshTokenEnds, Verdict};
pub use version::{ImportId, InvalidVersion, ScriptsVersion};
