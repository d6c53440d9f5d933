//! `clients`: applications, in the shape of [Auth0's client object].
//!
//! [Auth0's client object]: https://auth0.com/docs/api/management/v2/clients/get-clients-by-id

mod app_type;
mod authentication;
mod client_grants;
mod grant_types;
mod jwt;
mod mobile;
mod multi_resource;
mod oidc_logout;
mod refresh_token;

pub(super) use self::{
    client_grants::{RawClientGrant, merge as merge_grants},
    multi_resource::check_references,
};

use std::collections::{BTreeMap, BTreeSet};

use ratchet_domain::{
    client::{AuthMethod, Client, RedirectionPolicy},
    ids::ClientId,
    secret::Secret,
};
use serde::Deserialize;

use self::{
    authentication::{RawAuthMethods, auth_method, client_secret},
    jwt::RawJwtConfiguration,
    mobile::RawMobile,
    oidc_logout::RawOidcLogout,
    refresh_token::{ClientFields, RawRefreshToken},
};
use crate::{
    model::ClientEntry,
    sections::{
        fields::{derived_id, display_name, id, one_of},
        urls,
    },
    yaml::path::{Checked, Fault, Notes, Path},
};

/// An application as the file has it.
#[derive(Debug, Deserialize)]
pub(crate) struct RawClient {
    name: String,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    logo_uri: Option<String>,
    app_type: Option<String>,
    token_endpoint_auth_method: Option<String>,
    client_authentication_methods: Option<RawAuthMethods>,
    oidc_conformant: Option<bool>,
    is_first_party: Option<bool>,
    callbacks: Option<Vec<String>>,
    allowed_origins: Option<Vec<String>>,
    web_origins: Option<Vec<String>>,
    allowed_logout_urls: Option<Vec<String>>,
    oidc_logout: Option<RawOidcLogout>,
    grant_types: Option<Vec<String>>,
    jwt_configuration: Option<RawJwtConfiguration>,
    refresh_token: Option<RawRefreshToken>,
    client_metadata: Option<BTreeMap<String, String>>,
    skip_non_verifiable_callback_uri_confirmation_prompt: Option<bool>,
    allowed_clients: Option<Vec<String>>,
    sso: Option<bool>,
    sso_disabled: Option<bool>,
    cross_origin_authentication: Option<bool>,
    cross_origin_auth: Option<bool>,
    is_token_endpoint_ip_header_trusted: Option<bool>,
    redirection_policy: Option<String>,
    initiate_login_uri: Option<String>,
    mobile: Option<RawMobile>,
    third_party_security_mode: Option<String>,
}

/// Checks each application by itself and all of them against one another.
pub(crate) fn check(
    raw: Option<Vec<RawClient>>,
    at: &Path,
    notes: &mut Notes,
) -> Checked<Vec<ClientEntry>> {
    let mut entries = Vec::new();
    let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
    for (index, client) in raw.unwrap_or_default().into_iter().enumerate() {
        let at = at.index(index);
        let entry = client.check(&at, notes)?;
        let client = &entry.client;
        if !names.insert(client.name.clone()) {
            let message = format!("`{}` is the name of another client", client.name);
            return Err(Fault::new(at.key("name"), message));
        }
        if !ids.insert(client.client_id.clone()) {
            let message = format!("`{}` is the id of another client", client.client_id);
            return Err(Fault::new(at.key("client_id"), message));
        }
        entries.push(entry);
    }
    Ok(entries)
}

