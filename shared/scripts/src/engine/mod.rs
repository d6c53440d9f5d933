//! The engine that runs tenants' scripts: QuickJS on threads of its own, with fresh contexts for every login.
//!
//! A script reaches nothing outside the engine except through [`Host`]. Every run ends within [`Limits`], and passes
//! on to the next run only the Rules' `global` and the Actions' `api.cache`.

mod actions;
mod api;
mod bridge;
mod bytecode;
mod cache;
mod compile;
mod console;
mod failure;
mod fault;
mod heap;
mod host_error;
mod json;
mod library;
mod logs;
mod needs;
mod pool;
mod priority;
mod program;
mod realm;
mod redirect_token;
mod rejections;
mod report;
mod rules;
mod timer_functions;
mod timers;
mod warm;
mod watch;
mod wire;

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::requests::hosts::ScriptRequest;

pub use compile::CompileError;
pub use host_error::HostError;
pub use library::is_module;
pub use pool::Engine;
pub use program::Program;
pub use report::{LogLevel, LogLine, Output, Report, ScriptFailure, Usage};

/// Limits of one run, for all scripts of a tenant together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// CPU time in scripts.
    pub cpu: Duration,
    /// Time from the start to the answer, waiting included.
    pub wall: Duration,
    /// Bytes of the engine's heap, `global` included.
    pub memory: usize,
    /// Bytes of stack; a script that recurses deeper gets an exception.
    pub stack: usize,
    /// Bytes of JSON, once for `user` and `context` together and once for all commands.
    pub output: usize,
    /// Bytes of log lines. The line that exceeds them is cut and marked, and later lines are dropped.
    pub logs: usize,
}

impl Limits {
    /// Time for one HTTP request with all its redirects. It is shorter than [`Limits::wall`], so that the script can
    /// handle a failure.
    pub fn request(&self) -> Duration {
        let rest = self.wall.saturating_sub(Duration::from_secs(2));
        rest.max(self.wall / 2)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu: Duration::from_millis(500),
            wall: Duration::from_secs(5),
            memory: 64 * 1024 * 1024,
            stack: 256 * 1024,
            output: 1024 * 1024,
            logs: 64 * 1024,
        }
    }
}

/// The input of one run.
#[derive(Clone)]
pub struct Run {
    /// The compiled scripts, in the order in which they run.
    pub program: Arc<Program>,
    /// The issuer, `https://D/`, from which `auth0.domain` and `auth0.baseUrl` are made.
    pub issuer: String,
    /// `user` of the Rules.
    pub user: Value,
    /// `context` of the Rules.
    pub context: Value,
    /// `event` of the Actions, without `secrets`: each Action gets its own.
    pub event: Value,
    /// Position of the Action that redirected the browser, which is now back at `/continue`: the Action's
    /// `onContinuePostLogin` runs after its `onExecutePostLogin`. `None` before any redirect.
    pub continued: Option<usize>,
    /// The result of `api.redirect.canRedirect()`.
    pub can_redirect: bool,
    /// The members of `user` and `context` that the report contains.
    pub read_back: ReadBack,
    /// Time that the request has left; it replaces [`Limits::wall`] if it is shorter. `None` if unknown.
    pub left: Option<Duration>,
    /// Carries out the scripts' calls.
    pub host: Arc<dyn Host>,
}

/// The members that a report contains of `user` and `context`, as the last Rule left them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBack {
    /// Those with an effect (`CONTEXT_WITH_EFFECT`, `user_has_effect`). Others are ignored, even if they are not JSON.
    EffectsOnly,
    /// All members, for an operator to read.
    All,
}

/// Carries out the calls that scripts make out of the engine. A script gets a promise for each.
pub trait Host: Send + Sync {
    /// Carries out a call. An error rejects the promise.
    fn call(&self, call: HostCall) -> BoxFuture<'static, Result<Value, HostError>>;
}

/// A script's call out of the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum HostCall {
    /// `auth0.users.updateAppMetadata`, which returns the user's updated `app_metadata`.
    UpdateAppMetadata {
        /// Id of the user.
        user_id: String,
        /// Members to merge at the root; `null` removes a member.
        patch: serde_json::Map<String, Value>,
    },
    /// `auth0.users.updateUserMetadata`, which returns the user's updated `user_metadata`.
    UpdateUserMetadata {
        /// Id of the user.
        user_id: String,
        /// Members to merge at the root; `null` removes a member.
        patch: serde_json::Map<String, Value>,
    },
    /// An HTTP request, which is sent to allowed hosts only. It returns `{status, statusText, headers, body}`, the
    /// body as text.
    Http(ScriptRequest),
}
