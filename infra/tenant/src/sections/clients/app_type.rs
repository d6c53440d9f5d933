//! `clients[].app_type`: the kind of application.

use ratchet_domain::client::AppType;

use crate::{
    sections::fields::one_of,
    yaml::path::{Checked, Notes, Path},
};

/// The kind of application. Auth0 leaves it out of clients that were made with nothing but a name;
/// its kinds for purposes that Ratchet does not serve are web applications as far as tokens go.
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

/// Application types of Auth0 beside the four that get tokens here: APIs and single sign-on
/// integrations.
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
