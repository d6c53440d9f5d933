//! Verifies every JWT that we receive, our own ones and those of clients (RFC 7519 section 7.2, RFC 8725): header,
//! algorithm, signature, issuer, audience. The caller, which knows the time, checks the times.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The purpose for which a JWT is presented. One kind never passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A client's assertion (RFC 7523 section 2.2).
    ClientAssertion,
    /// An ID token: a hint, or the token presented at `/delegation`.
    IdToken,
    /// An access token (RFC 9068), at `/userinfo` or the Management API.
    AccessToken,
    /// A token that an application returns to a tenant's Action.
    Redirect,
}

impl Kind {
    /// True if a header has no `typ`, or one of this kind.
    fn admits(self, typ: Option<&str>) -> bool {
        let Some(typ) = typ else { return true };
        let typ = typ.to_ascii_lowercase();
        let typ = typ.strip_prefix("application/").unwrap_or(&typ);
        typ == "jwt"
            || match self {
                Self::ClientAssertion => typ == "client-authentication+jwt",
                Self::AccessToken => typ == "at+jwt",
                Self::IdToken | Self::Redirect => false,
            }
    }

    /// True if the claims fit this kind: ID tokens have neither `scope` nor `gty`, unlike access tokens.
    fn has(self, claims: &Map<String, Value>) -> bool {
        self != Self::IdToken || !(claims.contains_key("scope") || claims.contains_key("gty"))
    }
}

/// The audience that a JWT must have.
#[derive(Debug, Clone, Copy)]
pub enum Audience<'a> {
    /// These and no others. A list may have several of them.
    Only(&'a [&'a str]),
    /// This one, and perhaps others: an access token may be for an API and for `/userinfo`.
    Among(&'a str),
    /// Exactly one, which the caller looks up.
    One,
    /// `aud` is not checked.
    Any,
}

impl Audience<'_> {
    fn admits(self, aud: Option<&Value>) -> bool {
        let named = names(aud);
        match (self, named) {
            (Self::Any, _) => true,
            (_, None) => false,
            (Self::Only(own), Some(named)) => {
                !named.is_empty() && named.iter().all(|name| own.contains(name))
            }
            (Self::Among(own), Some(named)) => named.contains(&own),
            (Self::One, Some(named)) => named.len() == 1,
        }
    }
}

/// The texts of `aud`; `None` if it is neither a text nor a list of texts.
fn names(aud: Option<&Value>) -> Option<Vec<&str>> {
    match aud? {
        Value::String(name) => Some(vec![name]),
        Value::Array(names) => names.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// The reason why a JWT is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// It is not a JWT, or its algorithm is unknown.
    #[error("it is not a JWT")]
    Malformed,
    /// Its `typ` or one of its claims belongs to another kind.
    #[error("it is a JWT of another kind")]
    Kind,
    /// It has header parameters that we must understand (RFC 7515 section 4.1.11), or is encrypted or compressed.
    #[error("it has a critical header parameter")]
    Critical,
    /// The key did not sign it with the algorithm.
    #[error("its signature is not good")]
    Signature,
    /// `iss`
    #[error("it is from another issuer")]
    Issuer,
    /// `aud`
    #[error("it is for another audience")]
    Audience,
    /// A claim is missing or has a wrong type.
    #[error("a claim is missing or of a wrong type")]
    Claims,
}

/// A JWT whose header fits its kind. Nothing else in it may be trusted before [`Self::verify`].
#[derive(Debug)]
pub struct Unverified<'a> {
    text: &'a str,
    kind: Kind,
    algorithm: Algorithm,
    key_id: Option<String>,
}

