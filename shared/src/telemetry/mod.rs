//! What the service says about itself: logs and counted costs.
//!
//! Never logged: tokens, codes, passwords, client secrets, cookies, whole requests. Identifiers of
//! users, clients and families are. What a stranger sent is cut (`line`).

pub mod cost;
mod line;

use tracing_subscriber::{
    Layer, Registry,
    field::MakeExt,
    filter::{LevelFilter, Targets},
    fmt::{self, format::debug_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::config;

/// An error with all its causes, for the log.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

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
    /// A device code was exchanged.
    pub const DEVICE_EXCHANGED: &str = "sede";
    /// A device code was refused.
    pub const DEVICE_REFUSED: &str = "fede";
    /// A device was refused its codes.
    pub const DEVICE_AUTHORIZATION_REFUSED: &str = "fdeaz";
    /// A user code did not lead to a connected device.
    pub const DEVICE_ACTIVATION_FAILED: &str = "fdeac";
    /// A user said no to a device.
    pub const DEVICE_DECLINED: &str = "fdecc";
    /// A client got a token in its own name.
    pub const CLIENT_CREDENTIALS: &str = "seccft";
    /// A login succeeded.
    pub const LOGGED_IN: &str = "s";
    /// A login failed: wrong password.
    pub const WRONG_PASSWORD: &str = "fp";
    /// A login failed: no such user.
    pub const WRONG_USER_NAME: &str = "fu";
    /// A login without a page (`prompt=none`) succeeded.
    pub const SILENT_LOGIN: &str = "ssa";
    /// A login without a page failed.
    pub const SILENT_LOGIN_FAILED: &str = "fsa";
    /// A login failed for another reason: a blocked user.
    pub const LOGIN_FAILED: &str = "f";
    /// A login was refused, or is from now on, after too many failures from one address.
    pub const LOGIN_BLOCKED: &str = "limit_wc";
    /// An address was refused, or is watched, after too many failed logins from it.
    pub const ADDRESS_THROTTLED: &str = "limit_mu";
    /// A password was exchanged for tokens.
    pub const PASSWORD_EXCHANGED: &str = "sepft";
    /// The exchange of a password for tokens failed.
    pub const PASSWORD_REFUSED: &str = "fepft";
    /// A cross-origin login succeeded.
    pub const CROSS_ORIGIN_LOGGED_IN: &str = "scoa";
    /// A cross-origin login failed.
    pub const CROSS_ORIGIN_FAILED: &str = "fcoa";
    /// A cross-origin login came from an origin that is not allowed.
    pub const ORIGIN_REFUSED: &str = "fco";
    /// A logout.
    pub const LOGGED_OUT: &str = "slo";
    /// A logout was refused, or ended nothing, or not the session that it named.
    pub const LOGOUT_REFUSED: &str = "flo";
    /// An application was told of the end of a session.
    pub const BACKCHANNEL_LOGOUT: &str = "oidc_backchannel_logout_succeeded";
    /// An application could not be told of the end of a session.
    pub const BACKCHANNEL_LOGOUT_FAILED: &str = "oidc_backchannel_logout_failed";
    /// An ID token was delegated.
    pub const DELEGATED: &str = "sd";
    /// A delegation was refused.
    pub const DELEGATION_REFUSED: &str = "fd";
    /// Too many delegations.
    pub const DELEGATION_LIMITED: &str = "limit_delegation";
    /// Something deprecated was used.
    pub const DEPRECATED: &str = "depnote";
    /// An operator changed something: the Management API, the command line.
    pub const MANAGED: &str = "sapi";
    /// An operator read something.
    pub const MANAGEMENT_READ: &str = "mgmt_api_read";
    /// An operator was refused, or failed.
    pub const MANAGEMENT_REFUSED: &str = "fapi";
    /// A Rule or Action denied a login, or failed.
    pub const SCRIPT_FAILED: &str = "actions_execution_failed";
    /// A bucket is empty.
    pub const RATE_LIMITED: &str = "api_limit";
    /// A superseded refresh token came back inside its leeway from another address, or from another program,
    /// than that which exchanged it. Ours: Auth0 has no code for it.
    pub const REPLAYED_ELSEWHERE: &str = "leeway_replay_elsewhere";
    /// Refresh tokens over the limit were removed.
    pub const CLEANED_UP: &str = "resource_cleanup";
    /// A family of refresh tokens ended for another reason. Ours: Auth0 has no code for it.
    pub const FAMILY_ENDED: &str = "refresh_token_family_ended";
}

/// Starts JSON logs on standard output, as CloudWatch wants them. The variable `RUST_LOG` says how
/// much; without it, `info`.
pub fn init_json() {
    init(fmt::layer().event_format(line::Json));
}

/// Starts readable logs on standard error, for the laptop.
pub fn init_text() {
    let layer = fmt::layer()
        .fmt_fields(debug_fn(line::text).delimited(" "))
        .with_writer(std::io::stderr)
        .with_target(false);
    init(layer);
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