impl RawClient {
    fn check(self, at: &Path, notes: &mut Notes) -> Checked<ClientEntry> {
        let name = display_name(&at.key("name"), &self.name)?;
        let client_id = client_id(&at.key("client_id"), self.client_id.as_deref(), &name)?;
        let app_type = app_type::check(&at.key("app_type"), self.app_type.as_deref(), notes)?;
        let (auth_method, public_keys) = auth_method(
            at,
            app_type,
            self.token_endpoint_auth_method.as_deref(),
            self.client_authentication_methods,
            notes,
        )?;
        let grant_types =
            grant_types::check(self.grant_types, &at.key("grant_types"), auth_method, notes)?;
        let oidc_conformant = self.oidc_conformant.unwrap_or(false);
        let jwt_configuration = jwt::check(&at.key("jwt_configuration"), self.jwt_configuration)?;
        let client_secret =
            client_secret(at, self.client_secret, auth_method, jwt_configuration.alg)?;
        let is_token_endpoint_ip_header_trusted =
            ip_header_trusted(at, self.is_token_endpoint_ip_header_trusted, auth_method)?;
        let around = ClientFields {
            app_type,
            oidc_conformant,
            grant_types: grant_types.as_slice(),
        };
        let refresh_token_at = at.key("refresh_token");
        let refresh_token =
            refresh_token::check(&refresh_token_at, self.refresh_token.as_ref(), &around)?;
        let multi_resource_policies = multi_resource::check(
            self.refresh_token.and_then(|object| object.policies),
            &refresh_token_at.key("policies"),
        )?;
        let is_first_party = self.is_first_party.unwrap_or(true);
        let strict = self.third_party_security_mode.as_deref() == Some("strict");
        let redirection_policy = match &self.redirection_policy {
            Some(policy) => redirection_policy(&at.key("redirection_policy"), policy)?,
            None if strict && !is_first_party => RedirectionPolicy::OpenRedirectProtection,
            None => RedirectionPolicy::AllowAlways,
        };
        let client = Client {
            client_id,
            name,
            logo_uri: urls::picture(&at.key("logo_uri"), self.logo_uri)?,
            app_type,
            auth_method,
            secret: None,
            public_keys,
            oidc_conformant,
            is_first_party,
            callbacks: urls::each(at, "callbacks", self.callbacks, urls::callback)?,
            allowed_origins: urls::each(at, "allowed_origins", self.allowed_origins, urls::origin)?,
            web_origins: web_origins(at, self.web_origins)?,
            allowed_logout_urls: urls::each(
                at,
                "allowed_logout_urls",
                self.allowed_logout_urls,
                urls::logout_url,
            )?,
            oidc_logout: oidc_logout::check(&at.key("oidc_logout"), self.oidc_logout)?,
            grant_types,
            jwt_configuration,
            refresh_token,
            client_grants: Vec::new(),
            client_metadata: self.client_metadata.unwrap_or_default(),
            skip_non_verifiable_callback_uri_confirmation_prompt: self
                .skip_non_verifiable_callback_uri_confirmation_prompt,
            allowed_clients: self.allowed_clients.unwrap_or_default(),
            // The newer `sso_disabled` overrules `sso` if it is true.
            sso: match self.sso_disabled {
                Some(true) => Some(false),
                _ => self.sso,
            },
            // An export has both keys, an old file only `cross_origin_auth`.
            cross_origin_authentication: self
                .cross_origin_authentication
                .or(self.cross_origin_auth)
                .unwrap_or(false),
            is_token_endpoint_ip_header_trusted,
            multi_resource_policies,
            redirection_policy,
            initiate_login_uri: urls::login_route(
                &at.key("initiate_login_uri"),
                self.initiate_login_uri,
            )?,
        };
        Ok(ClientEntry {
            client,
            client_secret,
            mobile: mobile::check(&at.key("mobile"), self.mobile, notes)?,
        })
    }
}

/// Origins of pages that may get tokens in a message, at most [as many as Auth0 takes].
///
/// [as many as Auth0 takes]: https://auth0.com/docs/get-started/applications/application-settings
fn web_origins(at: &Path, given: Option<Vec<String>>) -> Checked<Vec<String>> {
    let given = urls::at_most(100, at, "web_origins", given)?;
    urls::each(at, "web_origins", given, urls::origin)
}

fn ip_header_trusted(at: &Path, given: Option<bool>, auth_method: AuthMethod) -> Checked<bool> {
    let trusted = given.unwrap_or(false);
    if trusted && auth_method == AuthMethod::None {
        return Err(Fault::new(
            at.key("is_token_endpoint_ip_header_trusted"),
            "anybody can speak for a client without a secret",
        ));
    }
    Ok(trusted)
}

fn redirection_policy(at: &Path, name: &str) -> Checked<RedirectionPolicy> {
    let choices = [
        ("allow_always", RedirectionPolicy::AllowAlways),
        (
            "open_redirect_protection",
            RedirectionPolicy::OpenRedirectProtection,
        ),
    ];
    one_of(at, name, &choices)
}

