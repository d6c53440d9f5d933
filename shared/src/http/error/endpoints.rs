//! The endpoints whose words for the same refusal differ from the table's, as Auth0's do.

use super::{Endpoint, OAuthError, error, printable};
use crate::domain::denial::Denial;

/// What this endpoint says instead, if it says something else.
pub(super) fn own_words(denial: &Denial, endpoint: Endpoint) -> Option<OAuthError> {
    match endpoint {
        Endpoint::Token => None,
        Endpoint::Revoke => at_revoke(denial),
        Endpoint::CrossOrigin => at_cross_origin(denial),
        Endpoint::ClassicLogin => at_classic_login(denial),
        Endpoint::Management => at_management(denial),
    }
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
