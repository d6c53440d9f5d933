//! `clientGrants`: the scopes that applications may request for themselves.

use ratchet_domain::{
    client::{ClientGrant, SubjectType},
    ids::Audience,
    scope::Scope,
};
use serde::Deserialize;

use crate::{
    model::{ClientEntry, ResourceServerEntry},
    sections::{
        apis::MANAGEMENT_API,
        fields::{id, one_of},
    },
    yaml::path::{Checked, Fault, Notes, Path},
};

/// A client grant as the file has it.
#[derive(Debug, Deserialize)]
pub(crate) struct RawClientGrant {
    client_id: Option<String>,
    audience: String,
    scope: Option<Vec<String>>,
    allow_all_scopes: Option<bool>,
    subject_type: Option<String>,
    default_for: Option<String>,
}

/// Adds the client grants to their clients.
pub(crate) fn merge(
    raw: Option<Vec<RawClientGrant>>,
    at: &Path,
    clients: &mut [ClientEntry],
    apis: Option<&[ResourceServerEntry]>,
    notes: &mut Notes,
) -> Checked<()> {
    for (index, grant) in raw.unwrap_or_default().into_iter().enumerate() {
        let at = at.index(index);
        // A grant for clients that register themselves must not become a grant for one client.
        if grant.default_for.is_some() {
            notes.warn(
                at.key("default_for"),
                "not supported yet; the grant is left out",
            );
            continue;
        }
        let Some(client_id) = &grant.client_id else {
            return Err(Fault::new(at, "`client_id` is missing"));
        };
        let Some(client) = find(clients, client_id) else {
            return Err(Fault::new(
                at.key("client_id"),
                format!("`{client_id}` is neither the name nor the id of a client in this file"),
            ));
        };
        let grant = grant.check(&at, apis)?;
        let grants = &mut client.client.client_grants;
        let same = |known: &ClientGrant| {
            (&known.audience, known.subject_type) == (&grant.audience, grant.subject_type)
        };
        if grants.iter().any(same) {
            let message = format!("`{client_id}` has another grant for this API");
            return Err(Fault::new(at.key("audience"), message));
        }
        grants.push(grant);
    }
    Ok(())
}

/// The client with this id or, as the deploy CLI exports it, with this name.
fn find<'a>(clients: &'a mut [ClientEntry], wanted: &str) -> Option<&'a mut ClientEntry> {
    let at = clients
        .iter()
        .position(|entry| entry.client.client_id.as_str() == wanted)
        .or_else(|| clients.iter().position(|entry| entry.client.name == wanted))?;
    clients.get_mut(at)
}

impl RawClientGrant {
    fn check(&self, at: &Path, apis: Option<&[ResourceServerEntry]>) -> Checked<ClientGrant> {
        let audience_at = at.key("audience");
        let audience = id(&audience_at, Audience::parse(self.audience.as_str()))?;
        let subject_type = match &self.subject_type {
            Some(subject) => one_of(
                &at.key("subject_type"),
                subject,
                &[("client", SubjectType::Client), ("user", SubjectType::User)],
            )?,
            None => SubjectType::default(),
        };
        let api = apis
            .unwrap_or_default()
            .iter()
            .map(|entry| &entry.resource_server)
            .find(|api| api.identifier == audience);
        if api.is_none() && !audience.as_str().ends_with(MANAGEMENT_API) {
            let message = format!("`{audience}` is not the identifier of an API in this file");
            return Err(Fault::new(audience_at, message));
        }
        if self.allow_all_scopes == Some(true) {
            let all = api.map(|api| api.scopes.as_slice()).unwrap_or_default();
            let scope = all.iter().map(|scope| scope.value.as_str()).collect();
            return Ok(ClientGrant {
                audience,
                scope,
                subject_type,
            });
        }
        let names = self.scope.as_deref().unwrap_or_default();
        for (index, name) in names.iter().enumerate() {
            let known = api.is_none_or(|api| api.scopes.iter().any(|scope| scope.value == *name));
            if !known {
                let message = format!("`{name}` is not a scope of `{audience}`");
                return Err(Fault::new(at.key("scope").index(index), message));
            }
        }
        let scope: Scope = names.iter().map(String::as_str).collect();
        Ok(ClientGrant {
            audience,
            scope,
            subject_type,
        })
    }
}

#[cfg(test)]
mod tests {
    use ratchet_domain::client::SubjectType;

