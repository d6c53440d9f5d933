//! `resourceServers`: APIs, in the shape of [Auth0's resource server object].
//!
//! [Auth0's resource server object]: https://auth0.com/docs/api/management/v2/resource-servers/get-resource-servers-by-id

use std::collections::BTreeSet;

use ratchet_domain::{
    client::SigningAlgorithm,
    ids::Audience,
    resource_server::{
        AccessPolicy, ApiScope, ResourceServer, SubjectTypeAuthorization, TokenDialect,
    },
    scope::Scope,
    secret::Secret,
};
use serde::Deserialize;

use crate::{
    model::ResourceServerEntry,
    sections::fields::{Whole, display_name, id, one_of, secret, signing_algorithm},
    yaml::path::{Checked, Fault, Path},
};

/// End of the Management API's identifier, which is the same at every tenant. No tenant file has this API.
pub(crate) const MANAGEMENT_API: &str = "/api/v2/";

/// Longest lifetime of an access token at Auth0, in seconds: 30 days.
const MAX_LIFETIME: u64 = 2_592_000;

/// An API as the file has it.
#[derive(Debug, Deserialize)]
pub(crate) struct RawResourceServer {
    identifier: String,
    name: Option<String>,
    is_system: Option<bool>,
    scopes: Option<Vec<RawScope>>,
    signing_alg: Option<String>,
    signing_secret: Option<Secret>,
    token_lifetime: Option<Whole>,
    token_lifetime_for_web: Option<Whole>,
    allow_offline_access: Option<bool>,
    skip_consent_for_verifiable_first_party_clients: Option<bool>,
    token_dialect: Option<String>,
    enforce_policies: Option<bool>,
    subject_type_authorization: Option<RawSubjectTypes>,
}

