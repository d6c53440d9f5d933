//! `clients[].app_type`: the kind of application.

use ratchet_domain::client::AppType;

use crate::{
    sections::fields::one_of,
    yaml::path::{Checked, Notes, Path},
};

/// Checks the application type. Auth0 leaves it out of clients that were created with only a name. Auth0's types for
/// purposes that Ratchet does not support get tokens as web applications do.
pub(super) fn check(at: &Path, given: Option<&str>, notes: &mut Notes) -> Checked<AppType> {
    match given {
        None => Ok(AppType::RegularWeb),
        Some(other) if OTHER_APP_TYPES.contains(&other) => {
            notes.warn(
                at.clone(),
                format!("`{other}` is not supported yet; taken as `regular_web`"),
            );
            Ok(AppType::RegularWeb)
        }
        Some(given) => one_of(
            at,
            given,
            &[
                ("native", AppType::Native),
                ("spa", AppType::Spa),
                ("regular_web", AppType::RegularWeb),
                ("non_interactive", AppType::NonInteractive),
            ],
        ),
    }
}

/// Auth0's application types besides the four that get tokens here: APIs and single sign-on integrations.
const OTHER_APP_TYPES: [&str; 22] = [
    "b2b_integration",
    "box",
    "cloudbees",
    "concur",
    "dropbox",
    "echosign",
    "egnyte",
    "express_configuration",
    "mscrm",
    "newrelic",
    "oag",
    "office365",
    "resource_server",
    "rms",
    "salesforce",
    "sentry",
    "sharepoint",
    "slack",
    "springcm",
    "sso_integration",
    "zendesk",
    "zoom",
];
