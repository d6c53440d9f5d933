//! The engine that runs tenants' scripts: QuickJS, in a fresh context per login, on a thread of its own.
//!
//! Nothing of the host is reachable from a script but what [`Host`] offers. Whatever a script does, its run
//! ends within [`Limits`], and the next run knows nothing of it but what it left in `global`.

mod actions;
mod api;
mod bridge;
mod bytecode;
mod cache;
mod console;
mod failure;
mod heap;
mod host_error;
mod json;
mod library;
mod needs;
mod pool;
mod priority;
mod program;
mod realm;
mod redirect_token;
mod rejections;
mod report;
mod rules;
mod timers;
mod warm;
mod watch;

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::domain::script_hosts::ScriptRequest;

pub use host_error::HostError;
pub use library::is_module;
pub use pool::Engine;
pub use program::{CompileError, Program};
pub use report::{LogLevel, LogLine, Output, Report, ScriptFailure, Usage};

/// What one run of a tenant's scripts may use up, all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// CPU time in scripts.
    pub cpu: Duration,
    /// Time until there is an answer, waiting included.
    pub wall: Duration,
    /// Bytes of the engine's heap, `global` included.
    pub memory: usize,
    /// Bytes of stack.
    pub stack: usize,
    /// Bytes of `user`, `context` and commands, as JSON.
    pub output: usize,
    /// Bytes of log lines; what is beyond is cut off and said to be.
    pub logs: usize,
}

impl Limits {
    /// How long a script may wait for one request to another host, with all its redirects: it has time left to act
    /// on its failure.
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

/// One run: what the scripts are given.
#[derive(Clone)]
pub struct Run {
    /// What runs.
    pub program: Arc<Program>,
    /// `https://D/`, of which `auth0.domain` and `auth0.baseUrl` are made.
    pub issuer: String,
    /// `user` of the Rules.
    pub user: Value,
    /// `context` of the Rules.
    pub context: Value,
    /// `event` of the Actions, without `secrets`, which each has of its own.
    pub event: Value,
    /// What the browser brought back to `/continue`: the position of the Action whose
    /// `onContinuePostLogin` runs after its `onExecutePostLogin`.
    pub continued: Option<usize>,
    /// Whether `api.redirect.canRedirect()`.
    pub can_redirect: bool,
    /// How much of `user` and `context` the report has.
    pub told: Told,
    /// How much time the request has left for it, where that is known: less than [`Limits::wall`] counts instead.
    pub left: Option<Duration>,
    /// What reaches outside.
    pub host: Arc<dyn Host>,
}

/// How much is told of `user` and `context` as the last Rule left them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// What has an effect ([`crate::domain::login_flow`]). What the others are, and whether they are JSON at all,
    /// makes no difference.
    Effects,
    /// Everything, for somebody to look at.
    Everything,
}

/// What scripts may ask of the world, each answered while the script waits for its promise.
pub trait Host: Send + Sync {
    /// Does it. An error is what the promise is rejected with.
    fn call(&self, call: HostCall) -> BoxFuture<'static, Result<Value, HostError>>;
}

/// Something asked of the world.
#[derive(Debug, Clone, PartialEq)]
pub enum HostCall {
    /// `auth0.users.updateAppMetadata`; answered with the user's `app_metadata` afterwards.
    UpdateAppMetadata {
        /// Whose.
        user_id: String,
        /// What to merge at the root; `null` removes.
        patch: serde_json::Map<String, Value>,
    },
    /// `auth0.users.updateUserMetadata`, likewise.
    UpdateUserMetadata {
        /// Whose.
        user_id: String,
        /// What to merge at the root; `null` removes.
        patch: serde_json::Map<String, Value>,
    },
    /// An HTTP request, to a host that is allowed or not at all; answered with
    /// `{status, statusText, headers, body}`, the body as text.
    Http(ScriptRequest),
}
