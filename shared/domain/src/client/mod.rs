//! Clients (applications): their configuration, and the rules that the endpoints check against it. Field names
//! follow the [client object of Auth0's Management API].
//!
//! [client object of Auth0's Management API]: https://auth0.com/docs/api/management/v2/clients/get-clients-by-id

mod algorithms;
mod logout;
mod pipeline;
mod refresh_token;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::signing_algorithms::SigningAlgorithm;
pub use algorithms::{AssertionAlgorithm, JwtConfiguration};
pub use logout::{LogoutInitiator, LogoutInitiators, OidcLogout};
pub use refresh_token::{MultiResourcePolicy, RefreshTokenPolicy, Rotation};

use super::{
    ids::{Audience, ClientId},
    pipeline::Pipeline,
    scope::Scope,
};

/// An application that may request tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are Auth0's, and independent of one another"
)]
pub struct Client {
    /// `client_id`, unique in the tenant.
    pub client_id: ClientId,
    /// Name shown to users.
    pub name: String,
    /// URL of the logo beside the name on the consent page.
    pub logo_uri: Option<String>,
    /// `app_type`, from which the defaults of other settings follow.
    pub app_type: AppType,
    /// Authentication method at the token endpoint.
    pub auth_method: AuthMethod,
    /// Stored form of the secret; `None` for public clients and key-only clients.
    pub secret: Option<StoredSecret>,
    /// Public keys for `private_key_jwt`.
    pub public_keys: Vec<PublicKey>,
    /// True if its requests are in the OIDC-conformant pipeline even without an `audience`.
    pub oidc_conformant: bool,
    /// True if it belongs to the tenant. Third-party clients always need the user's consent.
    pub is_first_party: bool,
    /// Redirect URIs that `/authorize` may send a response to.
    pub callbacks: Vec<String>,
    /// Origins beside those of `callbacks` that may call the token endpoint from a browser.
    pub allowed_origins: Vec<String>,
    /// Origins that may use `web_message` and cross-origin authentication.
    pub web_origins: Vec<String>,
    /// URLs that `/v2/logout` and `/oidc/logout` may redirect to.
    pub allowed_logout_urls: Vec<String>,
    /// Notices about the end of a session.
    #[serde(default)]
    pub oidc_logout: OidcLogout,
    /// Grant types that it may use, by their names at the token endpoint.
    pub grant_types: Vec<String>,
    /// Settings of its ID tokens.
    pub jwt_configuration: JwtConfiguration,
    /// Settings of its refresh tokens.
    pub refresh_token: RefreshTokenPolicy,
    /// APIs that it may call in its own name, with their scopes (client grants).
    pub client_grants: Vec<ClientGrant>,
    /// Free-form strings for Rules and Actions.
    pub client_metadata: BTreeMap<String, String>,
    /// Overrides the tenant's setting of the same name.
    pub skip_non_verifiable_callback_uri_confirmation_prompt: Option<bool>,
    /// Clients that may request a token for this one at `/delegation`; empty allows any.
    #[serde(default)]
    pub allowed_clients: Vec<String>,
    /// `Some(false)` requires a new login even in a live session; legacy pipeline only.
    #[serde(default)]
    pub sso: Option<bool>,
    /// True if pages of its `web_origins` may send passwords to `/co/authenticate`.
    #[serde(default)]
    pub cross_origin_authentication: bool,
    /// True if the token endpoint believes the user's address that it sends in `auth0-forwarded-for`.
    #[serde(default)]
    pub is_token_endpoint_ip_header_trusted: bool,
    /// Further APIs that its refresh tokens are valid for, beside the API of the login.
    #[serde(default)]
    pub multi_resource_policies: Vec<MultiResourcePolicy>,
    /// Treatment of errors for a browser that followed a mere link.
    #[serde(default)]
    pub redirection_policy: RedirectionPolicy,
    /// Page of the application that begins a login of its own (`OpenID` Connect Core section 4). Visitors of a stale
    /// login page are redirected there. `None` if the application has no such page, and in older items.
    #[serde(default)]
    pub initiate_login_uri: Option<String>,
}

impl Client {
    /// True if it cannot keep a secret.
    pub fn is_public(&self) -> bool {
        self.auth_method == AuthMethod::None
    }

    /// True if all of its requests are in the conformant pipeline. A third-party client gets the least of a profile and
    /// needs consent ([Auth0's third-party applications]), so it is never legacy.
    ///
    /// [Auth0's third-party applications]: https://auth0.com/docs/get-started/applications/first-party-and-third-party-applications
    pub fn is_conformant(&self) -> bool {
        self.oidc_conformant || !self.is_first_party
    }

    /// True if it may use `grant_type`.
    pub fn allows_grant(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|known| known == grant_type)
    }

    /// Algorithm of its ID tokens ([Auth0's rules]). A public client cannot keep the key of an HMAC, nor can a browser:
    /// in the conformant pipeline HS256 is not used for `implicit` responses.
    ///
    /// [Auth0's rules]: https://auth0.com/docs/get-started/applications/signing-algorithms
    pub fn id_token_algorithm(&self, pipeline: Pipeline, implicit: bool) -> SigningAlgorithm {
        let forced = self.is_public() || (implicit && !pipeline.is_legacy());
        match self.jwt_configuration.alg {
            SigningAlgorithm::HS256 if forced => SigningAlgorithm::RS256,
            alg => alg,
        }
    }

    /// Algorithm of ID tokens that `/delegation` issues for it: as configured, or RS256 if HS256 has no secret to use.
    pub fn delegation_algorithm(&self) -> SigningAlgorithm {
        let sealed = self
            .secret
            .as_ref()
            .and_then(|secret| secret.sealed.as_ref());
        match self.jwt_configuration.alg {
            SigningAlgorithm::HS256 if sealed.is_none() => SigningAlgorithm::RS256,
            alg => alg,
        }
    }

    /// True if `caller` may request a token for this client at `/delegation`.
    pub fn accepts_delegation_from(&self, caller: &ClientId) -> bool {
        self.allowed_clients.is_empty()
            || self.client_id == *caller
            || self.allowed_clients.iter().any(|id| id == caller.as_str())
    }

    /// The client grant for an API, if there is one: for the client's own access, or for access on behalf of users.
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
    /// A single-page application: a public client in a browser.
    Spa,
    /// A server-side web application.
    RegularWeb,
    /// A machine-to-machine application: a confidential client without users.
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

