//! What a command can fail with: one line on standard error, status 1, or 2 if it was called wrongly.

use std::{io, process::ExitCode};

use shared::{
    adapters::dynamo::StoreError, app::StartError, keys::file::KeyFileError,
    password::PasswordHashError,
};
use tenant::{ImportError, LoadError};

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
    /// What was asked for is not there, or already is.
    #[error("{0}")]
    Refused(String),
    /// The answer cannot be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl Failure {
    /// Says what is wrong.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("error: {}", one_line(&self.to_string()));
        match self {
            Self::Usage(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

/// One line, without the debug output that the AWS SDK puts behind its messages.
fn one_line(text: &str) -> String {
    let debug = text.match_indices(" (").find(|(at, opening)| {
        let inside = &text[at + opening.len()..];
        let name = inside
            .split(|c: char| !c.is_ascii_alphanumeric())
            .next()
            .unwrap_or_default();
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && inside[name.len()..].starts_with(['(', ' '])
    });
    let said = debug.map_or(text, |(at, _)| &text[..at]);
    let parts = said.split(char::is_control).map(str::trim);
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
        assert_eq!(
            one_line("io: client error (Connect): refused (os error 111) (Failure(Failure { x })"),
            "io: client error (Connect): refused (os error 111)"
        );
    }
}
