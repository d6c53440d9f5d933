//! Calls of an Action on `api` ([Auth0's api object]).
//!
//! [Auth0's api object]: https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-api-object

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A call of an Action on `api`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "camelCase")]
pub enum Command {
    /// `api.access.deny`: ends the run.
    Deny {
        /// Message for the client.
        reason: String,
    },
    /// `api.accessToken.setCustomClaim`
    SetAccessTokenClaim {
        /// Name of the claim.
        name: String,
        /// Its value; `null` removes the claim.
        value: Value,
    },
    /// `api.idToken.setCustomClaim`
    SetIdTokenClaim {
        /// Name of the claim.
        name: String,
        /// Its value; `null` removes the claim.
        value: Value,
    },
    /// `api.accessToken.addScope`
    AddScope {
        /// One scope; it may be unknown to the API.
        scope: String,
    },
    /// `api.accessToken.removeScope`
    RemoveScope {
        /// One scope; it may be unknown to the API.
        scope: String,
    },
    /// `api.user.setAppMetadata`
    SetAppMetadata {
        /// Key at the root of the metadata.
        name: String,
        /// The value; `null` removes the key.
        value: Value,
    },
    /// `api.user.setUserMetadata`
    SetUserMetadata {
        /// Key at the root of the metadata.
        name: String,
        /// The value; `null` removes the key.
        value: Value,
    },
    /// `api.refreshToken.revoke`
    RevokeRefreshToken {
        /// Message for the client.
        reason: String,
    },
    /// `api.refreshToken.setExpiresAt`
    SetRefreshTokenExpiresAt {
        /// Milliseconds since the epoch.
        at: f64,
    },
    /// `api.refreshToken.setIdleExpiresAt`
    SetRefreshTokenIdleExpiresAt {
        /// Milliseconds since the epoch.
        at: f64,
    },
    /// `api.redirect.sendUserTo`: ends the run.
    SendUserTo {
        /// The URL, with its query.
        url: String,
        /// Position of the Action.
        action: usize,
    },
    /// `api.multifactor.enable`
    EnableMultifactor,
}
