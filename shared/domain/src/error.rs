//! The two kinds of reasons why a request does not succeed: the caller's ([`Denial`]), and the service's own
//! ([`Failure`]). Pure decisions return denials alone; [`Error`] is for functions that also call the store, the key
//! service or scripts.

use super::{denial::Denial, user::UserBlocked};

/// The cause of a failure. It is for the log alone.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A failure of the service or of its tenant's configuration, for any request. The caller learns its kind, and nothing of
/// its cause.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A temporary failure: the same request works later.
    #[error("temporarily unavailable")]
    Unavailable(#[source] Cause),
    /// A defect of Ratchet or of its deployment.
    #[error("internal error")]
    Internal(#[source] Cause),
    /// A script of the tenant threw, did not end, or left an invalid result.
    #[error("a script failed")]
    Script(#[source] Cause),
    /// The tenant has no default directory for the `password` grant.
    #[error("no default directory")]
    NoDefaultDirectory,
}

impl Failure {
    /// A temporary failure.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// A defect of Ratchet or of its deployment.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// A failure of a script.
    pub fn script(cause: impl Into<Cause>) -> Self {
        Self::Script(cause.into())
    }
}

/// The reason why a request does not succeed. Its text is one line for the log, with all causes; it has therefore no
/// [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is rejected.
    #[error("{0}")]
    Denied(Denial),
    /// The service failed.
    #[error("{}", chain(.0))]
    Failed(Failure),
}

impl From<Denial> for Error {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<UserBlocked> for Error {
    fn from(blocked: UserBlocked) -> Self {
        Self::Denied(blocked.into())
    }
}

impl<E: Into<Failure>> From<E> for Error {
    fn from(failure: E) -> Self {
        Self::Failed(failure.into())
    }
}

/// An error with all its causes, for the log.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{error::Error as _, io};

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("store unavailable")]
    struct StoreDown(#[from] io::Error);

    #[test]
    fn a_failure_keeps_its_cause() {
        let kinds: [fn(StoreDown) -> Failure; 3] =
            [Failure::unavailable, Failure::internal, Failure::script];
        for failure in kinds {
            let failure = failure(StoreDown(io::ErrorKind::TimedOut.into()));
            let cause = failure.source().unwrap();
            assert!(cause.is::<StoreDown>(), "{cause:?}");
            assert!(cause.source().unwrap().is::<io::Error>(), "{cause:?}");
        }
    }

    #[test]
    fn the_log_shows_each_cause_once() {
        let failure = Failure::unavailable(StoreDown(io::ErrorKind::TimedOut.into()));
        let error = Error::from(failure);
        assert_eq!(
            error.to_string(),
            "temporarily unavailable: store unavailable: timed out"
        );
        // An `Error` that causes another failure has its own causes in its text, and only there.
        assert_eq!(
            Error::from(Failure::internal(error)).to_string(),
            "internal error: temporarily unavailable: store unavailable: timed out"
        );
    }

    #[test]
    fn a_denial_is_its_own_text() {
        let error = Error::from(Denial::WrongPassword);
        assert_eq!(error.to_string(), Denial::WrongPassword.to_string());
    }
}
