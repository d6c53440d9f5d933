//! Claims of our own with those of scripts among them.

use serde::{Serialize, Serializer, ser::Error};
use serde_json::{Map, Value};

/// Claims, and what scripts have added to them. A script may say something else about the user than the
/// profile does, so each name stands there once, with what the script said; claims about the token itself
/// are none that a script may set.
#[derive(Debug)]
pub struct WithCustomClaims<'a, T> {
    /// Ours.
    pub claims: T,
    /// The scripts'.
    pub custom: Option<&'a Map<String, Value>>,
}

impl<T: Serialize> Serialize for WithCustomClaims<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(custom) = self.custom.filter(|custom| !custom.is_empty()) else {
            return self.claims.serialize(serializer);
        };
        match serde_json::to_value(&self.claims).map_err(S::Error::custom)? {
            Value::Object(mut claims) => {
                claims.extend(custom.clone());
                claims.serialize(serializer)
            }
            _ => Err(S::Error::custom("claims are an object")),
        }
    }
}