/// Stored form of a client secret: never the plain text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSecret {
    /// Keyed SHA-256 of the secret, base64url. Secrets are high-entropy, so no slow hash is needed.
    pub digest: String,
    /// The secret itself, sealed; kept only if an HS256 signature needs it.
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

/// A client grant: the scopes that a client may request at an API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientGrant {
    /// Identifier of the API that the client may have tokens for.
    pub audience: Audience,
    /// The most scopes that a token for this API may contain.
    pub scope: Scope,
    /// Subject of the tokens: the client or a user.
    #[serde(default)]
    pub subject_type: SubjectType,
}

/// `subject_type` of a client grant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// The client itself: `client_credentials`.
    #[default]
    Client,
    /// A user: every other grant type.
    User,
}

/// `redirection_policy`: treatment of an error for a browser that came with nothing but a link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedirectionPolicy {
    /// Redirect to the application with the error.
    #[default]
    AllowAlways,
    /// Show an error page.
    OpenRedirectProtection,
}

/// A client for the domain's tests.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// First-party, conformant, public and rotating.
    pub(crate) fn client() -> Client {
        Client {
            client_id: ClientId::parse("app").unwrap(),
            name: "App".to_owned(),
            logo_uri: None,
            app_type: AppType::Spa,
            auth_method: AuthMethod::None,
            secret: None,
            public_keys: Vec::new(),
            oidc_conformant: true,
            is_first_party: true,
            callbacks: Vec::new(),
            allowed_origins: Vec::new(),
            web_origins: Vec::new(),
            allowed_logout_urls: Vec::new(),
            oidc_logout: OidcLogout::default(),
            grant_types: vec!["refresh_token".to_owned()],
            jwt_configuration: JwtConfiguration::default(),
            refresh_token: RefreshTokenPolicy::ROTATING,
            client_grants: Vec::new(),
            client_metadata: BTreeMap::new(),
            skip_non_verifiable_callback_uri_confirmation_prompt: None,
            allowed_clients: Vec::new(),
            sso: None,
            cross_origin_authentication: false,
            is_token_endpoint_ip_header_trusted: false,
            multi_resource_policies: Vec::new(),
            redirection_policy: RedirectionPolicy::default(),
            initiate_login_uri: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{testing::client, *};

    fn hs256(auth_method: AuthMethod) -> Client {
        Client {
            auth_method,
            jwt_configuration: JwtConfiguration {
                alg: SigningAlgorithm::HS256,
                ..JwtConfiguration::default()
            },
            ..client()
        }
    }

    #[test]
    fn a_client_written_without_the_legacy_fields_still_loads() {
        let mut item = serde_json::to_value(client()).unwrap();
        let fields = item.as_object_mut().unwrap();
        assert!(fields.remove("allowed_clients").is_some() && fields.remove("sso").is_some());
        assert_eq!(serde_json::from_value::<Client>(item).unwrap(), client());
    }

    #[test]
    fn only_confidential_clients_get_hs256_and_not_in_a_conformant_fragment() {
        use Pipeline::{Conformant, Legacy};
        use SigningAlgorithm::{HS256, RS256};
        let web = hs256(AuthMethod::ClientSecretPost);
        for (pipeline, implicit, expected) in [
            (Conformant, false, HS256),
            (Conformant, true, RS256),
            (Legacy, false, HS256),
            (Legacy, true, HS256),
        ] {
            assert_eq!(web.id_token_algorithm(pipeline, implicit), expected);
        }
        let public = hs256(AuthMethod::None);
        for (pipeline, implicit) in [(Conformant, false), (Legacy, false), (Legacy, true)] {
            assert_eq!(public.id_token_algorithm(pipeline, implicit), RS256);
        }
    }

    #[test]
    fn delegation_signs_with_the_secret_if_there_is_one() {
        let sealed = |sealed: Option<&str>| Client {
            secret: Some(StoredSecret {
                digest: String::new(),
                sealed: sealed.map(str::to_owned),
            }),
            ..hs256(AuthMethod::None)
        };
        let algorithm = |client: &Client| client.delegation_algorithm();
        assert_eq!(algorithm(&sealed(Some("cf1_"))), SigningAlgorithm::HS256);
        assert_eq!(algorithm(&sealed(None)), SigningAlgorithm::RS256);
        let without = hs256(AuthMethod::None);
        assert_eq!(algorithm(&without), SigningAlgorithm::RS256);
    }

    #[test]
    fn a_delegation_target_accepts_all_callers_until_it_lists_some() {
        let caller = ClientId::parse("caller").unwrap();
        assert!(client().accepts_delegation_from(&caller));
        let picky = Client {
            allowed_clients: vec!["other".to_owned()],
            ..client()
        };
        assert!(!picky.accepts_delegation_from(&caller));
        assert!(picky.accepts_delegation_from(&ClientId::parse("other").unwrap()));
        assert!(picky.accepts_delegation_from(&picky.client_id));
    }
}
