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
    /// Whether users get only those of its scopes that they hold as permissions
    /// ([RBAC](https://auth0.com/docs/get-started/apis/enable-role-based-access-control-for-apis)).
    #[serde(default)]
    pub enforce_policies: bool,
    /// Which clients may have tokens for it.
    #[serde(default)]
    pub subject_type_authorization: SubjectTypeAuthorization,
}

impl ResourceServer {
    /// 24 hours, Auth0's default.
    pub const DEFAULT_TOKEN_LIFETIME: Lifetime = Lifetime::from_secs(86_400);
    /// Two hours, Auth0's default for browser flows.
    pub const DEFAULT_TOKEN_LIFETIME_FOR_WEB: Lifetime = Lifetime::from_secs(7_200);

    /// The API that a tenant has without writing it down: Auth0's Management API, as far as Ratchet
    /// has it. Only machines with a client grant get tokens for it.
    pub fn management(identifier: Audience) -> Self {
        let scope = |value: &str| ApiScope {
            value: value.to_owned(),
            description: None,
        };
        Self {
            identifier,
            name: "Auth0 Management API".to_owned(),
            scopes: MANAGEMENT_SCOPES.map(scope).to_vec(),
            signing_alg: SigningAlgorithm::RS256,
            sealed_signing_secret: None,
            token_lifetime: Self::DEFAULT_TOKEN_LIFETIME,
            token_lifetime_for_web: Self::DEFAULT_TOKEN_LIFETIME_FOR_WEB,
            allow_offline_access: false,
            skip_consent_for_verifiable_first_party_clients: false,
            token_dialect: TokenDialect::AccessToken,
            enforce_policies: false,
            subject_type_authorization: SubjectTypeAuthorization {
                user: AccessPolicy::DenyAll,
                client: AccessPolicy::RequireClientGrant,
            },
        }
    }

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

/// `token_dialect` ([Auth0's table](https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles)).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenDialect {
    /// Auth0's own shape.
    #[default]
    AccessToken,
    /// The same with `permissions`.
    AccessTokenAuthz,
    /// RFC 9068.
    Rfc9068Profile,
    /// The same with `permissions`.
    Rfc9068ProfileAuthz,
}

impl TokenDialect {
    /// Whether the tokens are those of RFC 9068.
    pub const fn is_rfc9068(self) -> bool {
        matches!(self, Self::Rfc9068Profile | Self::Rfc9068ProfileAuthz)
    }

    /// Whether the tokens of an API with RBAC list permissions.
    pub const fn lists_permissions(self) -> bool {
        matches!(self, Self::AccessTokenAuthz | Self::Rfc9068ProfileAuthz)
    }
}

/// `subject_type_authorization`: which clients may have tokens for an API
/// ([Auth0's access policies](https://auth0.com/docs/get-started/apis/api-access-policies-for-applications)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectTypeAuthorization {
    /// On behalf of users.
    pub user: AccessPolicy,
    /// In their own name.
    pub client: AccessPolicy,
}

impl Default for SubjectTypeAuthorization {
    fn default() -> Self {
        Self {
            user: AccessPolicy::AllowAll,
            client: AccessPolicy::RequireClientGrant,
        }
    }
}

/// A policy of [`SubjectTypeAuthorization`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessPolicy {
    /// Every client.
    AllowAll,
    /// Clients with a client grant, and no more than it holds.
    RequireClientGrant,
    /// None.
    DenyAll,
}

/// The scopes of the Management API that any endpoint of ours asks for.
pub const MANAGEMENT_SCOPES: [&str; 8] = [
    READ_GRANTS,
    DELETE_GRANTS,
    READ_SESSIONS,
    DELETE_SESSIONS,
    READ_REFRESH_TOKENS,
    DELETE_REFRESH_TOKENS,
    READ_DEVICE_CREDENTIALS,
    DELETE_DEVICE_CREDENTIALS,
];
/// Opens `GET /api/v2/grants`.
pub const READ_GRANTS: &str = "read:grants";
/// Opens `DELETE /api/v2/grants`.
pub const DELETE_GRANTS: &str = "delete:grants";
/// Opens `GET` of sessions.
pub const READ_SESSIONS: &str = "read:sessions";
/// Opens the end of sessions.
pub const DELETE_SESSIONS: &str = "delete:sessions";
/// Opens `GET` of refresh tokens.
pub const READ_REFRESH_TOKENS: &str = "read:refresh_tokens";
/// Opens the end of refresh tokens.
pub const DELETE_REFRESH_TOKENS: &str = "delete:refresh_tokens";
/// Opens `GET /api/v2/device-credentials`.
pub const READ_DEVICE_CREDENTIALS: &str = "read:device_credentials";
/// Opens `DELETE /api/v2/device-credentials/{id}`.
pub const DELETE_DEVICE_CREDENTIALS: &str = "delete:device_credentials";
