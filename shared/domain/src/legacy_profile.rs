//! Claims about a user in the legacy pipeline: Auth0's [whole profile] instead of the claims of `OpenID` Connect,
//! and any profile attribute that is requested as a scope.
//!
//! [whole profile]: https://auth0.com/docs/product-lifecycle/past-migrations/migrate-from-legacy-auth-flows

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    pipeline::ClaimSet,
    profile_claims::ProfileClaims,
    scope::{OPENID, Scope},
    user::User,
};

/// Claims about the token itself. No attribute of a user replaces them.
const RESERVED: [&str; 17] = [
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "c_hash",
    "exp",
    "gty",
    "iat",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "orig_iat",
    "scope",
    "sid",
];

/// Claims about a user, in the conformant or the legacy form.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum UserClaims {
    /// The standard claims that the scopes request.
    Standard(Box<ProfileClaims>),
    /// Any members of the profile.
    Legacy(Map<String, Value>),
}

impl UserClaims {
    /// Claims of an ID token with these scopes.
    pub fn for_id_token(user: &User, scope: &Scope, set: ClaimSet) -> Self {
        match set {
            ClaimSet::Standard => Self::standard(user, scope),
            ClaimSet::OpenId => Self::to_the_letter(user, scope),
            ClaimSet::Subject => Self::standard(user, &Scope::default()),
            ClaimSet::WholeProfile => Self::Legacy(named(user, scope)),
        }
    }

    /// Claims of `/userinfo`. [`ClaimSet::WholeProfile`] is the whole profile, regardless of the scopes.
    pub fn for_userinfo(user: &User, scope: &Scope, set: ClaimSet) -> Self {
        match set {
            ClaimSet::Standard => Self::standard(user, scope),
            ClaimSet::OpenId => Self::to_the_letter(user, scope),
            ClaimSet::Subject => Self::standard(user, &Scope::default()),
            ClaimSet::WholeProfile => Self::Legacy(whole(user)),
        }
    }

    fn standard(user: &User, scope: &Scope) -> Self {
        Self::Standard(Box::new(ProfileClaims::new(user, scope)))
    }

    fn to_the_letter(user: &User, scope: &Scope) -> Self {
        Self::Standard(Box::new(ProfileClaims::to_the_letter(user, scope)))
    }
}

/// The claims that the standard scopes request, and every attribute that is requested as a scope. `profile` requests
/// all of them.
fn named(user: &User, scope: &Scope) -> Map<String, Value> {
    let whole = whole(user);
    if scope.contains("profile") {
        return whole;
    }
    let mut claims = object(&ProfileClaims::new(user, scope));
    for name in scope.iter().filter(|name| *name != OPENID) {
        // `app_metadata`, which users cannot change, supplies missing attributes, as for Rules.
        // `user_metadata` does not: users change it and could give themselves `roles`.
        let value = whole.get(name).or_else(|| user.app_metadata.get(name));
        if let Some(value) = value.filter(|_| !RESERVED.contains(&name)) {
            claims.insert(name.to_owned(), value.clone());
        }
    }
    claims
}

/// The whole profile: its root attributes, the metadata and the identities.
fn whole(user: &User) -> Map<String, Value> {
    let profile = &user.profile;
    let mut claims: Map<String, Value> = user
        .attributes
        .iter()
        .filter(|(name, _)| !RESERVED.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let everything = Scope::parse("profile email");
    claims.extend(object(&ProfileClaims::new(user, &everything)));
    let texts = [
        ("username", &profile.username),
        ("phone_number", &profile.phone_number),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            claims.insert(name.to_owned(), Value::from(text.as_str()));
        }
    }
    if profile.phone_number.is_some() {
        claims.insert("phone_verified".to_owned(), profile.phone_verified.into());
    }
    claims.insert("user_id".to_owned(), user.user_id.as_str().into());
    claims.insert("identities".to_owned(), json!(user.identities()));
    claims.insert("created_at".to_owned(), user.created_at.to_rfc3339().into());
    for (name, metadata) in [
        ("app_metadata", &user.app_metadata),
        ("user_metadata", &user.user_metadata),
    ] {
        if !metadata.is_empty() {
            claims.insert(name.to_owned(), Value::Object(metadata.clone()));
        }
    }
    claims
}

