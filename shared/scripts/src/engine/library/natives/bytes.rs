//! Converts text to bytes, and bytes to text.

use std::rc::Rc;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use rquickjs::{Ctx, Function, Object, Result, TypedArray};

use super::bytes_of;
use crate::engine::bridge::Bridge;

/// `host` of `buffer`.
pub(in super::super) fn natives<'js>(ctx: &Ctx<'js>, _: &Rc<Bridge>) -> Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    host.set("utf8", Function::new(ctx.clone(), utf8)?)?;
    host.set("text", Function::new(ctx.clone(), text)?)?;
    host.set("fromHex", Function::new(ctx.clone(), from_hex)?)?;
    host.set("fromBase64", Function::new(ctx.clone(), from_base64)?)?;
    Ok(host)
}

fn utf8(ctx: Ctx<'_>, text: String) -> Result<TypedArray<'_, u8>> {
    TypedArray::new(ctx, text.into_bytes())
}

#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn text(ctx: Ctx<'_>, bytes: String) -> Result<String> {
    let bytes = bytes_of(&ctx, &bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Decodes hex as Node does: up to the first pair that is not a byte.
#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn from_hex(ctx: Ctx<'_>, text: String) -> Result<TypedArray<'_, u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes: Vec<u8> = text
        .as_bytes()
        .chunks_exact(2)
        .map_while(|pair| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok())
        .collect();
    TypedArray::new(ctx, bytes)
}

/// Decodes base64 as Node does: in either alphabet, up to the padding, skipping all other characters.
#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn from_base64(ctx: Ctx<'_>, text: String) -> Result<TypedArray<'_, u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::RequireNone)
            .with_decode_allow_trailing_bits(true),
    );
    let mut digits: Vec<u8> = text
        .bytes()
        .take_while(|byte| *byte != b'=')
        .filter_map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'+' | b'/' => Some(byte),
            _ => byte.is_ascii_alphanumeric().then_some(byte),
        })
        .collect();
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    TypedArray::new(ctx, LENIENT.decode(digits).unwrap_or_default())
}