/// The id, or else an id derived from the name: the first 32 hexadecimal digits of the SHA-256 of `client:<name>`, so
/// that the same file always describes the same client.
fn client_id(at: &Path, given: Option<&str>, name: &str) -> Checked<ClientId> {
    let Some(given) = given else {
        let derived = derived_id("client", name, 32);
        return id(at, ClientId::parse(derived));
    };
    // `#` separates the parts of a key in the table, and client ids at Auth0 have no other characters than these.
    if !given
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    {
        return Err(Fault::new(
            at.clone(),
            "must consist of letters, digits, `-`, `_` and `.`",
        ));
    }
    id(at, ClientId::parse(given))
}

#[cfg(test)]
mod tests {
    use ratchet_domain::{
        client::{AppType, JwtConfiguration, OidcLogout, RefreshTokenPolicy, SigningAlgorithm},
        time::Lifetime,
    };

    use super::*;
    use crate::testing::{error, tenant, warnings};

    const SECRET: &str = "client_secret: 0123456789abcdef";

    fn client(fields: &str) -> ClientEntry {
        tenant(&file(fields)).clients.remove(0)
    }

    fn file(fields: &str) -> String {
        format!("clients:\n  - name: a\n    {fields}")
    }

    #[test]
    fn a_client_with_nothing_but_a_name_is_auth0s_default_client() {
        let entry = client(SECRET);
        let expected = Client {
            client_id: ClientId::parse("21904c2dfb8c02ed6202d0fafbe5d720").unwrap(),
            name: "a".to_owned(),
            logo_uri: None,
            app_type: AppType::RegularWeb,
            auth_method: AuthMethod::ClientSecretPost,
            secret: None,
            public_keys: vec![],
            oidc_conformant: false,
            is_first_party: true,
            callbacks: vec![],
            allowed_origins: vec![],
            web_origins: vec![],
            allowed_logout_urls: vec![],
            oidc_logout: OidcLogout::default(),
            grant_types: [
                "authorization_code",
                "implicit",
                "refresh_token",
                "client_credentials",
            ]
            .map(str::to_owned)
            .to_vec(),
            jwt_configuration: JwtConfiguration {
                alg: SigningAlgorithm::RS256,
                lifetime: Lifetime::from_secs(36_000),
            },
            refresh_token: RefreshTokenPolicy::NON_ROTATING,
            client_grants: vec![],
            client_metadata: BTreeMap::new(),
            skip_non_verifiable_callback_uri_confirmation_prompt: None,
            allowed_clients: vec![],
            sso: None,
            cross_origin_authentication: false,
            is_token_endpoint_ip_header_trusted: false,
            multi_resource_policies: vec![],
            redirection_policy: RedirectionPolicy::AllowAlways,
            initiate_login_uri: None,
        };
        assert_eq!(entry.client, expected);
    }

    #[test]
    fn cross_origin_authentication_has_an_older_name() {
        let flag = |fields: &str| client(&format!("{SECRET}\n    {fields}")).client;
        for (fields, expected) in [
            ("cross_origin_authentication: true", true),
            ("cross_origin_auth: true", true),
            ("{}", false),
        ] {
            let fields = if fields == "{}" { "sso: false" } else { fields };
            assert_eq!(
                flag(fields).cross_origin_authentication,
                expected,
                "{fields}"
            );
        }
        let both = flag("cross_origin_auth: true\n    cross_origin_authentication: false");
        assert!(!both.cross_origin_authentication);
    }

    #[test]
    fn only_a_client_with_a_secret_can_speak_for_others_addresses() {
        let trusted = "is_token_endpoint_ip_header_trusted: true";
        let entry = client(&format!("{SECRET}\n    {trusted}"));
        assert!(entry.client.is_token_endpoint_ip_header_trusted);
        assert_eq!(
            error(&file(&format!("app_type: spa\n    {trusted}"))),
            "4:5: clients[0].is_token_endpoint_ip_header_trusted: anybody can speak for a client \
             without a secret"
        );
    }

    #[test]
    fn an_id_without_a_client_id_follows_from_the_name_alone() {
        let id = |fields: &str| client(fields).client.client_id.to_string();
        assert_eq!(id("app_type: spa"), id(SECRET));
        assert_eq!(id("app_type: spa").len(), 32);
        assert_eq!(id("app_type: spa\n    client_id: My-App_1.0"), "My-App_1.0");
    }

