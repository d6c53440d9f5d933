//! Hashes, MACs, signatures, randomness: all by `aws-lc-rs`.

use std::{num::NonZeroU32, rc::Rc};

use aws_lc_rs::{constant_time, digest, hmac, pbkdf2, rand};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use rquickjs::{Ctx, Exception, Function, Object, Result, TypedArray};

use super::bytes_of;
use crate::engine::bridge::Bridge;

/// Most rounds of a derivation: it cannot be interrupted, and has to fit into the CPU time of a run.
const MOST_ROUNDS: u32 = 200_000;
/// Longest derived key, in bytes.
const LONGEST_DERIVED: usize = 256;

/// `host` of `crypto` and `jsonwebtoken`.
pub(in super::super) fn natives<'js>(ctx: &Ctx<'js>, _: &Rc<Bridge>) -> Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    host.set("hash", Function::new(ctx.clone(), hash)?)?;
    host.set("hmac", Function::new(ctx.clone(), mac)?)?;
    host.set("random", Function::new(ctx.clone(), random)?)?;
    host.set("uuid", Function::new(ctx.clone(), uuid)?)?;
    host.set("equal", Function::new(ctx.clone(), equal)?)?;
    host.set("pbkdf2", Function::new(ctx.clone(), derive)?)?;
    host.set("sign", Function::new(ctx.clone(), sign)?)?;
    host.set("verify", Function::new(ctx.clone(), verify)?)?;
    Ok(host)
}

fn unknown(ctx: &Ctx<'_>, algorithm: &str) -> rquickjs::Error {
    Exception::throw_message(ctx, &format!("Digest method not supported: {algorithm}"))
}

#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn hash(ctx: Ctx<'_>, algorithm: String, data: String) -> Result<TypedArray<'_, u8>> {
    let algorithm = match algorithm.as_str() {
        "sha1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => &digest::SHA256,
        "sha384" => &digest::SHA384,
        "sha512" => &digest::SHA512,
        _ => return Err(unknown(&ctx, &algorithm)),
    };
    let digest = digest::digest(algorithm, &bytes_of(&ctx, &data)?);
    TypedArray::new(ctx, digest.as_ref())
}

#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn mac(ctx: Ctx<'_>, algorithm: String, key: String, data: String) -> Result<TypedArray<'_, u8>> {
    let algorithm = match algorithm.as_str() {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return Err(unknown(&ctx, &algorithm)),
    };
    let key = hmac::Key::new(algorithm, &bytes_of(&ctx, &key)?);
    let tag = hmac::sign(&key, &bytes_of(&ctx, &data)?);
    TypedArray::new(ctx, tag.as_ref())
}

fn drawn(ctx: &Ctx<'_>, length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    rand::fill(&mut bytes).map_err(|_| Exception::throw_message(ctx, "no randomness"))?;
    Ok(bytes)
}

fn random(ctx: Ctx<'_>, length: u16) -> Result<TypedArray<'_, u8>> {
    let bytes = drawn(&ctx, length.into())?;
    TypedArray::new(ctx, bytes)
}

/// RFC 9562 section 5.4.
#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn uuid(ctx: Ctx<'_>) -> Result<String> {
    let bytes = drawn(&ctx, 16)?;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let byte = match at {
            6 => byte & 0x0f | 0x40,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(digit.into(), 16));
        }
    }
    Ok(text)
}

#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn equal(ctx: Ctx<'_>, one: String, other: String) -> Result<bool> {
    let (one, other) = (bytes_of(&ctx, &one)?, bytes_of(&ctx, &other)?);
    Ok(constant_time::verify_slices_are_equal(&one, &other).is_ok())
}

