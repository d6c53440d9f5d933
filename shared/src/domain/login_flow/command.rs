//! What an Action asks for ([Auth0's api object]).
//!
//! [Auth0's api object]: https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-api-object

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an Action asked of `api`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "camelCase")]
pub enum Command {
    /// `api.access.deny`: ends the run.
    Deny {
        /// What the client is told.
        reason: String,
    },
    /// `api.accessToken.setCustomClaim`
    SetAccessTokenClaim {
        /// The claim.
        name: String,
        /// What it says; `null` takes it back.
        value: Value,
    },
    /// `api.idToken.setCustomClaim`
    SetIdTokenClaim {
        /// The claim.
        name: String,
        /// What it says; `null` takes it back.
        value: Value,
    },
    /// `api.accessToken.addScope`
    AddScope {
        /// The scope.
        scope: String,
    },
    /// `api.accessToken.removeScope`
    RemoveScope {
        /// The scope.
        scope: String,
    },
    /// `api.user.setAppMetadata`
    SetAppMetadata {
        /// The key.
        name: String,
        /// The value; `null` removes the key.
        value: Value,
    },
    /// `api.user.setUserMetadata`
    SetUserMetadata {
        /// The key.
        name: String,
        /// The value; `null` removes the key.
        value: Value,
    },
    /// `api.refreshToken.revoke`
    RevokeRefreshToken {
        /// What the client is told.
        reason: String,
    },
    /// `api.refreshToken.setExpiresAt`, in milliseconds since the epoch.
    SetRefreshTokenExpiresAt {
        /// When.
        at: f64,
    },
    /// `api.refreshToken.setIdleExpiresAt`, in milliseconds since the epoch.
    SetRefreshTokenIdleExpiresAt {
        /// When.
        at: f64,
    },
    /// `api.redirect.sendUserTo`: ends the run.
    SendUserTo {
        /// The address, with its query.
        url: String,
        /// The position of the Action.
        action: usize,
    },
    /// `api.multifactor.enable`
    EnableMultifactor,
}
