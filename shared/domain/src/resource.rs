//! The API and the scopes of a response: the client's rights at an API, the user's ([RBAC]), and the further APIs that
//! a refresh token is valid for ([multi-resource refresh tokens]).
//!
//! [RBAC]: https://auth0.com/docs/get-started/apis/enable-role-based-access-control-for-apis
//! [multi-resource refresh tokens]: https://auth0.com/docs/secure/tokens/refresh-tokens/multi-resource-refresh-token

use super::{
    client::{Client, SubjectType},
    denial::Denial,
    family::Family,
    ids::Audience,
    resource_server::{AccessPolicy, ResourceServer},
    scope::{STANDARD, Scope},
    user::User,
};

/// The part of a scope that the API's policy leaves a client on behalf of a user. The scopes of `OpenID` Connect belong
/// to no API and stay. An error if the client may have nothing.
pub fn open_to_users(
    client: &Client,
    api: &ResourceServer,
    asked: &Scope,
) -> Result<Scope, Denial> {
    let grant = client.client_grant(&api.identifier, SubjectType::User);
    match (api.subject_type_authorization.user, grant) {
        (AccessPolicy::AllowAll, _) => Ok(asked.clone()),
        (AccessPolicy::RequireClientGrant, Some(grant)) => {
            Ok(asked.filter(|name| STANDARD.contains(&name) || grant.scope.contains(name)))
        }
        (AccessPolicy::RequireClientGrant, None) | (AccessPolicy::DenyAll, _) => {
            Err(Denial::ApiClosedToUsers {
                client: client.client_id.to_string(),
                audience: api.identifier.to_string(),
            })
        }
    }
}

/// The part of a scope that the user's permissions leave at an API with RBAC.
#[must_use]
pub fn enforced(api: &ResourceServer, user: &User, scope: &Scope) -> Scope {
    if !api.enforce_policies {
        return scope.clone();
    }
    let held = user.permissions.get(&api.identifier);
    scope.filter(|name| {
        STANDARD.contains(&name) || held.is_some_and(|permissions| permissions.contains(name))
    })
}

/// The part of a scope that API, client and user allow now: scopes that the API has, that its policy leaves the client,
/// and that the user holds. Every grant type that issues a user's tokens applies this first.
pub fn granted(
    client: &Client,
    api: Option<&ResourceServer>,
    user: &User,
    scope: &Scope,
) -> Result<Scope, Denial> {
    let Some(api) = api else {
        return Ok(scope.clone());
    };
    let open = open_to_users(client, api, &api.known_scopes(scope))?;
    Ok(enforced(api, user, &open))
}

/// Optional parameters of a refresh request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestedAccess {
    /// `scope`; `None` if the request has none.
    pub scope: Option<Scope>,
    /// `audience`; `None` if the request has none.
    pub audience: Option<Audience>,
}

/// API and scopes of a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The API of the access token.
    pub audience: Option<Audience>,
    /// Scopes of the access token, before the limits of API and user.
    pub scope: Scope,
    /// Basis of the choice.
    pub policy: PolicyUsed,
}

/// `policy_used` in Auth0's log events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyUsed {
    /// The user's grant at the login.
    UserGrant,
    /// One of the client's multi-resource policies.
    MultiResource,
}

impl PolicyUsed {
    /// Auth0's name of the policy.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserGrant => "refresh_token_user_grant",
            Self::MultiResource => "mrrt",
        }
    }
}

impl RequestedAccess {
    /// The API of the request, if it is another than the login's; the caller loads it.
    pub fn elsewhere(&self, family: &Family) -> Option<&Audience> {
        self.audience
            .as_ref()
            .filter(|asked| Some(*asked) != family.audience.as_ref())
    }

    /// Chooses API and scopes. `own` is the API of the login, `elsewhere` that of [`Self::elsewhere`]; without a policy
    /// for it the response is for `own`.
    ///
    /// The family does not change: a policy adds to this response, not to the family for good, and the scopes that the
    /// user granted at one API are not available at another.
    pub fn choose(
        &self,
        client: &Client,
        family: &Family,
        own: Option<&ResourceServer>,
        elsewhere: Option<&ResourceServer>,
    ) -> Choice {
        let (audience, may, policy) = match elsewhere.map(|api| (api, added(client, api))) {
            Some((api, Some(added))) => {
                let standard = family.scope.filter(|name| STANDARD.contains(&name));
                let may = standard.union(added);
                (Some(&api.identifier), may, PolicyUsed::MultiResource)
            }
            _ => match own.and_then(|api| added(client, api)) {
                Some(added) => {
                    let may = family.scope.union(added);
                    (family.audience.as_ref(), may, PolicyUsed::MultiResource)
                }
                None => (
                    family.audience.as_ref(),
                    family.scope.clone(),
                    PolicyUsed::UserGrant,
                ),
            },
        };
        let scope = match &self.scope {
            // Never wider: further names are dropped silently.
            Some(asked) => may.intersection(asked),
            None => may,
        };
        Choice {
            audience: audience.cloned(),
            scope,
            policy,
        }
    }
}

