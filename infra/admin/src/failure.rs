//! What a command can fail with: one line on standard error, status 1, or 2 if it was called wrongly.

use std::{io, process::ExitCode};

use ratchet_core::StartError;
use ratchet_domain::denial::Denial;
use ratchet_keys::{file::KeyFileError, password::PasswordHashError};
use ratchet_store::StoreError;
use ratchet_tenant::{ImportError, LoadError};

use crate::output;

/// A command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It was called wrongly.
    #[error("{0}")]
    Usage(String),
    /// There is no such key file.
    #[error("key file {0}: there is none")]
    NoKeyFile(String),
    /// The key file is of no use.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// Table and keys do not come together.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The table does not answer as it should.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The service would refuse it, too.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The tenant file is wrong.
    #[error(transparent)]
    TenantFile(#[from] LoadError),
    /// The import stopped half-way.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The password cannot be read.
    #[error("cannot read the password from standard input: {0}")]
    Stdin(io::Error),
    /// The password is of no use.
    #[error(transparent)]
    Password(#[from] PasswordHashError),
    /// A script that was tried refuses the login, or fails.
    #[error("{reason}")]
    Script {
        /// What there is to show of it all the same.
        said: String,
        /// Why.
        reason: String,
    },
    /// A tenant file breaks what it should not.
    #[error("{reason}")]
    Findings {
        /// What it breaks, a line each.
        said: String,
        /// How much that is.
        reason: String,
    },
    /// What was asked for is not there, or already is.
    #[error("{0}")]
    Refused(String),
    /// The audit event has nowhere to go.
    #[error("audit log {0}: {1}")]
    AuditLog(String, io::Error),
    /// The operator ended the command before it was done.
    #[error("interrupted: what was done until then stays done")]
    Interrupted,
    /// The answer cannot be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl Failure {
    /// Whether the command was refused, rather than that it went wrong on the way.
    pub(crate) const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Usage(_)
                | Self::NoKeyFile(_)
                | Self::TenantFile(_)
                | Self::Password(_)
                | Self::Script { .. }
                | Self::Refused(_)
        )
    }

    /// Says what is wrong.
    pub(crate) fn report(&self) -> ExitCode {
        if let Self::Script { said, .. } | Self::Findings { said, .. } = self {
            // Whether it can be written or not, the status is that of the failure.
            let _ = output::print(said);
        }
        eprintln!("error: {}", one_line(&self.to_string()));
        match self {
            Self::Usage(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

/// A text without line breaks and other control characters.
pub(crate) fn one_line(text: &str) -> String {
    let parts = text.split(char::is_control).map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_failure_is_one_line() {
        assert_eq!(one_line("a\n  b\r\n\tc\u{1b}[31m"), "a b c [31m");
    }
}
