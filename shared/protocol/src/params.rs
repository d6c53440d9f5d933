//! Parameters of a request, from its query, its form or its JSON body. JSON `null` and empty texts count as absent,
//! because SDKs send both. A repeated parameter is an error for the code that reads it (RFC 6749 sections 3.1 and
//! 3.2). Parameters that no code reads are ignored, even repeated ones.

use std::fmt;

use http::{Method, header::CONTENT_TYPE};
use percent_encoding::percent_decode;
use ratchet_domain::{denial::Denial, scope};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::{MAX_BODY_BYTES, Request, header};

/// Most parameters of a request. Each lookup searches all of them, so a bound on their number bounds the work.
const MAX_PARAMETERS: usize = 100;

const JSON: &str = "application/json";
/// Replaces a malformed name.
const MALFORMED: &str = "\0";
const FORM: &str = "application/x-www-form-urlencoded";

/// True if the content type of a request is JSON.
pub fn is_json(request: &Request) -> bool {
    media_type(request) == JSON
}

fn media_type(request: &Request) -> String {
    let content_type = header(request, &CONTENT_TYPE).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().to_ascii_lowercase()
}

/// The parameters of a request, in their order, each with its value or the error in it.
#[derive(Debug, Default)]
pub struct Params(Vec<(String, Result<Value, Denial>)>);

impl Params {
    /// The parameters of the body, by its content type; a body without one is read as a form.
    pub fn of_body(request: &Request) -> Result<Self, Denial> {
        Self::read_body(request)?.well_formed()
    }

    /// The parameters of a body that must be JSON: a page of another origin can send one only if a preflight allows
    /// it.
    pub fn of_json_body(request: &Request) -> Result<Self, Denial> {
        if is_json(request) {
            Self::of_body(request)
        } else {
            Err(Denial::Body("the content type must be JSON"))
        }
    }

    /// The parameters of the query.
    pub fn of_query(request: &Request) -> Result<Self, Denial> {
        Self::parse_form(request.uri().query().unwrap_or_default().as_bytes())
    }

    /// The parameters of an authorization request. A malformed one is an error only for the code that reads it: by then
    /// it is known whether the error goes to the application or to the user.
    pub fn of_authorization_request(request: &Request) -> Result<Self, Denial> {
        match *request.method() {
            Method::POST => Self::read_body(request),
            _ => Self::read_form(request.uri().query().unwrap_or_default().as_bytes()),
        }
    }

    /// Reads `application/x-www-form-urlencoded`, strictly: text that does not decode to UTF-8 is rejected rather than
    /// replaced.
    pub fn parse_form(bytes: &[u8]) -> Result<Self, Denial> {
        Self::read_form(bytes)?.well_formed()
    }

    /// Reads a JSON object.
    pub fn parse_json(bytes: &[u8]) -> Result<Self, Denial> {
        Self::read_json(bytes)?.well_formed()
    }

    fn read_body(request: &Request) -> Result<Self, Denial> {
        if request.body().len() > MAX_BODY_BYTES {
            return Err(Denial::BodyTooLarge);
        }
        match media_type(request).as_str() {
            "" | FORM => Self::read_form(request.body()),
            JSON => Self::read_json(request.body()),
            _ => Err(Denial::Body("the content type must be form or JSON")),
        }
    }

    fn read_form(bytes: &[u8]) -> Result<Self, Denial> {
        let mut params = Self::default();
        let pairs = bytes.split(|b| *b == b'&').filter(|pair| !pair.is_empty());
        for (number, pair) in pairs.enumerate() {
            if number == MAX_PARAMETERS {
                return Err(Denial::TooManyParameters);
            }
            let mut halves = pair.splitn(2, |b| *b == b'=');
            let name = decode(halves.next().unwrap_or_default());
            let value = decode(halves.next().unwrap_or_default());
            params.add(name, value.map(Value::String));
        }
        Ok(params)
    }

