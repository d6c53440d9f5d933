//! Keys of a file that no section reads.
//!
//! There are three kinds of unread keys: keys that Ratchet can ignore without effect (`Known`), keys that request
//! something Ratchet does not support yet (`Unsupported`, with a warning unless the value is false or empty), and
//! keys that Auth0 does not know either, probably typing errors (`Unknown`). Unknown keys of a user are attributes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::known::{OBJECTS, USER};
use crate::yaml::{
    document::Document,
    path::{Notes, Path, Step},
};

/// Attributes by the user's index in the list: keys at the root of the profile that are not fields.
pub(crate) type Attributes = BTreeMap<usize, Map<String, Value>>;

/// Collects the attributes of users from the keys that no section reads.
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

/// Warns of unsupported and unknown keys.
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

/// Reasons why no section reads a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unread {
    /// Auth0 knows it; ignoring it changes nothing here.
    Known,
    /// Auth0 knows it and would behave differently.
    Unsupported,
    /// Auth0 does not know it either.
    Unknown,
}

/// True if the key at the end of a path is an attribute of a user: any unknown key at the root of the profile.
fn is_attribute(path: &Path) -> bool {
    let of_a_user = path
        .split_last()
        .is_some_and(|(parent, _)| parent.shape() == USER);
    of_a_user && why_unread(path) == Unread::Unknown
}

/// The reason why no section reads the key at the end of a path.
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
