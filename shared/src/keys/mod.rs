//! Keys: who holds them ([`service`]), what they sign ([`signer`]), and the JWTs around it
//! ([`crate::jwt`]).

pub mod file;
pub mod service;
pub mod signer;

/// What a wrapped key is bound to: the same words are needed to unwrap it (KMS calls it the
/// encryption context).
pub type Context<'a> = &'a [(&'a str, &'a str)];

/// The key service did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyServiceError {
    /// A passing cause.
    #[error("key service unavailable: {0}")]
    Unavailable(String),
    /// It never will: no such key, or a wrapped key that is not its own.
    #[error("key service refused: {0}")]
    Refused(String),
}
