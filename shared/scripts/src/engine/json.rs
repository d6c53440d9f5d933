//! Converts between the engine's values and JSON.

use rquickjs::{Ctx, Value};

/// A JSON value as a script's value.
pub(super) fn to_js<'js>(
    ctx: &Ctx<'js>,
    value: &serde_json::Value,
) -> rquickjs::Result<Value<'js>> {
    ctx.json_parse(value.to_string())
}

/// The reason why a script's value cannot be converted to JSON.
#[derive(Debug)]
pub(super) enum JsonError {
    /// An exception is pending in the context: a getter threw, or an object contains itself.
    Threw,
    /// The value is `undefined` or nested too deeply; the text is the reason.
    NoJson(String),
    /// Its JSON is larger than allowed.
    TooLarge,
}

/// A script's value as JSON of at most `most` bytes, with its size in bytes. Its `toJSON` and getters run.
pub(super) fn from_js<'js>(
    ctx: &Ctx<'js>,
    value: Value<'js>,
    most: usize,
) -> Result<(serde_json::Value, usize), JsonError> {
    let text = match ctx.json_stringify(value) {
        Ok(Some(text)) => text,
        Ok(None) => return Err(JsonError::NoJson("no JSON".to_owned())),
        Err(_) => return Err(JsonError::Threw),
    };
    let text = text.to_string().map_err(|_| JsonError::Threw)?;
    if text.len() > most {
        return Err(JsonError::TooLarge);
    }
    let parsed = serde_json::from_str(&text).or_else(|_| serde_json::from_str(&mended(&text)));
    match parsed {
        Ok(value) => Ok((value, text.len())),
        Err(error) => Err(JsonError::NoJson(error.to_string())),
    }
}

/// A script's string, with U+FFFD for lone surrogates.
pub(super) fn text<'js>(ctx: &Ctx<'js>, value: &rquickjs::String<'js>) -> String {
    value.to_string().unwrap_or_else(|_| {
        let quoted = ctx
            .json_stringify(value.clone().into_value())
            .ok()
            .flatten();
        let quoted = quoted.and_then(|quoted| quoted.to_string().ok());
        quoted
            .and_then(|quoted| serde_json::from_str(&mended(&quoted)).ok())
            .unwrap_or_default()
    })
}

/// JSON with U+FFFD for lone surrogates, which a script can leave by cutting a name short.
fn mended(json: &str) -> String {
    let mut mended = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        mended.push_str(&rest[..at]);
        rest = &rest[at..];
        let unit = surrogate(rest);
        let length = match unit {
            None => 2,
            Some(0xd800..0xdc00) if matches!(surrogate(&rest[6..]), Some(0xdc00..)) => 12,
            Some(_) => 6,
        };
        match (unit, length) {
            (Some(_), 6) => mended.push('\u{fffd}'),
            _ => mended.push_str(rest.get(..length).unwrap_or(rest)),
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    mended.push_str(rest);
    mended
}

/// The surrogate that is escaped at the start of some JSON, if any.
fn surrogate(json: &str) -> Option<u32> {
    let digits = json.strip_prefix("\\u")?.get(..4)?;
    let unit = u32::from_str_radix(digits, 16).ok()?;
    (0xd800..0xe000).contains(&unit).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_pairs_are_replaced_and_whole_pairs_kept() {
        for (json, expected) in [
            (r#""a\ud83d""#, "\"a\u{fffd}\""),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\ude00\ud83d""#, "\"\u{fffd}\u{fffd}\""),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\n\u0041""#, r#""\n\u0041""#),
        ] {
            assert_eq!(mended(json), expected, "{json}");
        }
    }
}
