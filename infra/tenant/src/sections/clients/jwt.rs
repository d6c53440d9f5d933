//! `clients[].jwt_configuration`: signing algorithm and lifetime of an application's ID tokens.

use ratchet_domain::client::{JwtConfiguration, SigningAlgorithm};
use serde::Deserialize;

use crate::{
    sections::fields::{Whole, signing_algorithm},
    yaml::path::{Checked, Fault, Path},
};

/// The object as the file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawJwtConfiguration {
    alg: Option<String>,
    lifetime_in_seconds: Option<Whole>,
    secret_encoded: Option<bool>,
}

/// Checks the object; returns the defaults if there is none.
pub(super) fn check(at: &Path, raw: Option<RawJwtConfiguration>) -> Checked<JwtConfiguration> {
    let default = JwtConfiguration::default();
    let Some(raw) = raw else { return Ok(default) };
    let alg = match &raw.alg {
        Some(name) => signing_algorithm(&at.key("alg"), name)?,
        None => default.alg,
    };
    if alg == SigningAlgorithm::HS256 && raw.secret_encoded.unwrap_or(false) {
        return Err(Fault::new(
            at.key("secret_encoded"),
            "not supported with HS256",
        ));
    }
    let lifetime = raw
        .lifetime_in_seconds
        .map_or(Ok(default.lifetime), |lifetime| {
            lifetime.seconds(&at.key("lifetime_in_seconds"), 1, 2_592_000)
        })?;
    Ok(JwtConfiguration { alg, lifetime })
}
