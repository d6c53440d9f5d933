//! HTTP requests, all sent by the engine's [`Host`](crate::engine::Host).

use std::rc::Rc;

use rquickjs::{Ctx, Function, Object, Promise, Result};

use crate::{
    engine::{HostCall, bridge::Bridge},
    requests::hosts::ScriptRequest,
};

/// `host` of `internal/http`.
pub(in super::super) fn natives<'js>(ctx: &Ctx<'js>, bridge: &Rc<Bridge>) -> Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    let bridge = Rc::clone(bridge);
    let send = move |ctx: Ctx<'js>,
                     method: String,
                     url: String,
                     headers: Vec<Vec<String>>,
                     body: Option<String>|
          -> Result<Promise<'js>> {
        let call = HostCall::Http(ScriptRequest {
            method,
            url,
            headers: headers.into_iter().filter_map(pair).collect(),
            body,
        });
        bridge.call(&ctx, call)
    };
    host.set("send", Function::new(ctx.clone(), send)?)?;
    Ok(host)
}

fn pair(pair: Vec<String>) -> Option<(String, String)> {
    let [name, value] = pair.try_into().ok()?;
    Some((name, value))
}
