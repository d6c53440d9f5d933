//! Conversion between items and our types.

use aws_sdk_dynamodb::types::AttributeValue;
use ratchet_domain::time::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    error::{Item, StoreError},
    keys::{Key, TTL},
};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<T, Id> {
    /// Items in the order of their keys.
    pub items: Vec<T>,
    /// Id of the last item that was read; `None` on the last page.
    pub next: Option<Id>,
}

/// Serializes a value to an item with this key. `DynamoDB` may delete the item after `ttl`.
pub(super) fn to_item(
    key: &Key,
    value: &impl Serialize,
    ttl: Option<Timestamp>,
) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(value).map_err(|e| inconsistent(key, e))?;
    item.retain(|_, value| !matches!(value, AttributeValue::Null(_)));
    item.extend(key.to_item());
    if let Some(ttl) = ttl {
        item.insert(TTL.to_owned(), seconds(ttl));
    }
    Ok(item)
}

/// Deserializes the value of an item.
pub(super) fn from_item<T: DeserializeOwned>(key: &Key, item: Item) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(|e| inconsistent(key, e))
}

pub(super) fn inconsistent(key: &Key, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Inconsistent {
        key: key.to_string(),
        reason: reason.to_string(),
    }
}

/// A time in seconds, as `DynamoDB`'s TTL requires.
pub(super) fn seconds(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_secs().to_string())
}

/// A time in milliseconds, as our attributes contain it.
pub(super) fn millis(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_millis().to_string())
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}
