//! Rate limits of `tenant`.

use ratchet_domain::settings::Settings;

use super::RawSettings;
use crate::yaml::path::{Checked, Path};

/// The default settings with the rate limits of the file.
pub(super) fn with_limits(raw: &RawSettings, at: &Path) -> Checked<Settings> {
    let mut settings = Settings::default();
    for (name, limit, setting) in [
        (
            "refresh_token_rate_limit",
            &raw.refresh_token_rate_limit,
            &mut settings.refresh_token_rate_limit,
        ),
        (
            "login_rate_limit",
            &raw.login_rate_limit,
            &mut settings.login_rate_limit,
        ),
        (
            "userinfo_rate_limit",
            &raw.userinfo_rate_limit,
            &mut settings.userinfo_rate_limit,
        ),
        (
            "delegation_rate_limit",
            &raw.delegation_rate_limit,
            &mut settings.delegation_rate_limit,
        ),
        (
            "device_code_rate_limit",
            &raw.device_code_rate_limit,
            &mut settings.device_code_rate_limit,
        ),
        (
            "user_code_rate_limit",
            &raw.user_code_rate_limit,
            &mut settings.user_code_rate_limit,
        ),
        (
            "client_authentication_rate_limit",
            &raw.client_authentication_rate_limit,
            &mut settings.client_authentication_rate_limit,
        ),
    ] {
        if let Some(limit) = limit {
            *setting = limit.check(&at.key(name))?;
        }
    }
    Ok(settings)
}
