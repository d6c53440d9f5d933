//! The error of a stored value whose parts contradict each other.

/// No version of Ratchet can have stored this; it says which rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Inconsistent(pub(crate) &'static str);
