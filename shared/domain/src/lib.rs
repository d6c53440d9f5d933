//! Decisions of Ratchet. Pure: no I/O, no clock, no randomness, no environment; times and random bits are arguments.

pub mod ids;
pub mod inconsistent;
pub mod jitter;
pub mod login_ticket;
pub mod network;
pub mod proxies;
pub mod secret;
pub mod text;
pub mod throttle;
pub mod time;

pub mod scope;

pub mod client;
pub mod mobile;
pub mod resource;
pub mod resource_server;
pub mod response_type;
pub mod settings;
pub mod user;
pub mod user_code;
pub mod valid_from;

pub mod address;
pub mod pkce;
pub mod redirect_uri;

pub mod sealed;

pub mod pipeline;

pub mod authorization;
pub mod brute_force;
pub mod code;
pub mod connection;
pub mod consent;
pub mod continuation;
pub mod delegation;
pub mod device;
pub mod family;
pub mod family_key;
pub mod family_limit;
mod family_parts;
pub mod grant;
pub mod hash_kind;
pub mod interaction;
pub mod login_flow;
pub mod logout;
pub mod password_hash;
pub mod sender;
pub mod session;
pub mod sid;
pub mod signing_algorithms;
pub mod signing_key;
pub mod suspicious_ip;

pub mod claims;
pub mod denial;
pub mod error;
pub mod legacy_profile;
pub mod profile_claims;
