//! Access tokens that clients present at `/userinfo` and at the Management API.

use ratchet_domain::{
    denial::Denial,
    ids::{AccessTokenDigest, ClientId, UserId},
    pipeline::Pipeline,
    scope::{OPENID, Scope},
    sealed::{Purpose, Sealed},
    time::{NumericDate, Timestamp},
    valid_from::IssuedIn,
};
use ratchet_jwt::{Audience, Kind, Unverified};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{App, ends_with::EndsWith, token_hash::digest_of};

/// The sealed content of an access token for `/userinfo` only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpaqueToken {
    /// `sub`: the user whose claims `/userinfo` returns.
    pub user_id: UserId,
    /// The client that it was issued to.
    pub client_id: ClientId,
    /// The granted scopes, which decide what `/userinfo` returns.
    pub scope: Scope,
    /// Time of its expiry.
    pub expires_at: Timestamp,
    /// The pipeline of the request that it was issued for.
    #[serde(default)]
    pub pipeline: Pipeline,
    /// The claims that scripts added to the ID token, which `/userinfo` returns.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
    /// The epochs that it was issued in.
    #[serde(flatten)]
    pub issued_in: IssuedIn,
    /// Other events that end it.
    #[serde(flatten)]
    pub ends_with: EndsWith,
}

impl Sealed for OpaqueToken {
    const PURPOSE: Purpose = Purpose::AccessToken;
}

/// A valid access token for the Management API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagementToken {
    /// Its subject: `<client id>@clients`.
    pub subject: String,
    scope: Scope,
}

impl ManagementToken {
    /// Rejects a token without this scope.
    pub fn require(&self, scope: &'static str) -> Result<(), Denial> {
        if self.scope.contains(scope) {
            Ok(())
        } else {
            Err(Denial::MissingScope(scope))
        }
    }
}

/// A valid access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// `sub`: the user whose claims `/userinfo` returns.
    pub user_id: UserId,
    /// The granted scopes, which decide what `/userinfo` returns.
    pub scope: Scope,
    /// The pipeline of the request that it was issued for.
    pub pipeline: Pipeline,
    /// The claims that scripts added to the ID token.
    pub claims: Map<String, Value>,
    /// Its key in the table if it was revoked.
    pub digest: AccessTokenDigest,
    /// The time or the epochs of its issue.
    pub begun: Begun,
}

/// The evidence in an access token of its time of issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// A JWT contains only its time of issue (`iat`).
    At(Timestamp),
    /// An opaque token contains everything that it rests on.
    In {
        /// The epochs that it was issued in.
        epochs: IssuedIn,
        /// The client that it and its family were issued to.
        client_id: ClientId,
        /// Other events that end it.
        ends_with: EndsWith,
    },
}

#[derive(Deserialize)]
struct Claims {
    sub: UserId,
    exp: NumericDate,
    iat: NumericDate,
    #[serde(default)]
    scope: Scope,
}

impl App {
    /// Verifies an access token that a client presents at `/userinfo`, without I/O.
    pub async fn verify_access_token(&self, token: &str) -> Result<AccessToken, Denial> {
        let now = self.clock.now();
        let verified = if token.starts_with(Purpose::AccessToken.prefix()) {
            self.open_access_token(token, now).await?
        } else {
            let claims = self
                .decode(token, &self.issuer.join("userinfo"), now)
                .await?;
            AccessToken {
                user_id: claims.sub,
                scope: claims.scope,
                pipeline: Pipeline::Conformant,
                claims: Map::new(),
                digest: digest_of(token),
                begun: Begun::At(claims.iat.timestamp()),
            }
        };
        // The legacy pipeline uses these tokens for `/userinfo` only.
        if verified.pipeline.is_legacy() || verified.scope.contains(OPENID) {
            Ok(verified)
        } else {
            Err(Denial::InsufficientScope)
        }
    }

    /// Verifies an access token that a client presents at the Management API, without I/O.
    pub async fn verify_management_token(&self, token: &str) -> Result<ManagementToken, Denial> {
        let audience = self.management_audience();
        let claims = self.decode(token, &audience, self.clock.now()).await?;
        Ok(ManagementToken {
            subject: claims.sub.to_string(),
            scope: claims.scope,
        })
    }

    /// The identifier of the Management API.
    pub fn management_audience(&self) -> String {
        self.issuer.join("api/v2/")
    }

    async fn open_access_token(&self, text: &str, now: Timestamp) -> Result<AccessToken, Denial> {
        let token: Option<OpaqueToken> = self.open(text).await;
        let token = token.ok_or(Denial::AccessToken("Invalid access token"))?;
        if token.expires_at <= now {
            return Err(Denial::AccessToken("The token has expired"));
        }
        Ok(AccessToken {
            user_id: token.user_id,
            scope: token.scope,
            pipeline: token.pipeline,
            claims: token.claims,
            digest: digest_of(text),
            begun: Begun::In {
                epochs: token.issued_in,
                client_id: token.client_id,
                ends_with: token.ends_with,
            },
        })
    }

    async fn decode(&self, token: &str, audience: &str, now: Timestamp) -> Result<Claims, Denial> {
        let invalid = || Denial::AccessToken("Invalid access token");
        let token = Unverified::parse(token, Kind::AccessToken).map_err(|_| invalid())?;
        let signer = self.signer().await;
        let key = signer
            .published(now)
            .find(|key| Some(key.kid.as_str()) == token.key_id())
            .ok_or_else(invalid)?;
        let (issuer, audience) = (self.issuer.as_str(), Audience::Among(audience));
        let claims: Claims = token
            .verify(&key.decoding_key, key.jwa(), Some(issuer), audience)
            .map_err(|_| invalid())?;
        if claims.exp.timestamp() <= now {
            return Err(Denial::AccessToken("The token has expired"));
        }
        Ok(claims)
    }
}
