//! `setTimeout`, `setInterval`, `setImmediate`, and the functions that clear them.

use std::{rc::Rc, time::Duration};

use rquickjs::{
    Ctx, Exception, Function, Object, Persistent, Value,
    function::{Opt, Rest},
};

use super::{bridge::Bridge, timers::Timer};

/// Longest delay in milliseconds. As in Node, a longer one becomes one millisecond.
const LONGEST: f64 = 2_147_483_647.0;

/// The function that sets a timer.
#[derive(Clone, Copy)]
enum Kind {
    Timeout,
    Interval,
    Immediate,
}

/// Adds the functions to a context.
pub(super) fn install<'js>(
    ctx: &Ctx<'js>,
    globals: &Object<'js>,
    bridge: &Rc<Bridge>,
) -> rquickjs::Result<()> {
    for (name, kind) in [
        ("setTimeout", Kind::Timeout),
        ("setInterval", Kind::Interval),
        ("setImmediate", Kind::Immediate),
    ] {
        globals.set(name, setter(ctx, name, kind, Rc::clone(bridge))?)?;
    }
    for name in ["clearTimeout", "clearInterval", "clearImmediate"] {
        let bridge = Rc::clone(bridge);
        let clear = move |id: Opt<Value<'js>>| {
            if let Some(id) = id.0.as_ref().and_then(Value::as_int) {
                let id = u32::try_from(id).unwrap_or_default();
                bridge.timers.borrow_mut().clear(id);
            }
        };
        globals.set(name, Function::new(ctx.clone(), clear)?.with_name(name)?)?;
    }
    Ok(())
}

fn setter<'js>(
    ctx: &Ctx<'js>,
    name: &str,
    kind: Kind,
    bridge: Rc<Bridge>,
) -> rquickjs::Result<Function<'js>> {
    let set = move |ctx: Ctx<'js>, function: Value<'js>, Rest(mut rest): Rest<Value<'js>>| {
        let Some(function) = function.into_function() else {
            return Err(Exception::throw_type(&ctx, "the callback is no function"));
        };
        let delay = match kind {
            Kind::Immediate => Duration::ZERO,
            Kind::Timeout | Kind::Interval if rest.is_empty() => milliseconds(None),
            Kind::Timeout | Kind::Interval => milliseconds(rest.remove(0).as_number()),
        };
        let timer = Timer {
            script: bridge.script(),
            function: Persistent::save(&ctx, function),
            arguments: rest
                .into_iter()
                .map(|argument| Persistent::save(&ctx, argument))
                .collect(),
            every: matches!(kind, Kind::Interval).then_some(delay),
        };
        let added = bridge.timers.borrow_mut().add(delay, timer);
        added.ok_or_else(|| Exception::throw_range(&ctx, "too many timers"))
    };
    Function::new(ctx.clone(), set)?.with_name(name)
}

/// A delay as Node reads it: one millisecond unless it is a number from 1 to [`LONGEST`].
fn milliseconds(delay: Option<f64>) -> Duration {
    match delay {
        Some(delay) if (1.0..=LONGEST).contains(&delay) => {
            Duration::from_secs_f64(delay.trunc() / 1_000.0)
        }
        _ => Duration::from_millis(1),
    }
}
