//! Names that are allowed in a client's `grant_types` ([Auth0's list]).
//!
//! [Auth0's list]: https://auth0.com/docs/get-started/applications/application-grant-types

use ratchet_domain::client::AuthMethod;

use crate::yaml::path::{Checked, Fault, Notes, Path};

/// The refresh token grant.
pub(crate) const REFRESH_TOKEN: &str = "refresh_token";

const AUTHORIZATION_CODE: &str = "authorization_code";
const CLIENT_CREDENTIALS: &str = "client_credentials";
const IMPLICIT: &str = "implicit";

/// Grants of a client that was created with only a name.
const CONFIDENTIAL: [&str; 4] = [
    AUTHORIZATION_CODE,
    IMPLICIT,
    REFRESH_TOKEN,
    CLIENT_CREDENTIALS,
];
/// Default grants of a public client.
const PUBLIC: [&str; 3] = [IMPLICIT, AUTHORIZATION_CODE, REFRESH_TOKEN];

/// Names that are not URIs. URIs name extensions, which come and go.
const SHORT_NAMES: [&str; 5] = [
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    IMPLICIT,
    "password",
    REFRESH_TOKEN,
];

const EXTENSIONS: [&str; 15] = [
    "http://auth0.com/oauth/grant-type/mfa-oob",
    "http://auth0.com/oauth/grant-type/mfa-otp",
    "http://auth0.com/oauth/grant-type/mfa-recovery-code",
    "http://auth0.com/oauth/grant-type/password-realm",
    "http://auth0.com/oauth/grant-type/passwordless/otp",
    "http://auth0.com/oauth/legacy/grant-type/access_token",
    "http://auth0.com/oauth/legacy/grant-type/delegation/id_token",
    "http://auth0.com/oauth/legacy/grant-type/delegation/refresh_token",
    "http://auth0.com/oauth/legacy/grant-type/ro",
    "http://auth0.com/oauth/legacy/grant-type/ro/jwt-bearer",
    "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:okta:params:oauth:grant-type:webauthn",
    "urn:openid:params:grant-type:ciba",
];

/// Checks the grants that a client may use.
pub(crate) fn check(
    given: Option<Vec<String>>,
    at: &Path,
    auth_method: AuthMethod,
    notes: &mut Notes,
) -> Checked<Vec<String>> {
    let Some(given) = given else {
        let default: &[&str] = if auth_method == AuthMethod::None {
            &PUBLIC
        } else {
            &CONFIDENTIAL
        };
        return Ok(default.iter().map(|name| (*name).to_owned()).collect());
    };
    let mut grant_types: Vec<String> = Vec::with_capacity(given.len());
    for (index, name) in given.into_iter().enumerate() {
        let at = at.index(index);
        if !name.contains(':') && !SHORT_NAMES.contains(&name.as_str()) {
            return Err(Fault::new(at, format!("`{name}` is no grant type")));
        }
        if name.contains(':') && !EXTENSIONS.contains(&name.as_str()) {
            notes.warn(at, format!("unknown grant type `{name}`"));
        }
        if !grant_types.contains(&name) {
            grant_types.push(name);
        }
    }
    Ok(grant_types)
}
