//! The service as clients see it, over HTTP: one module per path, then one per guarantee that holds across paths. The
//! name of a test is its claim.

#![expect(
    clippy::assigning_clones,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests may fail, and clippy exempts functions with `#[test]` alone"
)]

mod api_access;
mod app_origins;
mod authorize;
mod backchannel_logout;
mod bad_input;
mod batch_faults;
mod brute_force;
mod classic_login;
mod concurrency;
mod configuration_faults;
mod confirmation;
mod consent;
mod consent_races;
mod control_characters;
mod cookies;
mod cors;
mod cors_refusals;
mod cost;
mod cross_origin;
mod cross_origin_refusals;
mod device;
mod discovery;
mod eviction;
mod faults;
mod front_channel;
mod gateway;
mod hash_work;
mod history;
mod hostile_words;
mod interleaving;
mod legacy;
mod local_cli;
mod log_lines;
mod login;
mod login_routes;
mod logout;
mod logout_faults;
mod loopback;
mod management_access;
mod management_audit;
mod management_devices;
mod management_faults;
mod management_grants;
mod management_refresh_tokens;
mod management_sessions;
mod mobile_apps;
mod multi_resource;
mod numeric_dates;
mod offline_access;
mod oidc;
mod oidc_logout;
mod oidc_logout_hints;
mod oidc_logout_question;
mod parameter_bounds;
mod planted_cookies;
mod rate_limits;
mod rbac;
mod redirect_location;
mod redirect_uri;
mod repeated_parameters;
mod revoke;
mod routes;
mod rules;
mod script_files;
mod secrecy;
mod seeds;
mod session;
mod signing_algorithms;
mod silent;
mod suspicious_address;
mod token;
mod tokens;
mod typed_passwords;
mod unmatched_forms;
mod userinfo;
mod userinfo_token;
mod web_message;
mod withdrawal;

fn main() -> std::process::ExitCode {
    harness::runner::run_all()
}
