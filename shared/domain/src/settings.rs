//! Settings of the whole tenant. Field names follow [Auth0's tenant settings].
//!
//! [Auth0's tenant settings]: https://auth0.com/docs/api/management/v2/tenants/tenant-settings-route

use serde::{Deserialize, Serialize};

use super::{
    hash_kind::HashKinds,
    ids::{Audience, ConnectionName},
    login_flow::ScriptsVersion,
    signing_algorithms::{SigningAlgorithm, SigningAlgorithms},
    throttle::RateLimit,
    time::{Lifetime, Timestamp},
    user_code::UserCodeFormat,
    valid_from::RefreshTokensThen,
};

/// Settings of the whole tenant. Fields that an older item lacks have their defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are Auth0's switches, and no two of them make a state"
)]
pub struct Settings {
    /// Name on the login page.
    pub friendly_name: String,
    /// URL of the logo on the login page (`branding.logo_url`, else `picture_url`).
    pub logo_url: Option<String>,
    /// Colour of buttons (`branding.colors.primary`), `#rrggbb`.
    pub primary_color: Color,
    /// API of requests that name none.
    pub default_audience: Option<Audience>,
    /// User database of the login page and of the `password` grant type.
    pub default_directory: Option<ConnectionName>,
    /// Destination for visitors of a stale login page whose client has no `initiate_login_uri`
    /// (`default_redirection_uri`).
    pub default_redirection_uri: Option<String>,
    /// URLs that `/v2/logout` may redirect to without a `client_id`, and `/oidc/logout` without a client.
    pub allowed_logout_urls: Vec<String>,
    /// Absolute lifetime of a browser session.
    pub session_lifetime: Lifetime,
    /// Longest time between two visits of a browser session.
    pub idle_session_lifetime: Lifetime,
    /// True if the session cookie outlives the browser.
    pub persistent_session_cookie: bool,
    /// True if the revocation of a refresh token revokes its whole grant (`flags.revoke_refresh_token_grant`).
    pub revoke_refresh_token_grant: bool,
    /// Effect of a password change on refresh tokens (`flags.revoke_refresh_tokens_on_password_change`).
    #[serde(default)]
    pub refresh_tokens_on_password_change: RefreshTokensThen,
    /// True if callbacks that any program could claim (loopback, custom scheme) need no confirmation.
    pub skip_non_verifiable_callback_uri_confirmation_prompt: bool,
    /// Format of user codes (`device_flow`).
    pub device_flow: UserCodeFormat,
    /// True if discovery publishes `/oidc/logout` (`oidc_logout.rp_logout_end_session_endpoint_discovery`).
    pub end_session_endpoint_discovery: bool,
    /// True if `/oidc/logout` asks the user unless a hint proves that a client of the session sent the request
    /// (`sessions.oidc_logout_prompt_enabled`).
    pub oidc_logout_prompt_enabled: bool,
    /// Switches of the legacy pipeline.
    #[serde(default)]
    pub legacy: LegacyFlags,
    /// Texts for scopes on the consent page (`flags.use_scope_descriptions_for_consent`).
    #[serde(default)]
    pub consent_words: ConsentWords,
    /// `resource_parameter_profile`
    #[serde(default)]
    pub resource_parameter_profile: ResourceParameterProfile,
    /// Choice between Auth0 and the specifications where they differ.
    pub conformance: Conformance,
    /// Limit of exchanges of one refresh token from one address, for clients without their own.
    #[serde(default = "default_refresh_limit")]
    pub refresh_token_rate_limit: RateLimit,
    /// Limit of login attempts of one user from one address, successful or not.
    #[serde(default = "default_login_limit")]
    pub login_rate_limit: RateLimit,
    /// Limit of `/userinfo` requests for one user.
    #[serde(default = "default_userinfo_limit")]
    pub userinfo_rate_limit: RateLimit,
    /// Limit of `/delegation` requests for one user from one address.
    #[serde(default = "default_delegation_limit")]
    pub delegation_rate_limit: RateLimit,
    /// Limit of device codes for one address.
    #[serde(default = "default_device_code_limit")]
    pub device_code_rate_limit: RateLimit,
    /// Limit of user codes typed at one address.
    #[serde(default = "default_user_code_limit")]
    pub user_code_rate_limit: RateLimit,
    /// Limit of failed authentications of one client from one address.
    #[serde(default = "default_client_authentication_limit")]
    pub client_authentication_rate_limit: RateLimit,
    /// Version of the scripts that run at a login; `None` if there are none. Every function has the settings in memory,
    /// so a tenant without scripts costs no further read.
    #[serde(default)]
    pub scripts: Option<ScriptsVersion>,
    /// Algorithms whose keys are published, as recorded by imports of clients and APIs. `None` before the first such
    /// import: then every key is published.
    #[serde(default)]
    pub signing_algorithms: Option<SigningAlgorithms>,
    /// Kinds of the users' password hashes, as recorded by imports of users. `None` before the first such import.
    #[serde(default)]
    pub password_hashes: Option<HashKinds>,
}

