//! APIs (resource servers), each identified by an `audience`. Field names follow the
//! [resource server object of Auth0's Management API].
//!
//! [resource server object of Auth0's Management API]: https://auth0.com/docs/api/management/v2/resource-servers/get-resource-servers-by-id

use serde::{Deserialize, Serialize};

use super::{client::SigningAlgorithm, ids::Audience, scope::Scope, time::Lifetime};

/// An API that access tokens are issued for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceServer {
    /// The value of `audience` in requests, and of `aud` in tokens.
    pub identifier: Audience,
    /// Name shown to users.
    pub name: String,
    /// Scopes of the API.
    pub scopes: Vec<ApiScope>,
    /// Signing algorithm of its access tokens.
    pub signing_alg: SigningAlgorithm,
    /// Key of an HS256 API, sealed; `None` for other algorithms.
    pub sealed_signing_secret: Option<String>,
    /// Lifetime of an access token.
    pub token_lifetime: Lifetime,
    /// Lifetime of an access token that `/authorize` itself issues.
    pub token_lifetime_for_web: Lifetime,
    /// True if refresh tokens may be issued for it.
    pub allow_offline_access: bool,
    /// True if first-party clients need no consent. A non-verifiable callback still needs a confirmation.
    pub skip_consent_for_verifiable_first_party_clients: bool,
    /// Format of its access tokens.
    pub token_dialect: TokenDialect,
    /// True if users get only those of its scopes that they hold as permissions
    /// ([RBAC](https://auth0.com/docs/get-started/apis/enable-role-based-access-control-for-apis)).
    #[serde(default)]
    pub enforce_policies: bool,
    /// The clients that may have tokens for it.
    #[serde(default)]
    pub subject_type_authorization: SubjectTypeAuthorization,
}

impl ResourceServer {
    /// 24 hours, Auth0's default.
    pub const DEFAULT_TOKEN_LIFETIME: Lifetime = Lifetime::from_secs(86_400);
    /// Two hours, Auth0's default for browser flows.
    pub const DEFAULT_TOKEN_LIFETIME_FOR_WEB: Lifetime = Lifetime::from_secs(7_200);

    /// The API that every tenant has without configuration: Auth0's Management API, as far as Ratchet implements it.
    /// Only machine clients with a client grant get tokens for it.
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

    /// The requested scopes that the API or `OpenID` Connect defines.
    pub fn known_scopes(&self, asked: &Scope) -> Scope {
        asked.filter(|name| {
            super::scope::STANDARD.contains(&name)
                || self.scopes.iter().any(|scope| scope.value == name)
        })
    }

    /// Description of a scope for the consent page; `None` if it has none.
    pub fn scope_description(&self, value: &str) -> Option<&str> {
        let scope = self.scopes.iter().find(|scope| scope.value == value)?;
        scope.description.as_deref()
    }
}

/// A scope of an API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiScope {
    /// The scope as requests and tokens name it.
    pub value: String,
    /// Description on the consent page.
    pub description: Option<String>,
}

/// `token_dialect` ([Auth0's table](https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles)).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenDialect {
    /// Auth0's own format, without `permissions`.
    #[default]
    AccessToken,
    /// Auth0's own format, with `permissions`.
    AccessTokenAuthz,
    /// The format of RFC 9068.
    Rfc9068Profile,
    /// The format of RFC 9068, with `permissions`.
    Rfc9068ProfileAuthz,
}

impl TokenDialect {
    /// True for the format of RFC 9068.
    pub const fn is_rfc9068(self) -> bool {
        matches!(self, Self::Rfc9068Profile | Self::Rfc9068ProfileAuthz)
    }

    /// True if the tokens of an API with RBAC list permissions.
    pub const fn lists_permissions(self) -> bool {
        matches!(self, Self::AccessTokenAuthz | Self::Rfc9068ProfileAuthz)
    }
}

/// `subject_type_authorization`: the clients that may have tokens for an API
/// ([Auth0's access policies](https://auth0.com/docs/get-started/apis/api-access-policies-for-applications)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectTypeAuthorization {
    /// Policy for tokens on behalf of users.
    pub user: AccessPolicy,
    /// Policy for tokens in the client's own name.
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
    /// Every client, with any scope of the API.
    AllowAll,
    /// Clients with a client grant, limited to its scopes.
    RequireClientGrant,
    /// No client, even one with a client grant.
    DenyAll,
}

/// Scopes of the Management API that Ratchet's endpoints require.
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
/// For `GET /api/v2/grants`.
pub const READ_GRANTS: &str = "read:grants";
/// For `DELETE /api/v2/grants`.
pub const DELETE_GRANTS: &str = "delete:grants";
/// For `GET` of sessions.
pub const READ_SESSIONS: &str = "read:sessions";
/// For the deletion of sessions.
pub const DELETE_SESSIONS: &str = "delete:sessions";
/// For `GET` of refresh tokens.
pub const READ_REFRESH_TOKENS: &str = "read:refresh_tokens";
/// For the revocation of refresh tokens.
pub const DELETE_REFRESH_TOKENS: &str = "delete:refresh_tokens";
/// For `GET /api/v2/device-credentials`.
pub const READ_DEVICE_CREDENTIALS: &str = "read:device_credentials";
/// For `DELETE /api/v2/device-credentials/{id}`.
pub const DELETE_DEVICE_CREDENTIALS: &str = "delete:device_credentials";
