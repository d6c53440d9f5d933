//! `BatchGetItem`, of which `DynamoDB` processes a part while it throttles.

use std::io;

use serde_json::{Value, json};

use super::Message;

/// The request with the first key of each table, and the rest as `DynamoDB` names it in the answer; `None` if there is no
/// rest.
pub(super) fn split(request: &Message) -> io::Result<(Message, Option<Value>)> {
    let mut body: Value = serde_json::from_slice(&request.body)?;
    let mut unprocessed = body["RequestItems"].clone();
    for (table, asked) in members(&mut body["RequestItems"]) {
        let keys = asked["Keys"].as_array_mut().ok_or_else(no_batch)?;
        let rest = keys.split_off(1.min(keys.len()));
        unprocessed[table]["Keys"] = json!(rest);
    }
    let keys = |asked: &Value| {
        asked["Keys"]
            .as_array()
            .is_some_and(|keys| !keys.is_empty())
    };
    let is_left = members(&mut unprocessed).any(|(_, asked)| keys(asked));
    let request = request.with_body(serde_json::to_vec(&body)?);
    Ok((request, is_left.then_some(unprocessed)))
}

/// The answer of a store that processes no key.
pub(super) fn unprocessed(request: &Message) -> io::Result<String> {
    let body: Value = serde_json::from_slice(&request.body)?;
    Ok(json!({ "Responses": {}, "UnprocessedKeys": body["RequestItems"] }).to_string())
}

/// The answer with keys that have not been processed.
pub(super) fn with_unprocessed(answer: &Message, unprocessed: Value) -> io::Result<Message> {
    let mut body: Value = serde_json::from_slice(&answer.body)?;
    body["UnprocessedKeys"] = unprocessed;
    Ok(answer.with_body(serde_json::to_vec(&body)?))
}

fn members(object: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    object.as_object_mut().into_iter().flatten()
}

fn no_batch() -> io::Error {
    io::Error::other("not a `BatchGetItem`")
}
