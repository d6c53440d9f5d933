//! Client assertions: `private_key_jwt` ([Auth0's rules], RFC 7523 section 3).
//!
//! [Auth0's rules]: https://auth0.com/docs/get-started/authentication-and-authorization-flow/authenticate-with-private-key-jwt

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use ratchet_domain::{
    client::{AssertionAlgorithm, Client, PublicKey},
    denial::Denial,
    error::Error,
    time::{Lifetime, NumericDate, Timestamp},
};
use ratchet_jwt::{Audience, Kind, Unverified};
use ratchet_store::CommitError;
use serde::Deserialize;

use super::{App, Moment};

/// Maximum length of an assertion, in bytes.
const MAX_BYTES: usize = 2048;
/// Maximum length of a `jti`, in characters.
const MAX_JTI: usize = 64;
/// Maximum time from now to `exp`.
const MAX_LIFETIME: Lifetime = Lifetime::from_secs(300);
/// Tolerated error of the client's clock.
const SKEW: Lifetime = Lifetime::from_secs(10);

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: NumericDate,
    jti: String,
    iat: Option<NumericDate>,
    nbf: Option<NumericDate>,
}

impl App {
    /// Verifies an assertion and stores its `jti`, so that it is accepted once.
    pub(super) async fn verify_assertion(
        &self,
        client: &Client,
        assertion: &str,
        at: Moment,
    ) -> Result<(), Error> {
        let claims = self.check(client, assertion, at.now)?;
        // The digest of the `jti` has a fixed length and only characters that are valid in a key.
        let id = URL_SAFE_NO_PAD.encode(digest(&SHA256, claims.jti.as_bytes()));
        let forget_at = claims.exp.timestamp().plus(SKEW).plus(SKEW);
        match self
            .store
            .put_assertion(&client.client_id, &id, forget_at)
            .await
        {
            Ok(()) => Ok(()),
            Err(CommitError::Conflict) => {
                Err(Denial::ClientAuthentication("the assertion was used before").into())
            }
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    fn check(&self, client: &Client, assertion: &str, now: Timestamp) -> Result<Claims, Denial> {
        let refused = Denial::ClientAuthentication;
        if assertion.len() > MAX_BYTES {
            return Err(refused("the assertion is too long"));
        }
        let assertion = Unverified::parse(assertion, Kind::ClientAssertion)
            .map_err(|_| refused("the assertion is no JWT that we understand"))?;
        let claims = candidates(client, assertion.key_id(), assertion.algorithm())
            .find_map(|key| self.verify_with(client, key, &assertion))
            .ok_or(refused(
                "no key of the client verifies the assertion for us",
            ))?;
        if claims.sub != client.client_id.as_str() {
            return Err(refused("the assertion names another client"));
        }
        if claims.jti.is_empty() || claims.jti.chars().count() > MAX_JTI {
            return Err(refused("the assertion has no usable jti"));
        }
        let exp = claims.exp.timestamp();
        if exp.plus(SKEW) <= now {
            return Err(refused("the assertion has expired"));
        }
        if exp > now.plus(MAX_LIFETIME).plus(SKEW) {
            return Err(refused("the assertion lives too long"));
        }
        let early =
            |time: Option<NumericDate>| time.is_some_and(|time| time.timestamp() > now.plus(SKEW));
        if early(claims.nbf) || early(claims.iat) {
            return Err(refused("the assertion is not valid yet"));
        }
        Ok(claims)
    }

    /// Verifies signature, issuer and audience; the times are checked against our own clock. The audience is our
    /// issuer, as at Auth0 and in FAPI, or the token endpoint (RFC 7523 section 3), or both. An assertion that also
    /// names other audiences is rejected: one of them could have stolen it.
    fn verify_with(
        &self,
        client: &Client,
        key: &PublicKey,
        assertion: &Unverified<'_>,
    ) -> Option<Claims> {
        let decoding_key = DecodingKey::from_rsa_pem(key.pem.as_bytes()).ok()?;
        let audiences = [
            self.issuer.as_str(),
            self.issuer.origin(),
            &self.issuer.join("oauth/token"),
        ];
        assertion
            .verify(
                &decoding_key,
                algorithm(key.alg),
                Some(client.client_id.as_str()),
                Audience::Only(&audiences),
            )
            .ok()
    }
}

/// The client's keys that may have signed: the one with this `kid`, or all keys of the algorithm.
fn candidates<'a>(
    client: &'a Client,
    kid: Option<&'a str>,
    alg: Algorithm,
) -> impl Iterator<Item = &'a PublicKey> {
    let named = kid.is_some_and(|kid| {
        client
            .public_keys
            .iter()
            .any(|key| key.kid.as_deref() == Some(kid))
    });
    client
        .public_keys
        .iter()
        .filter(move |key| algorithm(key.alg) == alg && (!named || key.kid.as_deref() == kid))
}

const fn algorithm(alg: AssertionAlgorithm) -> Algorithm {
    match alg {
        AssertionAlgorithm::RS256 => Algorithm::RS256,
        AssertionAlgorithm::RS384 => Algorithm::RS384,
        AssertionAlgorithm::PS256 => Algorithm::PS256,
    }
}
