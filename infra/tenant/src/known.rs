//! Keys of Auth0's format that Ratchet does not read.
//!
//! Three kinds of unread key: those whose absence changes nothing here (`Known`), those that ask for
//! something Ratchet does not do yet (`Unsupported`, worth a warning unless false or empty), and
//! those that Auth0 does not know either, probably a slip of the pen (`Unknown`).

use crate::path::{Path, Step};

/// Why nobody reads a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// Auth0 knows it; leaving it out changes nothing here.
    Known,
    /// Auth0 knows it and would behave otherwise.
    Unsupported,
    /// Nobody knows it.
    Unknown,
}

/// Whether the key at the end of a path is an attribute that a user's profile has at its root: anything
/// that is not known to be something else.
pub(crate) fn is_attribute(path: &Path) -> bool {
    let of_a_user = path
        .split_last()
        .is_some_and(|(parent, _)| parent.shape() == USER);
    of_a_user && why_unread(path) == Unread::Unknown
}

/// Tells why nobody reads the key at the end of a path.
pub(crate) fn why_unread(path: &Path) -> Unread {
    let Some((parent, Step::Key(key))) = path.split_last() else {
        return Unread::Unknown;
    };
    let shape = parent.shape();
    let Some(object) = OBJECTS.iter().find(|object| object.shape == shape) else {
        return Unread::Unknown;
    };
    if object.unsupported.contains(&key.as_str()) {
        Unread::Unsupported
    } else if object.known.contains(&key.as_str()) {
        Unread::Known
    } else {
        Unread::Unknown
    }
}

const USER: &str = "users[]";

/// The unread keys of one kind of object.
struct Object {
    shape: &'static str,
    known: &'static [&'static str],
    unsupported: &'static [&'static str],
}

