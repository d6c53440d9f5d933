//! Signs JWTs, by the key service, by a key pair in this process or by a shared secret.

use aws_lc_rs::digest::{Digest, SHA256, digest};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{Jwk, ThumbprintHash},
};
use ratchet_domain::{
    client::SigningAlgorithm,
    secret::Secret,
    signing_key::ServiceKey,
    time::{Lifetime, Timestamp},
};
use serde::Serialize;

use super::{
    SignError,
    certificate::{self, Draft},
    pair::KeyPair,
    service::KeyService,
};

/// Time that a key stays published after its successor took over: the longest lifetime of a token that it may have
/// signed.
const PUBLISHED_AFTER: Lifetime = Lifetime::from_secs(2_592_000);

/// Signs JWTs and knows the public keys that verify them.
#[derive(Debug)]
pub struct Signer {
    keys: Vec<KnownKey>,
}

/// A signing key, with the parts that this process has.
#[derive(Debug)]
pub struct KnownKey {
    published: PublishedKey,
    spki: Vec<u8>,
    private: PrivateKey,
    active_from: Timestamp,
}

/// The location of a key's private half.
#[derive(Debug)]
pub enum PrivateKey {
    /// In the key service.
    Service(ServiceKey),
    /// A private key in the memory of this process; signing costs no call.
    Here(KeyPair),
    /// Out of reach: this function only verifies.
    Elsewhere,
}

/// A key of the JWKS.
#[derive(Debug, Clone)]
pub struct PublishedKey {
    /// `alg` of the signed JWTs.
    pub algorithm: SigningAlgorithm,
    /// `kid`: the RFC 7638 thumbprint of the public key, the same in every function.
    pub kid: String,
    /// The key as the JWKS publishes it.
    pub jwk: Jwk,
    /// The key as it verifies signatures.
    pub decoding_key: DecodingKey,
    /// Its certificate, in DER; `None` if it has none.
    pub certificate: Option<Vec<u8>>,
}

/// The `typ` of a JWT's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwtType {
    /// `JWT`
    Jwt,
    /// `at+jwt` (RFC 9068).
    AccessToken,
    /// `logout+jwt` (`OpenID` Connect Back-Channel Logout section 2.4).
    LogoutToken,
}

/// The key that signs a JWT.
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

impl KnownKey {
    /// Combines the halves of a key. `spki` is the public one, in DER.
    pub fn new(
        algorithm: SigningAlgorithm,
        spki: &[u8],
        private: PrivateKey,
        active_from: Timestamp,
    ) -> Result<Self, SignError> {
        Ok(Self {
            published: PublishedKey::new(algorithm, spki)?,
            spki: spki.to_vec(),
            private,
            active_from,
        })
    }

    /// Signs a digest; the signature has the format of RFC 7518.
    async fn sign(&self, service: &KeyService, digest: &Digest) -> Result<Vec<u8>, SignError> {
        match &self.private {
            PrivateKey::Service(key) => Ok(service.sign(key, digest).await?),
            PrivateKey::Here(pair) => Ok(pair.sign(digest)?),
            PrivateKey::Elsewhere => Err(SignError::Jwt("this function does not sign".to_owned())),
        }
    }

    /// Makes the key's certificate for a host, in DER.
    pub async fn make_certificate(
        &self,
        service: &KeyService,
        host: &str,
        now: Timestamp,
    ) -> Result<Vec<u8>, SignError> {
        let draft = Draft::new(&self.spki, host, now)?;
        let signature = self.sign(service, &draft.digest()?).await?;
        draft.with_signature(signature)
    }

    /// True for an RS256 key without a certificate.
    pub fn lacks_certificate(&self) -> bool {
        self.published.algorithm == SigningAlgorithm::RS256 && self.published.certificate.is_none()
    }

    /// Sets the certificate that is published with the key.
    pub fn set_certificate(&mut self, certificate: Option<Vec<u8>>) {
        let common = &mut self.published.jwk.common;
        common.x509_chain = certificate.as_deref().map(certificate::chain);
        common.x509_sha1_fingerprint = certificate.as_deref().map(certificate::thumbprint);
        self.published.certificate = certificate;
    }

