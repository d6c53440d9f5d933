//! The operations of our Management API: one table of paths and methods, with Auth0's names and scopes.

use http::{Method, Request};
use percent_encoding::percent_decode_str;
use ratchet_domain::{
    denial::Denial,
    ids::UserId,
    resource_server::{
        DELETE_DEVICE_CREDENTIALS, DELETE_GRANTS, DELETE_REFRESH_TOKENS, DELETE_SESSIONS,
        READ_DEVICE_CREDENTIALS, READ_GRANTS, READ_REFRESH_TOKENS, READ_SESSIONS,
    },
};
use ratchet_protocol::methods;

/// An operation of Auth0's Management API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    GetGrants,
    DeleteGrant,
    DeleteGrants,
    GetSession,
    DeleteSession,
    RevokeSession,
    GetUserSessions,
    DeleteUserSessions,
    GetRefreshTokens,
    GetRefreshToken,
    DeleteRefreshToken,
    RevokeRefreshTokens,
    GetUserRefreshTokens,
    DeleteUserRefreshTokens,
    RevokeUserAccess,
    GetDeviceCredentials,
    DeleteDeviceCredential,
}

/// The object that a path names, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    Nothing,
    /// Text in the place of an id.
    Id(String),
    /// A user; `None` for text that is not a valid user id.
    User(Option<UserId>),
}

impl Named {
    /// The id in the path; empty if the path has none.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Nothing | Self::User(_) => "",
        }
    }
}

/// A path, its methods as `Allow` lists them, and the operation of each. `*` matches an id, `@` a user id.
struct Route {
    path: &'static str,
    allow: &'static str,
    operations: &'static [(Method, Operation)],
}

const fn route(
    path: &'static str,
    allow: &'static str,
    operations: &'static [(Method, Operation)],
) -> Route {
    Route {
        path,
        allow,
        operations,
    }
}

const ROUTES: [Route; 12] = [
    route(
        "grants",
        methods::GET_AND_DELETE,
        &[
            (Method::GET, Operation::GetGrants),
            (Method::DELETE, Operation::DeleteGrants),
        ],
    ),
    route(
        "grants/*",
        methods::DELETE,
        &[(Method::DELETE, Operation::DeleteGrant)],
    ),
    route(
        "sessions/*",
        methods::GET_AND_DELETE,
        &[
            (Method::GET, Operation::GetSession),
            (Method::DELETE, Operation::DeleteSession),
        ],
    ),
    route(
        "sessions/*/revoke",
        methods::POST,
        &[(Method::POST, Operation::RevokeSession)],
    ),
    route(
        "refresh-tokens",
        methods::GET,
        &[(Method::GET, Operation::GetRefreshTokens)],
    ),
    // Before the next route, which would take `revoke` for an id.
    route(
        "refresh-tokens/revoke",
        methods::POST,
        &[(Method::POST, Operation::RevokeRefreshTokens)],
    ),
    route(
        "refresh-tokens/*",
        methods::GET_AND_DELETE,
        &[
            (Method::GET, Operation::GetRefreshToken),
            (Method::DELETE, Operation::DeleteRefreshToken),
        ],
    ),
    route(
        "device-credentials",
        methods::GET,
        &[(Method::GET, Operation::GetDeviceCredentials)],
    ),
    route(
        "device-credentials/*",
        methods::DELETE,
        &[(Method::DELETE, Operation::DeleteDeviceCredential)],
    ),
    route(
        "users/@/sessions",
        methods::GET_AND_DELETE,
        &[
            (Method::GET, Operation::GetUserSessions),
            (Method::DELETE, Operation::DeleteUserSessions),
        ],
    ),
    route(
        "users/@/refresh-tokens",
        methods::GET_AND_DELETE,
        &[
            (Method::GET, Operation::GetUserRefreshTokens),
            (Method::DELETE, Operation::DeleteUserRefreshTokens),
        ],
    ),
    route(
        "users/@/revoke-access",
        methods::POST,
        &[(Method::POST, Operation::RevokeUserAccess)],
    ),
];

impl Operation {
    /// The operation of a request, and the object that its path names.
    pub(crate) fn of<B>(request: &Request<B>) -> Result<(Self, Named), Denial> {
        let path = request.uri().path();
        let rest = path.strip_prefix("/api/v2/").ok_or(Denial::NotFound)?;
        let (route, named) = ROUTES
            .iter()
            .find_map(|route| Some((route, matched(route.path, rest)?)))
            .ok_or(Denial::NotFound)?;
        let operation = route
            .operations
            .iter()
            .find(|(method, _)| method == request.method())
            .map(|(_, operation)| *operation)
            .ok_or(Denial::MethodNotAllowed(route.allow))?;
        Ok((operation, named))
    }

