//! Settings of a client's refresh tokens.

use serde::{Deserialize, Serialize};

use crate::{ids::Audience, scope::Scope, throttle::RateLimit, time::Lifetime};

/// `refresh_token`: settings of a client's refresh tokens, with Auth0's switches resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshTokenPolicy {
    /// `rotation_type`: replacement of the token at each exchange.
    pub rotation: Rotation,
    /// Time after its exchange in which the previous token is still accepted; zero is off.
    pub leeway: Lifetime,
    /// Lifetime of the family from its first token; `None` never ends.
    pub token_lifetime: Option<Lifetime>,
    /// Lifetime of the family from its last exchange; `None` never ends.
    pub idle_token_lifetime: Option<Lifetime>,
    /// Limit of exchanges of one token from one address; `None` uses the tenant's.
    #[serde(default)]
    pub rate_limit: Option<RateLimit>,
}

impl RefreshTokenPolicy {
    /// 30 days, Auth0's default absolute lifetime.
    pub const DEFAULT_TOKEN_LIFETIME: Lifetime = Lifetime::from_secs(2_592_000);
    /// 15 days, the idle default of Auth0's API.
    pub const DEFAULT_IDLE_TOKEN_LIFETIME: Lifetime = Lifetime::from_secs(1_296_000);

    /// Settings of a client without a `refresh_token` object: one token that never expires.
    pub const NON_ROTATING: Self = Self {
        rotation: Rotation::NonRotating,
        leeway: Lifetime::from_secs(0),
        token_lifetime: None,
        idle_token_lifetime: None,
        rate_limit: None,
    };

    /// The same settings without rotation, which the legacy pipeline does not have.
    #[must_use]
    pub const fn without_rotation(self) -> Self {
        Self {
            rotation: Rotation::NonRotating,
            ..self
        }
    }

    /// Settings of a single-page application without a `refresh_token` object.
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
    /// Each token is valid for one exchange.
    Rotating,
    /// One token is valid for many exchanges.
    NonRotating,
}

/// One of `refresh_token.policies`: a further API that the client's refresh tokens are valid for
/// ([multi-resource refresh tokens](https://auth0.com/docs/secure/tokens/refresh-tokens/multi-resource-refresh-token)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MultiResourcePolicy {
    /// Identifier of an API that the refresh token may be exchanged for.
    pub audience: Audience,
    /// Scopes of the API that a refresh may request.
    pub scope: Scope,
}
