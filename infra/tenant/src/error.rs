//! What is wrong with a tenant file.

use std::{fmt, io};

/// A tenant file is not what it should be. Prints as one line,
/// `12:5: clients[2].refresh_token.leeway: must not be negative`; put `tenant.yaml:` before it and
/// editors jump to the place. What is wrong with a script file begins with the file's own name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantFileError {
    /// The script file that is wrong, as the tenant file names it; `None` for the tenant file.
    pub script: Option<String>,
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1.
    pub column: u64,
    /// The way to the value; empty where the text is no YAML at all.
    pub path: String,
    /// What is wrong.
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
        // One line, whatever a key or a value holds.
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

/// A tenant file cannot be loaded from disk.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// The file as it was named.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("{}{source}", if source.script.is_some() { String::new() } else { format!("{file}:") })]
    Invalid {
        /// The file as it was named.
        file: String,
        /// Where and why.
        source: TenantFileError,
    },
}
