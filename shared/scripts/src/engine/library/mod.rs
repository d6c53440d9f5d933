//! The modules that scripts may `require`, and the globals of the library.
//!
//! A module is a JavaScript file, `(function (exports, module, require, host) {...})`, that runs when it is first
//! required. It calls [`natives`] for everything that the language cannot do. Contexts share only the compiled code.

mod globals;
mod natives;

use std::{rc::Rc, sync::OnceLock};

use rquickjs::{Array, Ctx, Function, IntoJs, Object, Result, Value};

use super::{bridge::Bridge, bytecode::Bytecode};
pub(super) use globals::Globals;
use natives::Natives;

/// The file that defines `require` and the globals in a context.
static INSTALL: Code = Code::new("install", include_str!("js/install.js"));

/// A file of the library, compiled once per process.
struct Code {
    file: &'static str,
    source: &'static str,
    compiled: OnceLock<Bytecode>,
}

impl Code {
    const fn new(file: &'static str, source: &'static str) -> Self {
        Self {
            file,
            source,
            compiled: OnceLock::new(),
        }
    }

    /// The function that the file evaluates to.
    fn function<'js>(&self, ctx: &Ctx<'js>) -> Result<Function<'js>> {
        let function = match self.compiled.get() {
            Some(code) => code.run(ctx)?,
            None => {
                let name = format!("library/{}.js", self.file);
                let code = Bytecode::compile(ctx, &name, self.source, 1)?;
                self.compiled.get_or_init(|| code).run(ctx)?
            }
        };
        function.get()
    }
}

/// A module of the library.
struct Module {
    /// Its name in `require`. Modules named `internal/...` are for other modules only.
    name: &'static str,
    code: Code,
    natives: Option<Natives>,
}

macro_rules! module {
    ($name:literal, $file:literal) => {
        Module {
            name: $name,
            code: Code::new($file, include_str!(concat!("js/", $file, ".js"))),
            natives: None,
        }
    };
    ($name:literal, $file:literal, $natives:path) => {
        Module {
            name: $name,
            code: Code::new($file, include_str!(concat!("js/", $file, ".js"))),
            natives: Some($natives),
        }
    };
}

static MODULES: [Module; 34] = [
    module!("async", "async"),
    module!("axios", "axios"),
    module!("bcrypt", "bcrypt", natives::passwords),
    module!("bluebird", "bluebird"),
    module!("buffer", "buffer", natives::bytes),
    module!("crypto", "crypto", natives::crypto),
    module!("events", "events"),
    module!("internal/abort", "abort"),
    module!("internal/callbacks", "callbacks"),
    module!("internal/encoding", "encoding"),
    module!("internal/fetch", "fetch"),
    module!("internal/http", "http", natives::http),
    module!("internal/lodash_arrays", "lodash_arrays"),
    module!("internal/lodash_chain", "lodash_chain"),
    module!("internal/lodash_collections", "lodash_collections"),
    module!("internal/lodash_lang", "lodash_lang"),
    module!("internal/lodash_objects", "lodash_objects"),
    module!("internal/lodash_paths", "lodash_paths"),
    module!("internal/lodash_strings", "lodash_strings"),
    module!("internal/process", "process"),
    module!("internal/structured_clone", "structured_clone"),
    module!("internal/whatwg_url", "whatwg_url", natives::url),
    module!("jsonwebtoken", "jsonwebtoken", natives::crypto),
    module!("lodash", "lodash"),
    module!("ms", "ms"),
    module!("node-fetch", "node_fetch"),
    module!("q", "q"),
    module!("querystring", "querystring"),
    module!("range_check", "range_check"),
    module!("request", "request"),
    module!("request-promise", "request_promise"),
    module!("url", "url"),
    module!("util", "util"),
    module!("uuid", "uuid"),
];

/// Other names of modules.
const ALIASES: [(&str, &str); 3] = [
    ("bcryptjs", "bcrypt"),
    ("request-promise-native", "request-promise"),
    ("underscore", "lodash"),
];

/// Modules that Rules have used at Auth0 but that are not available here, each with its replacement.
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

/// True if scripts can `require` this name.
pub fn is_module(name: &str) -> bool {
    module(canonical(name)).is_some() && !name.starts_with("internal/")
}

/// The module's own name for an alias; any other name unchanged.
fn canonical(name: &str) -> &str {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    alias.map_or(name, |(_, canonical)| canonical)
}

fn module(name: &str) -> Option<&'static Module> {
    MODULES.iter().find(|module| module.name == name)
}

/// The source of a module, by any of its names.
pub(super) fn source(name: &str) -> Option<&'static str> {
    // `node:url`, `lodash@4`, `uuid/v4`.
    let base = name.strip_prefix("node:").unwrap_or(name);
    let base = base.split(['@', '/']).next().unwrap_or(base);
    let module = module(name).or_else(|| module(canonical(base)))?;
    Some(module.code.source)
}

/// Defines `require` and these globals in a fresh context. A module runs when a script first uses it.
pub(super) fn install<'js>(ctx: &Ctx<'js>, bridge: &Rc<Bridge>, globals: Globals) -> Result<()> {
    let bridge = Rc::clone(bridge);
    let find = move |ctx: Ctx<'js>, name: String| find(&ctx, &name, &bridge);
    INSTALL.function(ctx)?.call((
        ctx.globals(),
        Function::new(ctx.clone(), find)?,
        Function::new(ctx.clone(), explain)?,
        globals.described(ctx)?,
    ))
}

/// A module's function and its natives, the own name of an alias, or `undefined`.
fn find<'js>(ctx: &Ctx<'js>, name: &str, bridge: &Rc<Bridge>) -> Result<Value<'js>> {
    if canonical(name) != name {
        return canonical(name).into_js(ctx);
    }
    let Some(module) = module(name) else {
        return Ok(Value::new_undefined(ctx.clone()));
    };
    let code = module.code.function(ctx)?;
    let host = match module.natives {
        Some(natives) => natives(ctx, bridge)?,
        None => Object::new(ctx.clone())?,
    };
    let found = Array::new(ctx.clone())?;
    found.set(0, code)?;
    found.set(1, host)?;
    Ok(found.into_value())
}

/// The error message for an unknown module.
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
