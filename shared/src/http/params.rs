//! Parameters of a request, from its query, its form or its JSON body. JSON `null` and empty texts
//! count as absent, as SDKs send both; unknown names are ignored; repeated ones are refused
//! (RFC 6749 section 3.2).

use std::fmt;

use http::header::CONTENT_TYPE;
use percent_encoding::percent_decode;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{MAX_BODY_BYTES, Request, header};
use crate::domain::denial::Denial;

const JSON: &str = "application/json";

/// Whether a request says that its body is JSON.
pub fn is_json(request: &Request) -> bool {
    media_type(request) == JSON
}

fn media_type(request: &Request) -> String {
    let content_type = header(request, &CONTENT_TYPE).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().to_ascii_lowercase()
}

/// The parameters of a request.
#[derive(Debug, Default)]
pub struct Params(Vec<(String, Value)>);

impl Params {
    /// Those of the body, by its content type; a body without one is read as a form.
    pub fn of_body(request: &Request) -> Result<Self, Denial> {
        if request.body().len() > MAX_BODY_BYTES {
            return Err(Denial::BodyTooLarge);
        }
        match media_type(request).as_str() {
            "" | "application/x-www-form-urlencoded" => Self::parse_form(request.body()),
            JSON => Self::parse_json(request.body()),
            _ => Err(Denial::Body("the content type must be form or JSON")),
        }
    }

    /// Those of a body that has to be JSON: one that a page of another origin sends only if a preflight
    /// lets it.
    pub fn of_json_body(request: &Request) -> Result<Self, Denial> {
        if is_json(request) {
            Self::of_body(request)
        } else {
            Err(Denial::Body("the content type must be JSON"))
        }
    }

    /// Those of the query.
    pub fn of_query(request: &Request) -> Result<Self, Denial> {
        Self::parse_form(request.uri().query().unwrap_or_default().as_bytes())
    }

    /// Reads `application/x-www-form-urlencoded`, strictly: what does not decode to UTF-8 is refused
    /// rather than replaced.
    pub fn parse_form(bytes: &[u8]) -> Result<Self, Denial> {
        let mut params = Self::default();
        for pair in bytes.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |b| *b == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            params.add(name, Value::String(value))?;
        }
        Ok(params)
    }

    /// Reads a JSON object.
    pub fn parse_json(bytes: &[u8]) -> Result<Self, Denial> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let pairs = json
            .deserialize_map(Pairs)
            .and_then(|pairs| json.end().map(|()| pairs))
            .map_err(|_| Denial::Body("not a JSON object"))?;
        let mut params = Self::default();
        for (name, value) in pairs {
            params.add(name, value)?;
        }
        Ok(params)
    }

    /// A parameter as text, if it is there.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Denial> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Denial::InvalidParameter(format!("{name} must be a string"))),
        }
    }

    /// A parameter that has to be there.
    pub fn required(&self, name: &'static str) -> Result<&str, Denial> {
        self.text(name)?.ok_or(Denial::MissingParameter(name))
    }

    /// `scope`: a text, or in JSON a list of texts.
    pub fn scope(&self) -> Result<Option<String>, Denial> {
        match self.get("scope") {
            Some(Value::Array(names)) => names
                .iter()
                .map(|name| name.as_str().ok_or(Denial::ScopeType))
                .collect::<Result<Vec<_>, _>>()
                .map(|names| Some(names.join(" "))),
            Some(Value::Object(_) | Value::Number(_) | Value::Bool(_)) => Err(Denial::ScopeType),
            _ => Ok(self.text("scope")?.map(str::to_owned)),
        }
    }

    /// Whether there are parameters of these names and no others.
    pub fn are_exactly(&self, names: &[&str]) -> bool {
        self.0.len() == names.len() && names.iter().all(|name| self.get(name).is_some())
    }

    /// Names and values of those that are texts.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    fn add(&mut self, name: String, value: Value) -> Result<(), Denial> {
        if self.get(&name).is_some() {
            return Err(Denial::RepeatedParameter(name));
        }
        if name.contains('\0') || value.as_str().is_some_and(|text| text.contains('\0')) {
            return Err(Denial::InvalidParameter(
                "a parameter contains a NUL character".to_owned(),
            ));
        }
        self.0.push((name, value));
        Ok(())
    }
}

fn decode(bytes: &[u8]) -> Result<String, Denial> {
    let spaced: Vec<u8> = bytes
        .iter()
        .map(|b| if *b == b'+' { b' ' } else { *b })
        .collect();
    percent_decode(&spaced)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Denial::Body("not UTF-8"))
}

/// Keeps repeated names of a JSON object apart, where a map would keep the last.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_and_json_mean_the_same() {
        let form = Params::parse_form(b"a=1+2%2B&b=&c").unwrap();
        assert_eq!(form.text("a"), Ok(Some("1 2+")));
        assert_eq!(form.text("b"), Ok(None));
        assert_eq!(form.text("c"), Ok(None));
        let json = Params::parse_json(br#"{"a":"1 2+","b":null,"c":""}"#).unwrap();
        assert_eq!(json.text("a"), Ok(Some("1 2+")));
        assert_eq!(json.text("b"), Ok(None));
        assert_eq!(json.text("c"), Ok(None));
    }

    #[test]
    fn repeated_parameters_are_refused_in_both() {
        let repeated = Err(Denial::RepeatedParameter("a".to_owned()));
        assert_eq!(Params::parse_form(b"a=1&b=2&a=1").map(|_| ()), repeated);
        assert_eq!(
            Params::parse_json(br#"{"a":1,"a":1}"#).map(|_| ()),
            repeated
        );
    }

    #[test]
    fn what_is_not_utf8_or_not_an_object_is_refused() {
        for bytes in [b"a=%ff".as_slice(), b"a=\xff", b"%c3%28=1"] {
            assert_eq!(
                Params::parse_form(bytes).map(|_| ()),
                Err(Denial::Body("not UTF-8"))
            );
        }
        for json in [
            "",
            "[]",
            "\"a\"",
            "{\"a\":",
            "{} {}",
            "{\"a\":\"\u{ff}\"",
            "nul",
        ] {
            assert!(Params::parse_json(json.as_bytes()).is_err(), "{json}");
        }
        assert!(Params::parse_form(b"a=%00").is_err());
    }

    #[test]
    fn wrong_types_are_named() {
        let json = Params::parse_json(br#"{"a":1,"scope":["openid","email"]}"#).unwrap();
        assert!(matches!(json.text("a"), Err(Denial::InvalidParameter(_))));
        assert_eq!(json.scope(), Ok(Some("openid email".to_owned())));
        let json = Params::parse_json(br#"{"scope":{}}"#).unwrap();
        assert_eq!(json.scope(), Err(Denial::ScopeType));
    }
}
