//! `api` of an Action: `api.js` and the native functions beneath it.

use std::{cell::RefCell, rc::Rc};

use ratchet_domain::address;
use rquickjs::{Ctx, Exception, Function, Object, Value};
use serde_json::Value as Json;

use super::{
    Run,
    bridge::Bridge,
    bytecode::Once,
    cache::{Record, Refused},
    json::{self, JsonError},
    realm::domain,
    redirect_token,
};
use crate::Command;

/// The commands that the Actions of a run have recorded.
pub(super) struct Commands {
    list: Vec<Command>,
    left: usize,
}

impl Commands {
    /// An empty list with room for `most` bytes of JSON.
    pub(super) fn new(most: usize) -> Self {
        Self {
            list: Vec::new(),
            left: most,
        }
    }

    pub(super) fn take(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.list)
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// The commands from this position on.
    pub(super) fn since(&self, position: usize) -> &[Command] {
        &self.list[position..]
    }

    /// True if a command ends the run: a denial or a redirect.
    pub(super) fn end_the_run(&self) -> bool {
        self.list
            .iter()
            .any(|command| matches!(command, Command::Deny { .. } | Command::SendUserTo { .. }))
    }
}

/// The facts about a run that `api` depends on.
pub(super) struct Facts<'a> {
    pub(super) run: &'a Run,
    /// The position of the Action.
    pub(super) action: usize,
    /// True if this Action cannot redirect the browser.
    pub(super) ignores_redirect: bool,
}

/// Makes `api` for an Action.
pub(super) fn make<'js>(
    ctx: &Ctx<'js>,
    bridge: &Rc<Bridge>,
    commands: &Rc<RefCell<Commands>>,
    event: &Object<'js>,
    about: &Facts<'_>,
) -> rquickjs::Result<Object<'js>> {
    static API: Once = Once::new();
    let make: Function = API.run(ctx, "api", include_str!("api.js"))?.get()?;
    let native = Object::new(ctx.clone())?;
    native.set("record", record(ctx, commands)?)?;
    native.set("wasExecuted", was_executed(ctx, about.run)?)?;
    native.set("join", Function::new(ctx.clone(), join)?)?;
    native.set("encode", Function::new(ctx.clone(), encode)?)?;
    native.set("validate", Function::new(ctx.clone(), validate)?)?;
    cache(ctx, bridge, &native)?;
    let facts = Object::new(ctx.clone())?;
    facts.set("action", about.action)?;
    facts.set("canRedirect", about.run.can_redirect)?;
    facts.set("ignoresRedirect", about.ignores_redirect)?;
    facts.set("domain", domain(&about.run.issuer))?;
    make.call((native, event.clone(), facts))
}

fn record<'js>(
    ctx: &Ctx<'js>,
    commands: &Rc<RefCell<Commands>>,
) -> rquickjs::Result<Function<'js>> {
    let commands = Rc::clone(commands);
    Function::new(ctx.clone(), move |ctx: Ctx<'js>, command: Value<'js>| {
        let left = commands.borrow().left;
        let (command, size) = json::from_js(&ctx, command, left).map_err(|unfit| match unfit {
            JsonError::Threw => rquickjs::Error::Exception,
            JsonError::TooLarge => Exception::throw_range(&ctx, "more than an Action may set"),
            JsonError::NoJson(reason) => Exception::throw_type(&ctx, &reason),
        })?;
        let command = serde_json::from_value(command)
            .map_err(|error| Exception::throw_type(&ctx, &error.to_string()))?;
        let mut commands = commands.borrow_mut();
        commands.left = left.saturating_sub(size);
        commands.list.push(command);
        rquickjs::Result::Ok(())
    })
}

/// `api.rules.wasExecuted`: true for every Rule of the program, because all Rules run before the first Action.
fn was_executed<'js>(ctx: &Ctx<'js>, run: &Run) -> rquickjs::Result<Function<'js>> {
    let program = Rc::new(std::sync::Arc::clone(&run.program));
    Function::new(ctx.clone(), move |name: Value<'js>| {
        let name = name.as_string().and_then(|name| name.to_string().ok());
        name.is_some_and(|name| program.rules.iter().any(|rule| rule.name == name))
    })
}

/// Adds parameters to the query of a URL.
#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn join(url: String, query: String) -> String {
    address::with_query(&url, &query)
}

/// Largest claims of a token, in bytes of JSON.
const LARGEST_TOKEN: usize = 16 * 1024;

#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn encode<'js>(ctx: Ctx<'js>, secret: String, claims: Value<'js>) -> rquickjs::Result<String> {
    match json::from_js(&ctx, claims, LARGEST_TOKEN) {
        Ok((Json::Object(claims), _)) => Ok(redirect_token::encode(&secret, &claims)),
        Err(JsonError::Threw) => Err(rquickjs::Error::Exception),
        Ok(_) | Err(_) => Err(Exception::throw_type(
            &ctx,
            "the payload is no small object",
        )),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn validate(ctx: Ctx<'_>, secret: String, token: String) -> rquickjs::Result<Value<'_>> {
    match redirect_token::decode(&secret, &token) {
        Some(claims) => json::to_js(&ctx, &Json::Object(claims)),
        None => Err(Exception::throw_message(
            &ctx,
            "the token's signature is not valid",
        )),
    }
}

/// The native functions of `api.cache`, which read and write the runtime's records.
fn cache<'js>(ctx: &Ctx<'js>, bridge: &Rc<Bridge>, native: &Object<'js>) -> rquickjs::Result<()> {
    let cache_result = |ctx: &Ctx<'js>, error: Option<&str>| {
        let result = Object::new(ctx.clone())?;
        result.set("type", error.map_or("success", |_| "error"))?;
        if let Some(code) = error {
            result.set("code", code)?;
        }
        rquickjs::Result::Ok(result)
    };
    let reading = Rc::clone(bridge);
    let get = move |ctx: Ctx<'js>, key: String, now: f64| {
        let record = reading.cache.borrow_mut().get(&key, now).cloned();
        record
            .map(|record| {
                let result = Object::new(ctx)?;
                result.set("value", record.value)?;
                result.set("expires_at", record.expires_at)?;
                rquickjs::Result::Ok(result)
            })
            .transpose()
    };
    native.set("cacheGet", Function::new(ctx.clone(), get)?)?;
    let writing = Rc::clone(bridge);
    let set = move |ctx: Ctx<'js>, key: String, value: String, expires_at: f64| {
        let record = Record { value, expires_at };
        let done = writing.cache.borrow_mut().set(key, record);
        cache_result(&ctx, done.as_ref().err().map(Refused::code))
    };
    native.set("cacheSet", Function::new(ctx.clone(), set)?)?;
    let deleting = Rc::clone(bridge);
    let delete = move |ctx: Ctx<'js>, key: String| {
        let deleted = deleting.cache.borrow_mut().delete(&key);
        cache_result(&ctx, (!deleted).then_some("CacheKeyDoesNotExist"))
    };
    native.set("cacheDelete", Function::new(ctx.clone(), delete)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_appended_to_an_existing_one_before_the_fragment() {
        for (url, expected) in [
            ("https://a.example/x", "https://a.example/x?q=1"),
            ("https://a.example/x?", "https://a.example/x?q=1"),
            ("https://a.example/x?y=2#z", "https://a.example/x?y=2&q=1#z"),
        ] {
            assert_eq!(join(url.to_owned(), "q=1".to_owned()), expected);
        }
    }
}
