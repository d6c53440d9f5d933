//! The state that the engine shares with the functions that scripts call: clocks, log, timers, open calls.
//!
//! Each runtime has one bridge for all its runs: a function that a script left in `global` belongs to the context of
//! an earlier run, and must reach the host of the current one.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::mpsc::RecvTimeoutError,
    time::{Duration, Instant},
};

use rquickjs::{Ctx, Exception, Function, Persistent, Promise, Value};

use super::{
    HostCall,
    cache::Cache,
    fault::Fault,
    heap::Heap,
    json,
    logs::Logs,
    rejections::Rejections,
    timers::Timers,
    watch::{Stop, Watch},
    wire::{Event, HostChannels, Reply},
};

/// Maximum number of open calls to the host.
const MAX_OPEN_CALLS: usize = 100;

/// The state that the engine shares with scripts' functions; see the module.
pub(super) struct Bridge {
    pub(super) watch: Watch,
    pub(super) logs: RefCell<Logs>,
    pub(super) timers: RefCell<Timers>,
    pub(super) rejections: RefCell<Rejections>,
    /// Records of `api.cache`, which outlive runs, as `global` does.
    pub(super) cache: RefCell<Cache>,
    script: RefCell<Rc<str>>,
    host: RefCell<Option<HostChannels>>,
    calls: RefCell<HashMap<u64, PromiseCapability>>,
    last_call: Cell<u64>,
}

/// The functions that settle a promise.
struct PromiseCapability {
    resolve: Persistent<Function<'static>>,
    reject: Persistent<Function<'static>>,
}

impl Bridge {
    pub(super) fn new(heap: Rc<Heap>) -> Self {
        Self {
            watch: Watch::new(heap),
            logs: RefCell::default(),
            timers: RefCell::default(),
            rejections: RefCell::default(),
            cache: RefCell::default(),
            script: RefCell::new(Rc::from("")),
            host: RefCell::default(),
            calls: RefCell::default(),
            last_call: Cell::default(),
        }
    }

    /// Begins a run. Without a host the calls of scripts fail.
    pub(super) fn open(&self, host: Option<HostChannels>, logs: usize) {
        self.close();
        self.logs.replace(Logs::new(logs));
        self.host.replace(host);
    }

    /// Drops timers, open calls and rejections after a script has answered.
    pub(super) fn forget(&self) {
        self.timers.take();
        self.calls.take();
        self.rejections.take();
    }

    /// Ends the run and drops everything that still waits.
    pub(super) fn close(&self) {
        self.forget();
        self.host.take();
    }

    /// Name of the running script.
    pub(super) fn script(&self) -> Rc<str> {
        Rc::clone(&self.script.borrow())
    }

    /// Sets the running script.
    pub(super) fn enter(&self, script: &Rc<str>) {
        self.script.replace(Rc::clone(script));
    }

    /// Sends a call to the host. A later [`Self::turn`] settles the promise.
    pub(super) fn call<'js>(
        &self,
        ctx: &Ctx<'js>,
        call: HostCall,
    ) -> rquickjs::Result<Promise<'js>> {
        let (promise, resolve, reject) = ctx.promise()?;
        if self.calls.borrow().len() >= MAX_OPEN_CALLS {
            return Err(Exception::throw_message(ctx, "too many calls at once"));
        }
        let id = self.last_call.get() + 1;
        self.last_call.set(id);
        let sent = self
            .host
            .borrow()
            .as_ref()
            .is_some_and(|host| host.events.send(Event::Call { id, call }).is_ok());
        if !sent {
            return Err(Exception::throw_message(
                ctx,
                "there is no host for this script",
            ));
        }
        let settle = PromiseCapability {
            resolve: Persistent::save(ctx, resolve),
            reject: Persistent::save(ctx, reject),
        };
        self.calls.borrow_mut().insert(id, settle);
        Ok(promise)
    }

    /// Runs the pending jobs of promises until none is left.
    pub(super) fn drain(&self, ctx: &Ctx<'_>) -> Result<(), Stop> {
        for job in 1_u32.. {
            let stop = if job.is_multiple_of(256) {
                self.watch.look()
            } else {
                self.watch.noticed()
            };
            if let Some(stop) = stop {
                return Err(stop);
            }
            if !ctx.execute_pending_job() {
                break;
            }
        }
        self.watch.noticed().map_or(Ok(()), Err)
    }

    /// Waits for one timer or answer and handles it. `false` if nothing is pending.
    pub(super) fn turn(&self, ctx: &Ctx<'_>) -> Result<bool, Fault> {
        if let Some(stop) = self.watch.look() {
            return Err(stop.into());
        }
        let due = self.timers.borrow_mut().due(Instant::now());
        if let Some(timer) = due {
            self.enter(&timer.script);
            timer.fire(ctx)?;
            return Ok(true);
        }
        let next = self.timers.borrow().next();
        if next.is_none() && self.calls.borrow().is_empty() {
            return Ok(false);
        }
        if let Some(reply) = self.wait(next)? {
            self.settle(ctx, reply)?;
        }
        Ok(true)
    }

    /// Waits for an answer until `until`, or until the deadline of the run.
    fn wait(&self, until: Option<Instant>) -> Result<Option<Reply>, Stop> {
        let host = self.host.borrow();
        let (Some(host), Some(deadline)) = (host.as_ref(), self.watch.deadline()) else {
            return Err(Stop::Unwanted);
        };
        let until = until.map_or(deadline, |until| until.min(deadline));
        // Timers count whole milliseconds: waking slightly late avoids a turn in which nothing is due.
        let limit = until.saturating_duration_since(Instant::now()) + Duration::from_micros(50);
        match host.replies.recv_timeout(limit) {
            Ok(reply) => Ok(Some(reply)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Stop::Unwanted),
        }
    }

    fn settle(&self, ctx: &Ctx<'_>, reply: Reply) -> rquickjs::Result<()> {
        let Some(settle) = self.calls.borrow_mut().remove(&reply.id) else {
            return Ok(());
        };
        match reply.result {
            Ok(answer) => {
                let answer: Value = json::to_js(ctx, &answer)?;
                settle.resolve.restore(ctx)?.call((answer,))
            }
            Err(failure) => {
                let error = Exception::from_message(ctx.clone(), &failure.message)?;
                let error = error.into_object();
                for (name, value) in &failure.properties {
                    let value: Value = json::to_js(ctx, value)?;
                    error.set(name.as_str(), value)?;
                }
                settle.reject.restore(ctx)?.call((error,))
            }
        }
    }
}
