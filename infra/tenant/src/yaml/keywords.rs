//! Keywords: `##KEY##` and `@@KEY@@` in a tenant file, as in [Auth0's deploy CLI].
//!
//! They are replaced in the text before it is parsed as YAML. Comment lines stay as they are, so that they can mention
//! keywords.
//!
//! [Auth0's deploy CLI]: https://auth0.com/docs/deploy-monitor/deploy-cli-tool/keyword-replacement

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::TenantFileError;

/// Values that replace the keywords `##KEY##` and `@@KEY@@` of a tenant file.
#[derive(Debug, Clone, Default)]
pub struct Keywords(BTreeMap<String, Value>);

/// A text that is not a JSON object of keywords.
#[derive(Debug, thiserror::Error)]
#[error("the keyword mappings must be a JSON object")]
pub struct InvalidMappings;

impl Keywords {
    /// No keywords: a file that uses one is invalid.
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses the JSON object that the deploy CLI takes as `AUTH0_KEYWORD_REPLACE_MAPPINGS`.
    pub fn from_json(text: &str) -> Result<Self, InvalidMappings> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|_| InvalidMappings)
    }

    /// Sets the value of a keyword; the last value counts.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.insert(key.into(), Value::String(value.into()));
    }

    /// The text with every keyword replaced. Keywords within values are not replaced.
    pub(crate) fn replace(&self, text: &str) -> Result<String, TenantFileError> {
        let mut replaced = String::with_capacity(text.len());
        for (at, line) in text.split_inclusive('\n').enumerate() {
            if is_comment(line) {
                replaced.push_str(line);
            } else {
                self.replace_line(at, line, &mut replaced)?;
            }
        }
        Ok(replaced)
    }

    /// The text of a script with every keyword replaced that has a value, also in comments, as the deploy CLI does it.
    /// Also returns the other keywords with their lines; they may be ordinary text of the script.
    pub(crate) fn replace_known(&self, text: &str) -> (String, Vec<(usize, String)>) {
        let mut replaced = String::with_capacity(text.len());
        let mut unknown = Vec::new();
        for (at, line) in text.split_inclusive('\n').enumerate() {
            let mut rest = line;
            while let Some(marker) = Marker::first(rest) {
                let (before, after) = (&rest[..marker.start], &rest[marker.end..]);
                rest = match self.0.get(marker.key) {
                    Some(value) => put(value, &marker, before, after, &mut replaced),
                    None => {
                        unknown.push((at + 1, marker.text(rest).to_owned()));
                        replaced.push_str(&rest[..marker.end]);
                        after
                    }
                };
            }
            replaced.push_str(rest);
        }
        (replaced, unknown)
    }

    fn replace_line(&self, at: usize, line: &str, to: &mut String) -> Result<(), TenantFileError> {
        let mut rest = line;
        while let Some(marker) = Marker::first(rest) {
            let (before, after) = (&rest[..marker.start], &rest[marker.end..]);
            let Some(value) = self.0.get(marker.key) else {
                let column = line.len() - rest.len() + marker.start;
                return Err(TenantFileError {
                    script: None,
                    line: at as u64 + 1,
                    column: line[..column].chars().count() as u64 + 1,
                    path: String::new(),
                    message: format!("the keyword `{}` has no value", marker.text(rest)),
                });
            };
            rest = put(value, &marker, before, after, to);
        }
        to.push_str(rest);
        Ok(())
    }
}

/// Appends the text before a marker and the value; returns the text that remains.
fn put<'a>(
    value: &Value,
    marker: &Marker<'_>,
    before: &'a str,
    after: &'a str,
    to: &mut String,
) -> &'a str {
    if marker.quoted {
        let (before, after) = without_quotes(before, after);
        to.push_str(before);
        to.push_str(&value.to_string());
        return after;
    }
    to.push_str(before);
    match value {
        Value::String(text) => to.push_str(text),
        other => to.push_str(&other.to_string()),
    }
    after
}

