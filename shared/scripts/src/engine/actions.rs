//! Runs post-login Actions in order, each in its own context.

use std::{cell::RefCell, rc::Rc};

use rquickjs::{Ctx, Function, Object, Value, promise::PromiseState};
use serde_json::Value as Json;

use super::{
    Run, ScriptFailure,
    api::{self, Commands, Facts},
    bridge::Bridge,
    failure,
    fault::Fault,
    json,
    program::CompiledAction,
};
use crate::Command;

/// The state that the Actions of a run share: their event, and the commands that they have recorded so far.
pub(super) struct Chain<'a> {
    run: &'a Run,
    event: Json,
    commands: Rc<RefCell<Commands>>,
}

impl<'a> Chain<'a> {
    /// Begins a chain whose commands may take `most` bytes in total.
    pub(super) fn new(run: &'a Run, most: usize) -> Self {
        Self {
            run,
            event: run.event.clone(),
            commands: Rc::new(RefCell::new(Commands::new(most))),
        }
    }

    /// The commands that the Actions recorded, in order.
    pub(super) fn into_commands(self) -> Vec<Command> {
        self.commands.borrow_mut().take()
    }

    /// True if an Action has denied access or redirected the browser, so that no other Action runs.
    pub(super) fn is_over(&self) -> bool {
        self.commands.borrow().end_the_run()
    }

    /// Runs the Action at this position.
    pub(super) fn run(
        &mut self,
        ctx: &Ctx<'_>,
        bridge: &Rc<Bridge>,
        position: usize,
    ) -> Result<(), Fault> {
        let action = &self.run.program.actions[position];
        bridge.enter(&Rc::from(action.script.name.as_str()));
        let before = self.commands.borrow().len();
        let event = self.event(ctx, action)?;
        let facts = Facts {
            run: self.run,
            action: position,
            // The Action that redirected the browser, and those before it, cannot do so again.
            ignores_redirect: self.run.continued.is_some_and(|last| position <= last),
        };
        let api = api::make(ctx, bridge, &self.commands, &event, &facts)?;
        let exports = module(ctx, action)?;
        let is_back = self.run.continued == Some(position);
        let execute = handler(bridge, &exports, "onExecutePostLogin", !is_back)?;
        let resume = if is_back {
            handler(bridge, &exports, "onContinuePostLogin", true)?
        } else {
            None
        };
        for function in [execute, resume].into_iter().flatten() {
            let returned: Value = function.call((event.clone(), api.clone()))?;
            settled(ctx, bridge, returned)?;
        }
        for command in self.commands.borrow().since(before) {
            remember(&mut self.event, command);
        }
        Ok(())
    }

    fn event<'js>(&self, ctx: &Ctx<'js>, action: &CompiledAction) -> Result<Object<'js>, Fault> {
        let event: Object = json::to_js(ctx, &self.event)?.get()?;
        let secrets = Object::new(ctx.clone())?;
        for (name, value) in &action.secrets {
            secrets.set(name.as_str(), value.expose())?;
        }
        event.set("secrets", secrets)?;
        Ok(event)
    }
}

/// Evaluates an Action's module and returns its exports.
fn module<'js>(ctx: &Ctx<'js>, action: &CompiledAction) -> Result<Object<'js>, Fault> {
    let body: Function = action.script.bytecode.run(ctx)?.get()?;
    let module = Object::new(ctx.clone())?;
    let exports = Object::new(ctx.clone())?;
    module.set("exports", exports.clone())?;
    let require: Value = ctx.globals().get("require")?;
    body.call::<_, ()>((exports, module.clone(), require))?;
    let exports: Value = module.get("exports")?;
    match exports.into_object() {
        Some(exports) => Ok(exports),
        None => Ok(Object::new(ctx.clone())?),
    }
}

/// A handler that a module exports. `None` if it is missing, and either not `needed` or the `onExecutePostLogin` of
/// a module that exports only `onContinuePostLogin`.
fn handler<'js>(
    bridge: &Bridge,
    exports: &Object<'js>,
    name: &str,
    needed: bool,
) -> Result<Option<Function<'js>>, Fault> {
    let value: Value = exports.get(name)?;
    if value.is_undefined() {
        let other: Value = exports.get("onContinuePostLogin")?;
        if !needed || (name == "onExecutePostLogin" && other.is_function()) {
            return Ok(None);
        }
    }
    match value.into_function() {
        Some(function) => Ok(Some(function)),
        None => Err(ScriptFailure::Threw {
            script: bridge.script().to_string(),
            message: format!("exports.{name} is no function"),
            position: None,
        }
        .into()),
    }
}

/// Waits until a handler's return value, which may be a promise, is settled.
fn settled<'js>(ctx: &Ctx<'js>, bridge: &Bridge, returned: Value<'js>) -> Result<(), Fault> {
    let script = bridge.script();
    let (promise, resolve, _) = ctx.promise()?;
    resolve.call::<_, ()>((returned,))?;
    loop {
        bridge.drain(ctx)?;
        match promise.state() {
            PromiseState::Resolved => return Ok(()),
            PromiseState::Rejected => {
                if let Some(Err(error)) = promise.result::<Value>() {
                    return Err(error.into());
                }
                return Ok(());
            }
            PromiseState::Pending => {}
        }
        let goes_on = bridge.turn(ctx)?;
        bridge.enter(&script);
        if !goes_on {
            return Err(failure::silent(ctx, bridge).into());
        }
    }
}

/// Shows later Actions the metadata that a command sets.
fn remember(event: &mut Json, command: &Command) {
    let (field, name, value) = match command {
        Command::SetAppMetadata { name, value } => ("app_metadata", name, value),
        Command::SetUserMetadata { name, value } => ("user_metadata", name, value),
        _ => return,
    };
    let Some(user) = event.get_mut("user").and_then(Json::as_object_mut) else {
        return;
    };
    let metadata = user
        .entry(field)
        .or_insert_with(|| Json::Object(serde_json::Map::new()));
    if let Some(metadata) = metadata.as_object_mut() {
        if value.is_null() {
            metadata.remove(name);
        } else {
            metadata.insert(name.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_that_is_set_is_seen_and_null_removes_it() {
        let mut event = json!({ "user": { "app_metadata": { "a": 1 } } });
        for (name, value) in [("a", Json::Null), ("b", json!(2))] {
            let name = name.to_owned();
            remember(&mut event, &Command::SetAppMetadata { name, value });
        }
        let name = "c".to_owned();
        let value = json!(3);
        remember(&mut event, &Command::SetUserMetadata { name, value });
        assert_eq!(
            event,
            json!({ "user": { "app_metadata": { "b": 2 }, "user_metadata": { "c": 3 } } })
        );
    }
}
