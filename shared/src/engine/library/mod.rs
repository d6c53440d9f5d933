//! What scripts may `require`, and what is there without.

use std::rc::Rc;

use rquickjs::Ctx;

use super::bridge::Bridge;

/// Adds it to a context that is made for a run.
pub(super) fn install(ctx: &Ctx<'_>, bridge: &Rc<Bridge>) -> rquickjs::Result<()> {
    let _ = bridge;
    ctx.globals().remove("require")
}
