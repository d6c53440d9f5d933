//! The timers that scripts set.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
    time::{Duration, Instant},
};

use rquickjs::{Ctx, Function, Persistent, Value, function::Args};

/// Most timers that may wait at once.
const MOST: usize = 1_000;
/// A timer that has been set.
pub(super) struct Timer {
    pub(super) script: Rc<str>,
    pub(super) function: Persistent<Function<'static>>,
    pub(super) arguments: Vec<Persistent<Value<'static>>>,
    /// The time between two calls; `None` for a timer that calls once.
    pub(super) every: Option<Duration>,
}

/// The timers of a run.
#[derive(Default)]
pub(super) struct Timers {
    waiting: BTreeMap<(Instant, u32), Rc<Timer>>,
    due: HashMap<u32, Instant>,
    last: u32,
}

impl Timers {
    /// Time at which the next timer is due; `None` if none waits.
    pub(super) fn next(&self) -> Option<Instant> {
        self.waiting.keys().next().map(|(due, _)| *due)
    }

    /// Takes the next timer that is due at `now`. An interval is set again.
    pub(super) fn due(&mut self, now: Instant) -> Option<Rc<Timer>> {
        let (due, id) = *self.waiting.keys().next()?;
        if due > now {
            return None;
        }
        let timer = self.waiting.remove(&(due, id))?;
        self.due.remove(&id);
        if let Some(every) = timer.every {
            self.set(id, now + every, Rc::clone(&timer));
        }
        Some(timer)
    }

    fn set(&mut self, id: u32, due: Instant, timer: Rc<Timer>) {
        self.due.insert(id, due);
        self.waiting.insert((due, id), timer);
    }

    /// Sets a timer and returns its id; `None` if too many timers wait.
    pub(super) fn add(&mut self, delay: Duration, timer: Timer) -> Option<u32> {
        if self.waiting.len() >= MOST {
            return None;
        }
        self.last = self.last.wrapping_add(1).max(1);
        self.set(self.last, Instant::now() + delay, Rc::new(timer));
        Some(self.last)
    }

    /// Clears a timer; an unknown id is ignored, as in Node.
    pub(super) fn clear(&mut self, id: u32) {
        if let Some(due) = self.due.remove(&id) {
            self.waiting.remove(&(due, id));
        }
    }
}

impl Timer {
    pub(super) fn fire(&self, ctx: &Ctx<'_>) -> rquickjs::Result<()> {
        let mut arguments = Args::new_unsized(ctx.clone());
        for argument in &self.arguments {
            arguments.push_arg(argument.clone().restore(ctx)?)?;
        }
        let _: Value = self.function.clone().restore(ctx)?.call_arg(arguments)?;
        Ok(())
    }
}