const OBJECTS: [Object; 29] = [
    Object {
        shape: "",
        known: &["exclude", "include"],
        unsupported: &[
            "actionModules",
            "clientAuthCredentials",
            "connectionProfiles",
            "connections",
            "customDomains",
            "emailProvider",
            "emailTemplates",
            "eventStreams",
            "flowVaultConnections",
            "flows",
            "forms",
            "guardianFactorProviders",
            "guardianFactorTemplates",
            "guardianFactors",
            "guardianPhoneFactorMessageTypes",
            "guardianPhoneFactorSelectedProvider",
            "guardianPolicies",
            "hooks",
            "logStreams",
            "migrations",
            "networkACLs",
            "organizations",
            "pages",
            "phoneProviders",
            "phoneTemplates",
            "prompts",
            "rateLimitPolicies",
            "riskAssessment",
            "selfServiceProfiles",
            "supplementalSignals",
            "themes",
            "tokenExchangeProfiles",
            "userAttributeProfiles",
        ],
    },
    Object {
        shape: "clients[]",
        known: &[
            "async_approval_notification_channels",
            "callback_url_template",
            "client_aliases",
            "config_route",
            "cross_origin_loc",
            "custom_login_page",
            "custom_login_page_on",
            "custom_login_page_preview",
            "default_organization",
            "description",
            "express_configuration",
            "external_client_id",
            "external_metadata_created_by",
            "external_metadata_type",
            "fedcm_login",
            "form_template",
            "global",
            "my_organization_configuration",
            "organization_discovery_methods",
            "organization_require_behavior",
            "organization_usage",
            "owners",
            "par_request_expiry",
            "resource_server_identifier",
            "session_transfer",
            "signing_keys",
            "tenant",
        ],
        unsupported: &[
            "addons",
            "compliance_level",
            "encryption_key",
            "identity_assertion_authorization_grant",
            "jwks_uri",
            "native_social_login",
            "require_proof_of_possession",
            "require_pushed_authorization_requests",
            "signed_request_object",
            "token_exchange",
            "token_quota",
            "token_vault_privileged_access",
        ],
    },
    Object {
        shape: "clients[].jwt_configuration",
        known: &["scopes"],
        unsupported: &[],
    },
    Object {
        shape: "clients[].oidc_logout",
        known: &[],
        unsupported: &["backchannel_logout_session_metadata"],
    },
    Object {
        shape: "roles[]",
        known: &["description", "id"],
        unsupported: &[],
    },
    Object {
        shape: "roles[].permissions[]",
        known: &["description", "resource_server_name"],
        unsupported: &[],
    },
    Object {
        shape: "users[].permissions[]",
        known: &["description", "resource_server_name", "sources"],
        unsupported: &[],
    },
    Object {
        shape: "clients[].client_authentication_methods.private_key_jwt.credentials[]",
        known: &[
            "created_at",
            "credential_type",
            "id",
            "name",
            "parse_expiry_from_cert",
            "subject_dn",
            "thumbprint_sha256",
            "updated_at",
        ],
        unsupported: &["expires_at"],
    },
    Object {
        shape: "resourceServers[]",
        known: &["client_id", "consent_policy", "id"],
        unsupported: &[
            "allow_online_access",
            "allow_online_access_with_ephemeral_sessions",
            "authorization_details",
            "authorization_policy",
            "proof_of_possession",
            "token_encryption",
            "verification_location",
        ],
    },
    Object {
        shape: "clientGrants[]",
        known: &[
            "allow_any_organization",
            "id",
            "is_system",
            "organization_usage",
        ],
        unsupported: &["authorization_details_types"],
    },
    Object {
        shape: "databases[]",
        known: &[
            "authentication",
            "connected_accounts",
            "cross_app_access_requesting_app",
            "display_name",
            "id",
            "is_domain_connection",
            "metadata",
            "options",
            "show_as_button",
        ],
        unsupported: &[],
    },
    Object {
        shape: "rules[]",
        known: &["id"],
        unsupported: &[],
    },
    Object {
        shape: "actions[]",
        known: &[
            "all_changes_deployed",
            "created_at",
            "id",
            "runtime",
            "status",
            "updated_at",
        ],
        unsupported: &["modules"],
    },
    Object {
        shape: "actions[].secrets[]",
        known: &["updated_at"],
        unsupported: &[],
    },
    Object {
        shape: "actions[].dependencies[]",
        known: &["registry_url", "version"],
        unsupported: &[],
    },
    Object {
        shape: "actions[].supported_triggers[]",
        known: &["status", "url", "version"],
        unsupported: &[],
    },
    Object {
        shape: "triggers",
        known: &[],
        unsupported: &[
            "credentials-exchange",
            "custom-token-exchange",
            "login-post-identifier",
            "password-reset-post-challenge",
            "post-change-password",
            "post-user-registration",
            "pre-user-registration",
            "send-phone-message",
            "signup-post-identifier",
        ],
    },
    Object {
        shape: "triggers.post-login[]",
        known: &["display_name"],
        unsupported: &[],
    },
    Object {
        shape: "tenant",
        known: &[
            "acr_values_supported",
            "allow_organization_name_in_authentication_api",
            "allowed_domains",
            "authorization_response_iss_parameter_supported",
            "change_password",
            "client_id_metadata_document_supported",
            "country_codes",
            "customize_mfa_in_postlogin_action",
            "dynamic_client_registration_security_mode",
            "enable_ai_guide",
            "enabled_locales",
            "ephemeral_session_lifetime",
            "ephemeral_session_lifetime_in_minutes",
            "guardian_mfa_page",
            "idle_ephemeral_session_lifetime",
            "idle_ephemeral_session_lifetime_in_minutes",
            "include_session_metadata_in_tenant_logs",
            "legacy_sandbox_version",
            "phone_consolidated_experience",
            "pushed_authorization_requests_supported",
            "sandbox_version",
            "sandbox_versions_available",
            "security_headers",
            "support_email",
            "support_url",
        ],
        unsupported: &["default_token_quota", "error_page", "mtls"],
    },
    Object {
        shape: "tenant.flags",
        known: &[
            "allow_changing_enable_sso",
            "change_pwd_flow_v1",
            "custom_domains_provisioning",
            "dashboard_insights_view",
            "dashboard_log_streams_next",
            "disable_clickjack_protection_headers",
            "disable_fields_map_fix",
            "disable_impersonation",
            "disable_management_api_sms_obfuscation",
            "enable_adfs_waad_email_verification",
            "enable_apis_section",
            "enable_client_connections",
            "enable_custom_domain_in_emails",
            "enable_idtoken_api2",
            "enable_legacy_logs_search_v2",
            "enable_pipeline2",
            "enable_public_signup_user_exists_error",
            "enable_sso",
            "enforce_client_authentication_on_passwordless_start",
            "genai_trial",
            "improved_signup_bot_detection_in_classic",
            "mfa_show_factor_list_on_enrollment",
            "new_universal_login_experience_enabled",
            "no_disclose_enterprise_connections",
            "remove_alg_from_jwks",
            "trust_azure_adfs_email_verified_connection_property",
            "universal_login",
        ],
        unsupported: &[
            "allow_legacy_ro_grant_types",
            "allow_legacy_tokeninfo_endpoint",
            "enable_dynamic_client_registration",
            "require_pushed_authorization_requests",
        ],
    },
    Object {
        shape: "tenant.oidc_logout",
        known: &[],
        unsupported: &[],
    },
    Object {
        shape: "tenant.sessions",
        known: &["anonymous"],
        unsupported: &[],
    },
    Object {
        shape: "tenant.universal_login",
        known: &["passwordless"],
        unsupported: &[],
    },
    Object {
        shape: "tenant.universal_login.colors",
        known: &["page_background"],
        unsupported: &[],
    },
    Object {
        shape: "attackProtection",
        known: &[],
        unsupported: &[
            "botDetection",
            "breachedPasswordDetection",
            "captcha",
            "phoneProviderProtection",
        ],
    },
    Object {
        shape: "branding",
        known: &[
            "favicon_url",
            "font",
            "identifiers",
            "phone_display",
            "powered_by_auth0_logo_url",
        ],
        unsupported: &["templates"],
    },
    Object {
        shape: "branding.colors",
        known: &["page_background"],
        unsupported: &[],
    },
    Object {
        shape: "users[].identities[]",
        known: &[
            "access_token",
            "access_token_secret",
            "expires_in",
            "profileData",
            "refresh_token",
        ],
        unsupported: &[],
    },
    Object {
        shape: USER,
        known: &[
            "last_ip",
            "last_login",
            "last_password_reset",
            "logins_count",
            "tenant",
        ],
        unsupported: &["mfa_factors", "multifactor"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unread_key_is_known_unsupported_or_unknown() {
        let client = Path::root().key("clients").index(0);
        assert_eq!(why_unread(&client.key("description")), Unread::Known);
        assert_eq!(why_unread(&client.key("jwks_uri")), Unread::Unsupported);
        assert_eq!(why_unread(&client.key("callback")), Unread::Unknown);
        assert_eq!(
            why_unread(&Path::root().key("prompts")),
            Unread::Unsupported
        );
    }
}
