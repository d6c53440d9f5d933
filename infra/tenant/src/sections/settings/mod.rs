//! `tenant` and `branding`: settings of the whole tenant, in the shape of [Auth0's tenant settings]
//! and [branding settings].
//!
//! [Auth0's tenant settings]: https://auth0.com/docs/api/management/v2/tenants/tenant-settings-route
//! [branding settings]: https://auth0.com/docs/api/management/v2/branding/get-branding

mod branding;
mod device_flow;
mod rate_limits;
mod sessions;

pub(crate) use self::branding::RawBranding;

use ratchet_domain::{
    ids::Audience,
    settings::{Conformance, ConsentWords, LegacyFlags, ResourceParameterProfile, Settings},
    valid_from::RefreshTokensThen,
};
use serde::Deserialize;

use self::{branding::RawColors, device_flow::RawDeviceFlow};
use crate::{
    model::ResourceServerEntry,
    sections::{
        databases::{Databases, connection_name},
        fields::{Number, display_name, given, id, one_of},
        rate_limit::RawRateLimit,
        urls,
    },
    yaml::path::{Checked, Fault, Notes, Path},
};

/// `tenant` as the file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawSettings {
    friendly_name: Option<String>,
    picture_url: Option<String>,
    default_audience: Option<String>,
    default_directory: Option<String>,
    default_redirection_uri: Option<String>,
    allowed_logout_urls: Option<Vec<String>>,
    session_lifetime: Option<Number>,
    session_lifetime_in_minutes: Option<Number>,
    idle_session_lifetime: Option<Number>,
    idle_session_lifetime_in_minutes: Option<Number>,
    session_cookie: Option<RawSessionCookie>,
    flags: Option<RawFlags>,
    oidc_logout: Option<RawOidcLogout>,
    sessions: Option<RawSessions>,
    skip_non_verifiable_callback_uri_confirmation_prompt: Option<bool>,
    resource_parameter_profile: Option<String>,
    conformance: Option<String>,
    universal_login: Option<RawUniversalLogin>,
    device_flow: Option<RawDeviceFlow>,
    refresh_token_rate_limit: Option<RawRateLimit>,
    login_rate_limit: Option<RawRateLimit>,
    userinfo_rate_limit: Option<RawRateLimit>,
    delegation_rate_limit: Option<RawRateLimit>,
    device_code_rate_limit: Option<RawRateLimit>,
    user_code_rate_limit: Option<RawRateLimit>,
    client_authentication_rate_limit: Option<RawRateLimit>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawSessionCookie {
    mode: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawFlags {
    revoke_refresh_token_grant: Option<bool>,
    revoke_refresh_tokens_on_password_change: Option<bool>,
    use_scope_descriptions_for_consent: Option<bool>,
    enable_legacy_profile: Option<bool>,
    allow_legacy_delegation_grant_types: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawOidcLogout {
    rp_logout_end_session_endpoint_discovery: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawSessions {
    oidc_logout_prompt_enabled: Option<bool>,
}

/// `tenant.universal_login`, which had the colours before `branding` existed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawUniversalLogin {
    colors: Option<RawColors>,
}

pub(crate) fn check(
    raw: Option<RawSettings>,
    branding: Option<RawBranding>,
    root: &Path,
) -> Checked<Settings> {
    let (at, branding_at) = (root.key("tenant"), root.key("branding"));
    let raw = raw.unwrap_or_default();
    let branding = branding.unwrap_or_default();
    let default = rate_limits::with_limits(&raw, &at)?;
    let (session_lifetime, idle_session_lifetime) = raw.session_lifetimes(&at, &default)?;
    let old_colors = raw.universal_login.and_then(|page| page.colors);
    let primary_color = match branding::color(&branding_at.key("colors"), branding.colors)? {
        Some(color) => color,
        None => branding::color(&at.key("universal_login").key("colors"), old_colors)?
            .unwrap_or_default(),
    };
    let picture_url = urls::picture(&at.key("picture_url"), raw.picture_url)?;
    let logo_url = urls::picture(&branding_at.key("logo_url"), branding.logo_url)?.or(picture_url);
    let friendly_name = match raw.friendly_name.filter(|name| !name.is_empty()) {
        Some(name) => display_name(&at.key("friendly_name"), &name)?,
        None => default.friendly_name,
    };
    let flags = raw.flags.unwrap_or_default();
    Ok(Settings {
        friendly_name,
        logo_url,
        primary_color,
        default_audience: given(raw.default_audience)
            .map(|text| id(&at.key("default_audience"), Audience::parse(text)))
            .transpose()?,
        default_directory: given(raw.default_directory)
            .map(|text| connection_name(&at.key("default_directory"), &text))
            .transpose()?,
        default_redirection_uri: urls::login_route(
            &at.key("default_redirection_uri"),
            raw.default_redirection_uri,
        )?,
        allowed_logout_urls: urls::each(
            &at,
            "allowed_logout_urls",
            raw.allowed_logout_urls,
            urls::logout_url,
        )?,
        session_lifetime,
        idle_session_lifetime,
        persistent_session_cookie: persistent(&at, raw.session_cookie)?
            .unwrap_or(default.persistent_session_cookie),
        revoke_refresh_token_grant: flags
            .revoke_refresh_token_grant
            .unwrap_or(default.revoke_refresh_token_grant),
        refresh_tokens_on_password_change: match flags.revoke_refresh_tokens_on_password_change {
            Some(false) => RefreshTokensThen::Stay,
            Some(true) | None => RefreshTokensThen::End,
        },
        legacy: flags.legacy(),
        skip_non_verifiable_callback_uri_confirmation_prompt: raw
            .skip_non_verifiable_callback_uri_confirmation_prompt
            .unwrap_or(default.skip_non_verifiable_callback_uri_confirmation_prompt),
        device_flow: raw
            .device_flow
            .unwrap_or_default()
            .check(&at.key("device_flow"))?,
        end_session_endpoint_discovery: raw
            .oidc_logout
            .and_then(|logout| logout.rp_logout_end_session_endpoint_discovery)
            .unwrap_or(default.end_session_endpoint_discovery),
        oidc_logout_prompt_enabled: raw
            .sessions
            .and_then(|sessions| sessions.oidc_logout_prompt_enabled)
            .unwrap_or(default.oidc_logout_prompt_enabled),
        consent_words: match flags.use_scope_descriptions_for_consent {
            Some(true) => ConsentWords::Descriptions,
            Some(false) => ConsentWords::Names,
            None => default.consent_words,
        },
        resource_parameter_profile: match raw.resource_parameter_profile {
            Some(profile) => {
                resource_parameter_profile(&at.key("resource_parameter_profile"), &profile)?
            }
            None => default.resource_parameter_profile,
        },
        conformance: match raw.conformance {
            Some(name) => conformance(&at.key("conformance"), &name)?,
            None => default.conformance,
        },
        refresh_token_rate_limit: default.refresh_token_rate_limit,
        login_rate_limit: default.login_rate_limit,
        userinfo_rate_limit: default.userinfo_rate_limit,
        delegation_rate_limit: default.delegation_rate_limit,
        device_code_rate_limit: default.device_code_rate_limit,
        user_code_rate_limit: default.user_code_rate_limit,
        client_authentication_rate_limit: default.client_authentication_rate_limit,
        // The import sets these.
        scripts: None,
        signing_algorithms: None,
        password_hashes: None,
    })
}

/// Checks the settings' references to other sections. The table may already have the contents of an absent section.
pub(crate) fn check_references(
    settings: &Settings,
    at: &Path,
    apis: Option<&[ResourceServerEntry]>,
    databases: &Databases,
    notes: &mut Notes,
) -> Checked<()> {
    if let (Some(audience), Some(apis)) = (&settings.default_audience, apis)
        && !apis
            .iter()
            .any(|entry| entry.resource_server.identifier == *audience)
    {
        return Err(Fault::new(
            at.key("default_audience"),
            format!("`{audience}` is not the identifier of an API in this file"),
        ));
    }
    if let Some(directory) = &settings.default_directory
        && databases.lack(directory)
    {
        // Auth0 also accepts directories that are not databases of ours.
        let message = format!("`{directory}` is not the name of a database in this file");
        notes.warn(at.key("default_directory"), message);
    }
    Ok(())
}

impl RawFlags {
    fn legacy(&self) -> LegacyFlags {
        let default = LegacyFlags::default();
        LegacyFlags {
            enable_legacy_profile: self
                .enable_legacy_profile
                .unwrap_or(default.enable_legacy_profile),
            allow_legacy_delegation_grant_types: self
                .allow_legacy_delegation_grant_types
                .unwrap_or(default.allow_legacy_delegation_grant_types),
        }
    }
}

fn resource_parameter_profile(at: &Path, name: &str) -> Checked<ResourceParameterProfile> {
    let choices = [
        ("audience", ResourceParameterProfile::Audience),
        ("compatibility", ResourceParameterProfile::Compatibility),
    ];
    one_of(at, name, &choices)
}

/// Parses our own key, which Auth0 does not have.
fn conformance(at: &Path, name: &str) -> Checked<Conformance> {
    let choices = [
        ("auth0", Conformance::Auth0),
        ("openid", Conformance::OpenId),
    ];
    one_of(at, name, &choices)
}

fn persistent(at: &Path, cookie: Option<RawSessionCookie>) -> Checked<Option<bool>> {
    let Some(mode) = cookie.and_then(|cookie| cookie.mode) else {
        return Ok(None);
    };
    let choices = [("persistent", true), ("non-persistent", false)];
    one_of(&at.key("session_cookie").key("mode"), &mode, &choices).map(Some)
}

#[cfg(test)]
mod tests {
    use ratchet_domain::{
        ids::ConnectionName, settings::Color, throttle::RateLimit, time::Lifetime,
    };

    use super::*;
    use crate::testing::{error, tenant, warnings};

    #[test]
    fn a_file_without_settings_has_auth0s_defaults() {
        let tenant = tenant("clients: []");
        assert_eq!(tenant.settings, None);
    }

    #[test]
    fn settings_come_from_tenant_and_branding() {
        let tenant = tenant(
            "tenant:
  friendly_name: Orders
  picture_url: https://example.com/old.png
  default_audience: https://api.example.com
  default_directory: people
  default_redirection_uri: https://www.example.com/login
  allowed_logout_urls: [https://app.example.com/bye]
  session_lifetime: 3.0166666666666666
  idle_session_lifetime_in_minutes: 30
  session_cookie: {mode: non-persistent}
  flags: {revoke_refresh_token_grant: true, revoke_refresh_tokens_on_password_change: false, enable_sso: true, enable_legacy_profile: false,
    allow_legacy_delegation_grant_types: true, use_scope_descriptions_for_consent: true}
  login_rate_limit: {burst: 5, per_minute: 2}
  userinfo_rate_limit: {burst: 7, per_second: 3}
  delegation_rate_limit: {burst: 8, per_minute: 4}
  device_code_rate_limit: {burst: 9, per_minute: 5}
  client_authentication_rate_limit: {burst: 6, per_second: 1}
  resource_parameter_profile: compatibility
  conformance: openid
  skip_non_verifiable_callback_uri_confirmation_prompt: true
  oidc_logout: {rp_logout_end_session_endpoint_discovery: false}
  sessions: {oidc_logout_prompt_enabled: false}
  support_email: help@example.com
branding:
  colors: {primary: '#AA0000', page_background: '#ffffff'}
  logo_url: https://example.com/logo.png
databases: [{name: people}]
resourceServers: [{identifier: https://api.example.com}]",
        );
        assert_eq!(tenant.warnings, Vec::<String>::new());
        assert_eq!(
            tenant.settings.unwrap(),
            Settings {
                friendly_name: "Orders".to_owned(),
                logo_url: Some("https://example.com/logo.png".to_owned()),
                primary_color: Color::parse("#aa0000").unwrap(),
                default_audience: Some(Audience::parse("https://api.example.com").unwrap()),
                default_directory: Some(ConnectionName::parse("people").unwrap()),
                default_redirection_uri: Some("https://www.example.com/login".to_owned()),
                allowed_logout_urls: vec!["https://app.example.com/bye".to_owned()],
                session_lifetime: Lifetime::from_secs(10_860),
                idle_session_lifetime: Lifetime::from_secs(1_800),
                persistent_session_cookie: false,
                revoke_refresh_token_grant: true,
                refresh_tokens_on_password_change: RefreshTokensThen::Stay,
                skip_non_verifiable_callback_uri_confirmation_prompt: true,
                device_flow: Settings::default().device_flow,
                end_session_endpoint_discovery: false,
                oidc_logout_prompt_enabled: false,
                legacy: LegacyFlags {
                    enable_legacy_profile: false,
                    allow_legacy_delegation_grant_types: true,
                },
                consent_words: ConsentWords::Descriptions,
                resource_parameter_profile: ResourceParameterProfile::Compatibility,
                conformance: Conformance::OpenId,
                refresh_token_rate_limit: RateLimit::REFRESH,
                login_rate_limit: RateLimit::per_minute(5, 2),
                userinfo_rate_limit: RateLimit::per_second(7, 3),
                delegation_rate_limit: RateLimit::per_minute(8, 4),
                device_code_rate_limit: RateLimit::per_minute(9, 5),
                user_code_rate_limit: RateLimit::USER_CODE,
                client_authentication_rate_limit: RateLimit::per_second(6, 1),
                scripts: None,
                signing_algorithms: None,
                password_hashes: None,
            }
        );
    }

    #[test]
    fn older_fields_for_logo_and_colour_apply_if_branding_omits_them() {
        let settings = tenant(
            "tenant:
  picture_url: https://example.com/old.png
  universal_login: {colors: {primary: '#F8F8F2', page_background: '#222221'}}",
        )
        .settings
        .unwrap();
        assert_eq!(
            settings.logo_url.as_deref(),
            Some("https://example.com/old.png")
        );
        assert_eq!(settings.primary_color.as_str(), "#f8f8f2");
    }

    #[test]
    fn empty_texts_and_null_clear_a_setting() {
        let settings = tenant(
            "tenant: {default_audience: '', default_directory: '', picture_url: '', default_redirection_uri: '',
  friendly_name: '', skip_non_verifiable_callback_uri_confirmation_prompt: null, flags: }
branding: {colors: {primary: ''}, logo_url: ''}",
        )
        .settings
        .unwrap();
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn an_idle_session_ends_no_later_than_a_session() {
        let settings = tenant("tenant: {session_lifetime: '24'}").settings.unwrap();
        assert_eq!(settings.session_lifetime, Lifetime::from_secs(86_400));
        assert_eq!(settings.idle_session_lifetime, Lifetime::from_secs(86_400));
    }

    #[test]
    fn wrong_settings_are_refused() {
        for (file, message) in [
            (
                "tenant:\n  session_lifetime: 0",
                "2:3: tenant.session_lifetime: must be more than 0 and at most 8760 hours",
            ),
            (
                "tenant:\n  session_lifetime: long",
                "2:3: tenant.session_lifetime: must be a number",
            ),
            (
                "tenant:\n  idle_session_lifetime_in_minutes: 144001",
                "2:3: tenant.idle_session_lifetime_in_minutes: must be more than 0 and at most 2400 \
                 hours",
            ),
            (
                "tenant:\n  session_cookie:\n    mode: forever",
                "3:5: tenant.session_cookie.mode: must be `persistent` or `non-persistent`, not \
                 `forever`",
            ),
            (
                "tenant:\n  flags:\n    revoke_refresh_token_grant: 17",
                "3:5: tenant.flags.revoke_refresh_token_grant: must be true or false",
            ),
            (
                "tenant:\n  default_redirection_uri: http://www.example.com",
                "2:3: tenant.default_redirection_uri: must be an https URL; http only on this \
                 machine",
            ),
            (
                "tenant:\n  conformance: strict",
                "2:3: tenant.conformance: must be `auth0` or `openid`, not `strict`",
            ),
            (
                "tenant:\n  userinfo_rate_limit: {burst: 0, per_minute: 1}",
                "2:25: tenant.userinfo_rate_limit.burst: must be between 1 and 1000000",
            ),
            (
                "tenant:\n  resource_parameter_profile: both",
                "2:3: tenant.resource_parameter_profile: must be `audience` or `compatibility`, not \
                 `both`",
            ),
            (
                "tenant:\n  allowed_logout_urls:\n    - https://a.example\n    - nowhere",
                "4:7: tenant.allowed_logout_urls[1]: must be an absolute URL",
            ),
            (
                "tenant:\n  oidc_logout:\n    rp_logout_end_session_endpoint_discovery: sure",
                "3:5: tenant.oidc_logout.rp_logout_end_session_endpoint_discovery: must be true or \
                 false",
            ),
            (
                "tenant:\n  sessions:\n    oidc_logout_prompt_enabled: 2",
                "3:5: tenant.sessions.oidc_logout_prompt_enabled: must be true or false",
            ),
            (
                "branding:\n  colors:\n    primary: red",
                "3:5: branding.colors.primary: must be a colour like `#0059d6`",
            ),
            (
                "branding:\n  logo_url: javascript:alert(1)",
                "2:3: branding.logo_url: must not use a scheme that runs programs",
            ),
            (
                "tenant:\n  default_audience: https://a.example\nresourceServers: []",
                "2:3: tenant.default_audience: `https://a.example` is not the identifier of an API \
                 in this file",
            ),
        ] {
            assert_eq!(error(file), message);
        }
    }

    #[test]
    fn a_directory_that_is_no_database_of_the_file_is_a_warning() {
        assert_eq!(
            warnings("tenant: {default_directory: ldap}\ndatabases: [{name: people}]"),
            ["1:10: tenant.default_directory: `ldap` is not the name of a database in this file"]
        );
        assert_eq!(
            warnings("tenant: {default_directory: ldap}"),
            Vec::<String>::new()
        );
    }
}
