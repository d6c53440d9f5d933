//! Keys: the port to the key service ([`service`]), its two adapters ([`kms`], [`mod@file`]), and the signer of JWTs
//! ([`signer`]).

mod certificate;
mod error;
pub mod file;
pub mod kms;
pub mod pair;
pub mod password;
pub mod sealing;
pub mod service;
pub mod signer;
pub mod wrapping;

pub use error::{KeyServiceError, SignError};

/// The pairs that a wrapped key is bound to: unwrapping needs the same ones (KMS's encryption context).
pub type Context<'a> = &'a [(&'a str, &'a str)];
