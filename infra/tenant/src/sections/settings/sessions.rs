//! Absolute and idle lifetime of sessions.

use ratchet_domain::{settings::Settings, time::Lifetime};

use super::RawSettings;
use crate::{
    sections::fields::Number,
    yaml::path::{Checked, Path},
};

/// Auth0's limits for its largest tenants: a year, and 100 days without use.
const MAX_SESSION_LIFETIME: Lifetime = Lifetime::from_secs(8760 * 3600);
const MAX_IDLE_SESSION_LIFETIME: Lifetime = Lifetime::from_secs(2400 * 3600);

impl RawSettings {
    /// The absolute and the idle lifetime.
    pub(super) fn session_lifetimes(
        &self,
        at: &Path,
        default: &Settings,
    ) -> Checked<(Lifetime, Lifetime)> {
        // An export may have both; minutes are more precise.
        let lifetime = |name: &str, minutes: Option<Number>, hours: Option<Number>, most| match (
            minutes, hours,
        ) {
            (Some(minutes), _) => {
                let at = at.key(&format!("{name}_in_minutes"));
                minutes.times(60, &at, most).map(Some)
            }
            (None, Some(hours)) => hours.times(3600, &at.key(name), most).map(Some),
            (None, None) => Ok(None),
        };
        let session = lifetime(
            "session_lifetime",
            self.session_lifetime_in_minutes,
            self.session_lifetime,
            MAX_SESSION_LIFETIME,
        )?
        .unwrap_or(default.session_lifetime);
        let idle = lifetime(
            "idle_session_lifetime",
            self.idle_session_lifetime_in_minutes,
            self.idle_session_lifetime,
            MAX_IDLE_SESSION_LIFETIME,
        )?
        .unwrap_or_else(|| default.idle_session_lifetime.min(session));
        Ok((session, idle))
    }
}
