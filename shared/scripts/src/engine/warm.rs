//! A runtime that keeps its `global` between runs, as a warm container of Auth0 does.

use std::{
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use rquickjs::{Context, Ctx, Object, Persistent, Runtime};

use super::{
    Limits, Output, Report, Run, ScriptFailure, Usage,
    actions::Chain,
    bridge::Bridge,
    fault::Fault,
    heap::{Counting, Heap},
    needs::Language,
    realm::{self, For},
    rules,
    watch::Bounds,
    wire::Assignment,
};

/// A runtime and its state. The fields that hold its values come first, because they must be dropped first.
pub(super) struct Warm {
    global: Persistent<Object<'static>>,
    bridge: Rc<Bridge>,
    heap: Rc<Heap>,
    limits: Limits,
    runtime: Runtime,
}

impl Drop for Warm {
    fn drop(&mut self) {
        self.bridge.close();
    }
}

impl Warm {
    /// Makes a runtime with an empty `global`.
    pub(super) fn new(limits: Limits) -> rquickjs::Result<Self> {
        let heap = Rc::new(Heap::default());
        let runtime = Runtime::new_with_alloc(Counting(Rc::clone(&heap)))?;
        runtime.set_max_stack_size(limits.stack);
        let bridge = Rc::new(Bridge::new(Rc::clone(&heap)));
        let watching = Rc::clone(&bridge);
        runtime.set_interrupt_handler(Some(Box::new(move || watching.watch.look().is_some())));
        let listening = Rc::clone(&bridge);
        runtime.set_host_promise_rejection_tracker(Some(Box::new(
            move |ctx, promise, reason, handled| {
                let mut rejections = listening.rejections.borrow_mut();
                rejections.note(&ctx, promise, reason, handled);
            },
        )));
        // It has no prototype, so that no run reaches another's `Object.prototype` through it.
        let global = Context::full(&runtime)?.with(|ctx| {
            let global = Object::new_proto(ctx.clone(), None)?;
            rquickjs::Result::Ok(Persistent::save(&ctx, global))
        })?;
        Ok(Self {
            global,
            bridge,
            heap,
            limits,
            runtime,
        })
    }

    pub(super) fn run(&self, assignment: Assignment) -> Report {
        let Assignment {
            run,
            started,
            deadline,
            unwanted,
            progress,
            host,
        } = assignment;
        self.bridge.open(Some(host), self.limits.logs);
        self.bridge.watch.begin(Bounds {
            cpu: self.limits.cpu,
            deadline,
            unwanted,
        });
        let result = self.scripts(&run, &progress);
        let usage = Usage {
            cpu: self.bridge.watch.cpu(),
            wall: started.elapsed(),
            memory: self.heap.used(),
        };
        self.bridge.watch.end();
        self.heap.set_limit(None);
        let logs = self.bridge.logs.borrow_mut().take();
        self.bridge.close();
        Report {
            result,
            logs,
            usage,
        }
    }

    /// Runs the Rules in one context, then each Action in its own.
    fn scripts(&self, run: &Run, progress: &AtomicUsize) -> Result<Output, ScriptFailure> {
        let (user, context) = if run.program.rules.is_empty() {
            (run.user.clone(), run.context.clone())
        } else {
            self.realm(&For::Rules(run), |ctx| {
                let entered = |position: usize| progress.store(position, Ordering::Relaxed);
                rules::run(ctx, &self.bridge, run, self.limits.output, entered)
            })?
        };
        let mut chain = Chain::new(run, self.limits.output);
        for (position, action) in run.program.actions.iter().enumerate() {
            progress.store(run.program.rules.len() + position, Ordering::Relaxed);
            self.bridge.forget();
            let whom = For::Action(action);
            self.realm(&whom, |ctx| chain.run(ctx, &self.bridge, position))
                .map_err(of_an_action)?;
            if chain.is_over() {
                break;
            }
        }
        Ok(Output {
            user,
            context,
            commands: chain.into_commands(),
        })
    }

    /// Does work in a fresh context, within the memory limit.
    fn realm<T>(
        &self,
        whom: &For<'_>,
        work: impl FnOnce(&Ctx<'_>) -> Result<T, Fault>,
    ) -> Result<T, ScriptFailure> {
        self.heap.set_limit(None);
        let context =
            realm::context(&self.runtime, whom).map_err(|error| ScriptFailure::Threw {
                script: self.bridge.script().to_string(),
                message: error.to_string(),
                position: None,
            })?;
        context.with(|ctx| {
            let result = self
                .global
                .clone()
                .restore(&ctx)
                .and_then(|global| realm::furnish(&ctx, &self.bridge, global, whom));
            self.heap.set_limit(Some(self.limits.memory));
            let result = result.map_err(Fault::from).and_then(|()| work(&ctx));
            let result = result.map_err(|fault| fault.into_failure(&ctx, &self.bridge));
            self.heap.set_limit(None);
            result
        })
    }

    /// Compiles in a fresh context, within the same limits.
    pub(super) fn compiling<T>(
        &self,
        language: Language,
        work: impl FnOnce(&Ctx<'_>, &Bridge) -> T,
    ) -> Result<T, ScriptFailure> {
        self.bridge.open(None, 0);
        self.bridge.watch.begin(Bounds {
            cpu: self.limits.cpu,
            deadline: Instant::now() + self.limits.wall,
            unwanted: Arc::default(),
        });
        let result = self.realm(&For::Compiling(language), |ctx| Ok(work(ctx, &self.bridge)));
        self.bridge.watch.end();
        self.bridge.close();
        result
    }

    /// True if the runtime must not be used again: a run was interrupted, a job is pending, or `global` has grown so
    /// much that the next run would lack memory.
    pub(super) fn is_spent(&self) -> bool {
        self.bridge.watch.noticed().is_some()
            || self.runtime.is_job_pending()
            || self.heap.used() > self.limits.memory / 2
    }

    /// Collects garbage if the last run left much behind.
    pub(super) fn tidy(&self) {
        if self.heap.used() > self.limits.memory / 4 {
            self.runtime.run_gc();
        }
    }
}

/// Turns an `UnauthorizedError` into an ordinary error, because only Rules have it.
fn of_an_action(failure: ScriptFailure) -> ScriptFailure {
    match failure {
        ScriptFailure::Unauthorized { script, message } => ScriptFailure::Threw {
            script,
            message,
            position: None,
        },
        other => other,
    }
}
