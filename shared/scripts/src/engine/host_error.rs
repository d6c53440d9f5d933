//! The error that rejects the promise of a [`super::HostCall`].

use serde_json::{Map, Value};

use crate::requests::failure::{RequestFailure, Stage};

/// A JavaScript `Error`: its message and its own properties.
#[derive(Debug, Clone, PartialEq)]
pub struct HostError {
    /// `message`
    pub message: String,
    /// Such as `code`. Errors of HTTP requests also have `inFetch`: the properties that the error of `fetch` would have.
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
    /// The error of a failed request, from which the library's HTTP clients make their own.
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