/// Scopes of the client's policy for an API. Auth0 has such policies only for first-party clients, and for APIs that
/// let them skip consent.
fn added<'a>(client: &'a Client, api: &ResourceServer) -> Option<&'a Scope> {
    if !client.is_first_party || !api.skip_consent_for_verifiable_first_party_clients {
        return None;
    }
    let mut policies = client.multi_resource_policies.iter();
    policies
        .find(|policy| policy.audience == api.identifier)
        .map(|policy| &policy.scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::{ClientGrant, MultiResourcePolicy, RefreshTokenPolicy, testing::client},
        family::{Exchange, Login},
        ids::{ClientId, ConnectionName, FamilyId, RequestId, UserId},
        resource_server::{ApiScope, SubjectTypeAuthorization},
        sealed::KeyId,
        time::Timestamp,
        user::{LoginStats, Profile},
        valid_from::{Epoch, ValidFrom},
    };

    const OWN: &str = "https://own";
    const OTHER: &str = "https://other";

    fn audience(name: &str) -> Audience {
        Audience::parse(name).unwrap()
    }

    fn with_policy(name: &str, scope: &str) -> Client {
        Client {
            multi_resource_policies: vec![MultiResourcePolicy {
                audience: audience(name),
                scope: Scope::parse(scope),
            }],
            ..client()
        }
    }

    fn api(name: &str, scopes: &str) -> ResourceServer {
        let scope = |value: &str| ApiScope {
            value: value.to_owned(),
            description: None,
        };
        ResourceServer {
            scopes: scopes.split(' ').map(scope).collect(),
            skip_consent_for_verifiable_first_party_clients: true,
            subject_type_authorization: SubjectTypeAuthorization::default(),
            ..ResourceServer::management(audience(name))
        }
    }

    fn family(scope: &str) -> Family {
        let login = Login {
            user_id: UserId::parse("auth0|ada").unwrap(),
            client_id: ClientId::parse("app").unwrap(),
            audience: Some(audience(OWN)),
            scope: Scope::parse(scope),
            valid_from: Epoch::default(),
            auth_time: Timestamp::from_secs(0),
            tells_auth_time: false,
            session_id: None,
            device: None,
        };
        let at = Exchange {
            request: RequestId::from_bytes([0; 16]),
            from: None,
            active_key: KeyId::new(1),
            now: Timestamp::from_secs(0),
        };
        let id = FamilyId::from_bytes([1; 16]);
        Family::begin(id, login, &RefreshTokenPolicy::ROTATING, at)
    }

    fn user(permissions: &[(&str, &str)]) -> User {
        User {
            user_id: UserId::parse("auth0|ada").unwrap(),
            connection: ConnectionName::parse("people").unwrap(),
            profile: Profile::default(),
            blocked: false,
            app_metadata: serde_json::Map::new(),
            user_metadata: serde_json::Map::new(),
            attributes: serde_json::Map::new(),
            identities: Vec::new(),
            roles: Vec::new(),
            permissions: permissions
                .iter()
                .map(|(name, scope)| (audience(name), Scope::parse(scope)))
                .collect(),
            created_at: Timestamp::from_secs(0),
            updated_at: Timestamp::from_secs(0),
            stats: LoginStats::default(),
            valid_from: ValidFrom::default(),
        }
    }

    fn requested(audience_name: Option<&str>, scope: Option<&str>) -> RequestedAccess {
        RequestedAccess {
            scope: scope.map(Scope::parse),
            audience: audience_name.map(audience),
        }
    }

    /// API, scopes and policy of a choice whose family was granted `openid offline_access read write`.
    fn chosen(
        client: &Client,
        asked: (Option<&str>, Option<&str>),
    ) -> (String, String, &'static str) {
        let (own, other) = (api(OWN, "read write more"), api(OTHER, "read bill"));
        let family = family("openid offline_access read write");
        let requested = requested(asked.0, asked.1);
        let elsewhere = requested.elsewhere(&family).map(|_| &other);
        let choice = requested.choose(client, &family, Some(&own), elsewhere);
        (
            choice.audience.unwrap().to_string(),
            choice.scope.to_string(),
            choice.policy.as_str(),
        )
    }

    fn expected(name: &str, scope: &str, policy: &'static str) -> (String, String, &'static str) {
        (name.to_owned(), scope.to_owned(), policy)
    }

    #[test]
    fn without_a_policy_every_refresh_is_for_the_api_of_the_login() {
        let original = |scope| expected(OWN, scope, "refresh_token_user_grant");
        let all = "openid offline_access read write";
        for named in [None, Some(OWN), Some(OTHER)] {
            assert_eq!(chosen(&client(), (named, None)), original(all));
        }
        assert_eq!(
            chosen(&client(), (Some(OTHER), Some("read bill more"))),
            original("read")
        );
    }

    #[test]
    fn a_policy_opens_another_api_with_its_own_scopes_only() {
        let client = with_policy(OTHER, "bill");
        let other = |scope| expected(OTHER, scope, "mrrt");
        assert_eq!(
            chosen(&client, (Some(OTHER), None)),
            other("openid offline_access bill")
        );
        // `read` was granted at the API of the login, which is not this one.
        assert_eq!(
            chosen(&client, (Some(OTHER), Some("openid read bill admin"))),
            other("openid bill")
        );
        // The API of the login is unaffected.
        assert_eq!(
            chosen(&client, (None, None)),
            expected(
                OWN,
                "openid offline_access read write",
                "refresh_token_user_grant"
            )
        );
    }

    #[test]
    fn a_policy_for_the_api_of_the_login_adds_to_what_was_granted() {
        let client = with_policy(OWN, "read more");
        assert_eq!(
            chosen(&client, (None, None)),
            expected(OWN, "openid offline_access read write more", "mrrt")
        );
        assert_eq!(
            chosen(&client, (Some(OWN), Some("more admin"))),
            expected(OWN, "more", "mrrt")
        );
    }

    #[test]
    fn a_policy_applies_to_first_parties_and_apis_that_skip_consent() {
        let original = expected(
            OWN,
            "openid offline_access read write",
            "refresh_token_user_grant",
        );
        let third_party = Client {
            is_first_party: false,
            ..with_policy(OTHER, "bill")
        };
        assert_eq!(chosen(&third_party, (Some(OTHER), None)), original);
        let asking = ResourceServer {
            skip_consent_for_verifiable_first_party_clients: false,
            ..api(OTHER, "bill")
        };
        let family = family("openid read");
        let choice = requested(Some(OTHER), None).choose(
            &with_policy(OTHER, "bill"),
            &family,
            None,
            Some(&asking),
        );
        assert_eq!(choice.audience, family.audience);
        assert_eq!(choice.scope, family.scope);
    }

    #[test]
    fn permissions_limit_the_scopes_of_an_api_that_enforces_them() {
        let api = ResourceServer {
            enforce_policies: true,
            ..api(OWN, "read write")
        };
        let granted = |user: &User, scope: &str| {
            granted(&client(), Some(&api), user, &Scope::parse(scope))
                .map(|scope| scope.to_string())
        };
        let asked = "openid email offline_access read write";
        let reader = user(&[(OWN, "read"), (OTHER, "write")]);
        assert_eq!(
            granted(&reader, asked),
            Ok("openid email offline_access read".to_owned())
        );
        assert_eq!(
            granted(&user(&[]), asked),
            Ok("openid email offline_access".to_owned())
        );
        // A permission for a scope that the API no longer has grants nothing.
        assert_eq!(granted(&user(&[(OWN, "gone")]), "gone"), Ok(String::new()));
    }

    #[test]
    fn without_enforcement_permissions_do_not_matter() {
        let api = api(OWN, "read");
        let scope = Scope::parse("openid read");
        assert_eq!(
            granted(&client(), Some(&api), &user(&[]), &scope),
            Ok(scope.clone())
        );
        assert_eq!(
            granted(&client(), None, &user(&[]), &scope),
            Ok(scope.clone())
        );
    }

    #[test]
    fn an_api_may_want_a_client_grant_or_close_itself_to_users() {
        let with = |user| ResourceServer {
            subject_type_authorization: SubjectTypeAuthorization {
                user,
                ..SubjectTypeAuthorization::default()
            },
            ..api(OWN, "read write")
        };
        let grant = |subject_type| Client {
            client_grants: vec![ClientGrant {
                audience: audience(OWN),
                scope: Scope::parse("read"),
                subject_type,
            }],
            ..client()
        };
        let asked = Scope::parse("openid read write");
        let wanting = with(AccessPolicy::RequireClientGrant);
        assert_eq!(
            open_to_users(&grant(SubjectType::User), &wanting, &asked),
            Ok(Scope::parse("openid read"))
        );
        let closed = Err(Denial::ApiClosedToUsers {
            client: "app".to_owned(),
            audience: OWN.to_owned(),
        });
        for client in [client(), grant(SubjectType::Client)] {
            assert_eq!(open_to_users(&client, &wanting, &asked), closed);
        }
        let shut = with(AccessPolicy::DenyAll);
        assert_eq!(
            open_to_users(&grant(SubjectType::User), &shut, &asked),
            closed
        );
    }
}