impl Settings {
    /// True if the JWKS contains the keys of this algorithm.
    pub fn publishes(&self, algorithm: SigningAlgorithm, now: Timestamp) -> bool {
        let recorded = self.signing_algorithms.as_ref();
        recorded.is_none_or(|recorded| recorded.publishes(algorithm, now))
    }
}

const fn default_login_limit() -> RateLimit {
    RateLimit::LOGIN
}

const fn default_userinfo_limit() -> RateLimit {
    RateLimit::USERINFO
}

const fn default_delegation_limit() -> RateLimit {
    RateLimit::DELEGATION
}

const fn default_device_code_limit() -> RateLimit {
    RateLimit::DEVICE_CODE
}

const fn default_user_code_limit() -> RateLimit {
    RateLimit::USER_CODE
}

const fn default_client_authentication_limit() -> RateLimit {
    RateLimit::CLIENT_AUTHENTICATION
}

/// Switches of the legacy pipeline, from the tenant's `flags`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LegacyFlags {
    /// True if ID tokens and `/userinfo` contain the whole profile. Each client has its own switch for the pipeline
    /// (`oidc_conformant`), so this one is on by default.
    pub enable_legacy_profile: bool,
    /// True if `POST /delegation` exists.
    pub allow_legacy_delegation_grant_types: bool,
}

impl Default for LegacyFlags {
    fn default() -> Self {
        Self {
            enable_legacy_profile: true,
            allow_legacy_delegation_grant_types: false,
        }
    }
}

const fn default_refresh_limit() -> RateLimit {
    RateLimit::REFRESH
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            friendly_name: "Ratchet".to_owned(),
            logo_url: None,
            primary_color: Color::default(),
            default_audience: None,
            default_directory: None,
            default_redirection_uri: None,
            allowed_logout_urls: Vec::new(),
            session_lifetime: Lifetime::from_secs(168 * 3600),
            idle_session_lifetime: Lifetime::from_secs(72 * 3600),
            persistent_session_cookie: true,
            revoke_refresh_token_grant: false,
            refresh_tokens_on_password_change: RefreshTokensThen::End,
            skip_non_verifiable_callback_uri_confirmation_prompt: false,
            device_flow: UserCodeFormat::default(),
            end_session_endpoint_discovery: true,
            oidc_logout_prompt_enabled: true,
            legacy: LegacyFlags::default(),
            consent_words: ConsentWords::default(),
            resource_parameter_profile: ResourceParameterProfile::default(),
            conformance: Conformance::default(),
            refresh_token_rate_limit: RateLimit::REFRESH,
            login_rate_limit: RateLimit::LOGIN,
            userinfo_rate_limit: RateLimit::USERINFO,
            delegation_rate_limit: RateLimit::DELEGATION,
            device_code_rate_limit: RateLimit::DEVICE_CODE,
            user_code_rate_limit: RateLimit::USER_CODE,
            client_authentication_rate_limit: RateLimit::CLIENT_AUTHENTICATION,
            scripts: None,
            signing_algorithms: None,
            password_hashes: None,
        }
    }
}

/// Choice between Auth0 and the specifications where they differ: statuses (RFC 6749 section 5.2), `updated_at`
/// (`OpenID` Connect Core section 5.1), and the user's claims in ID tokens (section 5.4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conformance {
    /// Auth0's behaviour, which its SDKs expect.
    #[default]
    Auth0,
    /// The specifications, as the `OpenID` Foundation's certification tests them.
    OpenId,
}

/// Texts for an API's scopes on the consent page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentWords {
    /// Their names, grouped by resource.
    #[default]
    Names,
    /// Their descriptions, as the tenant file has them.
    Descriptions,
}

/// The parameter that names the API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceParameterProfile {
    /// `audience`
    #[default]
    Audience,
    /// `audience` or, where that is absent, `resource` (RFC 8707).
    Compatibility,
}

/// A colour that is safe to write into a style sheet: `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color(String);

/// The text is not a colour of six hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a colour like `#0059d6`")]
pub struct InvalidColor;

impl Color {
    /// Reads `#rrggbb`, with digits of either case; rejects short forms and names.
    pub fn parse(text: &str) -> Result<Self, InvalidColor> {
        match text.strip_prefix('#') {
            Some(digits) if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
                Ok(Self(text.to_ascii_lowercase()))
            }
            _ => Err(InvalidColor),
        }
    }

    /// The colour as text for a style sheet.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Color {
    fn default() -> Self {
        Self("#0059d6".to_owned())
    }
}

impl TryFrom<String> for Color {
    type Error = InvalidColor;

    fn try_from(text: String) -> Result<Self, InvalidColor> {
        Self::parse(&text)
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        color.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_written_without_later_settings_still_load() {
        let mut item = serde_json::to_value(Settings::default()).unwrap();
        for later in ["legacy", "userinfo_rate_limit", "device_code_rate_limit"] {
            assert!(item.as_object_mut().unwrap().remove(later).is_some());
        }
        let settings: Settings = serde_json::from_value(item).unwrap();
        assert_eq!(settings, Settings::default());
        assert!(!settings.legacy.allow_legacy_delegation_grant_types);
    }
}