/// `##KEY##` or `@@KEY@@` in a text.
struct Marker<'a> {
    start: usize,
    end: usize,
    key: &'a str,
    /// True for `@@KEY@@`: the value is inserted as JSON.
    quoted: bool,
}

impl<'a> Marker<'a> {
    fn first(text: &'a str) -> Option<Self> {
        let raw = Self::first_between(text, "##");
        let json = Self::first_between(text, "@@");
        match (raw, json) {
            (Some(raw), Some(json)) if json.start < raw.start => Some(json),
            (raw, json) => raw.or(json),
        }
    }

    fn first_between(text: &'a str, fence: &str) -> Option<Self> {
        text.match_indices(fence).find_map(|(start, _)| {
            let inside = &text[start + fence.len()..];
            let key = &inside[..inside.find(|c| !is_key_char(c))?];
            let closed = !key.is_empty() && inside[key.len()..].starts_with(fence);
            closed.then(|| Self {
                start,
                end: start + 2 * fence.len() + key.len(),
                key,
                quoted: fence == "@@",
            })
        })
    }

    fn text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start..self.end]
    }
}

fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// True if the line is only a YAML comment. A line that begins with a keyword is not.
fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('#') && Marker::first(line).is_none_or(|marker| marker.start != 0)
}

/// Removes the quotes around a marker: `"@@KEY@@"` means the same as `@@KEY@@`, because the value has its own quotes.
fn without_quotes<'a>(before: &'a str, after: &'a str) -> (&'a str, &'a str) {
    for quote in ['"', '\''] {
        if let (Some(before), Some(after)) = (before.strip_suffix(quote), after.strip_prefix(quote))
        {
            return (before, after);
        }
    }
    (before, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replace(text: &str) -> Result<String, String> {
        let mut keywords = Keywords::from_json(
            r#"{"HOST": "app.example", "LOCALES": ["en", "es"], "QUOTE": "say \"hi\"", "N": 5}"#,
        )
        .unwrap();
        keywords.set("NESTED", "##HOST##");
        keywords.replace(text).map_err(|error| error.to_string())
    }

    #[test]
    fn hashes_take_the_raw_text_and_at_signs_take_json() {
        assert_eq!(
            replace("a: https://##HOST##/cb ##N##").unwrap(),
            "a: https://app.example/cb 5"
        );
        assert_eq!(replace("a: @@HOST@@").unwrap(), "a: \"app.example\"");
        assert_eq!(replace("a: @@LOCALES@@").unwrap(), r#"a: ["en","es"]"#);
        assert_eq!(replace("a: '@@LOCALES@@'").unwrap(), r#"a: ["en","es"]"#);
        assert_eq!(replace("a: \"@@QUOTE@@\"").unwrap(), r#"a: "say \"hi\"""#);
    }

    #[test]
    fn a_value_is_not_searched_for_further_keywords() {
        assert_eq!(replace("a: ##NESTED##").unwrap(), "a: ##HOST##");
    }

    #[test]
    fn a_keyword_without_a_value_is_named_with_its_place() {
        assert_eq!(
            replace("a: é\nb: x ##ISSUER##").unwrap_err(),
            "2:6: the keyword `##ISSUER##` has no value"
        );
        assert_eq!(
            replace("a: @@NO@@").unwrap_err(),
            "1:4: the keyword `@@NO@@` has no value"
        );
        assert_eq!(
            replace("  ##NO##").unwrap_err(),
            "1:3: the keyword `##NO##` has no value"
        );
    }

    #[test]
    fn comments_and_lone_hashes_are_left_alone() {
        let text = "## Clients ##\n# ##ISSUER## is replaced\n#########\na: '## x ##' # not\n";
        assert_eq!(replace(text).unwrap(), text);
    }

    #[test]
    fn mappings_are_a_json_object() {
        assert!(Keywords::from_json("[]").is_err());
        assert!(Keywords::from_json("{").is_err());
    }
}
