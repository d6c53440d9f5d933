//! Promises that were rejected without a handler: the reasons why a script did not answer.

use rquickjs::{Ctx, Persistent, Value};

/// Most rejections that are kept. Only the first is reported.
const MOST: usize = 16;

/// The promises of a run that were rejected without a handler, in order, each with its reason.
#[derive(Default)]
pub(super) struct Rejections(Vec<(Persistent<Value<'static>>, Persistent<Value<'static>>)>);

impl Rejections {
    /// Adds a rejected promise, or removes it because it got a handler after all.
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

    /// The reason of the first rejection.
    pub(super) fn first<'js>(&self, ctx: &Ctx<'js>) -> Option<Value<'js>> {
        let (_, reason) = self.0.first()?;
        reason.clone().restore(ctx).ok()
    }
}
