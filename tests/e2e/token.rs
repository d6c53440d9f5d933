//! `POST /oauth/token`.

mod authorization_code;
mod client_assertion;
mod client_authentication;
mod client_credentials;
mod code_reuse;
mod errors;
mod grant_types;
mod leeway_replay;
mod log_events;
mod password;
mod refresh_lifetimes;
mod refresh_limit;
mod refresh_reuse;
mod refresh_settings;
mod refresh_throttle;
mod refresh_token;
mod refreshed_id_token;
pub(crate) mod rotation_change;
