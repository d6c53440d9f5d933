//! The rules for a client's refresh tokens.

use serde::{Deserialize, Serialize};

use crate::domain::{ids::Audience, scope::Scope, throttle::RateLimit, time::Lifetime};

/// `refresh_token`: the rules for a client's refresh tokens, with Auth0's switches resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshTokenPolicy {
    /// Whether each exchange replaces the token.
    pub rotation: Rotation,
    /// How long the previous token is still answered after it was exchanged; zero is off.
    pub leeway: Lifetime,
    /// The family's life from its first token; `None` never ends.
    pub token_lifetime: Option<Lifetime>,
    /// The family's life from its last exchange; `None` never ends.
    pub idle_token_lifetime: Option<Lifetime>,
    /// How often one token may be exchanged from one address; `None` is as the tenant says.
    #[serde(default)]
    pub rate_limit: Option<RateLimit>,
}

impl RefreshTokenPolicy {
    /// 30 days, Auth0's default absolute lifetime.
    pub const DEFAULT_TOKEN_LIFETIME: Lifetime = Lifetime::from_secs(2_592_000);
    /// 15 days, the idle default of Auth0's API.
    pub const DEFAULT_IDLE_TOKEN_LIFETIME: Lifetime = Lifetime::from_secs(1_296_000);

    /// What a client without a `refresh_token` object has: one token that never expires.
    pub const NON_ROTATING: Self = Self {
        rotation: Rotation::NonRotating,
        leeway: Lifetime::from_secs(0),
        token_lifetime: None,
        idle_token_lifetime: None,
        rate_limit: None,
    };

    /// The same without rotation, which the legacy pipeline does not know.
    #[must_use]
    pub const fn without_rotation(self) -> Self {
        Self {
            rotation: Rotation::NonRotating,
            ..self
        }
    }

    /// What a single-page application without a `refresh_token` object has.
    pub const ROTATING: Self = Self {
        rotation: Rotation::Rotating,
        leeway: Lifetime::from_secs(0),
        token_lifetime: Some(Self::DEFAULT_TOKEN_LIFETIME),
        idle_token_lifetime: Some(Self::DEFAULT_IDLE_TOKEN_LIFETIME),
        rate_limit: None,
    };
}

/// `rotation_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rotation {
    /// Each token is good for one exchange.
    Rotating,
    /// One token is good for many.
    NonRotating,
}

/// One of `refresh_token.policies`: an API that the client's refresh tokens are good for as well
/// ([multi-resource refresh tokens](https://auth0.com/docs/secure/tokens/refresh-tokens/multi-resource-refresh-token)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MultiResourcePolicy {
    /// The API.
    pub audience: Audience,
    /// Its scopes that a refresh may ask for.
    pub scope: Scope,
}
