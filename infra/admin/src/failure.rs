//! Errors of a command: one line on standard error, status 1, or 2 for a wrong call.

use std::{io, process::ExitCode};

use ratchet_core::StartError;
use ratchet_domain::error::Error;
use ratchet_keys::{file::KeyFileError, password::PasswordHashError};
use ratchet_store::StoreError;
use ratchet_tenant::{ImportError, LoadError};

use crate::output;

/// A command that failed or was rejected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command was called wrongly.
    #[error("{0}")]
    Usage(String),
    /// The key file does not exist.
    #[error("key file {0}: there is none")]
    NoKeyFile(String),
    /// The key file is invalid.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// Table and keys do not match or cannot be loaded.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The table cannot be reached, or rejected the request.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The service denies the request, too.
    #[error(transparent)]
    Denied(#[from] Error),
    /// The tenant file is invalid.
    #[error(transparent)]
    TenantFile(#[from] LoadError),
    /// The import stopped half-way.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The password cannot be read.
    #[error("cannot read the password from standard input: {0}")]
    Stdin(io::Error),
    /// The password cannot be hashed.
    #[error(transparent)]
    Password(#[from] PasswordHashError),
    /// A tested script denies the login or fails.
    #[error("{reason}")]
    Script {
        /// Output up to the failure.
        said: String,
        /// The denial or the error.
        reason: String,
    },
    /// A tenant file breaks a MUST or a SHOULD of RFC 9700.
    #[error("{reason}")]
    Findings {
        /// The findings, one line each.
        said: String,
        /// The number of broken MUSTs and SHOULDs.
        reason: String,
    },
    /// The object of the command does not exist, or exists already.
    #[error("{0}")]
    Refused(String),
    /// The audit log cannot be opened.
    #[error("audit log {0}: {1}")]
    AuditLog(String, io::Error),
    /// The operator ended the command before it was done.
    #[error("interrupted: what was done until then stays done")]
    Interrupted,
    /// The output cannot be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl Failure {
    /// True if the command was rejected, rather than failed on the way.
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

    /// Prints the error and returns the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        if let Self::Script { said, .. } | Self::Findings { said, .. } = self {
            // A failed write changes nothing: the status is that of the failure.
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
