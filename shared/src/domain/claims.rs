//! What tokens say: access tokens in both of Auth0's [dialects], ID tokens, and `/userinfo`.
//!
//! [dialects]: https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    client::{Client, SigningAlgorithm, SubjectType},
    ids::RequestId,
    legacy_profile::UserClaims,
    login_flow::CustomClaims,
    pipeline::{ClaimSet, Pipeline},
    resource::enforced,
    resource_server::ResourceServer,
    scope::{OPENID, Scope},
    time::{Lifetime, Timestamp},
    user::User,
};

/// Whom a token speaks of.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A user.
    User(&'a User),
    /// The client itself: `client_credentials`.
    Client,
}

/// Everything that goes into the tokens of one answer.
#[derive(Debug, Clone, Copy)]
pub struct Issuance<'a> {
    /// The issuer, with its trailing slash.
    pub issuer: &'a str,
    /// The application.
    pub client: &'a Client,
    /// Whom the tokens speak of.
    pub subject: Subject<'a>,
    /// What is granted in this answer.
    pub scope: &'a Scope,
    /// The request, which names the access token (`jti`).
    pub request: RequestId,
    /// The grant, where Auth0 tells it.
    pub gty: Option<&'static str>,
    /// What scripts add.
    pub custom_claims: Option<&'a CustomClaims>,
    /// Whether scripts have chosen the scope: they have the last word, after the user's permissions
    /// ([Auth0's word on it]).
    ///
    /// [Auth0's word on it]: https://auth0.com/docs/manage-users/access-control/troubleshoot-role-based-access-control-and-authorization
    pub scope_chosen: bool,
    /// The pipeline of the request.
    pub pipeline: Pipeline,
    /// Whether the tokens come straight from `/authorize`.
    pub via_browser: bool,
    /// The time.
    pub now: Timestamp,
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

/// `aud`: a text, or a list where there are several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One audience.
    One(String),
    /// Several.
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

/// What an ID token says about the login itself, beside the user. A refreshed one has no nonce and
/// no session (`OpenID` Connect Core section 12.2).
#[derive(Debug, Clone, Copy, Default)]
pub struct LoginClaims<'a> {
    /// `nonce`.
    pub nonce: Option<&'a str>,
    /// `sid`.
    pub session_id: Option<&'a str>,
    /// `auth_time`.
    pub auth_time: Option<Timestamp>,
    /// `at_hash`: binds the ID token to the access token that comes with it from `/authorize`.
    pub access_token_hash: Option<&'a str>,
    /// `c_hash`: the same for the code.
    pub code_hash: Option<&'a str>,
    /// `azp`: who asked for the ID token, where it is for somebody else.
    pub authorized_party: Option<&'a str>,
    /// The chain that the ID token continues, if it was made from another.
    pub chain: Option<Chain>,
}

/// ID tokens that were made from one another at `/delegation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// `orig_iat`: when the first of them was issued.
    pub first_issued_at: Timestamp,
    /// No `exp` lies behind it.
    pub ends_at: Timestamp,
}

/// Claims about the user, as the scopes open them (`OpenID` Connect Core section 5.4).
#[derive(Debug, Default, Serialize)]
#[expect(
    missing_docs,
    reason = "the names are those of OpenID Connect Core section 5.1"
)]
pub struct ProfileClaims {
    pub sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<UpdatedAt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number_verified: Option<bool>,
    /// Set by [`Self::to_the_letter`] alone.
    #[serde(flatten)]
    pub others: OtherClaims,
}

/// The standard claims that Auth0 does not have; they come from attributes of the same names at the root of the
/// profile.
#[derive(Debug, Default, Serialize)]
#[expect(
    missing_docs,
    reason = "the names are those of OpenID Connect Core section 5.1"
)]
pub struct OtherClaims {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Map<String, Value>>,
}

/// Claims of a logout token (`OpenID` Connect Back-Channel Logout section 2.4). It has no `nonce`, so that
/// it never passes for an ID token.
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