    /// Its algorithm and the time from which it signs, which distinguish it from all other keys.
    pub fn term(&self) -> (SigningAlgorithm, Timestamp) {
        (self.published.algorithm, self.active_from)
    }
}

impl Signer {
    /// Takes all keys, in any order.
    pub fn new(keys: Vec<KnownKey>) -> Self {
        Self { keys }
    }

    /// The keys, in any order.
    pub fn keys_mut(&mut self) -> &mut [KnownKey] {
        &mut self.keys
    }

    /// The keys whose tokens may be valid at this time: the next and the active keys, and former ones until their last
    /// token has expired. The JWKS contains those of them whose algorithms the tenant uses.
    pub fn published(&self, now: Timestamp) -> impl Iterator<Item = &PublishedKey> {
        let terms: Vec<_> = self.keys.iter().map(KnownKey::term).collect();
        self.keys
            .iter()
            .filter(move |key| !is_over(key.term(), &terms, now))
            .map(|key| &key.published)
    }

    /// The certificate of the key that signs with this algorithm, in DER.
    pub fn certificate(&self, algorithm: SigningAlgorithm, now: Timestamp) -> Option<&[u8]> {
        self.active(algorithm, now)?
            .published
            .certificate
            .as_deref()
    }

    /// Signs claims as a JWT.
    pub async fn sign(
        &self,
        service: &KeyService,
        key: SigningKey<'_>,
        typ: JwtType,
        claims: &impl Serialize,
        now: Timestamp,
    ) -> Result<String, SignError> {
        let typ = match typ {
            JwtType::Jwt => "JWT",
            JwtType::AccessToken => "at+jwt",
            JwtType::LogoutToken => "logout+jwt",
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
                let key = self.active(algorithm, now).ok_or_else(|| {
                    SignError::Jwt(format!("no signing key for {}", algorithm.as_str()))
                })?;
                let kid = Some(key.published.kid.as_str());
                let input = signing_input(
                    &Header {
                        alg: algorithm.as_str(),
                        typ,
                        kid,
                    },
                    claims,
                )?;
                let signature = key
                    .sign(service, &digest(&SHA256, input.as_bytes()))
                    .await?;
                Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
            }
        }
    }

    /// The newest key of an algorithm that may sign already; the oldest if the clock is behind all of them.
    fn active(&self, algorithm: SigningAlgorithm, now: Timestamp) -> Option<&KnownKey> {
        let of_algorithm = || {
            self.keys
                .iter()
                .filter(|key| key.published.algorithm == algorithm)
        };
        of_algorithm()
            .filter(|key| key.active_from <= now)
            .max_by_key(|key| key.active_from)
            .or_else(|| of_algorithm().min_by_key(|key| key.active_from))
    }
}

/// True if a key's successor took over so long ago that no token of the key can still be valid. `of` and `all` are
/// keys, each as its algorithm and the time from which it signs.
pub fn is_over(
    of: (SigningAlgorithm, Timestamp),
    all: &[(SigningAlgorithm, Timestamp)],
    now: Timestamp,
) -> bool {
    let (algorithm, active_from) = of;
    all.iter()
        .filter(|(other, from)| *other == algorithm && *from > active_from)
        .map(|(_, took_over)| *took_over)
        .min()
        .is_some_and(|took_over| took_over.plus(PUBLISHED_AFTER) <= now)
}

