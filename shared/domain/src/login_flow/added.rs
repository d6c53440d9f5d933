//! Claims of a token, with those of scripts merged in.

use serde::{Serialize, Serializer, ser::Error};
use serde_json::{Map, Value};

/// Claims, and the claims that scripts add. A script may override a claim about the user, so the merged object has each
/// name once, with the script's value. Scripts cannot set claims about the token itself.
#[derive(Debug)]
pub struct WithCustomClaims<'a, T> {
    /// Claims of Ratchet, which take precedence over those of scripts.
    pub claims: T,
    /// Claims that scripts added; `None` if no script ran.
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