fn object(claims: &ProfileClaims) -> Map<String, Value> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(claims)) => claims,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{ConnectionName, UserId},
        time::Timestamp,
        user::{LoginStats, Profile},
        valid_from::ValidFrom,
    };

    fn metadata(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    fn user() -> User {
        User {
            user_id: UserId::parse("auth0|ada").unwrap(),
            connection: ConnectionName::parse("people").unwrap(),
            profile: Profile {
                email: Some("ada@example.com".to_owned()),
                name: Some("Ada".to_owned()),
                ..Profile::default()
            },
            blocked: false,
            app_metadata: metadata(json!({"roles": ["editor"], "plan": "gold", "iss": "me"})),
            user_metadata: metadata(json!({"theme": "dark", "admin": true})),
            attributes: metadata(json!({"favorite_color": "blue", "sub": "auth0|eve", "exp": 1})),
            identities: Vec::new(),
            roles: Vec::new(),
            permissions: std::collections::BTreeMap::new(),
            created_at: Timestamp::from_secs(0),
            updated_at: Timestamp::from_secs(0),
            stats: LoginStats::default(),
            valid_from: ValidFrom::default(),
        }
    }

    fn id_token(scope: &str, set: ClaimSet) -> Value {
        let claims = UserClaims::for_id_token(&user(), &Scope::parse(scope), set);
        serde_json::to_value(claims).unwrap()
    }

    fn legacy(scope: &str) -> Value {
        id_token(scope, ClaimSet::WholeProfile)
    }

    #[test]
    fn an_attribute_is_a_claim_if_the_scope_names_it() {
        assert_eq!(legacy("openid"), json!({"sub": "auth0|ada"}));
        assert_eq!(
            legacy("openid favorite_color user_id name roles"),
            json!({
                "sub": "auth0|ada", "favorite_color": "blue", "user_id": "auth0|ada", "name": "Ada",
                "roles": ["editor"],
            })
        );
        assert_eq!(
            legacy("openid app_metadata")["app_metadata"]["plan"],
            "gold"
        );
        let identity = json!({
            "provider": "auth0", "user_id": "ada", "connection": "people", "isSocial": false,
        });
        assert_eq!(legacy("openid identities")["identities"], json!([identity]));
    }

    #[test]
    fn only_strict_openid_omits_profile_claims_beside_an_access_token() {
        let scope = "openid profile email phone address";
        let subject = json!({"sub": "auth0|ada"});
        let beside = |set: ClaimSet| id_token(scope, set.beside_an_access_token());
        assert_eq!(beside(ClaimSet::OpenId), subject);
        for set in [ClaimSet::Standard, ClaimSet::WholeProfile] {
            assert_eq!(beside(set), id_token(scope, set));
            assert_ne!(beside(set), subject);
        }
    }

    #[test]
    fn the_letter_of_openid_connect_has_every_standard_claim_that_the_profile_holds() {
        let mut user = user();
        user.profile.username = Some("ada-l".to_owned());
        user.attributes = metadata(json!({
            "locale": "en-GB", "website": "https://ada.example", "gender": "", "birthdate": 1815,
            "address": {"country": "UK"}, "favorite_color": "blue",
        }));
        let userinfo = |scope: &str, set| {
            let claims = UserClaims::for_userinfo(&user, &Scope::parse(scope), set);
            serde_json::to_value(claims).unwrap()
        };
        assert_eq!(
            userinfo("openid profile", ClaimSet::OpenId),
            json!({
                "sub": "auth0|ada", "name": "Ada", "preferred_username": "ada-l", "locale": "en-GB",
                "website": "https://ada.example", "updated_at": 0,
            })
        );
        assert_eq!(
            userinfo("openid address", ClaimSet::OpenId),
            json!({"sub": "auth0|ada", "address": {"country": "UK"}})
        );
        assert_eq!(
            userinfo("openid address", ClaimSet::Standard),
            json!({"sub": "auth0|ada"})
        );
    }

    #[test]
    fn the_conformant_pipeline_knows_no_such_names() {
        assert_eq!(
            id_token("openid favorite_color roles user_id", ClaimSet::Standard),
            json!({"sub": "auth0|ada"})
        );
    }

    #[test]
    fn profile_opens_everything_and_so_does_userinfo() {
        let whole = legacy("openid profile");
        for name in [
            "name",
            "email",
            "email_verified",
            "favorite_color",
            "user_id",
            "identities",
            "created_at",
            "updated_at",
            "app_metadata",
            "user_metadata",
        ] {
            assert!(whole.get(name).is_some(), "{name} in {whole}");
        }
        let scope = Scope::parse("openid");
        let claims = UserClaims::for_userinfo(&user(), &scope, ClaimSet::WholeProfile);
        assert_eq!(serde_json::to_value(claims).unwrap(), whole);
    }

    #[test]
    fn no_attribute_takes_the_place_of_a_claim_of_the_token() {
        for scope in ["openid profile", "openid sub exp iss"] {
            let claims = legacy(scope);
            assert_eq!(claims["sub"], "auth0|ada");
            assert_eq!((claims.get("exp"), claims.get("iss")), (None, None));
        }
    }

    #[test]
    fn user_metadata_does_not_supply_attributes() {
        assert_eq!(legacy("openid admin theme"), json!({"sub": "auth0|ada"}));
    }
}
