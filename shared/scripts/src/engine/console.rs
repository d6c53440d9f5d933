//! `console`. [`Logs`](super::logs::Logs) keeps its lines.

use std::rc::Rc;

use rquickjs::{Ctx, Function, Object, Value, function::Rest};

use super::{LogLevel, bridge::Bridge, json};

/// The methods of `console`, each with its level.
const METHODS: [(&str, LogLevel); 7] = [
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Debug),
    ("log", LogLevel::Info),
    ("info", LogLevel::Info),
    ("dir", LogLevel::Info),
    ("warn", LogLevel::Warn),
    ("error", LogLevel::Error),
];

pub(super) fn console<'js>(ctx: &Ctx<'js>, bridge: &Rc<Bridge>) -> rquickjs::Result<Value<'js>> {
    let console = Object::new(ctx.clone())?;
    for (name, level) in METHODS {
        let bridge = Rc::clone(bridge);
        let say = move |ctx: Ctx<'js>, Rest(values): Rest<Value<'js>>| {
            if bridge.logs.borrow().is_full() {
                return;
            }
            let texts: Vec<String> = values.iter().map(|value| value_text(&ctx, value)).collect();
            let script = bridge.script();
            let mut logs = bridge.logs.borrow_mut();
            logs.add(level, &script, texts.join(" "));
        };
        console.set(name, Function::new(ctx.clone(), say)?.with_name(name)?)?;
    }
    Ok(console.into_value())
}

/// A value as text for a line, roughly as Node prints it.
fn value_text<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> String {
    if let Some(text) = value.as_string() {
        return json::text(ctx, text);
    }
    if value.is_undefined() {
        return "undefined".to_owned();
    }
    if let Some(number) = value.as_number()
        && !number.is_finite()
    {
        return number.to_string().replace("inf", "Infinity");
    }
    if let Some(object) = value.as_object()
        && let Some(text) = object_text(ctx, object)
    {
        return text;
    }
    match ctx.json_stringify(value.clone()) {
        Ok(Some(text)) => json::text(ctx, &text),
        Ok(None) => format!("[{}]", value.type_name()),
        Err(_) => {
            ctx.catch();
            format!("[{}]", value.type_name())
        }
    }
}

/// Functions and errors as text, which JSON would lose; `None` for other objects.
fn object_text<'js>(ctx: &Ctx<'js>, object: &Object<'js>) -> Option<String> {
    let property = |name: &str| match object.get::<_, Value>(name) {
        Ok(value) => value.as_string().map(|text| json::text(ctx, text)),
        Err(_) => {
            ctx.catch();
            None
        }
    };
    if object.is_function() {
        let name = property("name").filter(|name| !name.is_empty());
        return Some(format!(
            "[Function: {}]",
            name.as_deref().unwrap_or("(anonymous)")
        ));
    }
    if object.is_error() {
        let name = property("name").unwrap_or_else(|| "Error".to_owned());
        let message = property("message").unwrap_or_default();
        let stack = property("stack").unwrap_or_default();
        return Some(format!("{name}: {message}\n{}", stack.trim_end()));
    }
    None
}
