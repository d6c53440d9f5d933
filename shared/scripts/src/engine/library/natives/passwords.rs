//! bcrypt.

use std::rc::Rc;

use base64::{
    Engine as _, alphabet,
    engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::NO_PAD},
};
use rquickjs::{Ctx, Exception, Function, Object, Result, function::Opt};

use crate::engine::bridge::Bridge;

/// Largest cost: hashing cannot be interrupted, and has to fit into the CPU time of a run.
const MOST_COST: u32 = 11;

/// Sixteen bytes in twenty-two characters: some bits of the last character are unused.
const SALT: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, LENIENT);
const LENIENT: GeneralPurposeConfig = NO_PAD.with_decode_allow_trailing_bits(true);

/// `host` of `bcrypt`.
pub(in super::super) fn natives<'js>(ctx: &Ctx<'js>, _: &Rc<Bridge>) -> Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    host.set("hash", Function::new(ctx.clone(), hash)?)?;
    host.set("compare", Function::new(ctx.clone(), compare)?)?;
    Ok(host)
}

fn bounded(ctx: &Ctx<'_>, cost: u32) -> Result<u32> {
    if (4..=MOST_COST).contains(&cost) {
        return Ok(cost);
    }
    let reason = format!("a cost of {cost} is not allowed in scripts, 4 to {MOST_COST} is");
    Err(Exception::throw_range(ctx, &reason))
}

#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn hash(ctx: Ctx<'_>, password: String, cost: u32, salt: Opt<String>) -> Result<String> {
    let cost = bounded(&ctx, cost)?;
    let failed = |_| Exception::throw_message(&ctx, "the password cannot be hashed");
    let Some(salt) = salt.0 else {
        return bcrypt::hash(password, cost).map_err(failed);
    };
    let salt = SALT
        .decode(salt)
        .ok()
        .and_then(|salt| salt.try_into().ok())
        .ok_or_else(|| Exception::throw_message(&ctx, "Invalid salt"))?;
    let parts = bcrypt::hash_with_salt(password, cost, salt).map_err(failed)?;
    Ok(parts.format_for_version(bcrypt::Version::TwoB))
}

#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn compare(ctx: Ctx<'_>, password: String, hash: String) -> Result<bool> {
    let Ok(parts) = hash.parse::<bcrypt::HashParts>() else {
        return Ok(false);
    };
    bounded(&ctx, parts.get_cost())?;
    Ok(bcrypt::verify(password, &hash).unwrap_or(false))
}