    #[test]
    fn native_and_single_page_applications_are_public() {
        for app_type in ["native", "spa"] {
            let entry = client(&format!("app_type: {app_type}\n    {SECRET}"));
            assert_eq!(entry.client.auth_method, AuthMethod::None);
            assert!(
                entry.client_secret.is_none(),
                "exports carry secrets of public clients"
            );
            assert_eq!(
                entry.client.grant_types,
                ["implicit", "authorization_code", "refresh_token"]
            );
        }
    }

    #[test]
    fn delegation_and_single_sign_on_of_old() {
        let client = |fields: &str| client(&format!("app_type: native\n    {fields}")).client;
        let named = client("allowed_clients: [a, b]\n    sso: true");
        assert_eq!(
            (named.allowed_clients, named.sso),
            (vec!["a".to_owned(), "b".to_owned()], Some(true))
        );
        assert_eq!(client("sso: true\n    sso_disabled: true").sso, Some(false));
        assert_eq!(client("sso_disabled: false").sso, None);
    }

    #[test]
    fn the_secret_of_a_public_client_is_kept_where_delegation_signs_with_it() {
        let entry = |alg: &str| {
            client(&format!(
                "app_type: native\n    {SECRET}\n    jwt_configuration: {{alg: {alg}}}"
            ))
        };
        assert!(entry("HS256").client_secret.is_some());
        assert!(entry("RS256").client_secret.is_none());
        let without = client("app_type: native\n    jwt_configuration: {alg: HS256}");
        assert!(without.client_secret.is_none());
    }

    #[test]
    fn values_that_auth0_refuses_are_refused() {
        for (fields, message) in [
            (
                "client_id: a#b",
                "3:5: clients[0].client_id: must consist of letters, digits, `-`, `_` and `.`",
            ),
            (
                "client_id: ''",
                "3:5: clients[0].client_id: must be 1 to 400 bytes without control characters",
            ),
            (
                "app_type: spaa",
                "3:5: clients[0].app_type: must be `native`, `spa`, `regular_web` or \
                 `non_interactive`, not `spaa`",
            ),
            (
                "oidc_conformant: maybe",
                "3:5: clients[0].oidc_conformant: must be true or false",
            ),
            (
                "callbacks: https://a.example/cb",
                "3:5: clients[0].callbacks: must be a list",
            ),
            (
                "jwt_configuration: {alg: RS512}",
                "3:25: clients[0].jwt_configuration.alg: `RS512` is not supported; use RS256, \
                 PS256, ES256 or HS256",
            ),
            (
                "jwt_configuration: {lifetime_in_seconds: 2592001}",
                "3:25: clients[0].jwt_configuration.lifetime_in_seconds: must be between 1 and \
                 2592000 seconds",
            ),
            (
                "jwt_configuration: {alg: HS256, secret_encoded: true}",
                "3:37: clients[0].jwt_configuration.secret_encoded: not supported with HS256",
            ),
            (
                "client_metadata: [x]",
                "3:5: clients[0].client_metadata: must be a mapping",
            ),
            (
                "app_type: spa\n    logo_uri: logo.png",
                "4:5: clients[0].logo_uri: must be an absolute URL",
            ),
            (
                "app_type: spa\n    callbacks:\n      - https://a.example/#cb",
                "5:9: clients[0].callbacks[0]: must not have a fragment",
            ),
            (
                "app_type: spa\n    grant_types: [refresh-token]",
                "4:19: clients[0].grant_types[0]: `refresh-token` is no grant type",
            ),
        ] {
            assert_eq!(error(&file(fields)), message);
        }
        let origins = |count| {
            let origins = vec!["https://a.example/cut/off"; count].join(", ");
            format!("app_type: spa\n    web_origins: [{origins}]")
        };
        let taken = client(&origins(100)).client.web_origins;
        assert_eq!(taken, ["https://a.example"; 100]);
        assert_eq!(
            error(&file(&origins(101))),
            "4:5: clients[0].web_origins: has 101 entries; at most 100 are allowed"
        );
        assert_eq!(
            error("clients:\n  - app_type: spa"),
            "2:5: clients[0]: `name` is missing"
        );
        assert_eq!(
            error("clients:\n  - name: ''"),
            "2:5: clients[0].name: must not be empty"
        );
        assert_eq!(
            error("clients:\n  - name: <b>"),
            "2:5: clients[0].name: must not contain `<`, `>` or control characters"
        );
    }

