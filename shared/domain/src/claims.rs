//! Claims of access tokens in both of Auth0's [dialects], of ID tokens, and of `/userinfo`.
//!
//! [dialects]: https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles

use serde::Serialize;

use super::{
    client::{Client, SigningAlgorithm, SubjectType},
    ids::RequestId,
    legacy_profile::UserClaims,
    login_flow::{CustomClaims, Effects},
    pipeline::{ClaimSet, Pipeline},
    resource::enforced,
    resource_server::ResourceServer,
    scope::{OPENID, Scope},
    sid::Sid,
    time::{Lifetime, Timestamp},
    user::User,
};

/// The subject of a token.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// The user who logged in.
    User(&'a User),
    /// The client itself: `client_credentials`.
    Client,
}

/// Input of all tokens of one response, which `App::issuance` makes.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Issuance<'a> {
    /// The issuer, with its trailing slash.
    pub issuer: &'a str,
    /// The client that the tokens are issued to.
    pub client: &'a Client,
    /// Subject of the tokens.
    pub subject: Subject<'a>,
    /// Scopes granted in this response.
    pub scope: &'a Scope,
    /// Id of the request: the `jti` of the access token.
    pub request: RequestId,
    /// `gty`: the grant type in Auth0's words; `None` for grant types that Auth0 does not name in tokens.
    pub gty: Option<&'static str>,
    /// Claims that scripts add.
    pub custom_claims: Option<&'a CustomClaims>,
    /// True if a script chose the scope: its choice is final and overrides the user's permissions
    /// ([Auth0's troubleshooting page]).
    ///
    /// [Auth0's troubleshooting page]: https://auth0.com/docs/manage-users/access-control/troubleshoot-role-based-access-control-and-authorization
    pub scope_chosen: bool,
    /// Pipeline of the request.
    pub pipeline: Pipeline,
    /// True if `/authorize` issues the tokens itself.
    pub via_browser: bool,
    /// Time of issue: `iat`, from which lifetimes count.
    pub now: Timestamp,
}

impl<'a> Issuance<'a> {
    /// Under a grant that Auth0 names in `gty`.
    #[must_use]
    pub const fn under(self, gty: &'static str) -> Self {
        Self {
            gty: Some(gty),
            ..self
        }
    }

    /// With what scripts have decided.
    #[must_use]
    pub const fn with_effects(self, effects: &'a Effects) -> Self {
        Self {
            custom_claims: Some(&effects.claims),
            scope_chosen: effects.scope.is_some(),
            ..self
        }
    }

    /// Straight from `/authorize`.
    #[must_use]
    pub const fn via_browser(self) -> Self {
        Self {
            via_browser: true,
            ..self
        }
    }
}

/// Claims of an access token for an API.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the names are those of RFC 7519 and RFC 9068")]
pub struct AccessTokenClaims {
    pub iss: String,
    pub sub: String,
    pub aud: OneOrMany,
    pub iat: u64,
    pub exp: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gty: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
}

/// `aud`: a string for one audience, a list for several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One audience: a string.
    One(String),
    /// Several audiences: a list.
    Many(Vec<String>),
}

/// Claims of an ID token (`OpenID` Connect Core section 2).
#[derive(Debug, Serialize)]
#[expect(
    missing_docs,
    reason = "the names are those of OpenID Connect Core section 2"
)]
pub struct IdTokenClaims {
    #[serde(flatten)]
    pub profile: UserClaims,
    pub iss: String,
    pub aud: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    pub iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orig_iat: Option<u64>,
    pub exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
}

/// Claims of an ID token about the login. A refreshed ID token has no nonce and no session (`OpenID` Connect Core
/// section 12.2).
#[derive(Debug, Clone, Copy, Default)]
pub struct LoginClaims<'a> {
    /// `nonce` of the authorization request; `None` if it had none, and at a refresh.
    pub nonce: Option<&'a str>,
    /// `sid`; `None` omits the claim, as a refresh does.
    pub session_id: Option<&'a Sid>,
    /// `auth_time`, in seconds since 1970 in the token; `None` omits the claim.
    pub auth_time: Option<Timestamp>,
    /// `at_hash`: binds the ID token to the access token that `/authorize` issues with it.
    pub access_token_hash: Option<&'a str>,
    /// `c_hash`: binds the ID token to the code that `/authorize` issues with it.
    pub code_hash: Option<&'a str>,
    /// `azp`: the client that requested the ID token for another client.
    pub authorized_party: Option<&'a str>,
    /// The delegation chain that the ID token continues; `None` outside `/delegation`.
    pub chain: Option<Chain>,
}

/// A chain of ID tokens, each issued for the one before at `/delegation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// `orig_iat`: time of issue of the first one.
    pub first_issued_at: Timestamp,
    /// Upper bound of the `exp` of all of them.
    pub ends_at: Timestamp,
}

/// Claims of a logout token (`OpenID` Connect Back-Channel Logout section 2.4). It has no `nonce`, so that no client
/// accepts it as an ID token.
#[derive(Debug, Serialize)]
#[expect(
    missing_docs,
    reason = "the names are those of OpenID Connect Back-Channel Logout section 2.4"
)]
pub struct LogoutTokenClaims<'a> {
    pub iss: &'a str,
    pub sub: &'a str,
    pub aud: &'a str,
    pub iat: u64,
    pub exp: u64,
    pub jti: String,
    pub sid: &'a str,
    pub events: LogoutEvents,
}

