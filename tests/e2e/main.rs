//! What a client sees, over HTTP: one module per path of the service, then one per promise that
//! holds across paths. The name of a test is its claim.

mod authorize;
mod backchannel_logout;
mod bad_input;
mod brute_force;
mod classic_login;
mod concurrency;
mod consent;
mod control_characters;
mod cors;
mod cost;
mod cross_origin;
mod device;
mod discovery;
mod faults;
mod front_channel;
mod interleaving;
mod legacy;
mod local_cli;
mod login;
mod logout;
mod logout_faults;
mod oidc_logout;
mod oidc_logout_question;
mod redirect_uri;
mod revoke;
mod secrecy;
mod session;
mod silent;
mod token;
mod tokens;
mod userinfo;
mod web_message;
