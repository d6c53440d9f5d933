//! URLs by the URL standard.

use std::rc::Rc;

use rquickjs::{Ctx, Exception, Function, Object, Result};
use url::{Url, quirks};

use crate::engine::bridge::Bridge;

/// `host` of `URL` and `URLSearchParams`.
pub(in super::super) fn natives<'js>(ctx: &Ctx<'js>, _: &Rc<Bridge>) -> Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    host.set("parse", Function::new(ctx.clone(), parse)?)?;
    host.set("change", Function::new(ctx.clone(), change)?)?;
    host.set("parseForm", Function::new(ctx.clone(), parse_form)?)?;
    host.set("formatForm", Function::new(ctx.clone(), format_form)?)?;
    Ok(host)
}

fn parts<'js>(ctx: &Ctx<'js>, url: &Url) -> Result<Object<'js>> {
    let parts = Object::new(ctx.clone())?;
    parts.set("href", quirks::href(url))?;
    parts.set("origin", quirks::origin(url))?;
    parts.set("protocol", quirks::protocol(url))?;
    parts.set("username", quirks::username(url))?;
    parts.set("password", quirks::password(url))?;
    parts.set("host", quirks::host(url))?;
    parts.set("hostname", quirks::hostname(url))?;
    parts.set("port", quirks::port(url))?;
    parts.set("pathname", quirks::pathname(url))?;
    parts.set("search", quirks::search(url))?;
    parts.set("hash", quirks::hash(url))?;
    Ok(parts)
}

#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn parse(ctx: Ctx<'_>, address: String, base: Option<String>) -> Result<Option<Object<'_>>> {
    let parsed = match base {
        Some(base) => Url::parse(&base).and_then(|base| base.join(&address)),
        None => Url::parse(&address),
    };
    parsed.ok().map(|url| parts(&ctx, &url)).transpose()
}

/// The setters of the standard: an invalid value leaves its part unchanged.
#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn change(ctx: Ctx<'_>, href: String, part: String, value: String) -> Result<Object<'_>> {
    let mut url = Url::parse(&href).map_err(|_| Exception::throw_type(&ctx, "Invalid URL"))?;
    // An error leaves the URL unchanged.
    let _ = match part.as_str() {
        "protocol" => quirks::set_protocol(&mut url, &value),
        "username" => quirks::set_username(&mut url, &value),
        "password" => quirks::set_password(&mut url, &value),
        "host" => quirks::set_host(&mut url, &value),
        "hostname" => quirks::set_hostname(&mut url, &value),
        "port" => quirks::set_port(&mut url, &value),
        "pathname" => {
            quirks::set_pathname(&mut url, &value);
            Ok(())
        }
        "search" => {
            quirks::set_search(&mut url, &value);
            Ok(())
        }
        _ => {
            quirks::set_hash(&mut url, &value);
            Ok(())
        }
    };
    parts(&ctx, &url)
}

#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn parse_form(text: String) -> Vec<Vec<String>> {
    form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| vec![name.into_owned(), value.into_owned()])
        .collect()
}

#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn format_form(pairs: Vec<Vec<String>>) -> String {
    let pairs = pairs.iter().filter_map(|pair| match pair.as_slice() {
        [name, value] => Some((name, value)),
        _ => None,
    });
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}
