//! What the service says about itself: logs and counted costs.
//!
//! Never logged: tokens, codes, passwords, client secrets, cookies, whole requests. Identifiers of
//! users, clients and families are.

pub mod cost;

use tracing_subscriber::EnvFilter;

/// Log events carry Auth0's [log event type codes] in the field `type`, so that the searches and
/// alarms a team has keep working.
///
/// [log event type codes]: https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes
pub mod event {
    /// A refresh token was exchanged.
    pub const REFRESH_EXCHANGED: &str = "sertft";
    /// A refresh token was refused.
    pub const REFRESH_REFUSED: &str = "fertft";
    /// A superseded refresh token came back and ended its family.
    pub const REUSE_DETECTED: &str = "ferrt";
    /// A refresh token was revoked.
    pub const REVOKED: &str = "srrt";
    /// An authorization code was exchanged.
    pub const CODE_EXCHANGED: &str = "seacft";
    /// An authorization code was refused.
    pub const CODE_REFUSED: &str = "feacft";
    /// A client got a token in its own name.
    pub const CLIENT_CREDENTIALS: &str = "seccft";
    /// A login succeeded.
    pub const LOGGED_IN: &str = "s";
    /// A login failed: wrong password.
    pub const WRONG_PASSWORD: &str = "fp";
    /// A login failed: no such user.
    pub const WRONG_USER_NAME: &str = "fu";
    /// A logout.
    pub const LOGGED_OUT: &str = "slo";
    /// Refresh tokens over the limit were removed.
    pub const CLEANED_UP: &str = "resource_cleanup";
}

/// Starts JSON logs on standard output, as CloudWatch wants them. The variable `RUST_LOG` says how
/// much; without it, `info`.
pub fn init_json() {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_env_filter(filter())
        .init();
}

/// Starts readable logs on standard error, for the laptop.
pub fn init_text() {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_env_filter(filter())
        .init();
}

fn filter() -> EnvFilter {
    // The SDK warns of every condition that does not hold; for us that is an ordinary answer.
    let default = "info,aws_smithy_runtime=error";
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default))
}
