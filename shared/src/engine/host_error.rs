//! What the promise of a [`super::HostCall`] is rejected with.

use serde_json::{Map, Value};

use crate::domain::request_failure::{RequestFailure, Stage};

/// An `Error` with this message and these properties of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct HostError {
    /// `message`
    pub message: String,
    /// `code` and others; for the library's HTTP clients also `inFetch`, what the global `fetch` says instead.
    pub properties: Map<String, Value>,
}

impl<T: Into<String>> From<T> for HostError {
    fn from(message: T) -> Self {
        Self {
            message: message.into(),
            properties: Map::new(),
        }
    }
}

impl HostError {
    /// What the library's HTTP clients make their errors of.
    pub fn of_request(failure: &RequestFailure) -> Self {
        let mut properties = failure.in_node();
        properties.remove("message");
        if let Some(mut cause) = failure.in_fetch() {
            let had_begun = failure.stage == Stage::Body;
            cause.insert("hadBegun".to_owned(), Value::Bool(had_begun));
            properties.insert("inFetch".to_owned(), Value::Object(cause));
        }
        Self {
            message: failure.message(),
            properties,
        }
    }
}
