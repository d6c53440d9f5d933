//! All reasons to reject a request, sorted by the party at fault. The error table of the wire maps each to a response;
//! nothing here depends on HTTP. A failure of the service is not among them ([`super::error::Failure`]).

use super::{throttle::Quota, user::UserBlocked};

/// The reason of a rejection: an expected answer to the caller, never a server error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    // The request is at fault.
    /// A required parameter is missing.
    #[error("missing required parameter `{0}`")]
    MissingParameter(&'static str),
    /// A parameter has an invalid value.
    #[error("invalid parameter: {0}")]
    InvalidParameter(String),
    /// A parameter came more than once (RFC 6749 section 3.2).
    #[error("parameter `{0}` is repeated")]
    RepeatedParameter(String),
    /// The request has more parameters than any endpoint takes.
    #[error("too many parameters")]
    TooManyParameters,
    /// `scope` has more or longer names than a request may have ([`super::scope::MAX_SCOPES`]).
    #[error("too many scopes")]
    TooManyScopes,
    /// `scope` is neither a string nor a list of strings.
    #[error("scope is neither text nor a list")]
    ScopeType,
    /// The request names several resources (RFC 8707); a token is for one.
    #[error("several resources are asked for")]
    SeveralResources,
    /// The request is so long that the URL of a login page would exceed the gateway's limit.
    #[error("the request is too long for the addresses of the login pages")]
    RequestTooLong,
    /// The body is malformed.
    #[error("unreadable body: {0}")]
    Body(&'static str),
    /// The body is larger than any endpoint accepts.
    #[error("body too large")]
    BodyTooLarge,
    /// Two different access tokens came with one request (RFC 6750 section 3.1).
    #[error("several access tokens")]
    SeveralAccessTokens,
    /// The `state` of a login page has expired, or Ratchet did not issue it.
    #[error("stale or unknown login transaction")]
    StaleTransaction,
    /// The user declined on the consent page.
    #[error("the user declined")]
    Declined,
    /// The request bypassed the operator's proxies, which are required.
    #[error("the request bypassed the proxies")]
    ProxyBypassed,
    /// No endpoint has this path.
    #[error("no such path")]
    NotFound,
    /// The path exists, but not with this method. Its methods are listed as in an `Allow` header (RFC 9110
    /// section 10.2.1).
    #[error("method not allowed")]
    MethodNotAllowed(&'static str),

    // The client is at fault.
    /// Unknown client, wrong secret, bad assertion.
    #[error("client authentication failed: {0}")]
    ClientAuthentication(&'static str),
    /// No client has this id: at `/authorize`, at a logout, at `/co/authenticate`, or as the target of a delegation.
    #[error("unknown client `{0}`")]
    UnknownClient(String),
    /// The client has not registered this redirect URI.
    #[error("callback URL mismatch: `{0}`")]
    CallbackMismatch(String),
    /// The origin of the redirect URI is not among the `web_origins`, so no message may be posted to it.
    #[error("origin not among `web_origins`: `{0}`")]
    UnregisteredOrigin(String),
    /// The `returnTo` of a logout is not on the list of allowed URLs.
    #[error("returnTo not allowed: `{0}`")]
    ReturnToNotAllowed(String),
    /// The `post_logout_redirect_uri` of a logout is not on the list of allowed URLs.
    #[error("post_logout_redirect_uri not allowed: `{0}`")]
    PostLogoutRedirectUriNotAllowed(String),
    /// The `id_token_hint` is not an ID token that Ratchet issued.
    #[error("id_token_hint refused: {0}")]
    IdTokenHint(&'static str),
    /// Two parameters of a logout contradict each other.
    #[error("logout refused: {0}")]
    LogoutRequest(&'static str),
    /// Ratchet does not support the grant type.
    #[error("unsupported grant type `{0}`")]
    UnsupportedGrantType(String),
    /// The client may not use the grant type.
    #[error("grant type `{0}` not allowed for the client")]
    GrantTypeNotAllowed(String),
    /// A conformant client used an endpoint of the legacy pipeline.
    #[error("only legacy clients may use {0}")]
    LegacyOnly(&'static str),
    /// An endpoint of Auth0's that Ratchet does not offer.
    #[error("{0} is not offered")]
    EndpointDisabled(&'static str),
    /// The target of a delegation does not accept delegations from this client.
    #[error("the client may not delegate to `{0}`")]
    DelegationNotAllowed(String),
    /// The client's settings do not permit the device flow.
    #[error("{0}")]
    UnfitForDevices(&'static str),
    /// No API has this identifier.
    #[error("unknown audience `{0}`")]
    UnknownAudience(String),
    /// The request names no audience, and the tenant has no default.
    #[error("no audience")]
    NoAudience,
    /// The client has no client grant for the API.
    #[error("no client grant for `{0}`")]
    NoClientGrant(String),
    /// The API does not let this client act on behalf of users.
    #[error("`{client}` may not act for users at `{audience}`")]
    ApiClosedToUsers {
        /// The client.
        client: String,
        /// The API.
        audience: String,
    },
    /// The client grant does not hold these scopes.
    #[error("scopes not granted: `{0}`")]
    ScopesNotGranted(String),
    /// No connection has this name or realm.
    #[error("unknown realm `{0}`")]
    UnknownRealm(String),
    /// The client may not use the connection.
    #[error("connection `{0}` is not enabled for the client")]
    ConnectionNotEnabled(String),
    /// Pages of this origin may not send passwords.
    #[error("origin `{0}` is not allowed")]
    OriginNotAllowed(String),
    /// Cross-origin authentication is off for the client.
    #[error("no cross-origin authentication for the client")]
    CrossOriginNotAllowed,
    /// The body of `/co/authenticate` has other members than the endpoint takes.
    #[error("not the members of a cross-origin login")]
    CrossOriginBody,
    /// The credential at `/co/authenticate` is not a password.
    #[error("unknown credential type")]
    CredentialType,

    // The grant is at fault.
    /// Wrong password, or no user of this name.
    #[error("wrong name or password")]
    WrongPassword,
    /// Too many logins have failed: the right password is rejected, too.
    #[error("blocked after too many failed logins")]
    TooManyAttempts,
    /// Too many logins from this address have failed: it has to wait.
    #[error("throttled address: too many failed logins")]
    SuspiciousAddress,
    /// The refresh token is forged, expired, ended or superseded, and will never be valid again.
    #[error("refresh token refused: {0}")]
    RefreshToken(&'static str),
    /// A superseded refresh token was presented, which has just ended its family.
    #[error("refresh token reuse detected")]
    RefreshTokenReused,
    /// A valid refresh token of the conformant pipeline was presented at `/delegation`.
    #[error("the refresh token belongs to the conformant pipeline")]
    ConformantRefreshToken,
    /// The ID token at `/delegation` is invalid.
    #[error("ID token refused: {0}")]
    IdToken(&'static str),
    /// The user is blocked.
    #[error("user is blocked")]
    UserBlocked,
    /// The user does not exist any more.
    #[error("user does not exist any more")]
    UserGone,
    /// The authorization code is invalid.
    #[error("authorization code refused: {0}")]
    Code(&'static str),
    /// The user has not confirmed the user code yet (RFC 8628 section 3.5).
    #[error("authorization pending")]
    AuthorizationPending,
    /// The device polls too often; it may poll again after this many seconds.
    #[error("polled too fast")]
    SlowDown(u64),
    /// The device code has expired; this is the first poll since.
    #[error("device code expired")]
    DeviceCodeExpired,
    /// The device code is unknown, used, another client's, or reported as expired before, and will never be valid.
    #[error("device code refused: {0}")]
    DeviceCode(&'static str),
    /// The user declined the device.
    #[error("the user declined the device")]
    DeviceDeclined,
    /// The PKCE verifier is wrong.
    #[error("code verifier refused")]
    CodeVerifier,
    /// The request at `/userinfo` or the Management API has no access token.
    #[error("no access token")]
    NoAccessToken,
    /// The access token at `/userinfo` or the Management API is invalid.
    #[error("access token refused: {0}")]
    AccessToken(&'static str),
    /// The access token at `/userinfo` lacks `openid`.
    #[error("access token lacks the scope openid")]
    InsufficientScope,
    /// The access token at the Management API lacks this scope.
    #[error("access token lacks the scope {0}")]
    MissingScope(&'static str),
    /// A query parameter of the Management API is missing or invalid.
    #[error("query: {0}")]
    Query(&'static str),
    /// The body of a Management API request is invalid.
    #[error("payload: {0}")]
    Payload(&'static str),
    /// An id in the path of a Management API request is invalid.
    #[error("no such id")]
    UnknownId,
    /// The Management API has no such user.
    #[error("no such user")]
    NoSuchUser,
    /// The Management API has no such live session.
    #[error("no such session")]
    NoSuchSession,
    /// The Management API has no such live refresh token.
    #[error("no such refresh token")]
    NoSuchRefreshToken,

    // A script of the tenant denies access.
    /// A Rule returned an `UnauthorizedError` with this message.
    #[error("unauthorized by a script: {0}")]
    Unauthorized(String),
    /// A Rule returned another error, or an Action denied access, with this message.
    #[error("denied by a script: {0}")]
    AccessDenied(String),
    /// A script asks for a redirect where the flow cannot have one: no browser, or `prompt=none`.
    #[error("a script asks for a redirect")]
    InteractionRequired,
    /// A script asks for a second factor, which Ratchet does not have.
    #[error("a script asks for a second factor")]
    MultifactorRequired,

    // No party is at fault.
    /// Too many requests of this kind: the same request works later.
    #[error("too many requests")]
    Throttled(Quota),
}

impl From<UserBlocked> for Denial {
    fn from(UserBlocked: UserBlocked) -> Self {
        Self::UserBlocked
    }
}
