//! The threads that run scripts, and the channels to and from them.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Instant,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc as asynchronous},
    time::{sleep_until, timeout_at},
};

use super::{
    Limits, Report, Run, ScriptFailure,
    priority::Thread,
    warm::Warm,
    wire::{Assignment, Event, GRACE, HostChannels, Reply},
};

/// Most runs at once.
const THREADS: usize = 4;
/// Most threads that are replaced by others because they do not return.
const MOST_ABANDONED: usize = 2;
/// Bytes of a thread's stack beyond those for scripts: for the engine, and for QuickJS between two checks of the
/// limit.
const STACK: usize = 1024 * 1024;

/// A run on its way to a thread.
struct Job {
    assignment: Assignment,
    events: asynchronous::UnboundedSender<Event>,
    slot: OwnedSemaphorePermit,
    state: Arc<AtomicU8>,
    /// The thread's own handle, which it returns to the idle ones after the job. It keeps no copy, so that it ends
    /// when no other handle is left.
    worker: Option<Worker>,
}

/// The states of a job. The first change from `RUNNING` is final: the thread sets `DONE` and goes on, or the caller
/// sets `ABANDONED` and replaces the thread.
const RUNNING: u8 = 0;
const DONE: u8 = 1;
const ABANDONED: u8 = 2;

/// A thread that waits for a job.
#[derive(Debug, Clone)]
struct Worker {
    jobs: asynchronous::UnboundedSender<Job>,
    thread: Thread,
}

/// Runs scripts. It starts no thread before the first run or [`Engine::prepare`].
#[derive(Debug, Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limits: Limits,
    slots: Arc<Semaphore>,
    /// A stack: the thread used last comes first, because its `global` is the warmest.
    idle: Mutex<Vec<Worker>>,
    abandoned: AtomicUsize,
}

/// Sets the run's `unwanted` flag when the caller stops waiting for the answer.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Engine {
    /// An engine whose runs keep these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            shared: Arc::new(Shared {
                limits,
                slots: Arc::new(Semaphore::new(THREADS)),
                idle: Mutex::default(),
                abandoned: AtomicUsize::new(0),
            }),
        }
    }

    /// Starts the first thread and its runtime, so that the first login does not wait for them. Blocks for some
    /// milliseconds.
    pub fn prepare(&self) {
        if self.shared.idle().is_empty()
            && let Some(worker) = self.shared.spawn()
        {
            self.shared.idle().push(worker);
        }
    }

    /// Number of threads in a loop within QuickJS that does not check the clocks. A thread returns when its loop ends,
    /// if ever; until then it has the lowest priority.
    pub fn abandoned(&self) -> usize {
        self.shared.abandoned.load(Ordering::SeqCst)
    }

    /// Runs a program's Rules and then its Actions. It returns within [`Limits::wall`] and half a second, even if the
    /// scripts never end.
    pub async fn run(&self, run: Run) -> Report {
        let started = Instant::now();
        let wall = self.shared.limits.wall;
        let deadline = started + run.left.map_or(wall, |left| left.min(wall));
        let slots = Arc::clone(&self.shared.slots);
        let Ok(Ok(slot)) = timeout_at(deadline.into(), slots.acquire_owned()).await else {
            return Report::failed(started, ScriptFailure::Busy);
        };
        let unwanted = Arc::new(AtomicBool::new(false));
        let _waiting = Waiting(Arc::clone(&unwanted));
        let (events, incoming) = asynchronous::unbounded_channel();
        let (replies, received) = mpsc::channel();
        let progress = Arc::new(AtomicUsize::new(0));
        let run = Arc::new(run);
        let state = Arc::new(AtomicU8::new(RUNNING));
        let job = Job {
            assignment: Assignment {
                run: Arc::clone(&run),
                started,
                deadline,
                unwanted,
                progress: Arc::clone(&progress),
                host: HostChannels {
                    events: events.clone(),
                    replies: received,
                },
            },
            events,
            slot,
            state: Arc::clone(&state),
            worker: None,
        };
        let Some(thread) = self.shared.assign(job) else {
            return Report::failed(started, ScriptFailure::Busy);
        };
        if let Some(report) = attend(&run, incoming, replies, deadline).await {
            return report;
        }
        self.shared.abandon(&state, thread);
        let script = run.program.name(progress.load(Ordering::Relaxed));
        let script = script.to_owned();
        Report::failed(started, ScriptFailure::WallTime { script })
    }
}

