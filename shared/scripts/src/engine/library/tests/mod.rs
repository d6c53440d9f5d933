//! Scripts against the library. The expected values are those of Node 20 and of the packages' documentation.

mod jwt;
mod lodash;
mod modules;
mod node;

use std::rc::Rc;

use rquickjs::{CatchResultExt, Context, Ctx, Runtime};

use super::{super::bridge::Bridge, Globals, install};

/// A script's result as JSON; an exception is `name: message`.
fn eval(script: &str) -> String {
    let runtime = Runtime::new().unwrap();
    let context = Context::full(&runtime).unwrap();
    let text = |ctx: &Ctx<'_>, script: String| -> String {
        let value = ctx.eval::<rquickjs::Value, _>(script).catch(ctx);
        value.map_or_else(
            |error| panic!("{error}"),
            |value| {
                ctx.json_stringify(value)
                    .unwrap()
                    .map_or_else(|| "undefined".to_owned(), |text| text.to_string().unwrap())
            },
        )
    };
    context.with(|ctx| {
        let bridge = Rc::new(Bridge::new(Rc::default()));
        install(&ctx, &bridge, Globals::ALL)
            .catch(&ctx)
            .map_err(|error| error.to_string())
            .unwrap();
        let run = format!(
            "globalThis.answer = undefined;
             (async () => {{ {script} }})().then(
                 (value) => {{ answer = JSON.stringify(value) ?? 'undefined'; }},
                 (error) => {{ answer = `${{error.name}}: ${{error.message}}`; }});"
        );
        text(&ctx, run);
        while ctx.execute_pending_job() {}
        ctx.globals()
            .get::<_, Option<String>>("answer")
            .unwrap()
            .expect("it never ended")
    })
}

/// Each expression's value as JSON, or its exception.
fn expect(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(expression, expected)| {
            (
                expression,
                expected,
                eval(&format!("return ({expression});")),
            )
        })
        .filter(|(_, expected, answer)| answer != *expected)
        .map(|(expression, expected, answer)| {
            format!("{expression}\n  is {answer}\n not {expected}")
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
