//! Errors in a tenant file.

use std::{fmt, io};

/// An invalid tenant file. Prints as one line, `12:5: clients[2].refresh_token.leeway: must not be negative`; put
/// `tenant.yaml:` before it and editors jump to the place. An error in a script file begins with the script file's
/// name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantFileError {
    /// The invalid script file, as the tenant file names it; `None` if the error is in the tenant file.
    pub script: Option<String>,
    /// Line of the value, counted from 1.
    pub line: u64,
    /// Column of the value in characters, counted from 1.
    pub column: u64,
    /// Path to the value; empty if the text is not YAML.
    pub path: String,
    /// The reason why the value is invalid, without its place.
    pub message: String,
}

impl fmt::Display for TenantFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            script,
            line,
            column,
            path,
            message,
        } = self;
        if let Some(script) = script {
            write!(f, "{script}:")?;
        }
        write!(f, "{line}:{column}: ")?;
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        // Prints one line even if a key or a value contains control characters.
        for c in message.chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for TenantFileError {}

/// A tenant file that cannot be loaded from disk.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// Name of the file as the operator gave it.
        file: String,
        /// The I/O error.
        source: io::Error,
    },
    /// The file, or a script file that it names, is invalid.
    #[error("{}{source}", if source.script.is_some() { String::new() } else { format!("{file}:") })]
    Invalid {
        /// Name of the file as the operator gave it.
        file: String,
        /// Place and reason of the first error.
        source: TenantFileError,
    },
}