    #[test]
    fn two_clients_share_neither_name_nor_id() {
        assert_eq!(
            error("clients:\n  - {name: a, app_type: spa}\n  - {name: a, app_type: spa}"),
            "3:6: clients[1].name: `a` is the name of another client"
        );
        assert_eq!(
            error(
                "clients:
  - {name: a, client_id: x, app_type: spa}
  - {name: b, client_id: x, app_type: spa}"
            ),
            "3:15: clients[1].client_id: `x` is the id of another client"
        );
    }

    #[test]
    fn a_strict_third_party_is_not_redirected_to_unless_it_says_so() {
        for (fields, expected) in [
            ("is_first_party: false", RedirectionPolicy::AllowAlways),
            (
                "is_first_party: false\n    third_party_security_mode: strict",
                RedirectionPolicy::OpenRedirectProtection,
            ),
            (
                "third_party_security_mode: strict",
                RedirectionPolicy::AllowAlways,
            ),
            (
                "is_first_party: false\n    third_party_security_mode: strict
    redirection_policy: allow_always",
                RedirectionPolicy::AllowAlways,
            ),
            (
                "redirection_policy: open_redirect_protection",
                RedirectionPolicy::OpenRedirectProtection,
            ),
        ] {
            let client = tenant(&file(&format!("{fields}\n    {SECRET}")))
                .clients
                .remove(0)
                .client;
            assert_eq!(client.redirection_policy, expected, "{fields}");
        }
        assert_eq!(
            error(&file(&format!("redirection_policy: never\n    {SECRET}"))),
            "3:5: clients[0].redirection_policy: must be `allow_always` or \
             `open_redirect_protection`, not `never`"
        );
    }

    #[test]
    fn a_login_route_is_a_page_of_the_applications_own() {
        let route = |address: &str| file(&format!("initiate_login_uri: '{address}'\n    {SECRET}"));
        let client = |address: &str| tenant(&route(address)).clients.remove(0).client;
        for address in [
            "https://app.example.com/login?from=idp#top",
            "http://localhost:3000/login",
            "http://127.0.0.1:3000/login",
        ] {
            let stored = client(address).initiate_login_uri;
            assert_eq!(stored.as_deref(), Some(address));
        }
        assert_eq!(client("").initiate_login_uri, None);
        for (address, message) in [
            (
                "http://app.example.com/login",
                "must be an https URL; http only on this machine",
            ),
            (
                "com.example.app://login",
                "must be an https URL; http only on this machine",
            ),
            ("https://*.example.com/login", "must not contain a wildcard"),
            ("/login", "must be an absolute URL"),
        ] {
            assert_eq!(
                error(&route(address)),
                format!("3:5: clients[0].initiate_login_uri: {message}")
            );
        }
    }

    #[test]
    fn an_ignored_setting_is_a_warning_unless_it_would_have_no_effect() {
        let fields = "app_type: spa
    callback: [https://a.example]
    description: known to Auth0, without effect here
    oidc_logout: {backchannel_logout_urls: []}
    require_pushed_authorization_requests: true
    require_proof_of_possession: false
    native_social_login: {apple: {enabled: false}}
    grant_types: ['urn:example:grant', authorization_code]
    refresh_token:
      rotation_type: non-rotating
      expiration_type: expiring
    jwt_configuration: {algo: RS256}";
        assert_eq!(
            warnings(&file(fields)),
            [
                "4:5: clients[0].callback: unknown key",
                "7:5: clients[0].require_pushed_authorization_requests: not supported yet",
                "10:19: clients[0].grant_types[0]: unknown grant type `urn:example:grant`",
                "14:25: clients[0].jwt_configuration.algo: unknown key",
            ]
        );
        assert_eq!(
            warnings(&file(&format!("app_type: resource_server\n    {SECRET}"))),
            [
                "3:5: clients[0].app_type: `resource_server` is not supported yet; taken as \
              `regular_web`"
            ]
        );
    }
}
