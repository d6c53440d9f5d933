//! The tokens of a logout: the ID token that an application shows as a hint, and the logout token that
//! it is sent.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::{
    App,
    minting::{client_secret, signing_key},
};
use crate::{
    domain::{
        claims::{LogoutEvents, LogoutTokenClaims},
        client::{Client, SigningAlgorithm},
        denial::Denial,
        ids::{ClientId, UserId},
        logout::IdTokenHint,
        session::Session,
        time::{Lifetime, Timestamp},
    },
    keys::signer::JwtType,
    system::random,
};

/// How long a logout token may be on its way (`OpenID` Connect Back-Channel Logout section 2.4 advises
/// two minutes at most).
const LOGOUT_TOKEN_LIFETIME: Lifetime = Lifetime::from_secs(120);

#[derive(Deserialize)]
struct Claims {
    aud: ClientId,
    sub: UserId,
    sid: Option<String>,
}

impl App {
    /// Makes the logout token that tells a client of the end of a session, signed as its ID tokens are.
    pub async fn logout_token(
        &self,
        client: &Client,
        ended: &Session,
        now: Timestamp,
    ) -> Result<String, Denial> {
        let algorithm = client.id_token_algorithm();
        let secret = client_secret(client, algorithm, &*self.keyring().await)?;
        let key = signing_key(algorithm, secret.as_ref())?;
        let claims = LogoutTokenClaims {
            iss: self.issuer.as_str(),
            sub: ended.user_id.as_str(),
            aud: client.client_id.as_str(),
            iat: now.as_secs(),
            exp: now.plus(LOGOUT_TOKEN_LIFETIME).as_secs(),
            jti: URL_SAFE_NO_PAD.encode(random::<16>()),
            sid: &ended.session_id,
            events: LogoutEvents::default(),
        };
        Ok(self
            .signer()
            .await
            .sign(&self.key_service, key, JwtType::LogoutToken, &claims, now)
            .await?)
    }

    /// Checks that an ID token is one of ours. It may have expired long ago, as far as the key that
    /// signed it is still published (`OpenID` Connect RP-Initiated Logout section 4).
    pub async fn verify_id_token_hint(&self, token: &str) -> Result<IdTokenHint, Denial> {
        let header = jsonwebtoken::decode_header(token)
            .map_err(|_| Denial::IdTokenHint("it is not a JWT"))?;
        // A logout token, and an access token of RFC 9068, have types of their own.
        if header.typ.is_some_and(|typ| typ != "JWT") {
            return Err(Denial::IdTokenHint("it is not an ID token"));
        }
        let claims = if header.alg == Algorithm::HS256 {
            let secret = self.hs256_secret(token).await?;
            self.verify_hint(token, &secret, Algorithm::HS256)?
        } else {
            let signer = self.signer().await;
            let key = signer
                .published(self.clock.now())
                .find(|key| Some(&key.kid) == header.kid.as_ref())
                .ok_or(Denial::IdTokenHint("its key is none of ours"))?;
            self.verify_hint(token, &key.decoding_key, key.jwa())?
        };
        Ok(IdTokenHint {
            client_id: claims.aud,
            user_id: claims.sub,
            session_id: claims.sid,
        })
    }

    fn verify_hint(
        &self,
        token: &str,
        key: &DecodingKey,
        algorithm: Algorithm,
    ) -> Result<Claims, Denial> {
        let mut validation = Validation::new(algorithm);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims = ["iss".to_owned()].into();
        validation.set_issuer(&[self.issuer.as_str()]);
        jsonwebtoken::decode(token, key, &validation)
            .map(|token| token.claims)
            .map_err(|_| Denial::IdTokenHint("we did not issue it"))
    }

    /// The secret of the client that an ID token in HS256 says it is for.
    async fn hs256_secret(&self, token: &str) -> Result<DecodingKey, Denial> {
        let claimed = jsonwebtoken::dangerous::insecure_decode::<Claims>(token)
            .map_err(|_| Denial::IdTokenHint("it is not an ID token"))?;
        let client = self.client(&claimed.claims.aud).await?;
        let keyring = self.keyring().await;
        let secret = match &client {
            Some(client) => client_secret(client, SigningAlgorithm::HS256, &keyring)?,
            None => None,
        };
        let secret = secret.ok_or(Denial::IdTokenHint("we did not issue it"))?;
        Ok(DecodingKey::from_secret(secret.expose().as_bytes()))
    }
}
