//! Claims that scripts put into tokens ([Auth0's custom claims]).
//!
//! [Auth0's custom claims]: https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The claims that scripts have added, as far as they may.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomClaims {
    /// To the access token for an API.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub access_token: Map<String, Value>,
    /// To the ID token, and to what `/userinfo` tells.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub id_token: Map<String, Value>,
}
