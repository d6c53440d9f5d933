//! Runs Rules in order, all in the same context.

use std::{cell::RefCell, rc::Rc};

use rquickjs::{
    Ctx, Function, Object, Persistent, Value,
    function::{Opt, Rest},
    promise::PromiseState,
};
use serde_json::Value as Json;

use super::{
    ReadBack, Run, ScriptFailure,
    bridge::Bridge,
    failure,
    fault::Fault,
    json::{self, JsonError},
    program::Compiled,
};
use crate::objects::{CONTEXT_WITH_EFFECT, user_has_effect};

/// The arguments with which a Rule called back.
struct Answer {
    error: Persistent<Value<'static>>,
    user: Persistent<Value<'static>>,
    context: Persistent<Value<'static>>,
}

/// One of the two objects that Rules pass on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    User,
    Context,
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Context => "context",
        }
    }

    /// The members of an object that have an effect.
    fn with_effect<'js>(self, object: &Object<'js>) -> rquickjs::Result<Value<'js>> {
        let kept = Object::new_proto(object.ctx().clone(), None)?;
        let keep = |member: &str| kept.set(member, object.get::<_, Value>(member)?);
        match self {
            Self::User => {
                for member in object.keys::<String>() {
                    let member = member?;
                    if user_has_effect(&member) {
                        keep(&member)?;
                    }
                }
            }
            Self::Context => {
                for member in CONTEXT_WITH_EFFECT {
                    keep(member)?;
                }
            }
        }
        Ok(kept.into_value())
    }
}

/// The callback of one Rule: number of calls, and the arguments of the first.
struct Callback {
    script: Rc<str>,
    calls: RefCell<(u32, Option<Answer>)>,
}

/// Runs all Rules and returns `user` and `context`.
pub(super) fn run(
    ctx: &Ctx<'_>,
    bridge: &Rc<Bridge>,
    run: &Run,
    most: usize,
    entered: impl Fn(usize),
) -> Result<(Json, Json), Fault> {
    let mut user = json::to_js(ctx, &run.user)?;
    let mut context = json::to_js(ctx, &run.context)?;
    let mut callbacks: Vec<Rc<Callback>> = Vec::new();
    for (position, rule) in run.program.rules.iter().enumerate() {
        entered(position);
        let script: Rc<str> = Rc::from(rule.name.as_str());
        bridge.enter(&script);
        let callback = Rc::new(Callback {
            script: Rc::clone(&script),
            calls: RefCell::default(),
        });
        callbacks.push(Rc::clone(&callback));
        let returned = start(ctx, rule, &callback, (&user, &context))?;
        let answer = answer(ctx, bridge, &callbacks, &callback, &returned)?;
        bridge.enter(&script);
        let error = answer.error.restore(ctx)?;
        if is_truthy(&error) {
            return Err(failure::thrown(ctx, &error, bridge).into());
        }
        user = kept(ctx, bridge, Part::User, user, answer.user)?;
        context = kept(ctx, bridge, Part::Context, context, answer.context)?;
    }
    let (user, size) = left(ctx, bridge, (Part::User, user), run.read_back, most)?;
    let (context, _) = left(
        ctx,
        bridge,
        (Part::Context, context),
        run.read_back,
        most - size,
    )?;
    Ok((user, context))
}

/// Calls a Rule and returns its return value.
fn start<'js>(
    ctx: &Ctx<'js>,
    rule: &Compiled,
    callback: &Rc<Callback>,
    (user, context): (&Value<'js>, &Value<'js>),
) -> Result<Value<'js>, Fault> {
    let function: Function = rule.bytecode.run(ctx)?.get()?;
    let callback = Rc::clone(callback);
    let called = move |ctx: Ctx<'js>,
                       error: Opt<Value<'js>>,
                       user: Opt<Value<'js>>,
                       context: Opt<Value<'js>>,
                       _: Rest<Value<'js>>| {
        let mut calls = callback.calls.borrow_mut();
        calls.0 += 1;
        if calls.0 == 1 {
            let save = |value: Opt<Value<'js>>| {
                let value = value.0.unwrap_or_else(|| Value::new_undefined(ctx.clone()));
                Persistent::save(&ctx, value)
            };
            calls.1 = Some(Answer {
                error: save(error),
                user: save(user),
                context: save(context),
            });
        }
    };
    let called = Function::new(ctx.clone(), called)?.with_name("callback")?;
    Ok(function.call((user.clone(), context.clone(), called))?)
}

