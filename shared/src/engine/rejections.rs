//! Promises that were rejected while nobody listened: what a script says instead of an answer.

use rquickjs::{Ctx, Persistent, Value};

/// How many are kept. The first one tells why.
const MOST: usize = 16;

/// The rejected promises of a run, in order, and why each was.
#[derive(Default)]
pub(super) struct Rejections(Vec<(Persistent<Value<'static>>, Persistent<Value<'static>>)>);

impl Rejections {
    /// A promise was rejected, or somebody listens to it after all.
    pub(super) fn note<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        promise: Value<'js>,
        reason: Value<'js>,
        handled: bool,
    ) {
        let promise = Persistent::save(ctx, promise);
        if handled {
            self.0.retain(|(other, _)| *other != promise);
        } else if self.0.len() < MOST {
            self.0.push((promise, Persistent::save(ctx, reason)));
        }
    }

    /// Why the first was.
    pub(super) fn first<'js>(&self, ctx: &Ctx<'js>) -> Option<Value<'js>> {
        let (_, reason) = self.0.first()?;
        reason.clone().restore(ctx).ok()
    }
}
