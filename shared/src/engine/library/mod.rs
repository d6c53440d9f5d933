//! What scripts may `require`, and what is there without.
//!
//! A module is a JavaScript file, `(function (exports, module, require, host) {...})`, that runs when it is
//! first asked for. Everything that is more than language, it asks of [`natives`]. Nothing is shared between
//! contexts but the compiled code.

mod natives;

use std::rc::Rc;

use rquickjs::{Array, Ctx, Function, IntoJs, Object, Result, Value};

use natives::Natives;

use super::bridge::Bridge;

/// What defines `require` and the globals in a context.
const INSTALL: &str = include_str!("js/install.js");

/// A module.
struct Module {
    /// What scripts call it; those whose name begins with `internal/` are for other modules only.
    name: &'static str,
    source: &'static str,
    natives: Option<Natives>,
}

macro_rules! module {
    ($name:literal, $file:literal) => {
        Module {
            name: $name,
            source: include_str!(concat!("js/", $file, ".js")),
            natives: None,
        }
    };
    ($name:literal, $file:literal, $natives:path) => {
        Module {
            name: $name,
            source: include_str!(concat!("js/", $file, ".js")),
            natives: Some($natives),
        }
    };
}

const MODULES: [Module; 25] = [
    module!("async", "async"),
    module!("bcrypt", "bcrypt", natives::passwords),
    module!("bluebird", "bluebird"),
    module!("buffer", "buffer", natives::bytes),
    module!("crypto", "crypto", natives::crypto),
    module!("events", "events"),
    module!("internal/callbacks", "callbacks"),
    module!("internal/encoding", "encoding"),
    module!("internal/lodash_arrays", "lodash_arrays"),
    module!("internal/lodash_collections", "lodash_collections"),
    module!("internal/lodash_lang", "lodash_lang"),
    module!("internal/lodash_objects", "lodash_objects"),
    module!("internal/lodash_strings", "lodash_strings"),
    module!("internal/process", "process"),
    module!("internal/structured_clone", "structured_clone"),
    module!("internal/whatwg_url", "whatwg_url", natives::url),
    module!("jsonwebtoken", "jsonwebtoken", natives::crypto),
    module!("lodash", "lodash"),
    module!("ms", "ms"),
    module!("q", "q"),
    module!("querystring", "querystring"),
    module!("range_check", "range_check"),
    module!("url", "url"),
    module!("util", "util"),
    module!("uuid", "uuid"),
];

/// Other names of modules.
const ALIASES: [(&str, &str); 2] = [("bcryptjs", "bcrypt"), ("underscore", "lodash")];

/// What is not there though Rules have used it, and what to use instead.
const INSTEAD: [(&str, &str); 6] = [
    (
        "auth0",
        "use auth0.users.updateAppMetadata and updateUserMetadata",
    ),
    ("fs", "scripts have no files"),
    ("http", "use fetch, request or axios"),
    ("https", "use fetch, request or axios"),
    ("moment", "use Date"),
    ("superagent", "use fetch, request or axios"),
];

/// Defines `require` and the globals in a fresh context. Nothing else happens until a script asks.
pub(super) fn install<'js>(ctx: &Ctx<'js>, bridge: &Rc<Bridge>) -> Result<()> {
    let _ = bridge;
    let install: Function = ctx.eval(INSTALL)?;
    install.call((
        ctx.globals(),
        Function::new(ctx.clone(), find)?,
        Function::new(ctx.clone(), explain)?,
    ))
}

/// A module's function and its natives, another name to look for, or nothing.
#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn find<'js>(ctx: Ctx<'js>, name: String) -> Result<Value<'js>> {
    if let Some((_, other)) = ALIASES.iter().find(|(alias, _)| *alias == name) {
        return other.into_js(&ctx);
    }
    let Some(module) = MODULES.iter().find(|module| module.name == name) else {
        return Ok(Value::new_undefined(ctx));
    };
    let code: Function = ctx.eval(module.source)?;
    let host = match module.natives {
        Some(natives) => natives(&ctx)?,
        None => Object::new(ctx.clone())?,
    };
    let found = Array::new(ctx)?;
    found.set(0, code)?;
    found.set(1, host)?;
    Ok(found.into_value())
}

/// Why there is no such module.
#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn explain(name: String) -> String {
    let instead = INSTEAD.iter().find(|(known, _)| *known == name);
    let instead = instead.map_or(String::new(), |(_, what)| format!(": {what}"));
    let mut names: Vec<&str> = MODULES
        .iter()
        .map(|module| module.name)
        .chain(ALIASES.iter().map(|(alias, _)| *alias))
        .filter(|name| !name.starts_with("internal/"))
        .collect();
    names.sort_unstable();
    format!(
        "Cannot find module '{name}'{instead}. There are: {}",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests;
