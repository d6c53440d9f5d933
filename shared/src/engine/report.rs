//! What became of a run.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::domain::login_flow::Command;

/// What became of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The answer, or why there is none.
    pub result: Result<Output, ScriptFailure>,
    /// What the scripts said to `console`.
    pub logs: Vec<LogLine>,
    /// What it took.
    pub usage: Usage,
}

impl Report {
    /// Of a run that no thread told of.
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

/// The scripts' answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// `user`, as the last Rule left it; as much of it as was asked for.
    pub user: Value,
    /// `context`, likewise.
    pub context: Value,
    /// What the Actions asked of `api`, in order.
    pub commands: Vec<Command>,
}

/// A line of `console`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How it was said.
    pub level: LogLevel,
    /// By which script.
    pub script: String,
    /// What.
    pub text: String,
}

/// How something is said to `console`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of `console`")]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// What a run took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time in scripts.
    pub cpu: Duration,
    /// From the start to the answer.
    pub wall: Duration,
    /// Bytes of the engine's heap at the end.
    pub memory: usize,
}

/// Why a run has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptFailure {
    /// A Rule called back with an `UnauthorizedError`.
    #[error("{script}: UnauthorizedError: {message}")]
    Unauthorized {
        /// Which script.
        script: String,
        /// Its message.
        message: String,
    },
    /// A script called back with another error, or threw one that it did not catch.
    #[error("{script}: {message}{}", .position.as_ref().map(|at| format!(" ({at})")).unwrap_or_default())]
    Threw {
        /// Which script.
        script: String,
        /// Its message.
        message: String,
        /// `<file>:<line>:<column>`, if it is known.
        position: Option<String>,
    },
    /// A script used up its CPU time.
    #[error("{script}: more CPU time than allowed")]
    CpuTime {
        /// Which script.
        script: String,
    },
    /// There was no answer in time.
    #[error("{script}: no answer in time")]
    WallTime {
        /// Which script.
        script: String,
    },
    /// A script used up its memory.
    #[error("{script}: more memory than allowed")]
    Memory {
        /// Which script.
        script: String,
    },
    /// A Rule has nothing left to do and has not called back, or the promise of an Action is never settled.
    #[error("{script}: ended without an answer")]
    NeverCalledBack {
        /// Which script.
        script: String,
    },
    /// A Rule called back twice.
    #[error("{script}: called back more than once")]
    CalledBackTwice {
        /// Which script.
        script: String,
    },
    /// What the scripts left is too large, or no JSON.
    #[error("{script}: {reason}")]
    Output {
        /// Which script was last.
        script: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Every thread that could run it is taken by runs that do not end.
    #[error("the engine is busy")]
    Busy,
}
