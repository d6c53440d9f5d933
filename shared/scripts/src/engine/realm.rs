//! Fresh contexts, and the globals that scripts find in them.

use std::rc::Rc;

use rquickjs::{
    Context, Ctx, Error, Exception, Function, IntoJs, Object, Runtime, Value,
    context::intrinsic::{Date, Eval, Json, MapSet, Promise, Proxy, RegExp, RegExpCompiler},
    object::{Accessor, Property},
};

use super::{
    HostCall, Run,
    bridge::Bridge,
    bytecode::Once,
    console, json, library,
    needs::{Language, Needs},
    program::CompiledAction,
    timer_functions,
};

/// The scripts that a context is for.
pub(super) enum For<'a> {
    /// Rules, with their `configuration` and `auth0`.
    Rules(&'a Run),
    Action(&'a CompiledAction),
    /// None: the context checks that a source compiles and is a function.
    Compiling(Language),
}

/// Largest patch of `auth0.users.update...Metadata`, in bytes of JSON.
const LARGEST_PATCH: usize = 64 * 1024;

/// Built-ins of a context for [`Language::Small`].
type Small = (Date, Eval, Json);
/// Built-ins of a context for [`Language::Usual`].
type Usual = (
    Date,
    Eval,
    RegExpCompiler,
    RegExp,
    Json,
    Proxy,
    MapSet,
    Promise,
);

/// Makes a context with the built-ins that its scripts need.
pub(super) fn context(runtime: &Runtime, whom: &For<'_>) -> rquickjs::Result<Context> {
    match whom.needs().language {
        Language::Small => Context::custom::<Small>(runtime),
        Language::Usual => Context::custom::<Usual>(runtime),
        Language::Whole => Context::full(runtime),
    }
}

impl For<'_> {
    fn needs(&self) -> Needs {
        match self {
            Self::Rules(run) => run.program.needs,
            Self::Action(action) => action.script.needs,
            Self::Compiling(language) => Needs {
                language: *language,
                ..Needs::NOTHING
            },
        }
    }
}

/// Defines the globals of a context beyond the language's own.
pub(super) fn furnish<'js>(
    ctx: &Ctx<'js>,
    bridge: &Rc<Bridge>,
    global: Object<'js>,
    whom: &For<'_>,
) -> rquickjs::Result<()> {
    let globals = ctx.globals();
    let needs = whom.needs();
    if needs.language == Language::Whole {
        // Its callbacks would run whenever garbage is collected, even in another user's login.
        globals.remove("FinalizationRegistry")?;
    }
    match whom {
        For::Compiling(_) => return Ok(()),
        For::Rules(run) => {
            define(&globals, "global", global)?;
            rules_only(&globals, bridge, run)?;
        }
        For::Action(_) => define(&globals, "global", globals.clone())?,
    }
    let said = Rc::clone(bridge);
    lazily(&globals, "console", move |ctx| console::console(ctx, &said))?;
    for name in ["UnauthorizedError", "queueMicrotask"] {
        lazily(&globals, name, move |ctx| prelude(ctx)?.get(name))?;
    }
    if needs.timers {
        timer_functions::install(ctx, &globals, bridge)?;
    }
    if !needs.library.is_empty() {
        library::install(ctx, bridge, needs.library)?;
    }
    Ok(())
}

/// Defines `configuration` and `auth0`.
fn rules_only(globals: &Object<'_>, bridge: &Rc<Bridge>, run: &Run) -> rquickjs::Result<()> {
    let configuration = Object::new(globals.ctx().clone())?;
    for (key, value) in &run.program.configuration {
        configuration.set(key.as_str(), value.expose())?;
    }
    define(globals, "configuration", configuration)?;
    let (bridge, issuer) = (Rc::clone(bridge), run.issuer.clone());
    lazily(globals, "auth0", move |ctx| {
        let native = update_metadata(ctx, &bridge)?;
        let base_url = format!("{}/api/v2", issuer.trim_end_matches('/'));
        let auth0: Function = prelude(ctx)?.get("auth0")?;
        auth0.call((native, domain(&issuer), base_url))
    })
}

/// Evaluates `prelude.js`, the globals that are written in JavaScript.
fn prelude<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    static PRELUDE: Once = Once::new();
    PRELUDE
        .run(ctx, "prelude", include_str!("prelude.js"))?
        .get()
}

/// Defines a global like those of the language: not enumerable, and replaceable by scripts.
fn define<'js>(globals: &Object<'js>, name: &str, value: impl IntoJs<'js>) -> rquickjs::Result<()> {
    let value = value.into_js(globals.ctx())?;
    globals.prop(name, Property::from(value).writable().configurable())
}

/// Defines a global that is made when a script first reads it.
fn lazily<'js>(
    globals: &Object<'js>,
    name: &'static str,
    make: impl Fn(&Ctx<'js>) -> rquickjs::Result<Value<'js>> + 'js,
) -> rquickjs::Result<()> {
    let get = move |ctx: Ctx<'js>| {
        let value = make(&ctx)?;
        define(&ctx.globals(), name, value.clone())?;
        Ok::<_, Error>(value)
    };
    let set = move |ctx: Ctx<'js>, value: Value<'js>| define(&ctx.globals(), name, value);
    globals.prop(name, Accessor::new(get, set).configurable())
}

/// The domain of an issuer.
pub(super) fn domain(issuer: &str) -> &str {
    let domain = issuer.trim_end_matches('/');
    domain.split_once("://").map_or(domain, |(_, host)| host)
}

/// The native function beneath `auth0.users.updateAppMetadata` and `updateUserMetadata`.
fn update_metadata<'js>(ctx: &Ctx<'js>, bridge: &Rc<Bridge>) -> rquickjs::Result<Function<'js>> {
    let bridge = Rc::clone(bridge);
    Function::new(
        ctx.clone(),
        move |ctx: Ctx<'js>, app: bool, user_id: Value<'js>, patch: Value<'js>| {
            let Some(user_id) = user_id.as_string().map(|id| json::text(&ctx, id)) else {
                return Err(Exception::throw_type(&ctx, "the user's ID is no string"));
            };
            let patch = match json::from_js(&ctx, patch, LARGEST_PATCH) {
                Ok((serde_json::Value::Object(patch), _)) => patch,
                Ok(_) | Err(json::JsonError::NoJson(_)) => {
                    return Err(Exception::throw_type(&ctx, "the metadata is no object"));
                }
                Err(json::JsonError::TooLarge) => {
                    return Err(Exception::throw_range(&ctx, "the metadata is too large"));
                }
                Err(json::JsonError::Threw) => return Err(rquickjs::Error::Exception),
            };
            let call = if app {
                HostCall::UpdateAppMetadata { user_id, patch }
            } else {
                HostCall::UpdateUserMetadata { user_id, patch }
            };
            bridge.call(&ctx, call)
        },
    )
}