impl PublishedKey {
    /// The algorithm as `jsonwebtoken` names it.
    pub fn jwa(&self) -> Algorithm {
        match self.algorithm {
            SigningAlgorithm::PS256 => Algorithm::PS256,
            SigningAlgorithm::ES256 => Algorithm::ES256,
            SigningAlgorithm::RS256 | SigningAlgorithm::HS256 => Algorithm::RS256,
        }
    }

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
            certificate: None,
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
    use crate::file::KeyFile;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000_000);

    fn service() -> KeyService {
        KeyService::File(Box::new(KeyFile::generate().unwrap()))
    }

    async fn signer(service: &KeyService) -> Signer {
        let mut keys = Vec::new();
        for key in service.signing_keys() {
            let spki = service.public_key(&key).await.unwrap();
            keys.push(KnownKey::new(key.algorithm, &spki, PrivateKey::Service(key), NOW).unwrap());
        }
        Signer::new(keys)
    }

    fn pair(active_from: u64) -> KnownKey {
        let pkcs8 = KeyPair::generate(SigningAlgorithm::ES256).unwrap();
        let pair = KeyPair::from_pkcs8(SigningAlgorithm::ES256, &pkcs8).unwrap();
        let spki = pair.public_key().unwrap();
        let active_from = Timestamp::from_secs(active_from);
        KnownKey::new(
            SigningAlgorithm::ES256,
            &spki,
            PrivateKey::Here(pair),
            active_from,
        )
        .unwrap()
    }

    async fn sign(service: &KeyService, signer: &Signer, key: SigningKey<'_>, now: u64) -> String {
        let claims = json!({ "sub": "ada", "exp": 4_000_000_000_u64 });
        let now = Timestamp::from_secs(now);
        signer
            .sign(service, key, JwtType::Jwt, &claims, now)
            .await
            .unwrap()
    }

    fn verify(jwt: &str, key: &DecodingKey) -> Value {
        let header = jsonwebtoken::decode_header(jwt).unwrap();
        jsonwebtoken::decode::<Value>(jwt, key, &Validation::new(header.alg))
            .unwrap()
            .claims
    }

    #[tokio::test]
    async fn every_algorithm_verifies_with_the_key_that_is_published_for_it() {
        let service = service();
        let signer = signer(&service).await;
        assert_eq!(signer.published(NOW).count(), 3);
        for key in signer.published(NOW) {
            let jwt = sign(&service, &signer, SigningKey::Tenant(key.algorithm), 1).await;
            let header = jsonwebtoken::decode_header(&jwt).unwrap();
            assert_eq!(header.kid.as_ref(), Some(&key.kid));
            assert_eq!(header.typ.as_deref(), Some("JWT"));
            let claims = verify(&jwt, &DecodingKey::from_jwk(&key.jwk).unwrap());
            assert_eq!(claims["sub"], "ada");
        }
    }

    #[tokio::test]
    async fn a_shared_secret_signs_without_the_key_service() {
        let service = service();
        let secret = Secret::new("a client secret");
        let jwt = sign(
            &service,
            &Signer::new(vec![]),
            SigningKey::Secret(&secret),
            1,
        )
        .await;
        assert_eq!(
            verify(&jwt, &DecodingKey::from_secret(b"a client secret"))["sub"],
            "ada"
        );
    }

    #[tokio::test]
    async fn the_next_key_is_published_first_and_the_last_one_until_its_tokens_are_over() {
        let service = service();
        let signer = Signer::new(vec![pair(100), pair(200)]);
        let es256 = SigningKey::Tenant(SigningAlgorithm::ES256);
        let kids: Vec<&str> = signer
            .keys
            .iter()
            .map(|key| key.published.kid.as_str())
            .collect();
        for (now, signing) in [(50, 0), (199, 0), (200, 1)] {
            let jwt = sign(&service, &signer, es256, now).await;
            let kid = jsonwebtoken::decode_header(&jwt).unwrap().kid;
            assert_eq!(kid.as_deref(), Some(kids[signing]), "at {now}");
        }
        let published = |secs| signer.published(Timestamp::from_secs(secs)).count();
        assert_eq!(published(100), 2);
        assert_eq!(published(200 + PUBLISHED_AFTER.as_secs() - 1), 2);
        assert_eq!(published(200 + PUBLISHED_AFTER.as_secs()), 1);
    }

    #[tokio::test]
    async fn a_function_that_only_verifies_cannot_sign() {
        let service = service();
        let signer = Signer::new(vec![KnownKey {
            private: PrivateKey::Elsewhere,
            ..pair(1)
        }]);
        let key = SigningKey::Tenant(SigningAlgorithm::ES256);
        assert!(
            signer
                .sign(&service, key, JwtType::Jwt, &json!({}), NOW)
                .await
                .is_err()
        );
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
