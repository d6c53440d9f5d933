//! `refresh_token.policies`: the further APIs that accept a client's refresh tokens
//! ([Auth0's multi-resource refresh tokens]).
//!
//! [Auth0's multi-resource refresh tokens]: https://auth0.com/docs/secure/tokens/refresh-tokens/multi-resource-refresh-token/configure-and-implement-multi-resource-refresh-token

use ratchet_domain::{
    client::{Client, MultiResourcePolicy},
    ids::Audience,
    scope::Scope,
};
use serde::Deserialize;

use crate::{
    model::{ClientEntry, ResourceServerEntry},
    sections::{apis::MANAGEMENT_API, fields::id},
    yaml::path::{Checked, Fault, Notes, Path},
};

/// A policy as the file has it.
#[derive(Debug, Deserialize)]
pub(crate) struct RawPolicy {
    audience: String,
    scope: Option<Vec<String>>,
}

/// Checks each policy of a client by itself.
pub(crate) fn check(raw: Option<Vec<RawPolicy>>, at: &Path) -> Checked<Vec<MultiResourcePolicy>> {
    let mut policies: Vec<MultiResourcePolicy> = Vec::new();
    for (index, policy) in raw.unwrap_or_default().into_iter().enumerate() {
        let at = at.index(index).key("audience");
        let audience = id(&at, Audience::parse(policy.audience))?;
        if audience.as_str().ends_with(MANAGEMENT_API) {
            return Err(Fault::new(at, "must not be the Management API"));
        }
        if policies.iter().any(|known| known.audience == audience) {
            return Err(Fault::new(at, format!("`{audience}` has another policy")));
        }
        let names = policy.scope.unwrap_or_default();
        let scope: Scope = names.iter().map(String::as_str).collect();
        policies.push(MultiResourcePolicy { audience, scope });
    }
    Ok(policies)
}

/// Warns of policies without effect. Auth0 ignores them silently, so they are not errors.
pub(crate) fn check_references(
    clients: &[ClientEntry],
    at: &Path,
    apis: Option<&[ResourceServerEntry]>,
    notes: &mut Notes,
) {
    let Some(apis) = apis else { return };
    for (index, entry) in clients.iter().enumerate() {
        let at = at.index(index).key("refresh_token").key("policies");
        for (index, policy) in entry.client.multi_resource_policies.iter().enumerate() {
            if let Some(why) = without_effect(&entry.client, policy, apis) {
                notes.warn(at.index(index), format!("without effect: {why}"));
            }
        }
    }
}

fn without_effect(
    client: &Client,
    policy: &MultiResourcePolicy,
    apis: &[ResourceServerEntry],
) -> Option<String> {
    let audience = &policy.audience;
    let mut apis = apis.iter().map(|entry| &entry.resource_server);
    let Some(api) = apis.find(|api| api.identifier == *audience) else {
        return Some(format!(
            "`{audience}` is not the identifier of an API in this file"
        ));
    };
    if !client.is_first_party {
        return Some("the client is not first-party".to_owned());
    }
    if !api.skip_consent_for_verifiable_first_party_clients {
        return Some(format!("`{audience}` does not allow skipping consent"));
    }
    let known = |name: &str| api.scopes.iter().any(|scope| scope.value == name);
    let unknown = policy.scope.iter().find(|name| !known(name))?;
    Some(format!("`{unknown}` is not a scope of `{audience}`"))
}

#[cfg(test)]
mod tests {
    use crate::testing::{error, tenant, warnings};

    fn file(client: &str, policy: &str, api: &str) -> String {
        format!(
            "clients:
  - name: App
    client_secret: 0123456789abcdef
    oidc_conformant: true
    {client}
    refresh_token:
      rotation_type: non-rotating
      expiration_type: non-expiring
      policies:
        - {policy}
resourceServers:
  - identifier: https://a
    scopes: [{{value: read}}]
    {api}"
        )
    }

    const SKIPS: &str = "skip_consent_for_verifiable_first_party_clients: true";

    #[test]
    fn a_policy_names_an_api_and_its_scopes() {
        let file = file(
            "is_first_party: true",
            "{audience: https://a, scope: [read]}",
            SKIPS,
        );
        assert_eq!(warnings(&file), Vec::<String>::new());
        let client = &tenant(&file).clients[0].client;
        let policy = &client.multi_resource_policies[0];
        assert_eq!(policy.audience.as_str(), "https://a");
        assert_eq!(policy.scope.to_string(), "read");
    }

    #[test]
    fn a_policy_that_comes_to_nothing_is_worth_a_warning() {
        for (client, policy, api, why) in [
            (
                "is_first_party: true",
                "{audience: https://b}",
                SKIPS,
                "`https://b` is not the identifier of an API in this file",
            ),
            (
                "is_first_party: false",
                "{audience: https://a}",
                SKIPS,
                "the client is not first-party",
            ),
            (
                "is_first_party: true",
                "{audience: https://a}",
                "name: A",
                "`https://a` does not allow skipping consent",
            ),
            (
                "is_first_party: true",
                "{audience: https://a, scope: [read, admin]}",
                SKIPS,
                "`admin` is not a scope of `https://a`",
            ),
        ] {
            let at = "10:11: clients[0].refresh_token.policies[0]";
            assert_eq!(
                warnings(&file(client, policy, api)),
                [format!("{at}: without effect: {why}")]
            );
        }
    }

    #[test]
    fn the_management_api_is_never_among_them() {
        let file = file(
            "is_first_party: true",
            "{audience: https://login.example.com/api/v2/}",
            SKIPS,
        );
        assert_eq!(
            error(&file),
            "10:12: clients[0].refresh_token.policies[0].audience: must not be the Management API"
        );
    }
}
