//! ID tokens that come back to us, at `/delegation`.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{App, minting::client_secret};
use crate::domain::{
    client::{Client, SigningAlgorithm},
    denial::Denial,
    ids::UserId,
    time::{NumericDate, Timestamp},
};

const INVALID: Denial = Denial::IdToken("The id_token is not valid");

#[derive(Deserialize)]
struct Claims {
    sub: UserId,
    exp: NumericDate,
    iat: NumericDate,
    /// One audience: what is also for an API is an access token.
    #[serde(rename = "aud")]
    _aud: String,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// A good ID token.
#[derive(Debug)]
pub struct PresentedIdToken {
    /// Of whom it speaks.
    pub user_id: UserId,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// What it says, the claims `exp` and `aud` excepted.
    pub claims: Map<String, Value>,
}

impl App {
    /// Checks an ID token that a client shows as its own, without I/O; what it says. The algorithm
    /// has to be the one that the client is configured with, whatever its tokens were forced to
    /// ([Auth0's delegation tokens]).
    ///
    /// [Auth0's delegation tokens]: https://auth0.com/docs/secure/tokens/delegation-tokens
    pub async fn verify_id_token(
        &self,
        client: &Client,
        token: &str,
        now: Timestamp,
    ) -> Result<PresentedIdToken, Denial> {
        let (key, algorithm) = self.id_token_key(client, token, now).await?;
        let mut validation = Validation::new(algorithm);
        // The time is checked against our own clock.
        validation.validate_exp = false;
        validation.required_spec_claims = ["aud", "iss"].map(str::to_owned).into_iter().collect();
        validation.set_issuer(&[self.issuer.as_str()]);
        validation.set_audience(&[client.client_id.as_str()]);
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation)
            .map_err(|_| INVALID)?
            .claims;
        if claims.exp.timestamp() <= now {
            return Err(Denial::IdToken("The id_token has expired"));
        }
        let mut told = claims.others;
        let issued_at = claims.iat.timestamp();
        told.insert("sub".to_owned(), claims.sub.as_str().into());
        told.insert("iat".to_owned(), issued_at.as_secs().into());
        Ok(PresentedIdToken {
            user_id: claims.sub,
            issued_at,
            claims: told,
        })
    }

    async fn id_token_key(
        &self,
        client: &Client,
        token: &str,
        now: Timestamp,
    ) -> Result<(DecodingKey, Algorithm), Denial> {
        let configured = client.jwt_configuration.alg;
        let algorithm = match configured {
            SigningAlgorithm::RS256 => Algorithm::RS256,
            SigningAlgorithm::PS256 => Algorithm::PS256,
            SigningAlgorithm::ES256 => Algorithm::ES256,
            SigningAlgorithm::HS256 => {
                let keyring = self.keyring().await;
                let secret = client_secret(client, configured, &keyring)?.ok_or(INVALID)?;
                let key = DecodingKey::from_secret(secret.expose().as_bytes());
                return Ok((key, Algorithm::HS256));
            }
        };
        let header = jsonwebtoken::decode_header(token).map_err(|_| INVALID)?;
        let signer = self.signer().await;
        let key = signer
            .published(now)
            .find(|key| key.algorithm == configured && Some(&key.kid) == header.kid.as_ref())
            .ok_or(INVALID)?;
        Ok((key.decoding_key.clone(), algorithm))
    }
}
