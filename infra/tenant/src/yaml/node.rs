//! The file as a tree: every value and key with its place.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Number, Value};
use serde_saphyr::{Location, Spanned};

use crate::yaml::path::{Path, Step};

/// A value and its place.
pub(crate) struct Node {
    place: Place,
    content: Content,
}

/// A line and a column, both from 1.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Place {
    /// The top of the file.
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

enum Content {
    Scalar(Value),
    List(Vec<Node>),
    Mapping(Vec<(String, Place, Node)>),
}

impl Node {
    /// Place of a value's key in a mapping, or of the value itself in a list. A path that leads to no value has the
    /// place of the nearest value on the way.
    pub(crate) fn place_of(&self, path: &Path) -> Place {
        let mut node = self;
        let mut place = node.place;
        for step in path.steps() {
            match node.child(step) {
                Some((key, child)) => {
                    node = child;
                    place = key.unwrap_or(child.place);
                }
                None => break,
            }
        }
        place
    }

    /// The value at the path.
    pub(crate) fn at(&self, path: &Path) -> Option<&Self> {
        path.steps()
            .iter()
            .try_fold(self, |node, step| node.child(step).map(|(_, child)| child))
    }

    fn child(&self, step: &Step) -> Option<(Option<Place>, &Self)> {
        match (&self.content, step) {
            (Content::List(nodes), Step::Index(index)) => Some((None, nodes.get(*index)?)),
            (Content::Mapping(entries), Step::Key(key)) => entries
                .iter()
                .find(|(known, ..)| known == key)
                .map(|(_, place, node)| (Some(*place), node)),
            _ => None,
        }
    }

    /// The value as JSON.
    pub(crate) fn to_value(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(nodes) => nodes.iter().map(Self::to_value).collect(),
            Content::Mapping(entries) => {
                let entry = |(key, _, node): &(String, Place, Self)| (key.clone(), node.to_value());
                entries.iter().map(entry).collect()
            }
        }
    }

    /// True if leaving out the value would mean the same: it is null, false or empty.
    pub(crate) fn says_nothing(&self) -> bool {
        match &self.content {
            Content::Scalar(value) => match value {
                Value::Null | Value::Bool(false) => true,
                Value::String(text) => text.is_empty(),
                _ => false,
            },
            Content::List(nodes) => nodes.is_empty(),
            Content::Mapping(entries) => entries.iter().all(|(.., node)| node.says_nothing()),
        }
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self {
            line: location.line().max(1),
            column: location.column().max(1),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Content>::deserialize(deserializer)?;
        Ok(Self {
            place: spanned.referenced.into(),
            content: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

/// The number if JSON can represent it, or else its digits as text.
fn large(number: Option<Number>, digits: &impl ToString) -> Value {
    number.map_or_else(|| digits.to_string().into(), Value::Number)
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Content, E> {
        Ok(Content::Scalar(large(Number::from_i128(value), &value)))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Content, E> {
        Ok(Content::Scalar(large(Number::from_u128(value), &value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Content, E> {
        Ok(Content::Scalar(value.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(Content::Scalar(text.into()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Content, E> {
        Ok(Content::Scalar(bytes.into()))
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Content::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<Content, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, node)) = mapping.next_entry::<Key, Node>()? {
            entries.push((key.text, key.place, node));
        }
        Ok(Content::Mapping(entries))
    }
}

/// The key of a mapping. A key that is not a scalar names no field, so its text does not matter.
struct Key {
    text: String,
    place: Place,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self {
            text: key.value,
            place: key.referenced.into(),
        })
    }
}
