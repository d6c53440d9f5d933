//! The one table from denials and failures to error responses: status, `error` and `error_description`, byte for byte
//! Auth0's, because SDKs compare the texts. Ours have single quotes for Auth0's double ones, and none promises a message that
//! we do not send.

use ratchet_domain::{
    denial::Denial,
    error::{Error, Failure},
};

use super::{OAuthError, error, printable};

impl From<&Denial> for OAuthError {
    #[expect(
        clippy::too_many_lines,
        reason = "it is a table, and wants to be read as one"
    )]
    fn from(denial: &Denial) -> Self {
        match denial {
            Denial::MissingParameter(name) => error(
                400,
                "invalid_request",
                format!("Missing required parameter: {name}"),
            ),
            Denial::InvalidParameter(reason) => error(400, "invalid_request", reason.clone()),
            Denial::RepeatedParameter(name) => error(
                400,
                "invalid_request",
                format!("Duplicated parameter: {}", printable(name)),
            ),
            Denial::TooManyParameters => error(
                400,
                "invalid_request",
                "Too many parameters: a request may have 100",
            ),
            Denial::TooManyScopes => error(
                400,
                "invalid_scope",
                "Too many scopes: a request may name 100, of 4096 bytes in all",
            ),
            Denial::ScopeType => error(400, "invalid_scope", "Scope must be an array or a string"),
            Denial::SeveralResources => error(
                400,
                "invalid_target",
                "Only one resource can be requested at a time",
            ),
            Denial::RequestTooLong => error(
                400,
                "invalid_request",
                "The request is too long. Its parameters, such as state, must be shorter",
            ),
            Denial::Body(reason) => error(
                400,
                "invalid_request",
                format!("Invalid request body: {reason}"),
            ),
            Denial::BodyTooLarge => error(413, "invalid_request", "Request body too large"),
            Denial::SeveralAccessTokens => error(
                400,
                "invalid_request",
                "A request must not contain two different access tokens",
            ),
            Denial::StaleTransaction => error(
                400,
                "invalid_request",
                "You may have pressed the back button, refreshed during login, opened too many \
                 login dialogs, or there is some issue with cookies, since we couldn't find your \
                 session. Try logging in again from the application.",
            ),
            Denial::Declined => error(403, "access_denied", "User did not authorize the request"),
            Denial::ProxyBypassed => error(
                403,
                "access_denied",
                "The request must come through the public address of the service",
            ),
            Denial::NotFound => error(404, "not_found", "Not found"),
            Denial::MethodNotAllowed(methods) => OAuthError {
                allow: Some(methods),
                ..error(405, "method_not_allowed", "Method not allowed")
            },
            Denial::ClientAuthentication(_) => error(401, "access_denied", "Unauthorized"),
            Denial::UnknownClient(name) => error(
                403,
                "invalid_request",
                format!("Unknown client: {}", printable(name)),
            ),
            Denial::CallbackMismatch(uri) => error(
                403,
                "invalid_request",
                format!(
                    "Callback URL mismatch. {} is not in the list of allowed callback URLs",
                    printable(uri)
                ),
            ),
            Denial::UnregisteredOrigin(uri) => error(
                400,
                "invalid_request",
                format!(
                    "The specified redirect_uri '{}' does not have a registered origin.",
                    printable(uri)
                ),
            ),
            Denial::ReturnToNotAllowed(url) => error(
                400,
                "invalid_request",
                format!(
                    "The \"returnTo\" querystring parameter \"{}\" is not defined as a valid URL in \
                     \"Allowed Logout URLs\"",
                    printable(url)
                ),
            ),
            Denial::PostLogoutRedirectUriNotAllowed(url) => error(
                400,
                "invalid_request",
                format!(
                    "The \"post_logout_redirect_uri\" parameter \"{}\" is not defined as a valid URL \
                     in \"Allowed Logout URLs\"",
                    printable(url)
                ),
            ),
            Denial::IdTokenHint(reason) => error(
                400,
                "invalid_request",
                format!("Invalid id_token_hint: {reason}"),
            ),
            Denial::LogoutRequest(reason) => error(400, "invalid_request", *reason),
            Denial::UnsupportedGrantType(name) => error(
                403,
                "unsupported_grant_type",
                format!("Unsupported grant type: {}", printable(name)),
            ),
            Denial::GrantTypeNotAllowed(name) => error(
                403,
                "unauthorized_client",
                format!("Grant type '{name}' not allowed for the client."),
            ),
            Denial::LegacyOnly(path) => error(
                400,
                "invalid_request",
                format!("OIDC conformant clients cannot use {path}"),
            ),
            Denial::EndpointDisabled(path) => {
                error(404, "endpoint_disabled", format!("{path} is not available"))
            }
            Denial::DelegationNotAllowed(target) => error(
                403,
                "unauthorized_client",
                format!("Client is not allowed to request a delegation token for {target}"),
            ),
            Denial::UnfitForDevices(reason) => error(403, "unauthorized_client", *reason),
            Denial::UnknownAudience(name) => error(
                403,
                "access_denied",
                format!("Service not found: {}", printable(name)),
            ),
            Denial::NoAudience => error(
                403,
                "access_denied",
                "No audience parameter was provided, and no default audience has been configured",
            ),
            Denial::NoClientGrant(audience) => error(
                403,
                "access_denied",
                format!(
                    "Client is not authorized to access \"{audience}\". You need to create a \
                     \"client-grant\" associated to this API. See: \
                     https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"
                ),
            ),
            Denial::ApiClosedToUsers { client, audience } => error(
                403,
                "invalid_request",
                format!(
                    "Client \"{client}\" is not authorized to access resource server \
                     \"{audience}\"."
                ),
            ),
            Denial::ScopesNotGranted(scopes) => error(
                403,
                "access_denied",
                format!("Client has not been granted scopes: {scopes}"),
            ),
            Denial::UnknownRealm(name) => error(
                403,
                "invalid_request",
                format!("Unknown realm '{}'", printable(name)),
            ),
            Denial::ConnectionNotEnabled(_) => error(
                403,
                "unauthorized_client",
                "The connection is not enabled for this client",
            ),
            Denial::OriginNotAllowed(origin) => error(
                403,
                "access_denied",
                format!("Origin {} is not allowed.", printable(origin)),
            ),
            Denial::CrossOriginNotAllowed => error(
                401,
                "unauthorized_client",
                "Cross origin login not allowed.",
            ),
            Denial::CrossOriginBody => error(400, "invalid_request", "Invalid request body"),
            Denial::CredentialType => error(
                400,
                "unsupported_credential_type",
                "Unknown credential type parameter.",
            ),
            Denial::WrongPassword => error(403, "invalid_grant", "Wrong email or password."),
            Denial::TooManyAttempts => error(
                429,
                "too_many_attempts",
                "Your account has been blocked after multiple consecutive login attempts. Please \
                 contact the administrator.",
            ),
            Denial::SuspiciousAddress => error(
                429,
                "too_many_attempts",
                "We have detected suspicious login behavior and further attempts will be blocked. \
                 Please contact the administrator.",
            ),
            Denial::RefreshToken(_) | Denial::RefreshTokenReused => {
                error(403, "invalid_grant", "Unknown or invalid refresh token.")
            }
            Denial::ConformantRefreshToken => error(
                400,
                "invalid_request",
                "The refresh token was issued to an OIDC conformant request: use it at /oauth/token",
            ),
            Denial::IdToken(reason) => error(401, "invalid_token", *reason),
            Denial::UserBlocked => error(403, "invalid_grant", "user is blocked"),
            Denial::UserGone => error(
                403,
                "invalid_grant",
                "The refresh_token was generated for a user who doesn't exist anymore.",
            ),
            Denial::Code(_) => error(403, "invalid_grant", "Invalid authorization code"),
            Denial::AuthorizationPending => error(
                403,
                "authorization_pending",
                "User has yet to authorize device code.",
            ),
            Denial::SlowDown(seconds) => OAuthError {
                retry_after_secs: Some(*seconds),
                ..error(
                    429,
                    "slow_down",
                    "You are polling faster than the specified interval of 5 seconds.",
                )
            },
            Denial::DeviceCodeExpired => {
                error(403, "expired_token", "The device code has expired.")
            }
            Denial::DeviceCode(_) => error(403, "invalid_grant", "Invalid or expired device code."),
            Denial::DeviceDeclined => error(
                403,
                "access_denied",
                "User cancelled the confirmation prompt.",
            ),
            Denial::CodeVerifier => error(403, "invalid_grant", "Failed to verify code verifier"),
            Denial::NoAccessToken | Denial::AccessToken(_) => {
                error(401, "invalid_token", "Unauthorized")
            }
            Denial::InsufficientScope => error(403, "insufficient_scope", "Insufficient scope"),
            Denial::MissingScope(scope) => error(
                403,
                "insufficient_scope",
                format!("Insufficient scope, expected any of: {scope}"),
            ),
            Denial::Query(reason) => error(
                400,
                "invalid_query_string",
                format!("Query validation error: {reason}"),
            ),
            Denial::Payload(reason) => error(
                400,
                "invalid_body",
                format!("Payload validation error: {reason}"),
            ),
            Denial::UnknownId => error(400, "invalid_uri", "Path validation error: no such id"),
            Denial::NoSuchUser => error(404, "inexistent_user", "The user does not exist."),
            Denial::NoSuchSession => {
                error(404, "inexistent_session", "The session does not exist.")
            }
            Denial::NoSuchRefreshToken => error(
                404,
                "inexistent_refresh_token",
                "The refresh token does not exist.",
            ),
            Denial::Unauthorized(message) | Denial::AccessDenied(message) => {
                error(403, "access_denied", message.clone())
            }
            Denial::InteractionRequired => {
                error(403, "interaction_required", "External interaction required")
            }
            Denial::MultifactorRequired => {
                error(403, "mfa_required", "Multifactor authentication required")
            }
            Denial::Throttled(quota) => OAuthError {
                quota: Some(*quota),
                ..error(
                    429,
                    "too_many_requests",
                    "Too many requests. Check the X-RateLimit-Limit, X-RateLimit-Remaining and \
                     X-RateLimit-Reset headers.",
                )
            },
        }
    }
}

impl From<&Failure> for OAuthError {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Unavailable(_) => error(
                503,
                "temporarily_unavailable",
                "The service is temporarily unavailable. Please try again.",
            ),
            Failure::Internal(_) => error(500, "server_error", "Internal server error"),
            Failure::Script(_) => error(500, "server_error", "A script of the login flow failed."),
            Failure::NoDefaultDirectory => error(
                500,
                "server_error",
                "Authorization server not configured with default connection.",
            ),
        }
    }
}

impl From<&Error> for OAuthError {
    fn from(error: &Error) -> Self {
        match error {
            Error::Denied(denial) => denial.into(),
            Error::Failed(failure) => failure.into(),
        }
    }
}
