//! APIs (resource servers): what an `audience` stands for. Field names follow the
//! [resource server object of Auth0's Management API].
//!
//! [resource server object of Auth0's Management API]: https://auth0.com/docs/api/management/v2/resource-servers/get-resource-servers-by-id

use serde::{Deserialize, Serialize};

use super::{client::SigningAlgorithm, ids::Audience, scope::Scope, time::Lifetime};

/// An API that access tokens are made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceServer {
    /// What clients send as `audience`.
    pub identifier: Audience,
    /// What people are shown.
    pub name: String,
    /// The scopes it knows.
    pub scopes: Vec<ApiScope>,
    /// How its access tokens are signed.
    pub signing_alg: SigningAlgorithm,
    /// The key of an HS256 API, sealed.
    pub sealed_signing_secret: Option<String>,
    /// How long an access token lives.
    pub token_lifetime: Lifetime,
    /// How long one lives that comes straight from `/authorize`.
    pub token_lifetime_for_web: Lifetime,
    /// Whether refresh tokens may be issued for it.
    pub allow_offline_access: bool,
    /// Whether first-party clients with a verifiable callback need no consent.
    pub skip_consent_for_verifiable_first_party_clients: bool,
    /// The shape of its access tokens.
    pub token_dialect: TokenDialect,
}

impl ResourceServer {
    /// 24 hours, Auth0's default.
    pub const DEFAULT_TOKEN_LIFETIME: Lifetime = Lifetime::from_secs(86_400);
    /// Two hours, Auth0's default for browser flows.
    pub const DEFAULT_TOKEN_LIFETIME_FOR_WEB: Lifetime = Lifetime::from_secs(7_200);

    /// Those of the asked scopes that this API knows, with the standard ones.
    pub fn known_scopes(&self, asked: &Scope) -> Scope {
        asked.filter(|name| {
            super::scope::STANDARD.contains(&name)
                || self.scopes.iter().any(|scope| scope.value == name)
        })
    }

    /// The words for a scope on the consent page, if the API has any.
    pub fn scope_description(&self, value: &str) -> Option<&str> {
        let scope = self.scopes.iter().find(|scope| scope.value == value)?;
        scope.description.as_deref()
    }
}

/// A scope of an API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiScope {
    /// The name in tokens.
    pub value: String,
    /// The words on the consent page.
    pub description: Option<String>,
}

/// `token_dialect`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenDialect {
    /// Auth0's own shape.
    #[default]
    AccessToken,
    /// RFC 9068.
    Rfc9068Profile,
}
