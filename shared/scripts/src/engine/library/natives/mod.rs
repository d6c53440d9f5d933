//! Native functions for the library's modules: each module gets an object of its own, `host`.
//!
//! Bytes are passed as base64, which the engine makes natively, and returned as `Uint8Array`s.

mod bytes;
mod crypto;
mod http;
mod passwords;
mod url;

use std::rc::Rc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rquickjs::{Ctx, Exception, Object, Result};

use crate::engine::bridge::Bridge;

/// Makes a module's `host`.
pub(super) type Natives = for<'js> fn(&Ctx<'js>, &Rc<Bridge>) -> Result<Object<'js>>;

pub(super) use bytes::natives as bytes;
pub(super) use crypto::natives as crypto;
pub(super) use http::natives as http;
pub(super) use passwords::natives as passwords;
pub(super) use url::natives as url;

/// The bytes of an argument.
fn bytes_of(ctx: &Ctx<'_>, base64: &str) -> Result<Vec<u8>> {
    STANDARD
        .decode(base64)
        .map_err(|_| Exception::throw_type(ctx, "not bytes"))
}
