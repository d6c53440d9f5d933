//! Applications: what the tenant's configuration says about a client, and the questions the
//! endpoints ask of it. Field names follow the [client object of Auth0's Management API].
//!
//! [client object of Auth0's Management API]: https://auth0.com/docs/api/management/v2/clients/get-clients-by-id

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    ids::{Audience, ClientId},
    scope::Scope,
    throttle::RateLimit,
    time::Lifetime,
};

/// An application that may ask for tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// `client_id`.
    pub client_id: ClientId,
    /// What people are shown.
    pub name: String,
    /// A logo shown beside the name on the consent page.
    pub logo_uri: Option<String>,
    /// The kind of application.
    pub app_type: AppType,
    /// How it authenticates at the token endpoint.
    pub auth_method: AuthMethod,
    /// What is kept of its secret; `None` for public clients and key-only clients.
    pub secret: Option<StoredSecret>,
    /// Public keys for `private_key_jwt`.
    pub public_keys: Vec<PublicKey>,
    /// Whether it uses the OIDC-conformant pipeline even without an `audience`.
    pub oidc_conformant: bool,
    /// Whether it belongs to the tenant; others always ask the user for consent.
    pub is_first_party: bool,
    /// Where `/authorize` may answer to.
    pub callbacks: Vec<String>,
    /// Origins beside those of `callbacks` that may call the token endpoint from a browser.
    pub allowed_origins: Vec<String>,
    /// Origins that may use `web_message` and cross-origin authentication.
    pub web_origins: Vec<String>,
    /// Where `/v2/logout` may return to.
    pub allowed_logout_urls: Vec<String>,
    /// The grants it may use, by their names at the token endpoint.
    pub grant_types: Vec<String>,
    /// How its ID tokens are made.
    pub jwt_configuration: JwtConfiguration,
    /// The rules for its refresh tokens.
    pub refresh_token: RefreshTokenPolicy,
    /// APIs it may call in its own name, with their scopes (client grants).
    pub client_grants: Vec<ClientGrant>,
    /// Free-form strings that rules see.
    pub client_metadata: BTreeMap<String, String>,
    /// Overrides the tenant's setting of the same name.
    pub skip_non_verifiable_callback_uri_confirmation_prompt: Option<bool>,
    /// APIs beside that of the login that its refresh tokens are good for.
    #[serde(default)]
    pub multi_resource_policies: Vec<MultiResourcePolicy>,
    /// Where a refusal by the user goes.
    #[serde(default)]
    pub redirection_policy: RedirectionPolicy,
}

impl Client {
    /// Whether it can keep no secret.
    pub fn is_public(&self) -> bool {
        self.auth_method == AuthMethod::None
    }

    /// Whether `grant_type` is among those it may use.
    pub fn allows_grant(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|known| known == grant_type)
    }

    /// The algorithm of its ID tokens: a public client cannot hold the key of an HMAC.
    pub fn id_token_algorithm(&self) -> SigningAlgorithm {
        match self.jwt_configuration.alg {
            SigningAlgorithm::HS256 if self.is_public() => SigningAlgorithm::RS256,
            alg => alg,
        }
    }

    /// The client grant for an API, if there is one: what the client may have in its own name, or
    /// what it may have on behalf of users.
    pub fn client_grant(&self, audience: &Audience, subject: SubjectType) -> Option<&ClientGrant> {
        self.client_grants
            .iter()
            .find(|grant| &grant.audience == audience && grant.subject_type == subject)
    }
}

/// `app_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppType {
    /// A mobile or desktop application.
    Native,
    /// A single-page application.
    Spa,
    /// A server-side web application.
    RegularWeb,
    /// A machine-to-machine application.
    NonInteractive,
}

/// `token_endpoint_auth_method`, and `private_key_jwt`, which Auth0 configures elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// A public client: `client_id` alone.
    None,
    /// The secret in the body. Auth0 takes it in the header as well.
    ClientSecretPost,
    /// The secret in the `Authorization` header. Auth0 takes it in the body as well.
    ClientSecretBasic,
    /// A signed assertion (RFC 7523).
    PrivateKeyJwt,
}

/// What the store keeps of a client secret: never the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSecret {
    /// Keyed SHA-256 of the secret, base64url. Secrets are high-entropy, so no slow hash is needed.
    pub digest: String,
    /// The secret itself, sealed; kept only where an HS256 signature needs it.
    pub sealed: Option<String>,
}

/// A public key for `private_key_jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// The `kid` that assertions may name.
    pub kid: Option<String>,
    /// The algorithm it is used with.
    pub alg: AssertionAlgorithm,
    /// The key as PEM (SPKI).
    pub pem: String,
}

/// Algorithms of client assertions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of RFC 7518")]
pub enum AssertionAlgorithm {
    RS256,
    RS384,
    PS256,
}

/// Algorithms of the tokens we sign (RFC 7518).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of RFC 7518")]
pub enum SigningAlgorithm {
    RS256,
    PS256,
    ES256,
    HS256,
}

impl SigningAlgorithm {
    /// Reads the name of a JWT header.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::RS256, Self::PS256, Self::ES256, Self::HS256]
            .into_iter()
            .find(|algorithm| algorithm.as_str() == name)
    }

    /// The name in a JWT header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::HS256 => "HS256",
        }
    }
}

/// `jwt_configuration`: ID tokens only, despite the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwtConfiguration {
    /// The algorithm asked for; see [`Client::id_token_algorithm`].
    pub alg: SigningAlgorithm,
    /// How long an ID token lives.
    pub lifetime: Lifetime,
}

impl Default for JwtConfiguration {
    fn default() -> Self {
        Self {
            alg: SigningAlgorithm::RS256,
            lifetime: Lifetime::from_secs(36_000),
        }
    }
}

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

/// A client grant: what a client may ask for at an API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientGrant {
    /// The API.
    pub audience: Audience,
    /// The scopes granted.
    pub scope: Scope,
    /// In whose name.
    #[serde(default)]
    pub subject_type: SubjectType,
}

/// `subject_type` of a client grant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// In the client's own: `client_credentials`.
    #[default]
    Client,
    /// On behalf of users: every other grant.
    User,
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

/// `redirection_policy`: whether a browser that came with nothing but a link is sent on to the
/// application with an error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedirectionPolicy {
    /// It is.
    #[default]
    AllowAlways,
    /// It is shown a page.
    OpenRedirectProtection,
}
