//! Client credentials as a request presents them (RFC 6749 section 2.3, RFC 7523).

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::header::AUTHORIZATION;
use percent_encoding::percent_decode_str;
use ratchet_domain::{denial::Denial, ids::ClientId, secret::Secret};

use super::{Request, header, params::Params};

/// The assertion type of `private_key_jwt`.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Auth0 accepts Basic credentials with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A client's credentials, which are not verified yet.
#[derive(Debug)]
pub struct Credentials {
    /// The client that the request claims to come from.
    pub client_id: ClientId,
    /// The proof of that claim.
    pub proof: Proof,
}

/// A proof that is not verified yet.
#[derive(Debug)]
pub enum Proof {
    /// None: a public client.
    None,
    /// A secret. A Basic header has two readings, percent-decoded and raw; either may match.
    Secret(Vec<Secret>),
    /// A JWT that the client signed (`private_key_jwt`, RFC 7523), not verified yet.
    Assertion(Secret),
}

impl Credentials {
    /// Reads the header and the parameters; both may name the client if they agree.
    pub fn parse(request: &Request, params: &Params) -> Result<Self, Denial> {
        let named = params.text("client_id")?;
        if let Some(assertion) = params.text("client_assertion")? {
            return Self::from_assertion(params, named, assertion);
        }
        let Some(readings) = basic(request)? else {
            let proof = match params.text("client_secret")? {
                Some(secret) => Proof::Secret(vec![Secret::new(secret)]),
                None => Proof::None,
            };
            let client_id = named.ok_or(Denial::MissingParameter("client_id"))?;
            return Ok(Self {
                client_id: parse_id(client_id)?,
                proof,
            });
        };
        // openid-client percent-encodes id and secret as the RFC requires, most other clients do not.
        let agrees = |id: &str| named.is_none_or(|named| named == id);
        let id = readings.iter().map(|(id, _)| id).find(|id| agrees(id));
        let id = id.ok_or(Denial::ClientAuthentication(
            "header and body name two clients",
        ))?;
        let client_id = parse_id(id)?;
        let secrets = readings
            .iter()
            .map(|(_, secret)| Secret::new(secret.as_str()))
            .collect();
        Ok(Self {
            client_id,
            proof: Proof::Secret(secrets),
        })
    }

    fn from_assertion(
        params: &Params,
        named: Option<&str>,
        assertion: &str,
    ) -> Result<Self, Denial> {
        if params.text("client_assertion_type")? != Some(JWT_BEARER) {
            return Err(Denial::InvalidParameter(format!(
                "client_assertion_type must be {JWT_BEARER}"
            )));
        }
        let client_id = match named {
            Some(named) => parse_id(named)?,
            None => unverified_subject(assertion)
                .ok_or(Denial::ClientAuthentication("the assertion has no subject"))?,
        };
        Ok(Self {
            client_id,
            proof: Proof::Assertion(Secret::new(assertion)),
        })
    }
}

/// The readings of an `Authorization: Basic` header as id and secret, percent-decoded first. A header without a
/// scheme or with another one does not authenticate the client and is ignored (RFC 6749 section 2.3.1): interceptors
/// of HTTP clients send `Bearer`, `undefined` or nothing at all while they refresh.
pub(super) fn basic(request: &Request) -> Result<Option<Vec<(String, String)>>, Denial> {
    let malformed = || Denial::ClientAuthentication("malformed Authorization header");
    let Some(value) = header(request, &AUTHORIZATION) else {
        return Ok(None);
    };
    let value = value.trim();
    let (scheme, encoded) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(None);
    }
    let decoded = BASE64.decode(encoded.trim()).map_err(|_| malformed())?;
    let decoded = String::from_utf8(decoded).map_err(|_| malformed())?;
    let (id, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    let raw = (id.to_owned(), secret.to_owned());
    let mut readings = Vec::new();
    if let (Some(id), Some(secret)) = (form_decode(id), form_decode(secret)) {
        readings.push((id, secret));
    }
    if !readings.contains(&raw) {
        readings.push(raw);
    }
    Ok(Some(readings))
}

fn form_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

fn parse_id(text: &str) -> Result<ClientId, Denial> {
    ClientId::parse(text).map_err(|_| Denial::ClientAuthentication("impossible client id"))
}

/// The subject of an assertion, before anything about it is verified.
fn unverified_subject(assertion: &str) -> Option<ClientId> {
    #[derive(serde::Deserialize)]
    struct Claims {
        sub: ClientId,
    }
    jsonwebtoken::dangerous::insecure_decode_claims::<Claims>(assertion)
        .ok()
        .map(|claims| claims.sub)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(authorization: Option<&str>, body: &str) -> Result<Credentials, Denial> {
        let mut request = http::Request::new(bytes::Bytes::new());
        if let Some(value) = authorization {
            request
                .headers_mut()
                .insert(AUTHORIZATION, value.parse().unwrap());
        }
        Credentials::parse(&request, &Params::parse_form(body.as_bytes()).unwrap())
    }

    fn basic_header(text: &str) -> String {
        format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(text)
        )
    }

    #[test]
    fn a_basic_header_is_read_both_ways() {
        let credentials = parse(Some(&basic_header("my%2Dapp:s%2Bt")), "client_id=my-app").unwrap();
        assert_eq!(credentials.client_id.as_str(), "my-app");
        let Proof::Secret(readings) = credentials.proof else {
            panic!("a secret was given")
        };
        assert!(readings.iter().any(|secret| secret.expose() == "s+t"));
        assert!(readings.iter().any(|secret| secret.expose() == "s%2Bt"));
    }

    #[test]
    fn header_and_body_have_to_agree() {
        let header = basic_header("app:secret");
        assert!(parse(Some(&header), "client_id=app").is_ok());
        assert!(matches!(
            parse(Some(&header), "client_id=other"),
            Err(Denial::ClientAuthentication(_))
        ));
    }

    #[test]
    fn malformed_headers_are_failed_authentication() {
        for value in ["Basic", "Basic !!!", "Basic YQ=="] {
            assert!(matches!(
                parse(Some(value), ""),
                Err(Denial::ClientAuthentication(_))
            ));
        }
    }

    #[test]
    fn headers_of_other_schemes_are_ignored() {
        for value in ["", "Bearer", "Bearer x", "undefined", "null", "Basically x"] {
            let credentials = parse(Some(value), "client_id=app&client_secret=s").unwrap();
            assert_eq!(credentials.client_id.as_str(), "app", "{value}");
            assert!(matches!(credentials.proof, Proof::Secret(_)), "{value}");
        }
    }

    #[test]
    fn without_a_client_there_is_nothing_to_authenticate() {
        assert_eq!(
            parse(None, "").map(|_| ()),
            Err(Denial::MissingParameter("client_id"))
        );
        assert_eq!(
            parse(Some("Bearer x"), "").map(|_| ()),
            Err(Denial::MissingParameter("client_id"))
        );
    }
}