/// Waits until a Rule has called back or can no longer do so.
fn answer<'js>(
    ctx: &Ctx<'js>,
    bridge: &Bridge,
    callbacks: &[Rc<Callback>],
    callback: &Callback,
    returned: &Value<'js>,
) -> Result<Answer, Fault> {
    loop {
        bridge.drain(ctx)?;
        if let Some(again) = callbacks
            .iter()
            .find(|callback| callback.calls.borrow().0 > 1)
        {
            let script = again.script.to_string();
            return Err(ScriptFailure::CalledBackTwice { script }.into());
        }
        if let Some(promise) = returned.as_promise()
            && promise.state() == PromiseState::Rejected
            && let Some(Err(error)) = promise.result::<Value>()
        {
            return Err(error.into());
        }
        if let Some(answer) = callback.calls.borrow_mut().1.take() {
            return Ok(answer);
        }
        if !bridge.turn(ctx)? {
            bridge.enter(&callback.script);
            return Err(failure::silent(ctx, bridge).into());
        }
        bridge.enter(&callback.script);
    }
}

/// The object with which a Rule called back, or the previous one if it gave none.
fn kept<'js>(
    ctx: &Ctx<'js>,
    bridge: &Bridge,
    part: Part,
    before: Value<'js>,
    after: Persistent<Value<'static>>,
) -> Result<Value<'js>, Fault> {
    let after = after.restore(ctx)?;
    if after.is_undefined() || after.is_null() {
        return Ok(before);
    }
    if !after.is_object() {
        return Err(output(
            bridge,
            format!("called back with a {} that is no object", part.name()),
        )
        .into());
    }
    Ok(after)
}

/// One of the two objects, as the last Rule left it, with its size in bytes of JSON.
fn left<'js>(
    ctx: &Ctx<'js>,
    bridge: &Bridge,
    (part, value): (Part, Value<'js>),
    read_back: ReadBack,
    most: usize,
) -> Result<(Json, usize), Fault> {
    let value = match (read_back, value.as_object()) {
        // An array or a function is not a JSON object, so its members do not count.
        (ReadBack::EffectsOnly, Some(object)) if !object.is_array() && !object.is_function() => {
            part.with_effect(object).map_err(|_| JsonError::Threw)
        }
        _ => Ok(value),
    };
    let name = part.name();
    match value.and_then(|value| json::from_js(ctx, value, most)) {
        Ok((json, size)) if json.is_object() => Ok((json, size)),
        Ok(_) => Err(output(bridge, format!("{name} is no object")).into()),
        Err(JsonError::NoJson(reason)) => Err(output(bridge, format!("{name}: {reason}")).into()),
        Err(JsonError::TooLarge) => Err(output(bridge, format!("{name} is too large")).into()),
        Err(JsonError::Threw) => {
            let thrown = ctx.catch();
            let reason = match failure::thrown(ctx, &thrown, bridge) {
                ScriptFailure::Threw { message, .. } => message,
                other => other.to_string(),
            };
            Err(output(bridge, format!("{name}: {reason}")).into())
        }
    }
}

fn output(bridge: &Bridge, reason: String) -> ScriptFailure {
    ScriptFailure::Output {
        script: bridge.script().to_string(),
        reason,
    }
}

/// True if a callback's first argument is an error, that is, truthy in JavaScript.
fn is_truthy(value: &Value<'_>) -> bool {
    if let Some(text) = value.as_string() {
        return text.to_string().map_or(true, |text| !text.is_empty());
    }
    if let Some(number) = value.as_number() {
        return number != 0.0 && !number.is_nan();
    }
    value
        .as_bool()
        .unwrap_or_else(|| !value.is_undefined() && !value.is_null())
}