/// `events`: what the token is there to say.
#[derive(Debug, Default, Serialize)]
pub struct LogoutEvents {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    backchannel_logout: Nothing,
}

/// An empty object.
#[derive(Debug, Default, Serialize)]
struct Nothing {}

/// `updated_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum UpdatedAt {
    /// ISO 8601, as Auth0 has it.
    Text(String),
    /// Seconds since the epoch, as `OpenID` Connect Core section 5.1 has it.
    Seconds(u64),
}

impl ProfileClaims {
    /// The claims about a user that these scopes open.
    pub fn new(user: &User, scope: &Scope) -> Self {
        let mut claims = Self {
            sub: user.user_id.to_string(),
            ..Self::default()
        };
        let profile = user.profile.clone();
        if scope.contains("profile") {
            claims.name = profile.name;
            claims.given_name = profile.given_name;
            claims.middle_name = profile.middle_name;
            claims.family_name = profile.family_name;
            claims.nickname = profile.nickname;
            claims.picture = profile.picture;
            claims.updated_at = Some(UpdatedAt::Text(user.updated_at.to_rfc3339()));
        }
        if scope.contains("email") && profile.email.is_some() {
            claims.email = profile.email;
            claims.email_verified = Some(profile.email_verified);
        }
        if scope.contains("phone") && profile.phone_number.is_some() {
            claims.phone_number = profile.phone_number;
            claims.phone_number_verified = Some(profile.phone_verified);
        }
        claims
    }

    /// The same to the letter of `OpenID` Connect Core sections 5.1 and 5.4: `updated_at` is a number, and
    /// every standard claim is there that the profile holds.
    pub fn to_the_letter(user: &User, scope: &Scope) -> Self {
        let mut claims = Self::new(user, scope);
        let attribute = |name: &str| user.attributes.get(name);
        if scope.contains("profile") {
            let text = |name: &str| {
                let text = attribute(name).and_then(Value::as_str);
                text.filter(|text| !text.is_empty()).map(str::to_owned)
            };
            claims.updated_at = Some(UpdatedAt::Seconds(user.updated_at.as_secs()));
            claims.others = OtherClaims {
                preferred_username: user.profile.username.clone(),
                profile: text("profile"),
                website: text("website"),
                gender: text("gender"),
                birthdate: text("birthdate"),
                zoneinfo: text("zoneinfo"),
                locale: text("locale"),
                address: None,
            };
        }
        if scope.contains("address") {
            let address = attribute("address").and_then(Value::as_object);
            claims.others.address = address.filter(|address| !address.is_empty()).cloned();
        }
        claims
    }
}

impl Issuance<'_> {
    /// The claims of the access token for an API.
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

    /// The claims of the ID token; `None` without the scope `openid`, or for a client's own token.
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
            sid: login.session_id.map(str::to_owned),
            nonce: login.nonce.map(str::to_owned),
            auth_time: login.auth_time.map(Timestamp::as_secs),
            at_hash: login.access_token_hash.map(str::to_owned),
            c_hash: login.code_hash.map(str::to_owned),
        })
    }

    /// How long the access token lives ([Auth0's lifetimes]); without an API it is for `/userinfo`
    /// alone.
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

    /// Whoever granted the scope has applied the user's permissions already; an access token never
    /// says more than they are now, whatever became of that, unless a script says so.
    fn scope(&self, api: &ResourceServer) -> Scope {
        match self.subject {
            Subject::User(user) if !self.scope_chosen => enforced(api, user, self.scope),
            _ => self.scope.clone(),
        }
    }

    /// `permissions`: all that the user holds at the API, or that the client was granted.
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

    /// With `openid` the token is good for `/userinfo` as well, unless only the API can verify it.
    fn audience(&self, api: &ResourceServer) -> OneOrMany {
        let api_audience = api.identifier.to_string();
        if self.scope.contains(OPENID) && api.signing_alg != SigningAlgorithm::HS256 {
            OneOrMany::Many(vec![api_audience, format!("{}userinfo", self.issuer)])
        } else {
            OneOrMany::One(api_audience)
        }
    }
}
