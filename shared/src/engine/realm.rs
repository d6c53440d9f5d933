//! A fresh context with everything a script finds in it.

use std::rc::Rc;

use rquickjs::{
    Context, Ctx, Exception, Function, Object, Runtime, Value,
    context::intrinsic::{Date, Eval, Json, MapSet, Promise, RegExp, RegExpCompiler},
};

use super::{
    HostCall, Run, bridge::Bridge, bytecode::Once, console, json, library, needs::Needs, timers,
};

/// For whom a context is.
pub(super) enum For<'a> {
    /// Rules, with their `configuration` and `auth0`.
    Rules(&'a Run),
    /// Actions.
    Actions,
    /// Nobody yet: whether what a rule's source gives is a function.
    Compiling,
}

/// The largest patch of `auth0.users.update...Metadata`, in bytes.
const LARGEST_PATCH: usize = 64 * 1024;

/// What is beside the language.
static PRELUDE: Once = Once::new();

/// Makes one.
pub(super) fn context(runtime: &Runtime, whom: &For<'_>) -> rquickjs::Result<Context> {
    if whom.needs().rare {
        Context::full(runtime)
    } else {
        Context::custom::<Usual>(runtime)
    }
}

/// What is in a context where no script names anything rare.
type Usual = (Date, Eval, RegExpCompiler, RegExp, Json, MapSet, Promise);

impl For<'_> {
    fn needs(&self) -> Needs {
        match self {
            Self::Rules(run) => run.program.needs,
            Self::Actions | Self::Compiling => Needs::ALL,
        }
    }
}

/// Furnishes it.
pub(super) fn furnish<'js>(
    ctx: &Ctx<'js>,
    bridge: &Rc<Bridge>,
    global: Object<'js>,
    whom: &For<'_>,
) -> rquickjs::Result<()> {
    let globals = ctx.globals();
    // Its callbacks would run whenever garbage is collected: in somebody else's login.
    globals.remove("FinalizationRegistry")?;
    let needs = whom.needs();
    if needs.timers {
        timers::install(ctx, &globals, bridge)?;
    }
    let prelude = PRELUDE.run(ctx, "prelude", include_str!("prelude.js"))?;
    let prelude: Function = prelude.get()?;
    let native = update_metadata(ctx, bridge)?;
    let undefined = Value::new_undefined(ctx.clone());
    let say = if needs.console {
        console::say(ctx, bridge)?.into_value()
    } else {
        undefined.clone()
    };
    match whom {
        For::Rules(run) => {
            let configuration = Object::new(ctx.clone())?;
            for (key, value) in run.program.configuration() {
                configuration.set(key.as_str(), value.expose())?;
            }
            let domain = domain(&run.issuer);
            let base_url = format!("{}/api/v2", run.issuer.trim_end_matches('/'));
            prelude.call::<_, ()>((say, global, native, configuration, domain, base_url))?;
        }
        For::Actions | For::Compiling => {
            prelude.call::<_, ()>((say, globals, native, undefined))?;
        }
    }
    if needs.library {
        library::install(ctx, bridge)?;
    }
    Ok(())
}

/// The domain of an issuer.
pub(super) fn domain(issuer: &str) -> &str {
    let domain = issuer.trim_end_matches('/');
    domain.split_once("://").map_or(domain, |(_, host)| host)
}

/// `auth0.users.updateAppMetadata` and `updateUserMetadata`.
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
                Ok(_) | Err(json::Unfit::NoJson(_)) => {
                    return Err(Exception::throw_type(&ctx, "the metadata is no object"));
                }
                Err(json::Unfit::TooLarge) => {
                    return Err(Exception::throw_range(&ctx, "the metadata is too large"));
                }
                Err(json::Unfit::Threw) => return Err(rquickjs::Error::Exception),
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
