//! The route of a request as the log names it: the pattern of the template's route. The path itself may contain the id
//! of a user, or anything that a stranger wrote.

use http::Method;

/// The paths of the template's routes. A path comes before a pattern that matches it, too.
const PATHS: [&str; 47] = [
    "/.well-known/apple-app-site-association",
    "/.well-known/assetlinks.json",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/.well-known/{path+}",
    "/activate",
    "/activate/confirm",
    "/android/{package}/callback",
    "/api/v2/device-credentials",
    "/api/v2/device-credentials/{id}",
    "/api/v2/grants",
    "/api/v2/grants/{id}",
    "/api/v2/refresh-tokens",
    "/api/v2/refresh-tokens/revoke",
    "/api/v2/refresh-tokens/{id}",
    "/api/v2/sessions/{id}",
    "/api/v2/sessions/{id}/revoke",
    "/api/v2/users/{id}/refresh-tokens",
    "/api/v2/users/{id}/revoke-access",
    "/api/v2/users/{id}/sessions",
    "/apple-app-site-association",
    "/authorize",
    "/authorize/resume",
    "/cer",
    "/co/authenticate",
    "/continue",
    "/delegation",
    "/ios/{bundle}/callback",
    "/login",
    "/login/callback",
    "/oauth/access_token",
    "/oauth/device/code",
    "/oauth/revoke",
    "/oauth/ro",
    "/oauth/token",
    "/oidc/logout",
    "/oidc/logout/confirm",
    "/pem",
    "/u/confirm",
    "/u/consent",
    "/u/login",
    "/user/ssodata",
    "/userinfo",
    "/usernamepassword/challenge",
    "/usernamepassword/login",
    "/v2/logout",
];

/// Method and pattern, such as `GET /api/v2/sessions/{id}`; a method or a path that no route has is `other`.
pub(super) fn of(method: &Method, path: &str) -> String {
    let known = [
        Method::GET,
        Method::POST,
        Method::DELETE,
        Method::OPTIONS,
        Method::HEAD,
        Method::PUT,
        Method::PATCH,
    ];
    let method = if known.contains(method) {
        method.as_str()
    } else {
        "other"
    };
    let pattern = PATHS.iter().find(|pattern| matches(pattern, path));
    format!("{method} {}", pattern.unwrap_or(&"other"))
}

fn matches(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    for wanted in pattern.split('/') {
        match segments.next() {
            Some(segment) if !segment.is_empty() && wanted.ends_with("+}") => return true,
            Some(segment) if !segment.is_empty() && wanted.starts_with('{') => {}
            Some(segment) if segment == wanted => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_names_no_id_and_no_unknown_path() {
        for (method, path, route) in [
            ("POST", "/oauth/token", "POST /oauth/token"),
            (
                "GET",
                "/api/v2/users/auth0%7C1/sessions",
                "GET /api/v2/users/{id}/sessions",
            ),
            (
                "POST",
                "/api/v2/refresh-tokens/revoke",
                "POST /api/v2/refresh-tokens/revoke",
            ),
            (
                "DELETE",
                "/api/v2/refresh-tokens/1",
                "DELETE /api/v2/refresh-tokens/{id}",
            ),
            ("GET", "/.well-known/a/b", "GET /.well-known/{path+}"),
            (
                "GET",
                "/.well-known/jwks.json",
                "GET /.well-known/jwks.json",
            ),
            ("GET", "/api/v2/sessions/", "GET other"),
            ("GET", "/api/v2/sessions/1/2", "GET other"),
            ("GET", "/oauth/token/", "GET other"),
            ("GET", "//", "GET other"),
            ("GET", "", "GET other"),
            ("BREW", "/ada@example.com", "other other"),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(of(&method, path), route);
        }
    }

    #[test]
    fn each_path_is_its_own_route() {
        for path in PATHS {
            assert_eq!(of(&Method::GET, path), format!("GET {path}"));
        }
    }
}
