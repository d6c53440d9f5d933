//! The file as a tree of places: where every key and every value stands.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Location, Spanned};

use crate::path::{Path, Step};

/// A value and where it stands.
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
    /// False, null or an empty text.
    Nothing,
    /// Any other scalar.
    Scalar,
    List(Vec<Node>),
    Mapping(Vec<(String, Place, Node)>),
}

impl Node {
    /// The key of a value in a mapping, the value itself in a list; where the path leads nowhere,
    /// the nearest value on the way.
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

    /// The value a path leads to.
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

    /// Whether leaving the value out would mean the same.
    pub(crate) fn says_nothing(&self) -> bool {
        match &self.content {
            Content::Nothing => true,
            Content::Scalar => false,
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

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(if value {
            Content::Scalar
        } else {
            Content::Nothing
        })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Content, E> {
        Ok(Content::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Content, E> {
        Ok(Content::Scalar)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Content, E> {
        Ok(Content::Scalar)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Content, E> {
        Ok(Content::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Content, E> {
        Ok(Content::Scalar)
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(if text.is_empty() {
            Content::Nothing
        } else {
            Content::Scalar
        })
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Content, E> {
        Ok(Content::Scalar)
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Nothing)
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Nothing)
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

/// The key of a mapping. One that is no scalar names no field, so its text does not matter.
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