#[derive(Debug, Deserialize)]
struct RawScope {
    value: String,
    description: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawSubjectTypes {
    user: Option<RawSubjectPolicy>,
    client: Option<RawSubjectPolicy>,
}

#[derive(Debug, Deserialize)]
struct RawSubjectPolicy {
    policy: String,
}

/// Checks each API by itself and all of them against one another. `None` if the file has no such section; references
/// to APIs cannot be checked then.
pub(crate) fn check(
    raw: Option<Vec<RawResourceServer>>,
    at: &Path,
) -> Checked<Option<Vec<ResourceServerEntry>>> {
    let Some(raw) = raw else { return Ok(None) };
    let mut entries = Vec::new();
    let mut identifiers = BTreeSet::new();
    for (index, api) in raw.into_iter().enumerate() {
        let at = at.index(index);
        // Every tenant has Auth0's own APIs; the deploy CLI skips them, too.
        if api.is_system == Some(true) || api.identifier.ends_with(MANAGEMENT_API) {
            continue;
        }
        let entry = api.check(&at)?;
        let identifier = &entry.resource_server.identifier;
        if !identifiers.insert(identifier.clone()) {
            let message = format!("`{identifier}` is the identifier of another API");
            return Err(Fault::new(at.key("identifier"), message));
        }
        entries.push(entry);
    }
    Ok(Some(entries))
}

impl RawResourceServer {
    fn check(self, at: &Path) -> Checked<ResourceServerEntry> {
        let identifier = id(
            &at.key("identifier"),
            Audience::parse(self.identifier.as_str()),
        )?;
        let name = match &self.name {
            Some(name) => display_name(&at.key("name"), name)?,
            None => self.identifier.clone(),
        };
        let signing_alg = match &self.signing_alg {
            Some(alg) => signing_algorithm(&at.key("signing_alg"), alg)?,
            None => SigningAlgorithm::RS256,
        };
        let token_lifetime = self
            .token_lifetime
            .map_or(Ok(ResourceServer::DEFAULT_TOKEN_LIFETIME), |lifetime| {
                lifetime.seconds(&at.key("token_lifetime"), 1, MAX_LIFETIME)
            })?;
        let for_web_at = at.key("token_lifetime_for_web");
        let token_lifetime_for_web = match self.token_lifetime_for_web {
            None => ResourceServer::DEFAULT_TOKEN_LIFETIME_FOR_WEB.min(token_lifetime),
            Some(lifetime) => lifetime.seconds(&for_web_at, 1, MAX_LIFETIME)?,
        };
        if token_lifetime_for_web > token_lifetime {
            return Err(Fault::new(for_web_at, "must not exceed `token_lifetime`"));
        }
        let resource_server = ResourceServer {
            identifier,
            name,
            scopes: scopes(&at.key("scopes"), self.scopes)?,
            signing_alg,
            sealed_signing_secret: None,
            token_lifetime,
            token_lifetime_for_web,
            allow_offline_access: self.allow_offline_access.unwrap_or(false),
            skip_consent_for_verifiable_first_party_clients: self
                .skip_consent_for_verifiable_first_party_clients
                .unwrap_or(false),
            token_dialect: token_dialect(&at.key("token_dialect"), self.token_dialect.as_deref())?,
            enforce_policies: self.enforce_policies.unwrap_or(false),
            subject_type_authorization: subject_types(
                &at.key("subject_type_authorization"),
                self.subject_type_authorization.unwrap_or_default(),
            )?,
        };
        let signing_secret =
            signing_secret(&at.key("signing_secret"), signing_alg, self.signing_secret)?;
        Ok(ResourceServerEntry {
            resource_server,
            signing_secret,
        })
    }
}

/// Policies for users and clients. Only users' requests can be open to every client (`allow_all`); a client's own
/// requests need a client grant.
fn subject_types(at: &Path, raw: RawSubjectTypes) -> Checked<SubjectTypeAuthorization> {
    let default = SubjectTypeAuthorization::default();
    let policy = |subject: &str, raw: Option<RawSubjectPolicy>, choices, default| match raw {
        Some(raw) => one_of(&at.key(subject).key("policy"), &raw.policy, choices),
        None => Ok(default),
    };
    let choices = [
        ("require_client_grant", AccessPolicy::RequireClientGrant),
        ("deny_all", AccessPolicy::DenyAll),
        ("allow_all", AccessPolicy::AllowAll),
    ];
    let [grant, deny, _] = choices;
    Ok(SubjectTypeAuthorization {
        user: policy("user", raw.user, choices.as_slice(), default.user)?,
        client: policy("client", raw.client, &[grant, deny], default.client)?,
    })
}

fn scopes(at: &Path, raw: Option<Vec<RawScope>>) -> Checked<Vec<ApiScope>> {
    let mut scopes: Vec<ApiScope> = Vec::new();
    for (index, RawScope { value, description }) in raw.unwrap_or_default().into_iter().enumerate()
    {
        let at = at.index(index).key("value");
        if !Scope::parse(&value).iter().eq([value.as_str()]) {
            return Err(Fault::new(
                at,
                format!("`{value}` is no scope name (RFC 6749 section 3.3)"),
            ));
        }
        if scopes.iter().any(|known| known.value == value) {
            return Err(Fault::new(at, format!("`{value}` is given twice")));
        }
        scopes.push(ApiScope { value, description });
    }
    Ok(scopes)
}

fn token_dialect(at: &Path, given: Option<&str>) -> Checked<TokenDialect> {
    let Some(given) = given else {
        return Ok(TokenDialect::default());
    };
    one_of(
        at,
        given,
        &[
            ("access_token", TokenDialect::AccessToken),
            ("access_token_authz", TokenDialect::AccessTokenAuthz),
            ("rfc9068_profile", TokenDialect::Rfc9068Profile),
            ("rfc9068_profile_authz", TokenDialect::Rfc9068ProfileAuthz),
        ],
    )
}

/// Signing secret of an HS256 API. Other APIs have none; the one that an export gives is ignored.
fn signing_secret(
    at: &Path,
    alg: SigningAlgorithm,
    given: Option<Secret>,
) -> Checked<Option<Secret>> {
    match (alg, given) {
        (SigningAlgorithm::HS256, Some(given)) => secret(at, given).map(Some),
        (SigningAlgorithm::HS256, None) => Err(Fault::new(
            at.clone(),
            "missing; `signing_alg: HS256` needs it",
        )),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use ratchet_domain::time::Lifetime;

    use super::*;
    use crate::testing::{error, tenant, warnings};

    fn file(fields: &str) -> String {
        format!("resourceServers:\n  - identifier: https://api.example.com\n    {fields}")
    }

    fn api(fields: &str) -> ResourceServerEntry {
        tenant(&file(fields)).resource_servers.remove(0)
    }

    #[test]
    fn an_api_with_nothing_but_an_identifier_has_auth0s_defaults() {
        let entry = api("scopes: []");
        assert_eq!(
            entry.resource_server,
            ResourceServer {
                identifier: Audience::parse("https://api.example.com").unwrap(),
                name: "https://api.example.com".to_owned(),
                scopes: vec![],
                signing_alg: SigningAlgorithm::RS256,
                sealed_signing_secret: None,
                token_lifetime: Lifetime::from_secs(86_400),
                token_lifetime_for_web: Lifetime::from_secs(7_200),
                allow_offline_access: false,
                skip_consent_for_verifiable_first_party_clients: false,
                token_dialect: TokenDialect::AccessToken,
                enforce_policies: false,
                subject_type_authorization: SubjectTypeAuthorization::default(),
            }
        );
        assert!(entry.signing_secret.is_none());
    }

    #[test]
    fn only_an_hs256_api_has_a_signing_secret() {
        let secret = "signing_secret: 0123456789abcdef";
        assert!(
            api(&format!("signing_alg: HS256\n    {secret}"))
                .signing_secret
                .is_some()
        );
        assert!(
            api(&format!("signing_alg: ES256\n    {secret}"))
                .signing_secret
                .is_none()
        );
    }

    #[test]
    fn a_short_lifetime_shortens_the_one_for_browsers() {
        let api = api("token_lifetime: '600'").resource_server;
        assert_eq!(api.token_lifetime, Lifetime::from_secs(600));
        assert_eq!(api.token_lifetime_for_web, Lifetime::from_secs(600));
    }

    #[test]
    fn values_that_auth0_refuses_are_refused() {
        for (fields, message) in [
            (
                "signing_alg: RS512",
                "3:5: resourceServers[0].signing_alg: `RS512` is not supported; \
              use RS256, PS256, ES256 or HS256",
            ),
            (
                "signing_alg: HS256",
                "2:5: resourceServers[0].signing_secret: missing; `signing_alg: \
              HS256` needs it",
            ),
            (
                "signing_alg: HS256\n    signing_secret: 0123456789abcde",
                "4:5: resourceServers[0].signing_secret: must have at least 16 bytes",
            ),
            (
                "token_lifetime: 2592001",
                "3:5: resourceServers[0].token_lifetime: must be between 1 and 2592000 seconds",
            ),
            (
                "token_lifetime: 60\n    token_lifetime_for_web: 61",
                "4:5: resourceServers[0].token_lifetime_for_web: must not exceed `token_lifetime`",
            ),
            (
                "token_dialect: jwt",
                "3:5: resourceServers[0].token_dialect: must be `access_token`, \
              `access_token_authz`, `rfc9068_profile` or `rfc9068_profile_authz`, not `jwt`",
            ),
            (
                "scopes: [{value: 'read orders'}]",
                "3:15: resourceServers[0].scopes[0].value: `read \
              orders` is no scope name (RFC 6749 section 3.3)",
            ),
            (
                "scopes:\n      - value: a\n      - value: a",
                "5:9: resourceServers[0].scopes[1].value: `a` is given twice",
            ),
            (
                "scopes: [{name: a}]",
                "3:14: resourceServers[0].scopes[0]: `value` is missing",
            ),
        ] {
            assert_eq!(error(&file(fields)), message);
        }
        assert_eq!(
            error("resourceServers:\n  - name: x"),
            "2:5: resourceServers[0]: `identifier` is missing"
        );
        assert_eq!(
            error("resourceServers:\n  - identifier: x\n  - identifier: x"),
            "3:5: resourceServers[1].identifier: `x` is the identifier of another API"
        );
    }

    #[test]
    fn permissions_and_policies_are_read() {
        let fields = "token_dialect: rfc9068_profile_authz
    enforce_policies: true
    subject_type_authorization: {user: {policy: require_client_grant}, client: {policy: deny_all}}";
        let api = api(fields).resource_server;
        assert_eq!(api.token_dialect, TokenDialect::Rfc9068ProfileAuthz);
        assert!(api.enforce_policies);
        assert_eq!(
            api.subject_type_authorization,
            SubjectTypeAuthorization {
                user: AccessPolicy::RequireClientGrant,
                client: AccessPolicy::DenyAll,
            }
        );
    }

    #[test]
    fn machines_are_never_all_allowed() {
        assert_eq!(
            error(&file(
                "subject_type_authorization: {client: {policy: allow_all}}"
            )),
            "3:43: resourceServers[0].subject_type_authorization.client.policy: must be \
             `require_client_grant` or `deny_all`, not `allow_all`"
        );
    }

    #[test]
    fn auth0s_own_apis_are_passed_over() {
        let file = file(
            "name: A
  - {identifier: https://t.example/me/, is_system: true}
  - {identifier: https://t.example/api/v2/, name: Auth0 Management API}",
        );
        assert_eq!(tenant(&file).resource_servers.len(), 1);
        assert_eq!(warnings(&file), Vec::<String>::new());
    }
}
