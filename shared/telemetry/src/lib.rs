//! Logs and counted costs.
//!
//! Never logged: tokens, codes, passwords, client secrets, cookies, whole requests. Logged: identifiers of users,
//! clients and families. Values from requests are cut (`line`).

pub mod cost;
mod line;
mod metrics;
pub mod request;
mod sample;

pub use line::JsonSettings;
pub use ratchet_domain::error::chain;
pub use request::refused;
pub use sample::Sample;
use tracing_subscriber::{
    Layer, Registry,
    field::MakeExt,
    filter::{LevelFilter, Targets},
    fmt::{self, format::debug_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Auth0's [log event type codes], the field `type` of log events, so that a team's searches and alarms keep working.
///
/// [log event type codes]: https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes
pub mod event {
    /// A refresh token was exchanged.
    pub const REFRESH_EXCHANGED: &str = "sertft";
    /// A refresh token was rejected.
    pub const REFRESH_REFUSED: &str = "fertft";
    /// A superseded refresh token was reused and ended its family.
    pub const REUSE_DETECTED: &str = "ferrt";
    /// A refresh token was revoked.
    pub const REVOKED: &str = "srrt";
    /// An authorization code was exchanged.
    pub const CODE_EXCHANGED: &str = "seacft";
    /// An authorization code was rejected.
    pub const CODE_REFUSED: &str = "feacft";
    /// A device code was exchanged.
    pub const DEVICE_EXCHANGED: &str = "sede";
    /// A device code was rejected.
    pub const DEVICE_REFUSED: &str = "fede";
    /// A device's request for codes was rejected.
    pub const DEVICE_AUTHORIZATION_REFUSED: &str = "fdeaz";
    /// A user code did not lead to a connected device.
    pub const DEVICE_ACTIVATION_FAILED: &str = "fdeac";
    /// A user declined a device.
    pub const DEVICE_DECLINED: &str = "fdecc";
    /// A client got a token by the client credentials grant.
    pub const CLIENT_CREDENTIALS: &str = "seccft";
    /// Log event `s` of Auth0: a login succeeded.
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
    /// A login was rejected, or will be from now on, after too many failures from one address.
    pub const LOGIN_BLOCKED: &str = "limit_wc";
    /// A login was rejected or, by the tenant's settings, only logged, after too many failed logins from its address.
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
    /// A user logged out of a session.
    pub const LOGGED_OUT: &str = "slo";
    /// A logout was rejected, or ended no session, or not the session that it named.
    pub const LOGOUT_REFUSED: &str = "flo";
    /// An application was notified of the end of a session.
    pub const BACKCHANNEL_LOGOUT: &str = "oidc_backchannel_logout_succeeded";
    /// An application could not be notified of the end of a session.
    pub const BACKCHANNEL_LOGOUT_FAILED: &str = "oidc_backchannel_logout_failed";
    /// An ID token was delegated.
    pub const DELEGATED: &str = "sd";
    /// A delegation was rejected.
    pub const DELEGATION_REFUSED: &str = "fd";
    /// A client requested too many delegations.
    pub const DELEGATION_LIMITED: &str = "limit_delegation";
    /// A deprecated feature was used.
    pub const DEPRECATED: &str = "depnote";
    /// An operator changed data by the Management API or the command line.
    pub const MANAGED: &str = "sapi";
    /// An operator read data.
    pub const MANAGEMENT_READ: &str = "mgmt_api_read";
    /// An operator's call was rejected or failed.
    pub const MANAGEMENT_REFUSED: &str = "fapi";
    /// A Rule or Action denied a login, or failed.
    pub const SCRIPT_FAILED: &str = "actions_execution_failed";
    /// A rate limit's bucket is empty.
    pub const RATE_LIMITED: &str = "api_limit";
    /// A superseded refresh token was presented within its leeway from another address or another program than the one
    /// that exchanged it. Our own code: Auth0 has none.
    pub const REPLAYED_ELSEWHERE: &str = "leeway_replay_elsewhere";
    /// Refresh tokens over the limit were removed.
    pub const CLEANED_UP: &str = "resource_cleanup";
    /// A refresh token family ended for another reason. Our own code: Auth0 has none.
    pub const FAMILY_ENDED: &str = "refresh_token_family_ended";
}

/// Starts JSON logs on standard output, for CloudWatch. `levels` sets the
/// level in the form of the variable `RUST_LOG`; `info` by default.
pub fn init_json(levels: Option<&str>, settings: JsonSettings) {
    init(line::Json::to_stdout(settings), levels);
}

/// Starts readable logs on standard error, for the laptop; `levels` as in [`init_json`].
pub fn init_text(levels: Option<&str>) {
    let layer = fmt::layer()
        .fmt_fields(debug_fn(line::text).delimited(" "))
        .with_writer(std::io::stderr)
        .with_target(false);
    init(layer, levels);
}

fn init(layer: impl Layer<Registry> + Send + Sync, levels: Option<&str>) {
    let asked = levels.map(str::parse::<Targets>);
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

/// The SDK warns of every condition that does not hold; for us that is an ordinary result.
fn default_filter() -> Targets {
    Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("aws_smithy_runtime", LevelFilter::ERROR)
}
