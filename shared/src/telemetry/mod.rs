//! What the service says about itself: logs and counted costs.
//!
//! Never logged: tokens, codes, passwords, client secrets, cookies, whole requests. Identifiers of
//! users, clients and families are.

pub mod cost;

use tracing_subscriber::{
    Layer, Registry,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::config;

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
    /// The Management API changed something.
    pub const MANAGED: &str = "sapi";
    /// A bucket is empty.
    pub const RATE_LIMITED: &str = "api_limit";
    /// Refresh tokens over the limit were removed.
    pub const CLEANED_UP: &str = "resource_cleanup";
}

/// Starts JSON logs on standard output, as CloudWatch wants them. The variable `RUST_LOG` says how
/// much; without it, `info`.
pub fn init_json() {
    let layer = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false);
    init(layer);
}

/// Starts readable logs on standard error, for the laptop.
pub fn init_text() {
    init(fmt::layer().with_writer(std::io::stderr).with_target(false));
}

fn init(layer: impl Layer<Registry> + Send + Sync) {
    let asked = config::environment("RUST_LOG").map(|text| text.parse::<Targets>());
    let (filter, wrong) = match asked {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (default_filter(), Some(error)),
        None => (default_filter(), None),
    };
    tracing_subscriber::registry()
        .with(layer)
        .with(filter)
        .init();
    if let Some(error) = wrong {
        tracing::warn!(%error, "RUST_LOG is not understood, so `info` it is");
    }
}

/// The SDK warns of every condition that does not hold; for us that is an ordinary answer.
fn default_filter() -> Targets {
    Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("aws_smithy_runtime", LevelFilter::ERROR)
}
