//! Converts exceptions to [`ScriptFailure`].

use rquickjs::{Ctx, Error, Object, Value};

use super::{ScriptFailure, bridge::Bridge, fault::Fault, json, watch::Stop};

/// Longest message that is kept, in characters.
const LONGEST: usize = 2_000;

impl Fault {
    /// Converts the fault to the failure that is reported.
    pub(super) fn into_failure(self, ctx: &Ctx<'_>, bridge: &Bridge) -> ScriptFailure {
        let failure = match self {
            Self::Stop(stop) => return stopped(stop, bridge),
            Self::Known(failure) => failure,
            Self::Threw(Error::Exception) => thrown(ctx, &ctx.catch(), bridge),
            Self::Threw(error) => ScriptFailure::Threw {
                script: bridge.script().to_string(),
                message: error.to_string(),
                position: None,
            },
        };
        // Reading the exception may have run a script's getters, and they may have exceeded a limit.
        bridge
            .watch
            .noticed()
            .map_or(failure, |stop| stopped(stop, bridge))
    }
}

fn stopped(stop: Stop, bridge: &Bridge) -> ScriptFailure {
    let script = bridge.script().to_string();
    match stop {
        Stop::CpuTime => ScriptFailure::CpuTime { script },
        Stop::WallTime | Stop::Unwanted => ScriptFailure::WallTime { script },
        Stop::Memory => ScriptFailure::Memory { script },
    }
}

/// The failure for a value that a script threw, called back with, or rejected a promise with.
pub(super) fn thrown<'js>(ctx: &Ctx<'js>, value: &Value<'js>, bridge: &Bridge) -> ScriptFailure {
    let script = bridge.script().to_string();
    let Some(error) = value.as_object() else {
        return ScriptFailure::Threw {
            message: shortened(&plain(ctx, value)),
            position: None,
            script,
        };
    };
    let message = match property(ctx, error, "message") {
        Some(message) => shortened(&message),
        None => shortened(&plain(ctx, value)),
    };
    if property(ctx, error, "name").as_deref() == Some("UnauthorizedError") {
        return ScriptFailure::Unauthorized { script, message };
    }
    let position = property(ctx, error, "stack").and_then(|stack| position(&stack, &script));
    ScriptFailure::Threw {
        script,
        message,
        position,
    }
}

/// The failure of a script that ended without an answer: its first unhandled rejection, if there is one.
pub(super) fn silent(ctx: &Ctx<'_>, bridge: &Bridge) -> ScriptFailure {
    let reason = bridge.rejections.borrow().first(ctx);
    match reason {
        Some(reason) => thrown(ctx, &reason, bridge),
        None => ScriptFailure::NeverCalledBack {
            script: bridge.script().to_string(),
        },
    }
}

/// A string property; `None` if it is not a string or its getter throws.
fn property<'js>(ctx: &Ctx<'js>, object: &Object<'js>, name: &str) -> Option<String> {
    match object.get::<_, Value>(name) {
        Ok(value) => value.as_string().map(|value| json::text(ctx, value)),
        Err(_) => {
            ctx.catch();
            None
        }
    }
}

/// A value that is not an `Error`, as text.
fn plain<'js>(ctx: &Ctx<'js>, value: &Value<'js>) -> String {
    if let Some(text) = value.as_string() {
        return json::text(ctx, text);
    }
    match ctx.json_stringify(value.clone()) {
        Ok(Some(text)) => json::text(ctx, &text),
        Ok(None) => value.type_name().to_owned(),
        Err(_) => {
            ctx.catch();
            value.type_name().to_owned()
        }
    }
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// The first position in a stack that is in this script, as `<script>:<line>:<column>`.
pub(super) fn position(stack: &str, script: &str) -> Option<String> {
    let (line, column) = place(stack, script)?;
    Some(format!("{script}:{line}:{column}"))
}

/// Line and column of the first position in a stack that is in this script.
pub(super) fn place(stack: &str, script: &str) -> Option<(u32, u32)> {
    let mark = format!("{}:", script.replace('\0', " "));
    stack.match_indices(&mark).find_map(|(at, _)| {
        let (line, rest) = number(&stack[at + mark.len()..])?;
        let (column, _) = number(rest.strip_prefix(':')?)?;
        Some((line, column))
    })
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_the_first_of_the_script_itself() {
        let stack =
            "    at helper (library:9:9)\n    at f (My rule: v2:3:14)\n    at My rule: v2:7:1\n";
        assert_eq!(
            position(stack, "My rule: v2").as_deref(),
            Some("My rule: v2:3:14")
        );
        assert_eq!(position(stack, "Other"), None);
        assert_eq!(position("at Other:x:1", "Other"), None);
    }
}