/// Carries out a run's calls until its report arrives. `None` if it does not arrive in time.
async fn attend(
    run: &Run,
    mut incoming: asynchronous::UnboundedReceiver<Event>,
    replies: mpsc::Sender<Reply>,
    deadline: Instant,
) -> Option<Report> {
    let mut calls = FuturesUnordered::new();
    let report = loop {
        tokio::select! {
            event = incoming.recv() => match event? {
                Event::Call { id, call } => {
                    let answer = run.host.call(call);
                    calls.push(async move { (id, answer.await) });
                }
                Event::Done(report) => break *report,
            },
            Some((id, result)) = calls.next() => {
                // A thread that has ended in the meantime does not need it.
                let _ = replies.send(Reply { id, result });
            }
            () = sleep_until((deadline + GRACE).into()) => return None,
        }
    };
    // Calls that the scripts did not wait for are completed all the same, in the time that is left.
    if report.result.is_ok() && !calls.is_empty() {
        let rest = async { while calls.next().await.is_some() {} };
        let _ = timeout_at(deadline.into(), rest).await;
    }
    Some(report)
}

impl Shared {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a job to a thread and returns the thread. `None` if none is idle and none can be started.
    fn assign(self: &Arc<Self>, mut job: Job) -> Option<Thread> {
        loop {
            let worker = self.idle().pop();
            let worker = worker.or_else(|| self.spawn())?;
            job.worker = Some(worker.clone());
            match worker.jobs.send(job) {
                Ok(()) => return Some(worker.thread),
                // The thread has ended in the meantime.
                Err(returned) => job = returned.0,
            }
        }
    }

    /// Starts a thread and waits until it is ready.
    fn spawn(self: &Arc<Self>) -> Option<Worker> {
        let (sender, mut jobs) = asynchronous::unbounded_channel();
        let (ready, is_ready) = mpsc::channel();
        let shared = Arc::downgrade(self);
        let limits = self.limits;
        thread::Builder::new()
            .name("scripts".to_owned())
            .stack_size(limits.stack + STACK)
            .spawn(move || {
                let mut warm = Warm::new(limits).ok();
                let _ = ready.send(Thread::current());
                while let Some(job) = jobs.blocking_recv() {
                    let Some(shared) = shared.upgrade() else {
                        return;
                    };
                    if !work(&shared, &mut warm, job) {
                        return;
                    }
                }
            })
            .ok()?;
        let thread = is_ready.recv().ok()?;
        Some(Worker {
            jobs: sender,
            thread,
        })
    }