    /// Auth0's name of the operation, as logged in the audit event.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::GetGrants => "Get grants",
            Self::DeleteGrant => "Delete a grant",
            Self::DeleteGrants => "Delete grants by user",
            Self::GetSession => "Get session",
            Self::DeleteSession => "Delete session",
            Self::RevokeSession => "Revoke session",
            Self::GetUserSessions => "Get sessions for user",
            Self::DeleteUserSessions => "Delete sessions for user",
            Self::GetRefreshTokens => "Get refresh tokens",
            Self::GetRefreshToken => "Get a refresh token",
            Self::DeleteRefreshToken => "Delete a refresh token",
            Self::RevokeRefreshTokens => "Revoke refresh tokens",
            Self::GetUserRefreshTokens => "Get refresh tokens for a user",
            Self::DeleteUserRefreshTokens => "Delete refresh tokens for a user",
            Self::RevokeUserAccess => "Revoke access of a user",
            Self::GetDeviceCredentials => "Get device credentials",
            Self::DeleteDeviceCredential => "Delete a device credential",
        }
    }

    /// True if the operation changes nothing.
    pub(crate) const fn reads(self) -> bool {
        matches!(
            self,
            Self::GetGrants
                | Self::GetSession
                | Self::GetUserSessions
                | Self::GetRefreshTokens
                | Self::GetRefreshToken
                | Self::GetUserRefreshTokens
                | Self::GetDeviceCredentials
        )
    }

    /// Scopes that the operation requires: the token must have all of them.
    pub(crate) const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::GetGrants => &[READ_GRANTS],
            Self::DeleteGrant | Self::DeleteGrants => &[DELETE_GRANTS],
            Self::GetSession | Self::GetUserSessions => &[READ_SESSIONS],
            Self::DeleteSession | Self::DeleteUserSessions => &[DELETE_SESSIONS],
            Self::RevokeSession | Self::RevokeUserAccess => {
                &[DELETE_SESSIONS, DELETE_REFRESH_TOKENS]
            }
            Self::GetRefreshTokens | Self::GetRefreshToken | Self::GetUserRefreshTokens => {
                &[READ_REFRESH_TOKENS]
            }
            Self::DeleteRefreshToken
            | Self::RevokeRefreshTokens
            | Self::DeleteUserRefreshTokens => &[DELETE_REFRESH_TOKENS],
            Self::GetDeviceCredentials => &[READ_DEVICE_CREDENTIALS],
            Self::DeleteDeviceCredential => &[DELETE_DEVICE_CREDENTIALS],
        }
    }
}

/// The object that a path names; `None` if the path does not match this form.
fn matched(form: &str, path: &str) -> Option<Named> {
    let mut named = Named::Nothing;
    let (mut form, mut path) = (form.split('/'), path.split('/'));
    loop {
        match (form.next(), path.next()) {
            (None, None) => return Some(named),
            (Some("*"), Some(id)) if !id.is_empty() => named = Named::Id(decoded(id)?),
            (Some("@"), Some(id)) if !id.is_empty() => {
                named = Named::User(decoded(id).and_then(|id| UserId::parse(id).ok()));
            }
            (Some(wanted), Some(segment)) if wanted == segment => {}
            _ => return None,
        }
    }
}

/// A path segment without percent-encoding, which not every gateway removes; `None` if it is not UTF-8.
fn decoded(segment: &str) -> Option<String> {
    let decoded = percent_decode_str(segment).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &Method, path: &str) -> Result<(Operation, Named), Denial> {
        let request = Request::builder().method(method).uri(path);
        Operation::of(&request.body(()).unwrap())
    }

    #[test]
    fn a_read_is_a_get() {
        for (method, operation) in ROUTES.iter().flat_map(|route| route.operations) {
            assert_eq!(operation.reads(), method == Method::GET, "{operation:?}");
        }
    }

    #[test]
    fn a_user_is_named_with_and_without_percent_encoding() {
        let ada = Named::User(Some(UserId::parse("auth0|ada").unwrap()));
        for path in [
            "/api/v2/users/auth0%7Cada/sessions",
            "/api/v2/users/auth0|ada/sessions",
        ] {
            let found = of(&Method::GET, path);
            assert_eq!(found, Ok((Operation::GetUserSessions, ada.clone())));
        }
        let invalid_user = of(&Method::GET, "/api/v2/users/%FF/sessions");
        assert_eq!(
            invalid_user,
            Ok((Operation::GetUserSessions, Named::User(None)))
        );
    }

    #[test]
    fn revoke_is_no_id_of_a_refresh_token() {
        let path = "/api/v2/refresh-tokens/revoke";
        let found = of(&Method::POST, path);
        assert_eq!(found, Ok((Operation::RevokeRefreshTokens, Named::Nothing)));
        let get = of(&Method::GET, path);
        assert_eq!(get, Err(Denial::MethodNotAllowed(methods::POST)));
    }

    #[test]
    fn a_path_without_an_operation_is_not_found() {
        for path in [
            "/api/v2/",
            "/api/v2/users",
            "/api/v2/users//sessions",
            "/api/v2/grants/",
            "/api/v2/sessions/a/b",
            "/api/v2/sessions/%FF",
        ] {
            assert_eq!(of(&Method::GET, path), Err(Denial::NotFound), "{path}");
        }
    }

    #[test]
    fn allow_lists_the_methods_that_a_path_has() {
        for route in &ROUTES {
            let mut allowed: Vec<_> = route.allow.split(", ").collect();
            allowed.retain(|method| *method != "HEAD");
            let has = route.operations.iter().map(|(method, _)| method.as_str());
            assert_eq!(has.collect::<Vec<_>>(), allowed, "{}", route.path);
        }
    }
}
