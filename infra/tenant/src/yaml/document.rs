//! The file as YAML: its values as types, and the line and column of each.
//!
//! The text is read twice: as a tree, which has every value with its place, with aliases and merge keys followed, and
//! into types. Parser and checks name a wrong value by its path, and the tree turns paths into lines and columns.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::{Error, MessageFormatter, Options, UserMessageFormatter};

use crate::{
    error::TenantFileError,
    yaml::{
        node::{Node, Place},
        path::{Fault, Notes, Path, Step},
    },
};

/// A text that was parsed as YAML.
pub(crate) struct Document<'a> {
    text: &'a str,
    root: Node,
}

impl<'a> Document<'a> {
    /// Parses the text as YAML.
    pub(crate) fn read(text: &'a str) -> Result<Self, TenantFileError> {
        match serde_saphyr::from_str_with_options(text, options()) {
            Ok(root) => Ok(Self { text, root }),
            Err(error) => Err(syntax_error(&error)),
        }
    }

    /// Deserializes the text. Also returns the paths of keys that the types do not have.
    pub(crate) fn deserialize<T: DeserializeOwned>(
        &self,
    ) -> Result<(T, Vec<Path>), TenantFileError> {
        let mut track = serde_path_to_error::Track::new();
        let mut unread = Vec::new();
        let outcome =
            serde_saphyr::with_deserializer_from_str_with_options(self.text, options(), |de| {
                let de = serde_path_to_error::Deserializer::new(de, &mut track);
                serde_ignored::deserialize(de, |path| unread.push(unread_path(&path)))
            });
        let value = outcome.map_err(|error| {
            let path = failed_path(&track.path());
            self.locate(&Fault::new(path, explain(&error)))
        })?;
        Ok((value, unread))
    }

    /// The value at a path.
    pub(crate) fn value(&self, at: &Path) -> Option<Value> {
        self.root.at(at).map(Node::to_value)
    }

    /// True if leaving out the value at a path would mean the same.
    pub(crate) fn says_nothing(&self, at: &Path) -> bool {
        self.root.at(at).is_some_and(Node::says_nothing)
    }

    /// True if the file has the key.
    pub(crate) fn has(&self, at: &Path) -> bool {
        self.root.at(at).is_some()
    }

    /// Gives a fault its line and column.
    pub(crate) fn locate(&self, fault: &Fault) -> TenantFileError {
        if let Some(script) = &fault.script {
            return TenantFileError {
                script: Some(script.file.clone()),
                line: script.line.into(),
                column: script.column.into(),
                path: String::new(),
                message: fault.message.clone(),
            };
        }
        let place = self.root.place_of(&fault.at);
        TenantFileError {
            script: None,
            line: place.line,
            column: place.column,
            path: fault.at.to_string(),
            message: fault.message.clone(),
        }
    }

    /// The warnings as lines, from the top of the file to its end.
    pub(crate) fn warnings(&self, notes: Notes) -> Vec<String> {
        let mut located: Vec<_> = notes
            .into_faults()
            .iter()
            .map(|fault| self.locate(fault))
            .collect();
        located.sort_by_key(|warning| (warning.line, warning.column));
        located.iter().map(ToString::to_string).collect()
    }
}

/// Limits only the nesting: the file is the operator's own and may contain many users.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: usize::MAX,
            max_nodes: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
        },
        with_snippet: false,
    }
}

fn syntax_error(error: &Error) -> TenantFileError {
    let place = error.location().map_or(Place::START, Place::from);
    TenantFileError {
        script: None,
        line: place.line,
        column: place.column,
        path: String::new(),
        message: explain(error),
    }
}

/// The parser's error, in our own words if the parser's would not help the operator.
fn explain(error: &Error) -> String {
    match error {
        Error::Unexpected {
            expected: "sequence start",
            ..
        } => "must be a list".to_owned(),
        Error::Unexpected {
            expected: "mapping start",
            ..
        } => "must be a mapping".to_owned(),
        Error::Unexpected {
            expected: "string scalar",
            ..
        } => "must be a text".to_owned(),
        Error::InvalidScalar { ty: "boolean", .. } => "must be true or false".to_owned(),
        Error::NullIntoString { .. } => "must not be null".to_owned(),
        Error::SerdeMissingField { field, .. } => format!("`{field}` is missing"),
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
            format!("must be {expected}")
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key `{key}` is given twice")
        }
        Error::MultipleDocuments { .. } => "there must be one YAML document only".to_owned(),
        Error::AliasError { error, .. } => explain(error),
        other => UserMessageFormatter.format_message(other).into_owned(),
    }
}