    /// Gives up on a thread that does not return: it gets the lowest priority, and another may take its slot.
    fn abandon(&self, state: &AtomicU8, thread: Thread) {
        let before = self.abandoned.fetch_add(1, Ordering::SeqCst);
        if before < MOST_ABANDONED
            && state
                .compare_exchange(RUNNING, ABANDONED, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
        {
            self.slots.add_permits(1);
            if let Err(error) = thread.put_last() {
                tracing::warn!(reason = %error, "a thread that does not come back keeps its priority");
            }
        } else {
            self.abandoned.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Does a job on this thread. `false` if the thread has been replaced in the meantime and must end.
fn work(shared: &Shared, warm: &mut Option<Warm>, job: Job) -> bool {
    let started = job.assignment.started;
    if warm.is_none() {
        *warm = Warm::new(shared.limits).ok();
    }
    let report = warm.as_ref().map(|warm| {
        let assignment = job.assignment;
        catch_unwind(AssertUnwindSafe(|| warm.run(assignment)))
    });
    let report = match report {
        Some(Ok(report)) => report,
        other => {
            if other.is_some() {
                // A panic may have left the runtime in any state: not even dropping it is safe.
                std::mem::forget(warm.take());
            }
            let failure = ScriptFailure::Threw {
                script: String::new(),
                message: "the engine itself failed".to_owned(),
                position: None,
            };
            Report::failed(started, failure)
        }
    };
    let mine = job
        .state
        .compare_exchange(RUNNING, DONE, Ordering::SeqCst, Ordering::SeqCst)
        .is_ok();
    if mine {
        shared.idle().extend(job.worker);
        drop(job.slot);
    } else {
        job.slot.forget();
        shared.abandoned.fetch_sub(1, Ordering::SeqCst);
    }
    let _ = job.events.send(Event::Done(Box::new(report)));
    if mine && let Some(used) = warm {
        used.tidy();
        if used.is_spent() {
            *warm = None;
            *warm = Warm::new(shared.limits).ok();
        }
    }
    mine
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::BoxFuture;
    use serde_json::Value;

    use super::*;
    use crate::{
        Scripts,
        engine::{Host, HostCall, HostError, Program, ReadBack},
    };

    struct Nowhere;

    impl Host for Nowhere {
        fn call(&self, _: HostCall) -> BoxFuture<'static, Result<Value, HostError>> {
            Box::pin(async { Err(HostError::from("there is nothing")) })
        }
    }

    fn nothing_to_run() -> Run {
        Run {
            program: Arc::new(Program::compile(&Scripts::default()).unwrap()),
            issuer: "https://tenant.example/".to_owned(),
            user: Value::Null,
            context: Value::Null,
            event: Value::Null,
            continued: None,
            can_redirect: false,
            read_back: ReadBack::EffectsOnly,
            left: None,
            host: Arc::new(Nowhere),
        }
    }

    fn shared() -> Arc<Shared> {
        Engine::new(Limits::default()).shared
    }

    #[tokio::test]
    async fn a_run_for_which_no_thread_is_free_in_time_is_busy() {
        let engine = Engine::new(Limits {
            wall: Duration::from_millis(1),
            ..Limits::default()
        });
        let slots = Arc::clone(&engine.shared.slots);
        let held = slots.try_acquire_many_owned(u32::try_from(THREADS).unwrap());
        let report = engine.run(nothing_to_run()).await;
        assert_eq!(report.result.map(|_| ()), Err(ScriptFailure::Busy));
        assert!(engine.shared.idle().is_empty(), "a thread was made");
        drop(held);
    }

    #[test]
    fn so_many_threads_are_replaced_and_no_more() {
        let shared = shared();
        let (stay, until) = mpsc::channel::<()>();
        let (sender, thread) = mpsc::channel();
        thread::spawn(move || {
            sender.send(Thread::current()).unwrap();
            until.recv().unwrap_err();
        });
        let thread = thread.recv().unwrap();
        for (abandoned, slots) in [(1, THREADS + 1), (2, THREADS + 2), (2, THREADS + 2)] {
            let state = AtomicU8::new(RUNNING);
            shared.abandon(&state, thread);
            assert_eq!(shared.abandoned.load(Ordering::SeqCst), abandoned);
            assert_eq!(shared.slots.available_permits(), slots);
        }
        drop(stay);
    }

    #[test]
    fn a_thread_that_has_come_back_is_not_replaced() {
        let shared = shared();
        shared.abandon(&AtomicU8::new(DONE), Thread::current());
        assert_eq!(shared.abandoned.load(Ordering::SeqCst), 0);
        assert_eq!(shared.slots.available_permits(), THREADS);
    }

    #[test]
    fn a_thread_that_comes_back_too_late_ends_and_leaves_its_slot_to_the_one_in_its_place() {
        for (state, goes_on, slots) in [(RUNNING, true, THREADS), (ABANDONED, false, THREADS - 1)] {
            let shared = shared();
            shared
                .abandoned
                .store(usize::from(!goes_on), Ordering::SeqCst);
            let (events, incoming) = asynchronous::unbounded_channel();
            let (_replies, received) = mpsc::channel();
            let job = Job {
                assignment: Assignment {
                    run: Arc::new(nothing_to_run()),
                    started: Instant::now(),
                    deadline: Instant::now(),
                    unwanted: Arc::default(),
                    progress: Arc::default(),
                    host: HostChannels {
                        events: events.clone(),
                        replies: received,
                    },
                },
                events,
                slot: Arc::clone(&shared.slots).try_acquire_owned().unwrap(),
                state: Arc::new(AtomicU8::new(state)),
                worker: None,
            };
            assert_eq!(work(&shared, &mut None, job), goes_on);
            assert_eq!(shared.slots.available_permits(), slots);
            assert_eq!(shared.abandoned.load(Ordering::SeqCst), 0);
            drop(incoming);
        }
    }
}
