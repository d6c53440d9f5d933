//! ID tokens that clients present at `/delegation`.

use jsonwebtoken::{Algorithm, DecodingKey};
use ratchet_domain::{
    client::{Client, SigningAlgorithm},
    delegation::Source,
    denial::Denial,
    error::Error,
    ids::UserId,
    time::{NumericDate, Timestamp},
};
use ratchet_jwt::{Audience, Kind, Unverified};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{App, token_keys::client_secret};

const INVALID: Denial = Denial::IdToken("The id_token is not valid");

#[derive(Deserialize)]
struct Claims {
    sub: UserId,
    exp: NumericDate,
    iat: NumericDate,
    orig_iat: Option<NumericDate>,
    /// A single audience: a token that is also for an API is an access token.
    #[serde(rename = "aud")]
    _aud: String,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// A valid ID token.
#[derive(Debug)]
pub struct PresentedIdToken {
    /// `sub`. The user may have been deleted since.
    pub user_id: UserId,
    /// Kind of its signature, and time of its first issue.
    pub source: Source,
    /// Its claims about the user.
    pub claims: Map<String, Value>,
}

impl App {
    /// Verifies an ID token that a client presents as its own, without I/O. The algorithm must be the client's
    /// configured one, even if another one was forced for its tokens ([Auth0's delegation tokens]).
    ///
    /// [Auth0's delegation tokens]: https://auth0.com/docs/secure/tokens/delegation-tokens
    pub async fn verify_id_token(
        &self,
        client: &Client,
        token: &str,
        now: Timestamp,
    ) -> Result<PresentedIdToken, Error> {
        let token = Unverified::parse(token, Kind::IdToken).map_err(|_| INVALID)?;
        let (key, algorithm) = self.id_token_key(client, &token, now).await?;
        let audience = [client.client_id.as_str()];
        let claims: Claims = token
            .verify(
                &key,
                algorithm,
                Some(self.issuer.as_str()),
                Audience::Only(&audience),
            )
            .map_err(|_| INVALID)?;
        if claims.exp.timestamp() <= now {
            return Err(Denial::IdToken("The id_token has expired").into());
        }
        let mut claims_for_scripts = claims.others;
        let issued_at = claims.iat.timestamp();
        claims_for_scripts.insert("sub".to_owned(), claims.sub.as_str().into());
        claims_for_scripts.insert("iat".to_owned(), issued_at.as_secs().into());
        Ok(PresentedIdToken {
            user_id: claims.sub,
            source: Source {
                shared_secret: algorithm == Algorithm::HS256,
                first_issued_at: claims.orig_iat.unwrap_or(claims.iat).timestamp(),
            },
            claims: claims_for_scripts,
        })
    }

    async fn id_token_key(
        &self,
        client: &Client,
        token: &Unverified<'_>,
        now: Timestamp,
    ) -> Result<(DecodingKey, Algorithm), Error> {
        let configured = client.jwt_configuration.alg;
        if configured == SigningAlgorithm::HS256 {
            let keyring = self.keyring().await;
            let secret = client_secret(client, configured, &keyring)?.ok_or(INVALID)?;
            let key = DecodingKey::from_secret(secret.expose().as_bytes());
            return Ok((key, Algorithm::HS256));
        }
        let signer = self.signer().await;
        let key = signer
            .published(now)
            .find(|key| key.algorithm == configured && Some(key.kid.as_str()) == token.key_id())
            .ok_or(INVALID)?;
        Ok((key.decoding_key.clone(), key.jwa()))
    }
}
