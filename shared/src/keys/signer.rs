//! Signing JWTs: the header and claims are ours, the signature is the key service's.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{Jwk, ThumbprintHash},
};
use serde::Serialize;

use super::{KeyServiceError, service::KeyService};
use crate::{
    domain::{client::SigningAlgorithm, secret::Secret},
    telemetry::cost,
};

/// Signs JWTs and knows the public keys that verify them.
#[derive(Debug)]
pub struct Signer {
    keys: Vec<PublishedKey>,
}

/// A key of the JWKS.
#[derive(Debug, Clone)]
pub struct PublishedKey {
    /// Its algorithm.
    pub algorithm: SigningAlgorithm,
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// As it is published.
    pub jwk: Jwk,
    /// As it verifies.
    pub decoding_key: DecodingKey,
}

/// A JWT could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key service failed.
    #[error(transparent)]
    KeyService(#[from] KeyServiceError),
    /// Header or claims are not JSON, or a public key is not what it should be.
    #[error("cannot make a JWT: {0}")]
    Jwt(String),
}

/// The `typ` of a JWT's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwtType {
    /// `JWT`
    Jwt,
    /// `at+jwt` (RFC 9068).
    AccessToken,
}

/// What signs a JWT.
#[derive(Debug, Clone, Copy)]
pub enum SigningKey<'a> {
    /// The tenant's key for an asymmetric algorithm.
    Tenant(SigningAlgorithm),
    /// A shared secret: HS256.
    Secret(&'a Secret),
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

impl Signer {
    /// Fetches the public keys, once per process.
    pub async fn load(service: &KeyService) -> Result<Self, SignError> {
        let mut keys = Vec::new();
        for &algorithm in service.algorithms() {
            keys.push(PublishedKey::new(
                algorithm,
                &service.public_key(algorithm).await?,
            )?);
        }
        Ok(Self { keys })
    }

    /// The keys of the JWKS.
    pub fn published(&self) -> &[PublishedKey] {
        &self.keys
    }

    /// Makes a JWT.
    pub async fn sign(
        &self,
        service: &KeyService,
        key: SigningKey<'_>,
        typ: JwtType,
        claims: &impl Serialize,
    ) -> Result<String, SignError> {
        let typ = match typ {
            JwtType::Jwt => "JWT",
            JwtType::AccessToken => "at+jwt",
        };
        match key {
            SigningKey::Secret(secret) => {
                let header = Header {
                    alg: "HS256",
                    typ,
                    kid: None,
                };
                let input = signing_input(&header, claims)?;
                let key = EncodingKey::from_secret(secret.expose().as_bytes());
                let signature =
                    jsonwebtoken::crypto::sign(input.as_bytes(), &key, Algorithm::HS256)
                        .map_err(|e| SignError::Jwt(e.to_string()))?;
                Ok(format!("{input}.{signature}"))
            }
            SigningKey::Tenant(algorithm) => {
                let key = self.keys.iter().find(|key| key.algorithm == algorithm);
                let key = key.ok_or_else(|| {
                    SignError::Jwt(format!("no signing key for {}", algorithm.as_str()))
                })?;
                let header = Header {
                    alg: algorithm.as_str(),
                    typ,
                    kid: Some(&key.kid),
                };
                let input = signing_input(&header, claims)?;
                let signature = service
                    .sign(algorithm, &digest(&SHA256, input.as_bytes()))
                    .await?;
                cost::signed();
                Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
            }
        }
    }
}

impl PublishedKey {
    fn new(algorithm: SigningAlgorithm, spki: &[u8]) -> Result<Self, SignError> {
        let jwt = |e: jsonwebtoken::errors::Error| SignError::Jwt(e.to_string());
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode(spki)
        );
        let (decoding_key, jwa) = match algorithm {
            SigningAlgorithm::RS256 => {
                (DecodingKey::from_rsa_pem(pem.as_bytes()), Algorithm::RS256)
            }
            SigningAlgorithm::PS256 => {
                (DecodingKey::from_rsa_pem(pem.as_bytes()), Algorithm::PS256)
            }
            SigningAlgorithm::ES256 => (DecodingKey::from_ec_pem(pem.as_bytes()), Algorithm::ES256),
            SigningAlgorithm::HS256 => {
                return Err(SignError::Jwt("HS256 has no public key".to_owned()));
            }
        };
        let decoding_key = decoding_key.map_err(jwt)?;
        let mut jwk = Jwk::from_decoding_key(&decoding_key, Some(jwa)).map_err(jwt)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(jwt)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
        Ok(Self {
            algorithm,
            kid,
            jwk,
            decoding_key,
        })
    }
}

fn signing_input(header: &Header<'_>, claims: &impl Serialize) -> Result<String, SignError> {
    let json = |e: serde_json::Error| SignError::Jwt(e.to_string());
    let mut input = URL_SAFE_NO_PAD.encode(serde_json::to_vec(header).map_err(json)?);
    input.push('.');
    URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims).map_err(json)?, &mut input);
    Ok(input)
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::Validation;
    use serde_json::{Value, json};

    use super::*;
    use crate::keys::file::KeyFile;

    async fn keys() -> (KeyService, Signer) {
        let service = KeyService::File(KeyFile::generate().unwrap());
        let signer = Signer::load(&service).await.unwrap();
        (service, signer)
    }

    #[tokio::test]
    async fn every_algorithm_verifies_with_the_key_that_is_published_for_it() {
        let (service, signer) = keys().await;
        for key in signer.published() {
            let tenant = SigningKey::Tenant(key.algorithm);
            let claims = json!({ "sub": "ada" });
            let jwt = signer
                .sign(&service, tenant, JwtType::Jwt, &claims)
                .await
                .unwrap();
            let header = jsonwebtoken::decode_header(&jwt).unwrap();
            assert_eq!(header.kid.as_ref(), Some(&key.kid));
            assert_eq!(header.typ.as_deref(), Some("JWT"));
            let mut validation = Validation::new(header.alg);
            validation.required_spec_claims.clear();
            validation.validate_exp = false;
            let published = DecodingKey::from_jwk(&key.jwk).unwrap();
            let token = jsonwebtoken::decode::<Value>(&jwt, &published, &validation).unwrap();
            assert_eq!(token.claims, claims);
        }
    }

    #[tokio::test]
    async fn a_shared_secret_signs_without_the_key_service() {
        let (service, signer) = keys().await;
        let secret = Secret::new("a client secret");
        let key = SigningKey::Secret(&secret);
        let claims = json!({ "exp": 4_000_000_000_u64 });
        let jwt = signer
            .sign(&service, key, JwtType::AccessToken, &claims)
            .await
            .unwrap();
        let decoding = DecodingKey::from_secret(b"a client secret");
        let token =
            jsonwebtoken::decode::<Value>(&jwt, &decoding, &Validation::new(Algorithm::HS256));
        assert_eq!(token.unwrap().header.typ.as_deref(), Some("at+jwt"));
    }

    #[test]
    fn a_key_id_is_the_thumbprint_of_the_rfc() {
        // RFC 7638 section 3.1.
        let jwk: Jwk = serde_json::from_value(json!({
            "kty": "RSA",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            "e": "AQAB"
        }))
        .unwrap();
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).unwrap();
        assert_eq!(kid, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }
}
