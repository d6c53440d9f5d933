//! The clocks of a run, and the reason why it must stop, which stays until the next run begins.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

use super::heap::Heap;

/// The reason why scripts must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    CpuTime,
    WallTime,
    Memory,
    /// The caller no longer waits for the answer.
    Unwanted,
}

/// The bounds of a run.
#[derive(Debug)]
pub(super) struct Bounds {
    /// CPU time from the beginning of the run.
    pub(super) cpu: Duration,
    pub(super) deadline: Instant,
    pub(super) unwanted: Arc<AtomicBool>,
}

/// Watches a run for the interrupt handler.
#[derive(Debug)]
pub(super) struct Watch {
    heap: Rc<Heap>,
    bounds: RefCell<Option<Bounds>>,
    since: Cell<Duration>,
    stop: Cell<Option<Stop>>,
}

impl Watch {
    pub(super) fn new(heap: Rc<Heap>) -> Self {
        Self {
            heap,
            bounds: RefCell::new(None),
            since: Cell::new(Duration::ZERO),
            stop: Cell::new(None),
        }
    }

    pub(super) fn begin(&self, bounds: Bounds) {
        self.bounds.replace(Some(bounds));
        self.since.set(thread_cpu());
        self.stop.set(None);
    }

    /// Ends the run: the engine's own work is not interrupted.
    pub(super) fn end(&self) {
        self.bounds.replace(None);
    }

    /// CPU time since the beginning of the run.
    pub(super) fn cpu(&self) -> Duration {
        thread_cpu().saturating_sub(self.since.get())
    }

    /// Time by which there must be an answer; `None` outside a run.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.bounds.borrow().as_ref().map(|bounds| bounds.deadline)
    }

    /// The reason to stop that has been noticed so far, without reading the clocks.
    pub(super) fn noticed(&self) -> Option<Stop> {
        if self.stop.get().is_none() && self.heap.exceeded() {
            self.stop.set(Some(Stop::Memory));
        }
        self.stop.get()
    }

    /// Reads the clocks, and returns the reason to stop, if there is one.
    pub(super) fn look(&self) -> Option<Stop> {
        if let Some(stop) = self.noticed() {
            return Some(stop);
        }
        let bounds = self.bounds.borrow();
        let bounds = bounds.as_ref()?;
        let stop = if bounds.unwanted.load(Ordering::Relaxed) {
            Some(Stop::Unwanted)
        } else if self.cpu() > bounds.cpu {
            Some(Stop::CpuTime)
        } else if Instant::now() >= bounds.deadline {
            Some(Stop::WallTime)
        } else {
            None
        };
        self.stop.set(stop);
        stop
    }
}

/// CPU time of this thread.
fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}
