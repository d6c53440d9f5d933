//! The tokens of a logout: the ID token that a client sends as a hint, and the logout token that it receives.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use ratchet_domain::{
    claims::{LogoutEvents, LogoutTokenClaims},
    client::{Client, SigningAlgorithm},
    denial::Denial,
    error::Error,
    ids::{ClientId, UserId},
    logout::IdTokenHint,
    pipeline::Pipeline,
    session::Session,
    sid::Sid,
    time::{Lifetime, Timestamp},
};
use ratchet_jwt::{Audience, JwtError, Kind, Unverified};
use ratchet_keys::signer::JwtType;
use ratchet_system::random;
use serde::Deserialize;

use super::{
    App,
    token_keys::{client_secret, signing_key},
};

/// Lifetime of a logout token (`OpenID` Connect Back-Channel Logout section 2.4 recommends two minutes at most).
const LOGOUT_TOKEN_LIFETIME: Lifetime = Lifetime::from_secs(120);

#[derive(Deserialize)]
struct Claims {
    aud: ClientId,
    sub: UserId,
    sid: Option<Sid>,
}

impl App {
    /// Creates the logout token that notifies a client of the end of a session, signed like its ID tokens.
    pub async fn logout_token(
        &self,
        client: &Client,
        ended: &Session,
        now: Timestamp,
    ) -> Result<String, Error> {
        let algorithm = client.id_token_algorithm(Pipeline::Conformant, false);
        let secret = client_secret(client, algorithm, &*self.keyring().await)?;
        let key = signing_key(algorithm, secret.as_ref())?;
        let claims = LogoutTokenClaims {
            iss: self.issuer.as_str(),
            sub: ended.user_id.as_str(),
            aud: client.client_id.as_str(),
            iat: now.as_secs(),
            exp: now.plus(LOGOUT_TOKEN_LIFETIME).as_secs(),
            jti: URL_SAFE_NO_PAD.encode(random::<16>()),
            sid: ended.session_id.as_str(),
            events: LogoutEvents::default(),
        };
        Ok(self
            .signer()
            .await
            .sign(&self.key_service, key, JwtType::LogoutToken, &claims, now)
            .await?)
    }

    /// Verifies that we issued an ID token. It may have expired long ago, provided that the key that signed it is still
    /// published (`OpenID` Connect RP-Initiated Logout section 4). Its audience is one client; an access token is
    /// rejected, because its audience is an API and no client has that identifier.
    pub async fn verify_id_token_hint(&self, token: &str) -> Result<IdTokenHint, Error> {
        let hint = Unverified::parse(token, Kind::IdToken).map_err(refused)?;
        let issuer = Some(self.issuer.as_str());
        let claims: Claims = if hint.algorithm() == Algorithm::HS256 {
            let secret = self.hs256_secret(&hint).await?;
            hint.verify(&secret, Algorithm::HS256, issuer, Audience::One)
        } else {
            let signer = self.signer().await;
            let key = signer
                .published(self.clock.now())
                .find(|key| Some(key.kid.as_str()) == hint.key_id())
                .ok_or(Denial::IdTokenHint("its key is none of ours"))?;
            hint.verify(&key.decoding_key, key.jwa(), issuer, Audience::One)
        }
        .map_err(refused)?;
        let client_id = claims.aud;
        if self.client(&client_id).await?.is_none() {
            return Err(Denial::IdTokenHint("it is not an ID token").into());
        }
        Ok(IdTokenHint {
            client_id,
            user_id: claims.sub,
            session_id: claims.sid,
        })
    }

    /// The secret of the client that an HS256 ID token names as its audience.
    async fn hs256_secret(&self, token: &Unverified<'_>) -> Result<DecodingKey, Error> {
        let claimed: Claims = token
            .claimed()
            .map_err(|_| Denial::IdTokenHint("it is not an ID token"))?;
        let client = self.client(&claimed.aud).await?;
        let keyring = self.keyring().await;
        let secret = match &client {
            Some(client) => client_secret(client, SigningAlgorithm::HS256, &keyring)?,
            None => None,
        };
        let secret = secret.ok_or(Denial::IdTokenHint("we did not issue it"))?;
        Ok(DecodingKey::from_secret(secret.expose().as_bytes()))
    }
}

fn refused(unfit: JwtError) -> Denial {
    Denial::IdTokenHint(match unfit {
        JwtError::Malformed => "it is not a JWT",
        JwtError::Kind | JwtError::Critical | JwtError::Audience | JwtError::Claims => {
            "it is not an ID token"
        }
        JwtError::Signature | JwtError::Issuer => "we did not issue it",
    })
}
