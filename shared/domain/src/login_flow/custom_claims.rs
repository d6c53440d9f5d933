//! Claims that scripts add to tokens ([Auth0's custom claims]), and the names that scripts may use.
//!
//! [Auth0's custom claims]: https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

/// Longest JSON of a token's custom claims, in bytes.
pub const MAX_BYTES: usize = 100 * 1024;

/// The claims that scripts added under permitted names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomClaims {
    /// Claims of the access token for an API.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub access_token: Map<String, Value>,
    /// Claims of the ID token and of `/userinfo`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub id_token: Map<String, Value>,
}

/// Claims that only Ratchet sets. Setting one has no effect.
const RESERVED: [&str; 53] = [
    "acr",
    "act",
    "active",
    "amr",
    "at_hash",
    "ath",
    "attest",
    "aud",
    "auth_time",
    "authorization_details",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "cty",
    "dest",
    "entitlements",
    "events",
    "exp",
    "groups",
    "gty",
    "htm",
    "htu",
    "iat",
    "internalService",
    "iss",
    "jcard",
    "jku",
    "jti",
    "jwe",
    "jwk",
    "kid",
    "may_act",
    "mky",
    "nbf",
    "nonce",
    "object_id",
    "org_id",
    "org_name",
    "orig",
    "orig_iat",
    "origid",
    "permissions",
    "roles",
    "rph",
    "s_hash",
    "scope",
    "sid",
    "sub",
    "token_type",
    "txn",
    "typ",
    "uuid",
];

/// Claims of `OpenID` Connect about a user: the only ones without a namespace that a Rule may set. Auth0's own
/// templates set another `picture` in ID tokens, and an `email_verified` that has just become true.
const PROFILE: [&str; 19] = [
    "address",
    "birthdate",
    "email",
    "email_verified",
    "family_name",
    "gender",
    "given_name",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "updated_at",
    "website",
    "zoneinfo",
];

/// Hosts of Auth0's own namespaces.
const FORBIDDEN_HOSTS: [&str; 3] = ["auth0.com", "webtask.io", "webtask.run"];

/// True if a Rule may set this claim: one in a namespace of the tenant's, or one of the profile.
pub fn rule_may_set(name: &str) -> bool {
    is_namespaced(name) || PROFILE.contains(&name)
}

/// True if an Action may set this claim: any but Ratchet's own and those in a namespace of Auth0's.
pub fn action_may_set(name: &str) -> bool {
    if Url::parse(name).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
        return is_namespaced(name);
    }
    !name.is_empty() && !RESERVED.contains(&name)
}

fn is_namespaced(name: &str) -> bool {
    let Ok(url) = Url::parse(name) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let forbidden = FORBIDDEN_HOSTS.iter().any(|forbidden| {
        host.strip_suffix(forbidden)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    matches!(url.scheme(), "http" | "https") && !host.is_empty() && !forbidden
}

/// True if the claims are within [`MAX_BYTES`].
pub fn fit(claims: &Map<String, Value>) -> bool {
    serde_json::to_vec(claims).is_ok_and(|text| text.len() <= MAX_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_sets_claims_of_its_own_namespace() {
        for name in [
            "https://example.com/roles",
            "http://a.example/",
            "https://notauth0.com/x",
        ] {
            assert!(rule_may_set(name), "{name}");
        }
        for name in [
            "roles",
            "favorite_color",
            "sub",
            "https://auth0.com/roles",
            "https://x.auth0.com/roles",
            "https://AUTH0.com/roles",
            "https://webtask.io/a",
            "http://b.webtask.run/",
            "urn:example:roles",
            "https:",
            "",
        ] {
            assert!(!rule_may_set(name), "{name}");
        }
    }

    #[test]
    fn a_rule_may_override_profile_claims() {
        for name in PROFILE {
            assert!(rule_may_set(name), "{name}");
        }
    }

    #[test]
    fn an_action_sets_any_claim_that_is_not_the_services_own() {
        for name in [
            "favorite_color",
            "https://example.com/x",
            "email",
            "urn:example:x",
        ] {
            assert!(action_may_set(name), "{name}");
        }
        for name in [
            "",
            "sub",
            "iss",
            "scope",
            "permissions",
            "https://auth0.com/x",
        ] {
            assert!(!action_may_set(name), "{name}");
        }
    }

    #[test]
    fn a_token_takes_a_hundred_kilobytes() {
        // {"a":"…"} is eight bytes beside the value.
        let claims = |length| Map::from_iter([("a".to_owned(), Value::from("x".repeat(length)))]);
        assert!(fit(&claims(MAX_BYTES - 8)));
        assert!(!fit(&claims(MAX_BYTES - 7)));
    }
}