#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn derive(
    ctx: Ctx<'_>,
    algorithm: String,
    password: String,
    salt: String,
    rounds: u32,
    length: usize,
) -> Result<TypedArray<'_, u8>> {
    let (algorithm, block) = match algorithm.as_str() {
        "sha1" => (pbkdf2::PBKDF2_HMAC_SHA1, 20),
        "sha256" => (pbkdf2::PBKDF2_HMAC_SHA256, 32),
        "sha384" => (pbkdf2::PBKDF2_HMAC_SHA384, 48),
        "sha512" => (pbkdf2::PBKDF2_HMAC_SHA512, 64),
        _ => return Err(unknown(&ctx, &algorithm)),
    };
    let blocks = u32::try_from(length.min(LONGEST_DERIVED).div_ceil(block)).unwrap_or(u32::MAX);
    let iterations = NonZeroU32::new(rounds)
        .filter(|rounds| rounds.get().saturating_mul(blocks) <= MOST_ROUNDS)
        .filter(|_| length <= LONGEST_DERIVED)
        .ok_or_else(|| {
            let most = format!(
                "pbkdf2 takes 1 to {MOST_ROUNDS} iterations per {block} bytes, {LONGEST_DERIVED} bytes at most"
            );
            Exception::throw_range(&ctx, &most)
        })?;
    let (password, salt) = (bytes_of(&ctx, &password)?, bytes_of(&ctx, &salt)?);
    let mut derived = vec![0; length];
    pbkdf2::derive(algorithm, iterations, &salt, &password, &mut derived);
    TypedArray::new(ctx, derived)
}

/// The JWS algorithm of this name; an error unless it fits the key, which must be PEM for RSA and EC and must not for
/// HMAC.
fn algorithm_of(ctx: &Ctx<'_>, name: &str, key: &[u8]) -> Result<Algorithm> {
    let refused = |reason: &str| Exception::throw_message(ctx, reason);
    let algorithm: Algorithm = name.parse().map_err(|_| refused("invalid algorithm"))?;
    // An attacker who knows a public key could sign with it if it were accepted as the secret of an HMAC.
    let is_pem = key.windows(11).any(|part| part == b"-----BEGIN ");
    match (algorithm.family(), is_pem) {
        (AlgorithmFamily::Hmac, false) | (AlgorithmFamily::Rsa | AlgorithmFamily::Ec, true) => {
            Ok(algorithm)
        }
        _ => Err(refused("the key is none for this algorithm")),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn sign(ctx: Ctx<'_>, algorithm: String, key: String, data: String) -> Result<TypedArray<'_, u8>> {
    let (key, data) = (bytes_of(&ctx, &key)?, bytes_of(&ctx, &data)?);
    let algorithm = algorithm_of(&ctx, &algorithm, &key)?;
    let signature = match algorithm.family() {
        AlgorithmFamily::Rsa => EncodingKey::from_rsa_pem(&key),
        AlgorithmFamily::Ec => EncodingKey::from_ec_pem(&key),
        _ => Ok(EncodingKey::from_secret(&key)),
    }
    .and_then(|key| jsonwebtoken::crypto::sign(&data, &key, algorithm))
    .ok()
    .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
    .ok_or_else(|| {
        let reason = format!("the key is no private key for {algorithm:?} (PEM, PKCS#8 or PKCS#1)");
        Exception::throw_message(&ctx, &reason)
    })?;
    TypedArray::new(ctx, signature)
}

#[expect(clippy::needless_pass_by_value, reason = "arguments of a script")]
fn verify(
    ctx: Ctx<'_>,
    algorithm: String,
    key: String,
    data: String,
    signature: String,
) -> Result<bool> {
    let (key, data) = (bytes_of(&ctx, &key)?, bytes_of(&ctx, &data)?);
    let algorithm = algorithm_of(&ctx, &algorithm, &key)?;
    let signature = URL_SAFE_NO_PAD.encode(bytes_of(&ctx, &signature)?);
    match algorithm.family() {
        AlgorithmFamily::Rsa => DecodingKey::from_rsa_pem(&key),
        AlgorithmFamily::Ec => DecodingKey::from_ec_pem(&key),
        _ => Ok(DecodingKey::from_secret(&key)),
    }
    .and_then(|key| jsonwebtoken::crypto::verify(&signature, &data, &key, algorithm))
    .map_err(|_| {
        let reason = format!("the key is no public key for {algorithm:?} (PEM)");
        Exception::throw_message(&ctx, &reason)
    })
}
