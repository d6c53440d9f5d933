//! Fields that several sections share: numbers, names, choices.

use std::{fmt, time::Duration};

use aws_lc_rs::digest;
use ratchet_domain::{client::SigningAlgorithm, ids::InvalidId, secret::Secret, time::Lifetime};
use serde::{
    Deserialize, Deserializer,
    de::{self, Unexpected, Visitor},
};

use crate::yaml::path::{Checked, Fault, Path};

/// A whole number, or a text with one: dashboards and scripts send `"2592000"` as often as `2592000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole(i64);

impl Whole {
    /// The number as a count.
    pub(crate) fn count(self, at: &Path, least: u64, most: u64) -> Checked<u32> {
        u64::try_from(self.0)
            .ok()
            .filter(|count| (least..=most).contains(count))
            .and_then(|count| u32::try_from(count).ok())
            .ok_or_else(|| {
                let message = format!("must be between {least} and {most}");
                Fault::new(at.clone(), message)
            })
    }

    /// The number in seconds.
    pub(crate) fn seconds(self, at: &Path, least: u64, most: u64) -> Checked<Lifetime> {
        match u64::try_from(self.0) {
            Err(_) if least == 0 => Err(Fault::new(at.clone(), "must not be negative")),
            Ok(seconds) if (least..=most).contains(&seconds) => Ok(Lifetime::from_secs(seconds)),
            _ => Err(Fault::new(
                at.clone(),
                format!("must be between {least} and {most} seconds"),
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeVisitor)
    }
}

struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = Whole;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Whole, E> {
        Ok(Whole(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Whole, E> {
        let whole = i64::try_from(number).map(Whole);
        whole.map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Whole, E> {
        let whole = text.trim().parse().map(Whole);
        whole.map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// A number that may have a fraction (Auth0 exports a session of 181 minutes as `3.0166666666666666` hours), or a text
/// with one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number(f64);

impl Number {
    /// The number times a unit in seconds; at least one second.
    pub(crate) fn times(self, unit: u32, at: &Path, most: Lifetime) -> Checked<Lifetime> {
        // Adds half a second, so that 3.0166666666666666 hours are 10860 seconds.
        Duration::try_from_secs_f64(self.0 * f64::from(unit) + 0.5)
            .map(|duration| Lifetime::from_secs(duration.as_secs()))
            .ok()
            .filter(|lifetime| *lifetime > Lifetime::default() && *lifetime <= most)
            .ok_or_else(|| {
                let most = most.as_secs() / 3600;
                Fault::new(
                    at.clone(),
                    format!("must be more than 0 and at most {most} hours"),
                )
            })
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Number, E> {
        let small = i32::try_from(number).map(|number| Number(number.into()));
        small.map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
        let small = u32::try_from(number).map(|number| Number(number.into()));
        small.map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Number, E> {
        Ok(Number(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
        let number = text.trim().parse().map(Number);
        number.map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// The value of the choice with this name.
pub(crate) fn one_of<T: Copy>(at: &Path, name: &str, choices: &[(&str, T)]) -> Checked<T> {
    if let Some((_, value)) = choices.iter().find(|(known, _)| *known == name) {
        return Ok(*value);
    }
    let names: Vec<_> = choices
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    Err(Fault::new(
        at.clone(),
        format!("must be {}, not `{name}`", listed(&names)),
    ))
}

/// Checks a name that people see: not empty, and without the angle brackets that Auth0 refuses.
pub(crate) fn display_name(at: &Path, name: &str) -> Checked<String> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Fault::new(at.clone(), "must not be empty"));
    }
    if name.contains(['<', '>']) || name.chars().any(char::is_control) {
        return Err(Fault::new(
            at.clone(),
            "must not contain `<`, `>` or control characters",
        ));
    }
    Ok(name.to_owned())
}

/// The parsed identifier, or a fault at its place.
pub(crate) fn id<T>(at: &Path, parsed: Result<T, InvalidId>) -> Checked<T> {
    parsed.map_err(|error| Fault::new(at.clone(), error.to_string()))
}

/// Treats an empty text as absent, because Auth0 writes one for "none".
pub(crate) fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Minimum length of a secret. Auth0's have 64 characters; a secret below 16 bytes could be guessed, because only a
/// fast hash of it is stored.
pub(crate) const MIN_SECRET_BYTES: usize = 16;

/// Checks a secret that programs use.
pub(crate) fn secret(at: &Path, secret: Secret) -> Checked<Secret> {
    if secret.expose().len() < MIN_SECRET_BYTES {
        let message = format!("must have at least {MIN_SECRET_BYTES} bytes");
        return Err(Fault::new(at.clone(), message));
    }
    Ok(secret)
}

/// Parses a signing algorithm that Ratchet supports.
pub(crate) fn signing_algorithm(at: &Path, name: &str) -> Checked<SigningAlgorithm> {
    const SUPPORTED: [SigningAlgorithm; 4] = [
        SigningAlgorithm::RS256,
        SigningAlgorithm::PS256,
        SigningAlgorithm::ES256,
        SigningAlgorithm::HS256,
    ];
    SUPPORTED
        .into_iter()
        .find(|alg| alg.as_str() == name)
        .ok_or_else(|| {
            let message = format!("`{name}` is not supported; use RS256, PS256, ES256 or HS256");
            Fault::new(at.clone(), message)
        })
}

/// Checks the name of a value by Auth0's rules.
pub(crate) fn value_name(at: &Path, key: &str) -> Checked<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if key.is_empty() || key.len() > 128 || !key.chars().all(is_name) {
        let message = "must have 1 to 128 letters, digits, `_` or `-`";
        return Err(Fault::new(at.clone(), message));
    }
    Ok(key.to_owned())
}

/// Hexadecimal digits that depend only on the kind and the text.
pub(crate) fn derived_id(kind: &str, text: &str, digits: usize) -> String {
    let hash = digest::digest(&digest::SHA256, format!("{kind}:{text}").as_bytes());
    let digit = |value: u8| char::from_digit(value.into(), 16);
    let bytes = hash.as_ref().iter();
    bytes
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)])
        .flatten()
        .take(digits)
        .collect()
}

/// `a`, `b` or `c`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [names @ .., last] => format!("{} or {last}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(number: i64, least: u64, most: u64) -> Result<u64, String> {
        Whole(number)
            .seconds(&Path::root(), least, most)
            .map(Lifetime::as_secs)
            .map_err(|fault| fault.message)
    }

    #[test]
    fn a_number_of_seconds_keeps_to_its_range() {
        assert_eq!(seconds(0, 0, 9), Ok(0));
        assert_eq!(seconds(-1, 0, 9), Err("must not be negative".to_owned()));
        assert_eq!(
            seconds(-1, 1, 9),
            Err("must be between 1 and 9 seconds".to_owned())
        );
        assert_eq!(
            seconds(10, 0, 9),
            Err("must be between 0 and 9 seconds".to_owned())
        );
    }

    #[test]
    fn hours_may_have_a_fraction() {
        let day = Lifetime::from_secs(86_400);
        let hours = |hours| {
            Number(hours)
                .times(3600, &Path::root(), day)
                .map(Lifetime::as_secs)
        };
        assert_eq!(hours(3.016_666_666_666_666_6), Ok(10_860));
        assert_eq!(hours(24.0), Ok(86_400));
        for wrong in [0.0, -1.0, 24.1, f64::NAN, f64::INFINITY] {
            assert_eq!(
                hours(wrong).unwrap_err().message,
                "must be more than 0 and at most 24 hours"
            );
        }
    }

    #[test]
    fn a_choice_names_its_alternatives() {
        let choices = [("a", 1), ("b", 2), ("c", 3)];
        assert_eq!(one_of(&Path::root(), "b", &choices), Ok(2));
        assert_eq!(
            one_of(&Path::root(), "d", &choices).unwrap_err().message,
            "must be `a`, `b` or `c`, not `d`"
        );
    }
}
