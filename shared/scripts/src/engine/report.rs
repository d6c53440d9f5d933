//! The report of a run.

use std::time::{Duration, Instant};

use ratchet_domain::{
    denial::Denial,
    error::{Error, Failure},
};
use serde_json::Value;

use crate::Command;

/// The result of a run, with its log and usage.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The scripts' answer, or the failure.
    pub result: Result<Output, ScriptFailure>,
    /// The lines that the scripts logged by `console`.
    pub logs: Vec<LogLine>,
    /// Time and memory that the run used.
    pub usage: Usage,
}

impl Report {
    /// The report of a run for which no thread reported.
    pub(super) fn failed(started: Instant, failure: ScriptFailure) -> Self {
        let usage = Usage {
            wall: started.elapsed(),
            ..Usage::default()
        };
        Self {
            result: Err(failure),
            logs: Vec::new(),
            usage,
        }
    }
}

/// The result of a run in which every script succeeded.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// `user`, as the last Rule left it; [`super::ReadBack`] selects its members.
    pub user: Value,
    /// `context`, as the last Rule left it; [`super::ReadBack`] selects its members.
    pub context: Value,
    /// The commands that the Actions recorded by `api`, in order.
    pub commands: Vec<Command>,
}

/// A line of `console`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Level of the line.
    pub level: LogLevel,
    /// Name of the script.
    pub script: String,
    /// Text of the line.
    pub text: String,
}

/// The level of a line of `console`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of `console`")]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// Time and memory that a run used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time in scripts.
    pub cpu: Duration,
    /// Time from the start to the answer.
    pub wall: Duration,
    /// Bytes of the engine's heap at the end.
    pub memory: usize,
}

/// The failure of a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptFailure {
    /// A Rule called back with an `UnauthorizedError`.
    #[error("{script}: UnauthorizedError: {message}")]
    Unauthorized {
        /// Name of the script.
        script: String,
        /// Message of the error.
        message: String,
    },
    /// A script called back with another error, or threw one that it did not catch.
    #[error("{script}: {message}{}", .position.as_ref().map(|at| format!(" ({at})")).unwrap_or_default())]
    Threw {
        /// Name of the script.
        script: String,
        /// Message of the error.
        message: String,
        /// `<script>:<line>:<column>`; `None` if unknown.
        position: Option<String>,
    },
    /// A script used up its CPU time.
    #[error("{script}: more CPU time than allowed")]
    CpuTime {
        /// Name of the script.
        script: String,
    },
    /// There was no answer in time.
    #[error("{script}: no answer in time")]
    WallTime {
        /// Name of the script.
        script: String,
    },
    /// A script used up its memory.
    #[error("{script}: more memory than allowed")]
    Memory {
        /// Name of the script.
        script: String,
    },
    /// A Rule has nothing left to do and has not called back, or the promise of an Action is never settled.
    #[error("{script}: ended without an answer")]
    NeverCalledBack {
        /// Name of the script.
        script: String,
    },
    /// A Rule called back twice.
    #[error("{script}: called back more than once")]
    CalledBackTwice {
        /// Name of the script.
        script: String,
    },
    /// The output of the scripts is too large or not JSON.
    #[error("{script}: {reason}")]
    Output {
        /// Name of the last script.
        script: String,
        /// The reason why the output is rejected.
        reason: String,
    },
    /// No thread was free in time, or none could be started.
    #[error("the engine is busy")]
    Busy,
}

impl From<ScriptFailure> for Error {
    fn from(failure: ScriptFailure) -> Self {
        match failure {
            ScriptFailure::Unauthorized { message, .. } => Denial::Unauthorized(message).into(),
            ScriptFailure::Threw { message, .. } => Denial::AccessDenied(message).into(),
            // Temporary: the host that a script waits for is slow now, and nothing has been stored.
            ScriptFailure::Busy | ScriptFailure::WallTime { .. } => {
                Failure::unavailable(failure).into()
            }
            other => Failure::script(other).into(),
        }
    }
}