/// `events`: marks the token as a logout token.
#[derive(Debug, Default, Serialize)]
pub struct LogoutEvents {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    backchannel_logout: Nothing,
}

#[derive(Debug, Default, Serialize)]
struct Nothing {}

impl<'a> Issuance<'a> {
    /// The tokens of one response before scripts change anything about them: at the token endpoint, and under a grant
    /// that Auth0 does not name in `gty`. `issuer` ends with a slash.
    pub fn new(
        issuer: &'a str,
        client: &'a Client,
        subject: Subject<'a>,
        scope: &'a Scope,
        pipeline: Pipeline,
        request: RequestId,
        now: Timestamp,
    ) -> Self {
        Self {
            issuer,
            client,
            subject,
            scope,
            request,
            gty: None,
            custom_claims: None,
            scope_chosen: false,
            pipeline,
            via_browser: false,
            now,
        }
    }
}

impl Issuance<'_> {
    /// Claims of the access token for an API.
    pub fn access_token(&self, api: &ResourceServer) -> AccessTokenClaims {
        let client_id = self.client.client_id.to_string();
        let (azp, client_id, jti, gty) = if api.token_dialect.is_rfc9068() {
            (None, Some(client_id), Some(self.request.to_string()), None)
        } else {
            (Some(client_id), None, None, self.gty)
        };
        AccessTokenClaims {
            iss: self.issuer.to_owned(),
            sub: self.sub(),
            aud: self.audience(api),
            iat: self.now.as_secs(),
            exp: self.now.plus(self.token_lifetime(Some(api))).as_secs(),
            scope: self.scope(api).to_string(),
            permissions: self.permissions(api),
            gty,
            azp,
            client_id,
            jti,
        }
    }

    /// Claims of the ID token; `None` without the scope `openid`, or for a client's own token.
    pub fn id_token(&self, login: LoginClaims<'_>, set: ClaimSet) -> Option<IdTokenClaims> {
        let Subject::User(user) = self.subject else {
            return None;
        };
        if !self.scope.contains(OPENID) {
            return None;
        }
        let lifetime: Lifetime = self.client.jwt_configuration.lifetime;
        let expires_at = self.now.plus(lifetime);
        let expires_at = login
            .chain
            .map_or(expires_at, |chain| chain.ends_at.min(expires_at));
        Some(IdTokenClaims {
            profile: UserClaims::for_id_token(user, self.scope, set),
            iss: self.issuer.to_owned(),
            aud: self.client.client_id.to_string(),
            azp: login.authorized_party.map(str::to_owned),
            iat: self.now.as_secs(),
            orig_iat: login.chain.map(|chain| chain.first_issued_at.as_secs()),
            exp: expires_at.as_secs(),
            sid: login.session_id.map(Sid::to_string),
            nonce: login.nonce.map(str::to_owned),
            auth_time: login.auth_time.map(Timestamp::as_secs),
            at_hash: login.access_token_hash.map(str::to_owned),
            c_hash: login.code_hash.map(str::to_owned),
        })
    }

    /// Lifetime of the access token ([Auth0's lifetimes]). Without an API the token is valid at `/userinfo` only.
    ///
    /// [Auth0's lifetimes]: https://auth0.com/docs/secure/tokens/access-tokens/update-access-token-lifetime
    pub fn token_lifetime(&self, api: Option<&ResourceServer>) -> Lifetime {
        match (api, self.via_browser) {
            (Some(api), false) => api.token_lifetime,
            (Some(api), true) => api.token_lifetime_for_web,
            (None, false) => ResourceServer::DEFAULT_TOKEN_LIFETIME,
            (None, true) => ResourceServer::DEFAULT_TOKEN_LIFETIME_FOR_WEB,
        }
    }

    fn sub(&self) -> String {
        match self.subject {
            Subject::User(user) => user.user_id.to_string(),
            Subject::Client => format!("{}@clients", self.client.client_id),
        }
    }

    /// The scope, limited to the permissions that the user has now. The grant already applied them, but the user may
    /// have lost some since. A scope that a script chose is final.
    fn scope(&self, api: &ResourceServer) -> Scope {
        match self.subject {
            Subject::User(user) if !self.scope_chosen => enforced(api, user, self.scope),
            _ => self.scope.clone(),
        }
    }

    /// `permissions`: all of the user's permissions at the API, or the scopes of the client grant.
    fn permissions(&self, api: &ResourceServer) -> Option<Vec<String>> {
        if !api.enforce_policies || !api.token_dialect.lists_permissions() {
            return None;
        }
        let held = match self.subject {
            Subject::User(user) => user.permissions_at(&api.identifier),
            Subject::Client => self
                .client
                .client_grant(&api.identifier, SubjectType::Client)
                .map(|grant| grant.scope.clone())
                .unwrap_or_default(),
        };
        Some(held.iter().map(str::to_owned).collect())
    }

    /// Audiences of the access token: with `openid` also `/userinfo`, unless only the API can verify the token.
    fn audience(&self, api: &ResourceServer) -> OneOrMany {
        let api_audience = api.identifier.to_string();
        if self.scope.contains(OPENID) && api.signing_alg != SigningAlgorithm::HS256 {
            OneOrMany::Many(vec![api_audience, format!("{}userinfo", self.issuer)])
        } else {
            OneOrMany::One(api_audience)
        }
    }
}
