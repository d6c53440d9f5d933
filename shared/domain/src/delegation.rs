//! `POST /delegation`: the legacy pipeline's counterpart of refresh tokens at the token endpoint
//! ([Auth0's delegation]). Parameters of the request, and checks of its caller and its target.
//!
//! [Auth0's delegation]: https://auth0.com/docs/api/authentication#delegation

use serde_json::{Map, Value};

use super::{
    client::Client,
    denial::Denial,
    login_flow::Effects,
    secret::Secret,
    time::{Lifetime, Timestamp},
    user::User,
};

/// The only `grant_type` of the endpoint.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Path of the endpoint, for error messages.
pub const PATH: &str = "/delegation";

/// The token that a client exchanges for an ID token.
#[derive(Debug)]
pub enum Presented {
    /// A refresh token of the calling client.
    RefreshToken(Secret),
    /// An ID token that was issued to the client.
    IdToken(Secret),
}

impl Presented {
    /// Reads the two parameters; an error unless exactly one is present.
    pub fn parse(refresh_token: Option<&str>, id_token: Option<&str>) -> Result<Self, Denial> {
        match (refresh_token, id_token) {
            (Some(token), None) => Ok(Self::RefreshToken(Secret::new(token))),
            (None, Some(token)) => Ok(Self::IdToken(Secret::new(token))),
            _ => Err(Denial::InvalidParameter(
                "Exactly one of the parameters refresh_token and id_token is required".to_owned(),
            )),
        }
    }

    /// The name in `grant_types` that allows this token ([Auth0's legacy grants]).
    ///
    /// [Auth0's legacy grants]: https://auth0.com/docs/get-started/applications/application-grant-types
    pub const fn grant_type(&self) -> &'static str {
        match self {
            Self::RefreshToken(_) => {
                "http://auth0.com/oauth/legacy/grant-type/delegation/refresh_token"
            }
            Self::IdToken(_) => "http://auth0.com/oauth/legacy/grant-type/delegation/id_token",
        }
    }
}

/// Checks `api_type`. Ratchet has no add-ons, so tokens for applications are the only ones.
pub fn check_api_type(api_type: Option<&str>) -> Result<(), Denial> {
    match api_type {
        None | Some("app") => Ok(()),
        Some(_) => Err(Denial::InvalidParameter(
            "Parameter api_type must be app: the application has no such add-on".to_owned(),
        )),
    }
}

/// Checks that the caller may have a token for the target: both are legacy clients, the caller has the grant type, and
/// the target accepts delegations from it.
pub fn permit(caller: &Client, target: &Client, presented: &Presented) -> Result<(), Denial> {
    if caller.is_conformant() || target.is_conformant() {
        return Err(Denial::LegacyOnly(PATH));
    }
    let grant_type = presented.grant_type();
    if !caller.allows_grant(grant_type) {
        return Err(Denial::GrantTypeNotAllowed(grant_type.to_owned()));
    }
    if !target.accepts_delegation_from(&caller.client_id) {
        return Err(Denial::DelegationNotAllowed(target.client_id.to_string()));
    }
    Ok(())
}

/// Signer and age of an ID token that a client presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// True if the signature's key is a secret that the client has as well: the client may have made the token.
    pub shared_secret: bool,
    /// `orig_iat`: time of issue of the first ID token in the chain of delegations; of this one without a chain.
    pub first_issued_at: Timestamp,
}

/// Tolerance for the clock of a client that makes ID tokens of its own, in case it is ahead: one minute.
const SKEW: Lifetime = Lifetime::from_secs(60);

impl Source {
    /// Checks the target. A token under a shared secret is valid for its own client only.
    pub fn permit(self, caller: &Client, target: &Client) -> Result<(), Denial> {
        if self.shared_secret && caller.client_id != target.client_id {
            return Err(Denial::DelegationNotAllowed(target.client_id.to_string()));
        }
        Ok(())
    }

