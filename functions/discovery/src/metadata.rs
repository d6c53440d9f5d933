//! The metadata document. It lists only what this server supports.

use std::collections::BTreeSet;

use ratchet_core::config::Issuer;
use ratchet_domain::{
    client::SigningAlgorithm,
    settings::{Conformance, Settings},
};
use serde::Serialize;

/// The document, in the order of Auth0's.
#[derive(Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the specifications say with a switch what is supported"
)]
pub(crate) struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    device_authorization_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    revocation_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_session_endpoint: Option<String>,
    scopes_supported: &'static [&'static str],
    response_types_supported: &'static [&'static str],
    response_modes_supported: &'static [&'static str],
    grant_types_supported: &'static [&'static str],
    code_challenge_methods_supported: &'static [&'static str],
    subject_types_supported: &'static [&'static str],
    id_token_signing_alg_values_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: &'static [&'static str],
    token_endpoint_auth_signing_alg_values_supported: &'static [&'static str],
    claims_supported: &'static [&'static str],
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    request_object_signing_alg_values_supported: &'static [&'static str],
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
}

/// Builds the document. `published` are the algorithms of the keys in the JWKS.
pub(crate) fn metadata(
    issuer: &Issuer,
    settings: &Settings,
    published: &BTreeSet<SigningAlgorithm>,
) -> Metadata {
    let hs256 = [SigningAlgorithm::HS256];
    let signing = hs256.iter().chain(published).map(|alg| alg.as_str());
    Metadata {
        issuer: issuer.as_str().to_owned(),
        authorization_endpoint: issuer.join("authorize"),
        token_endpoint: issuer.join("oauth/token"),
        device_authorization_endpoint: issuer.join("oauth/device/code"),
        userinfo_endpoint: issuer.join("userinfo"),
        jwks_uri: issuer.join(".well-known/jwks.json"),
        revocation_endpoint: issuer.join("oauth/revoke"),
        end_session_endpoint: settings
            .end_session_endpoint_discovery
            .then(|| issuer.join("oidc/logout")),
        scopes_supported: &[
            "openid",
            "profile",
            "offline_access",
            "name",
            "given_name",
            "family_name",
            "nickname",
            "email",
            "email_verified",
            "picture",
            "created_at",
            "identities",
            "phone",
            "address",
        ],
        response_types_supported: &[
            "code",
            "token",
            "id_token",
            "code token",
            "code id_token",
            "token id_token",
            "code token id_token",
        ],
        response_modes_supported: &["query", "fragment", "form_post"],
        grant_types_supported: &[
            "authorization_code",
            "implicit",
            "refresh_token",
            "client_credentials",
            "password",
            "http://auth0.com/oauth/grant-type/password-realm",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        code_challenge_methods_supported: &["S256", "plain"],
        subject_types_supported: &["public"],
        id_token_signing_alg_values_supported: signing.collect(),
        token_endpoint_auth_methods_supported: &[
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
            "none",
        ],
        token_endpoint_auth_signing_alg_values_supported: &["RS256", "RS384", "PS256"],
        claims_supported: claims(settings.conformance),
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        // Request objects are not supported (the two members above). Without this list the certification plans
        // assume that unsigned ones are; an empty list is not allowed (RFC 8414 section 2).
        request_object_signing_alg_values_supported: &["RS256"],
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
    }
}

/// `claims_supported`: Auth0's list, or the claims that ID tokens and `/userinfo` can contain.
fn claims(conformance: Conformance) -> &'static [&'static str] {
    match conformance {
        Conformance::Auth0 => &[
            "aud",
            "auth_time",
            "created_at",
            "email",
            "email_verified",
            "exp",
            "family_name",
            "given_name",
            "iat",
            "identities",
            "iss",
            "name",
            "nickname",
            "phone_number",
            "picture",
            "sub",
        ],
        Conformance::OpenId => &[
            "address",
            "aud",
            "auth_time",
            "birthdate",
            "email",
            "email_verified",
            "exp",
            "family_name",
            "gender",
            "given_name",
            "iat",
            "iss",
            "locale",
            "middle_name",
            "name",
            "nickname",
            "nonce",
            "phone_number",
            "phone_number_verified",
            "picture",
            "preferred_username",
            "profile",
            "sid",
            "sub",
            "updated_at",
            "website",
            "zoneinfo",
        ],
    }
}