fn failed_path(path: &serde_path_to_error::Path) -> Path {
    use serde_path_to_error::Segment;
    path.iter()
        .map_while(|segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

fn unread_path(path: &serde_ignored::Path<'_>) -> Path {
    use serde_ignored::Path as Ignored;
    match path {
        Ignored::Root => Path::root(),
        Ignored::Seq { parent, index } => unread_path(parent).index(*index),
        Ignored::Map { parent, key } => unread_path(parent).key(key),
        Ignored::Some { parent }
        | Ignored::NewtypeStruct { parent }
        | Ignored::NewtypeVariant { parent } => unread_path(parent),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{error, tenant, warnings};

    #[test]
    fn invalid_yaml_is_a_one_line_error_with_its_position() {
        for (text, message) in [
            (
                "clients:\n\t- name: a",
                "2:2: tabs disallowed within this context (block indentation)",
            ),
            ("clients: {a: 1", "1:10: unclosed bracket '{'"),
            (
                "clients:\n  - name: a\n    name: b",
                "3:5: the key `name` is given twice",
            ),
            (
                "clients: []\n---\nclients: []",
                "3:1: there must be one YAML document only",
            ),
            ("clients: *a", "1:10: reference to unknown value"),
        ] {
            assert_eq!(error(text), message);
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named_by_its_path() {
        for (text, message) in [
            ("- a", "1:1: must be a mapping"),
            ("clients: 5", "1:1: clients: must be a list"),
            ("clients:\n  - a", "2:5: clients[0]: must be a mapping"),
            (
                "clients:\n  - name: [a]",
                "2:5: clients[0].name: must be a text",
            ),
            (
                "clients:\n  - name: ~",
                "2:5: clients[0].name: must not be null",
            ),
            ("tenant: []", "1:1: tenant: must be a mapping"),
        ] {
            assert_eq!(error(text), message);
        }
    }

    #[test]
    fn an_empty_file_is_an_empty_tenant() {
        for text in ["", "# nothing\n", "clients:\nusers:\n", "{}"] {
            let tenant = tenant(text);
            assert!(
                tenant.clients.is_empty() && tenant.users.is_empty() && tenant.settings.is_none()
            );
        }
    }

    #[test]
    fn anchors_and_merge_keys_are_followed_and_blamed_where_they_are_used() {
        let shared = "exclude: &app
  app_type: spa
  oidc_conformant: true
clients:
  - <<: *app
    name: a
  - <<: *app
    name: b
";
        let tenant = tenant(shared);
        assert!(
            tenant
                .clients
                .iter()
                .all(|entry| entry.client.oidc_conformant)
        );
        assert_eq!(tenant.warnings, Vec::<String>::new());
        assert_eq!(
            error(&shared.replace("spa", "spb")),
            "5:9: clients[0].app_type: must be `native`, `spa`, `regular_web` or \
             `non_interactive`, not `spb`"
        );
    }

    #[test]
    fn sections_that_are_not_supported_yet_warn_unless_they_are_empty() {
        assert_eq!(
            warnings(
                "actions:
  - name: x
hooks: []
logStreams: [x]
pages: [{name: login}]
client: []"
            ),
            [
                "4:1: logStreams: not supported yet",
                "5:1: pages: not supported yet",
                "6:1: client: unknown key",
            ]
        );
    }

    #[test]
    fn a_message_escapes_line_breaks_of_a_value() {
        assert_eq!(
            error("clients:\n  - {name: a, app_type: \"x\\ny\"}"),
            "2:15: clients[0].app_type: must be `native`, `spa`, `regular_web` or \
             `non_interactive`, not `x\\ny`"
        );
    }
}