    /// Latest end of a token that is issued for this one. A chain of ID tokens lasts no longer than a login
    /// (`session_lifetime`, [Auth0's session lifetime]).
    ///
    /// [Auth0's session lifetime]: https://auth0.com/docs/manage-users/sessions/session-lifetime-limits
    pub fn chain_end(
        self,
        session_lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<Timestamp, Denial> {
        let end = self.first_issued_at.plus(session_lifetime);
        if self.first_issued_at > now.plus(SKEW) {
            Err(Denial::IdToken("The id_token is not valid yet"))
        } else if end <= now {
            Err(Denial::IdToken(
                "The login of the id_token was too long ago",
            ))
        } else {
            Ok(end)
        }
    }
}

/// Members of a stored user. Their stored value is newer than that of an old token, so no claim replaces them.
const STORED: [&str; 21] = [
    "app_metadata",
    "blocked",
    "created_at",
    "email",
    "email_verified",
    "family_name",
    "given_name",
    "identities",
    "last_password_reset",
    "middle_name",
    "multifactor",
    "name",
    "nickname",
    "permissions",
    "phone_number",
    "phone_verified",
    "picture",
    "updated_at",
    "user_id",
    "user_metadata",
    "username",
];

/// The user that scripts see at a delegation: with the claims of the presented ID token.
#[must_use]
pub fn with_claims(user: &User, claims: &Map<String, Value>) -> User {
    let mut attributes = claims.clone();
    attributes.retain(|name, _| !STORED.contains(&name.as_str()));
    attributes.extend(user.attributes.clone());
    User {
        attributes,
        ..user.clone()
    }
}

/// Effects of the scripts on the user of [`with_claims`], without those claims. They are input for the scripts only: a
/// delegation must not extend the life of a claim for ever.
#[must_use]
pub fn without_claims(effects: Effects, user: &User, claims: &Map<String, Value>) -> Effects {
    let profile = effects.profile.map(|mut changed| {
        changed.attributes.retain(|name, value| {
            user.attributes.contains_key(name) || claims.get(name) != Some(value)
        });
        changed
    });
    Effects { profile, ..effects }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{client::testing::client, ids::ClientId, login_flow::ChangedProfile};

    fn refresh_token() -> Presented {
        Presented::parse(Some("t"), None).unwrap()
    }

    fn legacy(id: &str) -> Client {
        Client {
            client_id: ClientId::parse(id).unwrap(),
            oidc_conformant: false,
            grant_types: vec![refresh_token().grant_type().to_owned()],
            ..client()
        }
    }

    #[test]
    fn exactly_one_token_is_shown() {
        assert!(Presented::parse(None, None).is_err());
        assert!(Presented::parse(Some("a"), Some("b")).is_err());
        let id_token = Presented::parse(None, Some("t")).unwrap();
        assert!(id_token.grant_type().ends_with("/id_token"));
    }

    #[test]
    fn add_ons_are_refused() {
        assert_eq!(check_api_type(None), Ok(()));
        assert_eq!(check_api_type(Some("app")), Ok(()));
        for add_on in ["auth0", "aws", "firebase", "nonsense"] {
            assert!(check_api_type(Some(add_on)).is_err(), "{add_on}");
        }
    }

    #[test]
    fn neither_side_is_conformant() {
        let conformant = Client {
            oidc_conformant: true,
            ..legacy("new")
        };
        let refused = Err(Denial::LegacyOnly(PATH));
        assert_eq!(permit(&legacy("a"), &legacy("b"), &refresh_token()), Ok(()));
        assert_eq!(permit(&conformant, &legacy("b"), &refresh_token()), refused);
        assert_eq!(permit(&legacy("a"), &conformant, &refresh_token()), refused);
    }

    #[test]
    fn each_kind_of_token_needs_its_grant() {
        let id_token = Presented::parse(None, Some("t")).unwrap();
        let missing = Denial::GrantTypeNotAllowed(id_token.grant_type().to_owned());
        assert_eq!(permit(&legacy("a"), &legacy("b"), &id_token), Err(missing));
    }

    #[test]
    fn a_target_that_names_callers_refuses_the_others() {
        let picky = Client {
            allowed_clients: vec!["a".to_owned()],
            ..legacy("b")
        };
        assert_eq!(permit(&legacy("a"), &picky, &refresh_token()), Ok(()));
        assert_eq!(
            permit(&legacy("c"), &picky, &refresh_token()),
            Err(Denial::DelegationNotAllowed("b".to_owned()))
        );
    }

    fn ada(attributes: &Value) -> User {
        let user = json!({
            "user_id": "auth0|ada",
            "connection": "Users",
            "profile": { "email": "ada@example.com" },
            "attributes": attributes,
            "created_at": 0,
            "updated_at": 0,
        });
        serde_json::from_value(user).unwrap()
    }

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);
    const HOUR: Lifetime = Lifetime::from_secs(3_600);

    fn source(shared_secret: bool, seconds_ago: u64) -> Source {
        Source {
            shared_secret,
            first_issued_at: Timestamp::from_secs(NOW.as_secs() - seconds_ago),
        }
    }

    #[test]
    fn a_token_under_a_shared_secret_is_good_for_its_own_client() {
        let (caller, other) = (legacy("a"), legacy("b"));
        assert_eq!(source(true, 0).permit(&caller, &caller), Ok(()));
        assert_eq!(source(false, 0).permit(&caller, &other), Ok(()));
        let refused = Err(Denial::DelegationNotAllowed("b".to_owned()));
        assert_eq!(source(true, 0).permit(&caller, &other), refused);
    }

    #[test]
    fn a_chain_ends_with_the_login_that_it_began_with() {
        let end = |ago| source(false, ago).chain_end(HOUR, NOW);
        assert_eq!(end(0), Ok(NOW.plus(HOUR)));
        assert_eq!(end(3_599), Ok(NOW.plus(Lifetime::from_secs(1))));
        assert!(end(3_600).is_err());
        let early = |seconds| Source {
            shared_secret: true,
            first_issued_at: NOW.plus(Lifetime::from_secs(seconds)),
        };
        assert!(early(60).chain_end(HOUR, NOW).is_ok());
        assert!(early(61).chain_end(HOUR, NOW).is_err());
    }

    fn object(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn scripts_see_the_claims_of_the_id_token_where_the_store_says_nothing() {
        let user = ada(&json!({ "team": "red" }));
        let claims = object(json!({
            "team": "blue", "https://ns/plan": "gold", "app_metadata": { "roles": ["admin"] },
        }));
        let seen = with_claims(&user, &claims).attributes;
        assert_eq!(
            seen,
            object(json!({ "team": "red", "https://ns/plan": "gold" }))
        );
    }

    #[test]
    fn claims_that_scripts_only_read_are_not_copied_into_the_new_token() {
        let user = ada(&json!({ "team": "red" }));
        let claims =
            object(json!({ "team": "red", "https://ns/plan": "gold", "https://ns/seat": 1 }));
        let mut attributes = with_claims(&user, &claims).attributes;
        attributes.insert("https://ns/seat".to_owned(), json!(2));
        let profile = user.profile.clone();
        let effects = Effects {
            profile: Some(ChangedProfile {
                profile,
                attributes,
            }),
            ..Effects::default()
        };
        let left = without_claims(effects, &user, &claims).profile.unwrap();
        let expected = json!({ "team": "red", "https://ns/seat": 2 });
        assert_eq!(left.attributes, object(expected));
    }
}