impl<'a> Unverified<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// The text is not a JWT of the kind, or has header parameters that we do not understand.
    pub fn parse(text: &'a str, kind: Kind) -> Result<Self, JwtError> {
        let header = jsonwebtoken::decode_header(text).map_err(|_| JwtError::Malformed)?;
        if header.crit.is_some() || header.enc.is_some() || header.zip.is_some() {
            return Err(JwtError::Critical);
        }
        if !kind.admits(header.typ.as_deref()) {
            return Err(JwtError::Kind);
        }
        Ok(Self {
            text,
            kind,
            algorithm: header.alg,
            key_id: header.kid,
        })
    }

    /// The algorithm in the header, to find the key by. A key verifies only its own algorithm.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `kid`, to find the key by; `None` if the header has none.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The unverified claims, to find the key by.
    ///
    /// # Errors
    /// The claims do not fit the type.
    pub fn claimed<T: DeserializeOwned>(&self) -> Result<T, JwtError> {
        jsonwebtoken::dangerous::insecure_decode_claims(self.text).map_err(|_| JwtError::Claims)
    }

    /// Verifies signature, algorithm, kind, issuer and audience, and returns the claims.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify<T: DeserializeOwned>(
        &self,
        key: &DecodingKey,
        algorithm: Algorithm,
        issuer: Option<&str>,
        audience: Audience<'_>,
    ) -> Result<T, JwtError> {
        let mut validation = Validation::new(algorithm);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<Map<String, Value>>(self.text, key, &validation)
            .map_err(|_| JwtError::Signature)?
            .claims;
        if !self.kind.has(&claims) {
            return Err(JwtError::Kind);
        }
        if issuer.is_some_and(|issuer| claims.get("iss").and_then(Value::as_str) != Some(issuer)) {
            return Err(JwtError::Issuer);
        }
        if !audience.admits(claims.get("aud")) {
            return Err(JwtError::Audience);
        }
        serde_json::from_value(Value::Object(claims)).map_err(|_| JwtError::Claims)
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const SECRET: &[u8] = b"a secret of thirty-two characters";

    fn signed(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(header), part(claims));
        let key = jsonwebtoken::EncodingKey::from_secret(SECRET);
        let tag = jsonwebtoken::crypto::sign(input.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{input}.{tag}")
    }

    fn read(
        kind: Kind,
        header: &Value,
        claims: &Value,
        audience: Audience<'_>,
    ) -> Result<Map<String, Value>, JwtError> {
        let text = signed(header, claims);
        let key = DecodingKey::from_secret(SECRET);
        Unverified::parse(&text, kind)?.verify(&key, Algorithm::HS256, Some("us"), audience)
    }

    fn claims(aud: &Value) -> Value {
        json!({ "iss": "us", "aud": aud })
    }

    const KINDS: [Kind; 4] = [
        Kind::ClientAssertion,
        Kind::IdToken,
        Kind::AccessToken,
        Kind::Redirect,
    ];

    #[test]
    fn no_kind_ignores_a_critical_parameter() {
        for kind in KINDS {
            for more in [
                json!({ "crit": ["exp"] }),
                json!({ "crit": [] }),
                json!({ "crit": ["b64"], "b64": false }),
                json!({ "zip": "DEF" }),
                json!({ "enc": "A128GCM" }),
            ] {
                let mut header = json!({ "alg": "HS256" });
                header
                    .as_object_mut()
                    .unwrap()
                    .extend(more.as_object().unwrap().clone());
                let read = read(kind, &header, &claims(&json!("us")), Audience::Any);
                assert_eq!(read, Err(JwtError::Critical), "{kind:?} {header}");
            }
            for crit in [json!("exp"), json!({}), json!(1)] {
                let header = json!({ "alg": "HS256", "crit": crit });
                let read = read(kind, &header, &claims(&json!("us")), Audience::Any);
                assert!(read.is_err(), "{kind:?} {header}");
            }
        }
    }

    #[test]
    fn a_type_is_good_for_its_kind_alone() {
        let admitted = |typ: &str| {
            let header = json!({ "alg": "HS256", "typ": typ });
            KINDS
                .into_iter()
                .filter(|kind| read(*kind, &header, &claims(&json!("us")), Audience::Any).is_ok())
                .collect::<Vec<_>>()
        };
        for typ in ["JWT", "jwt", "application/jwt"] {
            assert_eq!(admitted(typ), KINDS, "{typ}");
        }
        assert_eq!(admitted("at+jwt"), [Kind::AccessToken]);
        assert_eq!(admitted("application/at+jwt"), [Kind::AccessToken]);
        assert_eq!(
            admitted("client-authentication+jwt"),
            [Kind::ClientAssertion]
        );
        for typ in ["logout+jwt", "dpop+jwt", "secevent+jwt", ""] {
            assert_eq!(admitted(typ), [], "{typ}");
        }
    }

    #[test]
    fn an_access_token_is_no_id_token() {
        let header = json!({ "alg": "HS256" });
        for more in [
            json!({ "scope": "read" }),
            json!({ "gty": "client-credentials" }),
        ] {
            let mut claims = claims(&json!("us"));
            claims
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            let read = read(Kind::IdToken, &header, &claims, Audience::One);
            assert_eq!(read, Err(JwtError::Kind));
        }
    }

    #[test]
    fn a_single_audience_admits_no_second_one() {
        let header = json!({ "alg": "HS256" });
        let only = Audience::Only(&["us", "us/token"]);
        let among = Audience::Among("us");
        for (aud, by_only, by_among, by_one) in [
            (json!("us"), true, true, true),
            (json!("us/token"), true, false, true),
            (json!(["us"]), true, true, true),
            (json!(["us", "us/token"]), true, true, false),
            (json!(["us", "stranger"]), false, true, false),
            (json!("stranger"), false, false, true),
            (json!([]), false, false, false),
            (json!(null), false, false, false),
            (json!(["us", 1]), false, false, false),
            (json!({ "us": true }), false, false, false),
        ] {
            let admitted =
                |audience| read(Kind::AccessToken, &header, &claims(&aud), audience).is_ok();
            let all = (admitted(only), admitted(among), admitted(Audience::One));
            assert_eq!(all, (by_only, by_among, by_one), "{aud}");
        }
        let without_audience = read(Kind::AccessToken, &header, &json!({ "iss": "us" }), only);
        assert_eq!(without_audience, Err(JwtError::Audience));
    }

    #[test]
    fn issuer_algorithm_and_signature_count() {
        let header = json!({ "alg": "HS256" });
        let other = json!({ "iss": "them", "aud": "us" });
        let by_other = read(Kind::IdToken, &header, &other, Audience::One);
        assert_eq!(by_other, Err(JwtError::Issuer));
        let text = signed(&header, &claims(&json!("us")));
        let read = |text: &str, secret: &[u8], algorithm| {
            let key = DecodingKey::from_secret(secret);
            Unverified::parse(text, Kind::IdToken)?.verify::<Value>(
                &key,
                algorithm,
                None,
                Audience::Any,
            )
        };
        assert!(read(&text, SECRET, Algorithm::HS256).is_ok());
        assert_eq!(
            read(&text, SECRET, Algorithm::HS384),
            Err(JwtError::Signature)
        );
        assert_eq!(
            read(&text, b"other", Algorithm::HS256),
            Err(JwtError::Signature)
        );
        for text in ["", "a.b.c", "..", "e30.e30."] {
            assert_eq!(
                read(text, SECRET, Algorithm::HS256),
                Err(JwtError::Malformed)
            );
        }
    }

    proptest! {
        #[test]
        fn an_only_audience_admits_only_lists_of_its_own_names(
            aud in prop::collection::vec("us|us/token|them|u", 0..4),
        ) {
            let own = ["us", "us/token"];
            let admitted = Audience::Only(&own).admits(Some(&json!(aud)));
            let expected = !aud.is_empty() && aud.iter().all(|name| own.contains(&name.as_str()));
            prop_assert_eq!(admitted, expected);
        }
    }
}
