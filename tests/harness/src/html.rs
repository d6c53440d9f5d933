//! The subset of HTML that forms need.

use std::collections::BTreeMap;

/// The attributes of one tag.
pub type Attributes = BTreeMap<String, String>;

/// The attributes of every start tag of this name.
pub fn tags(page: &str, name: &str) -> Vec<Attributes> {
    let opening = format!("<{name}");
    page.match_indices(&opening)
        .map(|(at, _)| &page[at + opening.len()..])
        .filter(|rest| rest.starts_with(|c: char| c.is_whitespace() || c == '>' || c == '/'))
        .map(attributes)
        .collect()
}

/// The attributes of the first tag of this name.
pub fn tag(page: &str, name: &str) -> Attributes {
    let first = tags(page, name).into_iter().next();
    first.unwrap_or_else(|| panic!("no <{name}> in {page}"))
}

/// The `<input>` of this name.
pub fn input(page: &str, name: &str) -> Attributes {
    let inputs = tags(page, "input");
    let input = inputs
        .into_iter()
        .find(|input| input.get("name").is_some_and(|n| n == name));
    input.unwrap_or_else(|| panic!("no <input name=\"{name}\"> in {page}"))
}

/// Names and values of the hidden fields, in order.
pub fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let inputs = tags(page, "input").into_iter();
    inputs
        .filter(|input| input.get("type").is_some_and(|kind| kind == "hidden"))
        .map(|mut input| {
            let mut take = |name: &str| input.remove(name).unwrap_or_default();
            (take("name"), take("value"))
        })
        .collect()
}

/// The attributes at the start of `rest`, up to the end of the tag.
fn attributes(rest: &str) -> Attributes {
    let mut attributes = Attributes::new();
    let mut rest = rest.trim_start();
    while !rest.is_empty() && !rest.starts_with('>') && !rest.starts_with("/>") {
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'))
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end.max(1));
        let (value, after) = match after.trim_start().strip_prefix('=') {
            Some(after) => value(after.trim_start()),
            None => ("", after),
        };
        attributes.insert(name.to_ascii_lowercase(), unescape(value));
        rest = after.trim_start();
    }
    attributes
}

/// An attribute's value, quoted or not, and what follows it.
fn value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).expect("quotes are closed");
        }
    }
    let end = text
        .find(|c: char| c.is_whitespace() || c == '>')
        .unwrap_or(text.len());
    text.split_at(end)
}

/// Text with its character references resolved: the five named ones and numbers.
pub fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, reference)) = rest.split_once('&') {
        plain.push_str(before);
        let resolved = reference
            .split_once(';')
            .and_then(|(name, after)| Some((character(name)?, after)));
        let (c, after) = resolved.unwrap_or(('&', reference));
        plain.push(c);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_come_quoted_bare_and_empty() {
        let page = r#"<inputs><input type=hidden name='a' value="x &amp; &#x27;y&#39;" required/>"#;
        let input = input(page, "a");
        assert_eq!(input["value"], "x & 'y'");
        assert_eq!(input["required"], "");
        assert_eq!(tags(page, "input").len(), 1);
    }

    #[test]
    fn hidden_fields_keep_their_order() {
        let page = r#"<input type="hidden" name="b" value="1"><input name="t">
            <input type="hidden" name="a" value="2">"#;
        let fields = [
            ("b".to_owned(), "1".to_owned()),
            ("a".to_owned(), "2".to_owned()),
        ];
        assert_eq!(hidden_fields(page), fields);
    }
}