    fn read_json(bytes: &[u8]) -> Result<Self, Denial> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let pairs = json
            .deserialize_map(Pairs)
            .and_then(|pairs| json.end().map(|()| pairs))
            .map_err(|_| Denial::Body("not a JSON object"))?
            .ok_or(Denial::TooManyParameters)?;
        let mut params = Self::default();
        for (name, value) in pairs {
            params.add(Ok(name), Ok(value));
        }
        Ok(params)
    }

    /// The parameters, unless one of them is malformed.
    fn well_formed(self) -> Result<Self, Denial> {
        let fault = self.0.iter().find_map(|(_, value)| value.as_ref().err());
        match fault {
            Some(fault) => Err(fault.clone()),
            None => Ok(self),
        }
    }

    /// A parameter as text; `None` if it is absent.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Denial> {
        self.get(name)?
            .map_or(Ok(None), |value| as_text(name, value))
    }

    /// All texts of a parameter that may be repeated, such as `resource` (RFC 8707 section 2).
    pub fn each(&self, name: &str) -> Result<Vec<&str>, Denial> {
        let mut texts = Vec::new();
        for value in self.values(name) {
            match value.as_ref().map_err(Clone::clone)? {
                Value::Array(values) => {
                    for value in values {
                        texts.extend(as_text(name, value)?);
                    }
                }
                value => texts.extend(as_text(name, value)?),
            }
        }
        Ok(texts)
    }

    /// The first text of a parameter, repeated or not. Only for values on which nothing but a response depends.
    pub fn first_text(&self, name: &str) -> Option<&str> {
        self.values(name).find_map(|value| {
            let text = value.as_ref().ok()?.as_str()?;
            (!text.is_empty()).then_some(text)
        })
    }

    /// A parameter that must be present.
    pub fn required(&self, name: &'static str) -> Result<&str, Denial> {
        self.text(name)?.ok_or(Denial::MissingParameter(name))
    }

    /// `scope`: a text, or in JSON an array of texts. More scopes than a request may name are an error.
    pub fn scope(&self) -> Result<Option<String>, Denial> {
        let asked = match self.get("scope")? {
            Some(Value::Array(names)) => names
                .iter()
                .map(|name| name.as_str().ok_or(Denial::ScopeType))
                .collect::<Result<Vec<_>, _>>()
                .map(|names| Some(names.join(" "))),
            Some(Value::Object(_) | Value::Number(_) | Value::Bool(_)) => Err(Denial::ScopeType),
            _ => Ok(self.text("scope")?.map(str::to_owned)),
        }?;
        match asked {
            Some(asked) if !scope::is_within_bounds(&asked) => Err(Denial::TooManyScopes),
            asked => Ok(asked),
        }
    }

    /// True if there are parameters of these names and no others.
    pub fn are_exactly(&self, names: &[&str]) -> bool {
        let is_there = |name: &&str| self.values(name).next().is_some();
        self.0.len() == names.len() && names.iter().all(is_there)
    }

    /// Names and values of the parameters that are texts, repeated ones as often as they were sent.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_ref().ok()?.as_str()?)))
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &Result<Value, Denial>> {
        let named = self.0.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| value)
    }

    /// The value of a parameter that must not be repeated.
    fn get(&self, name: &str) -> Result<Option<&Value>, Denial> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Denial::RepeatedParameter(name.to_owned())),
            (Some(value), None) => value.as_ref().map(Some).map_err(Clone::clone),
            (None, None) => Ok(None),
        }
    }

    /// The error in a malformed name, if there is one: the intended parameter is unknown.
    pub fn malformed_name(&self) -> Option<&Denial> {
        self.values(MALFORMED)
            .find_map(|value| value.as_ref().err())
    }

    fn add(&mut self, name: Result<String, Denial>, value: Result<Value, Denial>) {
        let nul = || Denial::InvalidParameter("a parameter contains a NUL character".to_owned());
        let has_nul = |value: &Value| value.as_str().is_some_and(|text| text.contains('\0'));
        self.0.push(match (name, value) {
            (Err(fault), _) => (MALFORMED.to_owned(), Err(fault)),
            (Ok(name), _) if name.contains('\0') => (MALFORMED.to_owned(), Err(nul())),
            (Ok(name), Ok(value)) if has_nul(&value) => (name, Err(nul())),
            (Ok(name), value) => (name, value),
        });
    }
}

/// A value as text; `None` if it is `null` or empty, by which SDKs mean an absent one.
fn as_text<'a>(name: &str, value: &'a Value) -> Result<Option<&'a str>, Denial> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(Denial::InvalidParameter(format!("{name} must be a string"))),
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

/// Reads all members of a JSON object, also those with the same name, of which a map would keep only the last. `None`
/// if there are more than [`MAX_PARAMETERS`].
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Option<Vec<(String, Value)>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while pairs.len() < MAX_PARAMETERS {
            let Some(pair) = map.next_entry()? else {
                return Ok(Some(pairs));
            };
            pairs.push(pair);
        }
        let mut more = false;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            more = true;
        }
        Ok((!more).then_some(pairs))
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
    fn the_code_that_reads_a_parameter_rejects_its_repetition() {
        for params in [
            Params::parse_form(b"a=1&b=2&a=1"),
            Params::parse_json(br#"{"a":"1","b":"2","a":"1"}"#),
        ] {
            let params = params.unwrap();
            let repeated = Err(Denial::RepeatedParameter("a".to_owned()));
            assert_eq!(params.text("a"), repeated);
            assert_eq!(params.text("b"), Ok(Some("2")));
            assert_eq!(params.each("a"), Ok(vec!["1", "1"]));
            assert_eq!(params.first_text("a"), Some("1"));
        }
        let several = Params::parse_json(br#"{"a":["1","2"]}"#).unwrap();
        assert_eq!(several.each("a"), Ok(vec!["1", "2"]));
    }

    #[test]
    fn a_malformed_value_of_an_authorization_request_is_refused_where_it_is_read() {
        let request = |query: &str| {
            let uri = format!("/authorize?{query}");
            let request = http::Request::get(uri).body(bytes::Bytes::new()).unwrap();
            Params::of_authorization_request(&request)
        };
        let params = request("a=%ff&b=%00&c=1&%ff=2").unwrap();
        assert_eq!(params.text("a"), Err(Denial::Body("not UTF-8")));
        assert!(matches!(params.text("b"), Err(Denial::InvalidParameter(_))));
        assert_eq!(params.text("c"), Ok(Some("1")));
        assert!(params.malformed_name().is_some());
        assert_eq!(request("a=%ff&=").unwrap().malformed_name(), None);
    }

    #[test]
    fn a_body_that_is_not_utf8_or_no_object_is_rejected() {
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
