//! What a client sees, over HTTP: one module per path of the service, then one per promise that
//! holds across paths. The name of a test is its claim.

mod api_access;
mod authorize;
mod bad_input;
mod concurrency;
mod consent;
mod control_characters;
mod cors;
mod cost;
mod discovery;
mod faults;
mod front_channel;
mod interleaving;
mod local_cli;
mod login;
mod logout;
mod management_grants;
mod multi_resource;
mod rbac;
mod redirect_uri;
mod revoke;
mod secrecy;
mod session;
mod token;
mod tokens;
mod userinfo;
mod web_message;
