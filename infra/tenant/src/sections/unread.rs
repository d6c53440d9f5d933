//! Keys of a file that no section reads.
//!
//! Three kinds of unread key: those whose absence changes nothing here (`Known`), those that ask for
//! something Ratchet does not do yet (`Unsupported`, worth a warning unless false or empty), and
//! those that Auth0 does not know either, probably a slip of the pen (`Unknown`). Of a user these are attributes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::known::{OBJECTS, USER};
use crate::yaml::{
    document::Document,
    path::{Notes, Path, Step},
};

/// The attributes that the profiles of users have at their root beside the fields that are read one by one, by the
/// user's place in the list.
pub(crate) type Attributes = BTreeMap<usize, Map<String, Value>>;

/// Takes the attributes of users from the keys that no section reads.
pub(crate) fn attributes(unread: &[Path], document: &Document) -> Attributes {
    let mut attributes = Attributes::new();
    for path in unread.iter().filter(|path| is_attribute(path)) {
        if let ([_, Step::Index(user), Step::Key(name)], Some(value)) =
            (path.steps(), document.value(path))
        {
            attributes
                .entry(*user)
                .or_default()
                .insert(name.clone(), value);
        }
    }
    attributes
}

/// Warns of the keys that a tenant would miss.
pub(crate) fn note_unread(unread: &[Path], document: &Document, notes: &mut Notes) {
    for path in unread {
        match why_unread(path) {
            Unread::Known => {}
            Unread::Unsupported if document.says_nothing(path) => {}
            Unread::Unsupported => notes.warn(path.clone(), "not supported yet"),
            Unread::Unknown if is_attribute(path) => {}
            Unread::Unknown => notes.warn(path.clone(), "unknown key"),
        }
    }
}

/// Why no section reads a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unread {
    /// Auth0 knows it; leaving it out changes nothing here.
    Known,
    /// Auth0 knows it and would behave otherwise.
    Unsupported,
    /// Auth0 does not know it either.
    Unknown,
}

/// Whether the key at the end of a path is an attribute that a user's profile has at its root: anything
/// that is not known to be something else.
fn is_attribute(path: &Path) -> bool {
    let of_a_user = path
        .split_last()
        .is_some_and(|(parent, _)| parent.shape() == USER);
    of_a_user && why_unread(path) == Unread::Unknown
}

/// Why no section reads the key at the end of a path.
fn why_unread(path: &Path) -> Unread {
    let Some((parent, Step::Key(key))) = path.split_last() else {
        return Unread::Unknown;
    };
    let shape = parent.shape();
    let Some(object) = OBJECTS.iter().find(|object| object.shape == shape) else {
        return Unread::Unknown;
    };
    if object.unsupported.contains(&key.as_str()) {
        Unread::Unsupported
    } else if object.known.contains(&key.as_str()) {
        Unread::Known
    } else {
        Unread::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unread_key_is_known_unsupported_or_unknown() {
        let client = Path::root().key("clients").index(0);
        assert_eq!(why_unread(&client.key("description")), Unread::Known);
        assert_eq!(why_unread(&client.key("jwks_uri")), Unread::Unsupported);
        assert_eq!(why_unread(&client.key("callback")), Unread::Unknown);
        assert_eq!(
            why_unread(&Path::root().key("prompts")),
            Unread::Unsupported
        );
    }
}