    use crate::testing::{error, tenant, warnings};

    /// Six lines with a client `a` (id `id-a`) and an API with two scopes, followed by the grants.
    fn file(grants: &str) -> String {
        format!(
            "clients:
  - {{name: a, client_id: id-a, client_secret: 0123456789abcdef}}
resourceServers:
  - identifier: https://api.example.com
    scopes: [{{value: read:orders}}, {{value: write:orders}}]
clientGrants:
{grants}"
        )
    }

    #[test]
    fn a_grant_names_its_client_by_name_or_id() {
        for client in ["a", "id-a"] {
            let tenant = tenant(&file(&format!(
                "  - {{client_id: {client}, audience: https://api.example.com, scope: [read:orders]}}"
            )));
            let grants = &tenant.clients[0].client.client_grants;
            assert_eq!(grants.len(), 1);
            assert_eq!(grants[0].audience.as_str(), "https://api.example.com");
            assert_eq!(grants[0].scope.to_string(), "read:orders");
        }
    }

    #[test]
    fn a_grant_of_all_scopes_has_them_all() {
        let tenant = tenant(&file(
            "  - {client_id: a, audience: https://api.example.com, allow_all_scopes: true}",
        ));
        let grant = &tenant.clients[0].client.client_grants[0];
        assert_eq!(grant.scope.to_string(), "read:orders write:orders");
    }

    #[test]
    fn a_client_grant_names_an_existing_client_api_and_scope() {
        assert_eq!(
            error(&file(
                "  - {client_id: b, audience: https://api.example.com}"
            )),
            "7:6: clientGrants[0].client_id: `b` is neither the name nor the id of a client in this \
             file"
        );
        assert_eq!(
            error(&file(
                "  - client_id: a\n    audience: https://other.example.com"
            )),
            "8:5: clientGrants[0].audience: `https://other.example.com` is not the identifier of an \
             API in this file"
        );
        assert_eq!(
            error(&file(
                "  - {client_id: a, audience: https://api.example.com, scope: [read:orders, x]}"
            )),
            "7:76: clientGrants[0].scope[1]: `x` is not a scope of `https://api.example.com`"
        );
        assert_eq!(
            error(&file("  - audience: https://api.example.com")),
            "7:5: clientGrants[0]: `client_id` is missing"
        );
    }

    #[test]
    fn a_client_has_one_grant_for_an_api() {
        let grant = "  - {client_id: a, audience: https://api.example.com}";
        assert_eq!(
            error(&file(&format!("{grant}\n{grant}"))),
            "8:20: clientGrants[1].audience: `a` has another grant for this API"
        );
    }

    #[test]
    fn a_grant_for_the_management_api_needs_no_api_in_the_file() {
        let tenant = tenant(&file(
            "  - {client_id: a, audience: https://t.example/api/v2/, scope: [read:users]}",
        ));
        assert_eq!(
            tenant.clients[0].client.client_grants[0].scope.to_string(),
            "read:users"
        );
        assert_eq!(tenant.warnings, Vec::<String>::new());
    }

    #[test]
    fn a_client_may_have_a_grant_for_itself_and_one_for_its_users() {
        let grant = |subject: &str| {
            format!(
                "  - {{client_id: a, audience: https://api.example.com, subject_type: {subject}}}"
            )
        };
        let both = file(&format!("{}\n{}", grant("user"), grant("client")));
        let client = tenant(&both).clients.remove(0).client;
        let subjects: Vec<_> = client
            .client_grants
            .iter()
            .map(|grant| grant.subject_type)
            .collect();
        assert_eq!(subjects, [SubjectType::User, SubjectType::Client]);
        assert_eq!(
            error(&file(&format!("{}\n{}", grant("user"), grant("user")))),
            "8:20: clientGrants[1].audience: `a` has another grant for this API"
        );
        assert_eq!(
            error(&file(&grant("both"))),
            "7:55: clientGrants[0].subject_type: must be `client` or `user`, not `both`"
        );
    }

    #[test]
    fn a_grant_for_clients_that_register_themselves_is_left_out() {
        let file =
            file("  - {audience: https://api.example.com, default_for: third_party_clients}");
        assert_eq!(tenant(&file).clients[0].client.client_grants, []);
        assert_eq!(
            warnings(&file),
            ["7:41: clientGrants[0].default_for: not supported yet; the grant is left out"]
        );
    }
}
