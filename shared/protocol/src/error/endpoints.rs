//! The error responses of endpoints that differ from the table, as they do at Auth0.

use ratchet_domain::denial::Denial;

use super::{Endpoint, OAuthError, error, printable};

/// The endpoint's own error response; `None` if that of the table applies.
pub(super) fn own_words(denial: &Denial, endpoint: Endpoint) -> Option<OAuthError> {
    match endpoint {
        Endpoint::Browser => in_a_browser(denial),
        Endpoint::Token => None,
        Endpoint::Revoke => at_revoke(denial),
        Endpoint::CrossOrigin => at_cross_origin(denial),
        Endpoint::ClassicLogin => at_classic_login(denial).or_else(|| in_a_browser(denial)),
        Endpoint::Management => at_management(denial),
    }
}

/// The table's texts without values from the request. The only names left in them are those that the tenant
/// registered and those of our own parameters.
fn in_a_browser(denial: &Denial) -> Option<OAuthError> {
    let words: &'static str = match denial {
        Denial::UnknownClient(_) => "Unknown client",
        Denial::CallbackMismatch(_) => {
            "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs"
        }
        Denial::UnregisteredOrigin(_) => {
            "The specified redirect_uri does not have a registered origin."
        }
        Denial::ReturnToNotAllowed(_) => {
            "The 'returnTo' querystring parameter is not defined as a valid URL in 'Allowed Logout URLs'"
        }
        Denial::PostLogoutRedirectUriNotAllowed(_) => {
            "The 'post_logout_redirect_uri' parameter is not defined as a valid URL in 'Allowed Logout URLs'"
        }
        Denial::UnknownAudience(_) => "Service not found",
        Denial::UnknownRealm(_) => "Unknown realm",
        Denial::UnsupportedGrantType(_) => "Unsupported grant type",
        _ => return None,
    };
    Some(OAuthError {
        description: words.into(),
        ..OAuthError::from(denial)
    })
}

fn at_management(denial: &Denial) -> Option<OAuthError> {
    match denial {
        Denial::AccessToken(_) => Some(error(401, "invalid_token", "Invalid token")),
        Denial::NoAccessToken => Some(error(
            401,
            "missing_authentication",
            "Missing authentication",
        )),
        _ => None,
    }
}

fn at_revoke(denial: &Denial) -> Option<OAuthError> {
    match denial {
        Denial::ClientAuthentication(_) => Some(error(401, "invalid_client", "Unauthorized")),
        _ => None,
    }
}

fn at_cross_origin(denial: &Denial) -> Option<OAuthError> {
    Some(match denial {
        Denial::Body(_)
        | Denial::MissingParameter(_)
        | Denial::InvalidParameter(_)
        | Denial::RepeatedParameter(_)
        | Denial::TooManyParameters
        | Denial::CrossOriginBody => error(
            400,
            "invalid_request",
            "Invalid request body. All and only of client_id, credential_type, username, otp, realm \
             are required.",
        ),
        Denial::UnknownRealm(name) => error(
            400,
            "invalid_request",
            format!("Unknown realm {}.", printable(name)),
        ),
        Denial::UnknownClient(_) => error(
            401,
            "unauthorized_client",
            "Cross origin login not allowed.",
        ),
        Denial::WrongPassword => error(403, "access_denied", "Wrong email or password."),
        Denial::UserBlocked => error(403, "blocked_user", "Blocked user"),
        _ => return None,
    })
}

fn at_classic_login(denial: &Denial) -> Option<OAuthError> {
    Some(match denial {
        Denial::WrongPassword => error(401, "invalid_user_password", "Wrong email or password."),
        Denial::UserBlocked => error(401, "unauthorized", "user is blocked"),
        _ => return None,
    })
}
