//! The claims about a user that scopes open, in ID tokens and at `/userinfo`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{scope::Scope, user::User};

/// Claims about the user that the scopes request (`OpenID` Connect Core section 5.4).
#[derive(Debug, Default, Serialize)]
#[expect(
    missing_docs,
    reason = "the names are those of OpenID Connect Core section 5.1"
)]
pub struct ProfileClaims {
    pub sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<UpdatedAt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number_verified: Option<bool>,
    /// Set only by [`Self::to_the_letter`].
    #[serde(flatten)]
    pub others: OtherClaims,
}

/// The standard claims that Auth0 does not have, from attributes of the same names at the root of the profile.
#[derive(Debug, Default, Serialize)]
#[expect(
    missing_docs,
    reason = "the names are those of OpenID Connect Core section 5.1"
)]
pub struct OtherClaims {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Map<String, Value>>,
}

/// `updated_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum UpdatedAt {
    /// ISO 8601, as at Auth0.
    Text(String),
    /// Seconds since the epoch (`OpenID` Connect Core section 5.1).
    Seconds(u64),
}

impl ProfileClaims {
    /// The claims about a user that these scopes request.
    pub fn new(user: &User, scope: &Scope) -> Self {
        let mut claims = Self {
            sub: user.user_id.to_string(),
            ..Self::default()
        };
        let profile = user.profile.clone();
        if scope.contains("profile") {
            claims.name = profile.name;
            claims.given_name = profile.given_name;
            claims.middle_name = profile.middle_name;
            claims.family_name = profile.family_name;
            claims.nickname = profile.nickname;
            claims.picture = profile.picture;
            claims.updated_at = Some(UpdatedAt::Text(user.updated_at.to_rfc3339()));
        }
        if scope.contains("email") && profile.email.is_some() {
            claims.email = profile.email;
            claims.email_verified = Some(profile.email_verified);
        }
        if scope.contains("phone") && profile.phone_number.is_some() {
            claims.phone_number = profile.phone_number;
            claims.phone_number_verified = Some(profile.phone_verified);
        }
        claims
    }

    /// The same to the letter of `OpenID` Connect Core sections 5.1 and 5.4: `updated_at` is a number, and all standard
    /// claims of the profile are included.
    pub fn to_the_letter(user: &User, scope: &Scope) -> Self {
        let mut claims = Self::new(user, scope);
        let attribute = |name: &str| user.attributes.get(name);
        if scope.contains("profile") {
            let text = |name: &str| {
                let text = attribute(name).and_then(Value::as_str);
                text.filter(|text| !text.is_empty()).map(str::to_owned)
            };
            claims.updated_at = Some(UpdatedAt::Seconds(user.updated_at.as_secs()));
            claims.others = OtherClaims {
                preferred_username: user.profile.username.clone(),
                profile: text("profile"),
                website: text("website"),
                gender: text("gender"),
                birthdate: text("birthdate"),
                zoneinfo: text("zoneinfo"),
                locale: text("locale"),
                address: None,
            };
        }
        if scope.contains("address") {
            let address = attribute("address").and_then(Value::as_object);
            claims.others.address = address.filter(|address| !address.is_empty()).cloned();
        }
        claims
    }
}
