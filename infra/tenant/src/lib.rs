//! The tenant file: applications, APIs, settings, scripts and users in the format of [Auth0's deploy CLI].
//!
//! [`parse`] turns the text into the types of the domain; [`import`](fn@import) writes them to the table. A key that
//! Auth0 does not know causes a warning. A value that Auth0 would refuse is an error with its line, column and path.
//! Keys that Auth0 knows and Ratchet does not use are ignored, with a warning if that makes the tenant behave
//! differently than at Auth0.
//!
//! [Auth0's deploy CLI]: https://auth0.com/docs/deploy-monitor/deploy-cli-tool

mod best_practice;
mod error;
mod import;
mod load;
mod model;
mod sections;
#[cfg(test)]
mod testing;
mod yaml;

pub use self::{
    best_practice::{Finding, Level},
    error::{LoadError, TenantFileError},
    import::{Destination, Evictions, ImportError, Imported, import, unpublished_algorithms},
    load::{load, load_watched, parse},
    model::{Access, ClientEntry, Password, ResourceServerEntry, ScriptEntries, Tenant, UserEntry},
    sections::{InvalidEmail, parse_email},
    yaml::{InvalidMappings, Keywords},
};
