//! Keys: who holds them ([`service`]), what they sign ([`signer`]), and the JWTs around it
//! ([`crate::jwt`]).

pub mod file;
pub mod service;
pub mod signer;
