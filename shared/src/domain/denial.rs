//! Every way in which a request is refused, sorted by who is at fault. What a client is told about
//! each is in one place, [`crate::http::error`]; nothing here knows of HTTP.

use super::throttle::Quota;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    // The request is at fault.
    /// A required parameter is missing.
    #[error("missing required parameter `{0}`")]
    MissingParameter(&'static str),
    /// A parameter has a value it cannot have.
    #[error("invalid parameter: {0}")]
    InvalidParameter(String),
    /// A parameter came more than once (RFC 6749 section 3.2).
    #[error("parameter `{0}` is repeated")]
    RepeatedParameter(String),
    /// The request has more parameters than any of ours takes.
    #[error("too many parameters")]
    TooManyParameters,
    /// `scope` names more scopes, or longer ones, than a request may ([`super::scope::MAX_SCOPES`]).
    #[error("too many scopes")]
    TooManyScopes,
    /// `scope` is neither text nor a list of texts.
    #[error("scope is neither text nor a list")]
    ScopeType,
    /// The request names several resources (RFC 8707), and a token is for one.
    #[error("several resources are asked for")]
    SeveralResources,
    /// The request is so long that a page behind it would not get through the gateway.
    #[error("the request is too long for the addresses of the login pages")]
    RequestTooLong,
    /// The body cannot be read.
    #[error("unreadable body: {0}")]
    Body(&'static str),
    /// The body is larger than any of ours.
    #[error("body too large")]
    BodyTooLarge,
    /// Two different access tokens came with one request (RFC 6750 section 3.1).
    #[error("several access tokens")]
    SeveralAccessTokens,
    /// A page was left open too long, or its address is not ours.
    #[error("stale or unknown login transaction")]
    StaleTransaction,
    /// The user did not agree on the consent page.
    #[error("the user declined")]
    Declined,
    /// No such path.
    #[error("no such path")]
    NotFound,
    /// The path exists, the method does not. With the methods that the path has, as an `Allow` header lists them
    /// (RFC 9110 section 10.2.1).
    #[error("method not allowed")]
    MethodNotAllowed(&'static str),

    // The client is at fault.
    /// Unknown client, wrong secret, bad assertion.
    #[error("client authentication failed: {0}")]
    ClientAuthentication(&'static str),
    /// `/authorize` or a logout was sent by a client that does not exist.
    #[error("unknown client `{0}`")]
    UnknownClient(String),
    /// The redirect URI is none of the client's.
    #[error("callback URL mismatch: `{0}`")]
    CallbackMismatch(String),
    /// The redirect URI is of an origin that no message may be posted to.
    #[error("origin not among `web_origins`: `{0}`")]
    UnregisteredOrigin(String),
    /// The `returnTo` of a logout is none of those allowed.
    #[error("returnTo not allowed: `{0}`")]
    ReturnToNotAllowed(String),
    /// The `post_logout_redirect_uri` of a logout is none of those allowed.
    #[error("post_logout_redirect_uri not allowed: `{0}`")]
    PostLogoutRedirectUriNotAllowed(String),
    /// An `id_token_hint` is no ID token of ours.
    #[error("id_token_hint refused: {0}")]
    IdTokenHint(&'static str),
    /// What a logout says twice does not agree.
    #[error("logout refused: {0}")]
    LogoutRequest(&'static str),
    /// The grant type is none of ours.
    #[error("unsupported grant type `{0}`")]
    UnsupportedGrantType(String),
    /// The client may not use the grant type.
    #[error("grant type `{0}` not allowed for the client")]
    GrantTypeNotAllowed(String),
    /// The endpoint belongs to the legacy pipeline, and the client does not.
    #[error("only legacy clients may use {0}")]
    LegacyOnly(&'static str),
    /// The endpoint is one of Auth0's that we do not offer.
    #[error("{0} is not offered")]
    EndpointDisabled(&'static str),
    /// The target of a delegation does not take tokens that this client asks for.
    #[error("the client may not delegate to `{0}`")]
    DelegationNotAllowed(String),
    /// The client is not of the kind that the device flow is for.
    #[error("{0}")]
    UnfitForDevices(&'static str),
    /// No API of that name.
    #[error("unknown audience `{0}`")]
    UnknownAudience(String),
    /// No audience named and none by default.
    #[error("no audience")]
    NoAudience,
    /// The client has no client grant for the API.
    #[error("no client grant for `{0}`")]
    NoClientGrant(String),
    /// The API keeps this client from acting at it on behalf of users.
    #[error("`{client}` may not act for users at `{audience}`")]
    ApiClosedToUsers {
        /// Which client.
        client: String,
        /// Which API.
        audience: String,
    },
    /// The client grant does not hold these scopes.
    #[error("scopes not granted: `{0}`")]
    ScopesNotGranted(String),
    /// The tenant has no default directory for the `password` grant.
    #[error("no default directory")]
    NoDefaultDirectory,
    /// No connection has this name, and none this realm.
    #[error("unknown realm `{0}`")]
    UnknownRealm(String),
    /// The client may not use the connection.
    #[error("connection `{0}` is not enabled for the client")]
    ConnectionNotEnabled(String),
    /// A page of this origin may not send passwords.
    #[error("origin `{0}` is not allowed")]
    OriginNotAllowed(String),
    /// The client does not use cross-origin authentication.
    #[error("no cross-origin authentication for the client")]
    CrossOriginNotAllowed,
    /// `/co/authenticate` was sent other members than it takes.
    #[error("not the members of a cross-origin login")]
    CrossOriginBody,
    /// `/co/authenticate` was sent another kind of credential than a password.
    #[error("unknown credential type")]
    CredentialType,

    // The grant is at fault.
    /// Wrong password, or nobody of that name.
    #[error("wrong name or password")]
    WrongPassword,
    /// So many logins have failed that the right password is refused, too.
    #[error("blocked after too many failed logins")]
    TooManyAttempts,
    /// So many logins from this address have failed that it has to wait.
    #[error("throttled address: too many failed logins")]
    SuspiciousAddress,
    /// Forged, expired, ended, superseded: this refresh token will never work again.
    #[error("refresh token refused: {0}")]
    RefreshToken(&'static str),
    /// A superseded token came back; its family has just ended.
    #[error("refresh token reuse detected")]
    RefreshTokenReused,
    /// The refresh token is good, but belongs to the other pipeline's endpoint.
    #[error("the refresh token belongs to the conformant pipeline")]
    ConformantRefreshToken,
    /// The ID token at `/delegation` is not good.
    #[error("ID token refused: {0}")]
    IdToken(&'static str),
    /// The user is blocked.
    #[error("user is blocked")]
    UserBlocked,
    /// The user is no more.
    #[error("user does not exist any more")]
    UserGone,
    /// The authorization code is not good.
    #[error("authorization code refused: {0}")]
    Code(&'static str),
    /// Nobody has confirmed the user code yet (RFC 8628 section 3.5).
    #[error("authorization pending")]
    AuthorizationPending,
    /// A device polls too often; it may poll again in so many seconds.
    #[error("polled too fast")]
    SlowDown(u64),
    /// The device code has expired, and the device has not been told before.
    #[error("device code expired")]
    DeviceCodeExpired,
    /// Unknown, used, another client's, or told to have expired: this device code will never work.
    #[error("device code refused: {0}")]
    DeviceCode(&'static str),
    /// Somebody said no to the device.
    #[error("the user declined the device")]
    DeviceDeclined,
    /// The PKCE verifier is not good.
    #[error("code verifier refused")]
    CodeVerifier,
    /// There is no access token at `/userinfo`.
    #[error("no access token")]
    NoAccessToken,
    /// The access token at `/userinfo` is not good.
    #[error("access token refused: {0}")]
    AccessToken(&'static str),
    /// The access token at `/userinfo` was not issued for it.
    #[error("access token lacks the scope openid")]
    InsufficientScope,
    /// The access token at the Management API lacks a scope.
    #[error("access token lacks the scope {0}")]
    MissingScope(&'static str),
    /// A parameter in the query of the Management API is missing or wrong.
    #[error("query: {0}")]
    Query(&'static str),
    /// The body of a call of the Management API is not what it takes.
    #[error("payload: {0}")]
    Payload(&'static str),
    /// An id in a path of the Management API is none of ours.
    #[error("no such id")]
    UnknownId,
    /// The Management API was asked about a user who does not exist.
    #[error("no such user")]
    NoSuchUser,
    /// The Management API was asked about a session that is none, or is over.
    #[error("no such session")]
    NoSuchSession,
    /// The Management API was asked about a refresh token that is none, or is over.
    #[error("no such refresh token")]
    NoSuchRefreshToken,

    // The tenant's scripts say no.
    /// A Rule gave an `UnauthorizedError`, with this message.
    #[error("unauthorized by a script: {0}")]
    Unauthorized(String),
    /// A Rule gave another error, or an Action denied access, with this message.
    #[error("denied by a script: {0}")]
    AccessDenied(String),
    /// A script wants to send the browser elsewhere, and there is none.
    #[error("a script asks for a redirect")]
    InteractionRequired,
    /// A script asks for a second factor, and there is none.
    #[error("a script asks for a second factor")]
    MultifactorRequired,
    /// A script came to no end, or to none that makes sense; what it did is in the log.
    #[error("a script failed: {0}")]
    ScriptFailed(String),

    // Nobody is at fault, or we are.
    /// Too many requests of this kind: the same one works later.
    #[error("too many requests")]
    Throttled(Quota),
    /// A passing cause: the same request works later.
    #[error("temporarily unavailable: {0}")]
    Unavailable(String),
    /// A defect of ours.
    #[error("internal error: {0}")]
    Internal(String),
}
