//! Creates the tokens of one response: an access token, and an ID token if one is due. Nothing is stored, and the
//! caller may still discard the tokens.

use std::sync::Arc;

use ratchet_domain::{
    claims::{Issuance, LoginClaims, Subject},
    client::{Client, SigningAlgorithm},
    denial::Denial,
    error::{Error, Failure},
    ids::Audience,
    login_flow::{CustomClaims, WithCustomClaims},
    pipeline::{ClaimSet, Pipeline},
    resource::open_to_users,
    resource_server::ResourceServer,
    response_type::ResponseType,
    scope::Scope,
    time::Lifetime,
};
use ratchet_keys::{sealing::Keyring, signer::JwtType};
use ratchet_system::random;
use serde_json::{Map, Value};

use super::{
    App, Moment,
    ends_with::EndsWith,
    token_hash::left_half_of_hash,
    token_keys::{api_secret, client_secret, signing_key},
    verification::OpaqueToken,
};

/// Maximum size of the custom claims in an access token for `/userinfo`, as bytes of JSON.
const MAX_USERINFO_CLAIMS: usize = 2 * 1024;

/// The tokens to create.
#[derive(Debug, Clone, Copy)]
pub struct TokensFor<'a> {
    /// Client, subject, scope and time.
    pub issuance: Issuance<'a>,
    /// The API; `None` for a token for `/userinfo` only.
    pub api: Option<&'a ResourceServer>,
    /// The claims of the ID token about the login.
    pub login: LoginClaims<'a>,
    /// Events that end an access token for `/userinfo`.
    pub ends_with: EndsWith,
}

/// The tokens of one response.
#[derive(Debug)]
pub struct Tokens {
    /// The access token: a JWT for an API, sealed text otherwise.
    pub access_token: String,
    /// Lifetime of the access token.
    pub expires_in: Lifetime,
    /// The ID token, if one is due.
    pub id_token: Option<String>,
}

/// The tokens that `/authorize` itself returns.
#[derive(Debug)]
pub struct FrontChannelTokens {
    /// The access token, if it was requested.
    pub access_token: Option<String>,
    /// Lifetime of the access token.
    pub expires_in: Lifetime,
    /// The ID token, if it was requested.
    pub id_token: Option<String>,
}

impl App {
    /// The API with this identifier; `None` for no audience, and an error for an unknown one.
    pub async fn api_for(
        &self,
        audience: Option<&Audience>,
    ) -> Result<Option<Arc<ResourceServer>>, Error> {
        let Some(audience) = audience else {
            return Ok(None);
        };
        let api = self.resource_server(audience).await?;
        let unknown = || Denial::UnknownAudience(audience.to_string());
        Ok(Some(api.ok_or_else(unknown)?))
    }

    /// The issuance of tokens before scripts change it: at the token endpoint, and for a grant that Auth0 does not name
    /// in `gty`.
    pub fn issuance<'a>(
        &'a self,
        client: &'a Client,
        subject: Subject<'a>,
        scope: &'a Scope,
        pipeline: Pipeline,
        at: Moment,
    ) -> Issuance<'a> {
        let issuer = self.issuer.as_str();
        Issuance::new(issuer, client, subject, scope, pipeline, at.request, at.now)
    }

    /// Creates the tokens; the two signatures are computed concurrently.
    pub async fn mint(&self, wanted: TokensFor<'_>) -> Result<Tokens, Error> {
        let keyring = self.keyring().await;
        let Issuance {
            client, pipeline, ..
        } = wanted.issuance;
        let algorithm = client.id_token_algorithm(pipeline, false);
        let set = self.claim_set(pipeline).await?.beside_an_access_token();
        let (access_token, id_token) = futures_util::future::try_join(
            self.access_token(&wanted, &keyring),
            self.id_token(&wanted, set, algorithm, &keyring),
        )
        .await?;
        Ok(Tokens {
            access_token,
            expires_in: wanted.issuance.token_lifetime(wanted.api),
            id_token,
        })
    }

    /// Creates the tokens of a response of `/authorize`, as the response type requires. The ID token is bound to the
    /// access token and the code beside it (`OpenID` Connect Core sections 3.2.2.10 and 3.3.2.11).
    pub async fn mint_at_authorize(
        &self,
        wanted: TokensFor<'_>,
        response_type: ResponseType,
        code: Option<&str>,
    ) -> Result<FrontChannelTokens, Error> {
        let keyring = self.keyring().await;
        let access_token = if response_type.token {
            Some(self.access_token(&wanted, &keyring).await?)
        } else {
            None
        };
        let id_token = if response_type.id_token {
            // `at_hash` and `c_hash` have the same form for all of our algorithms.
            let access_token_hash = access_token.as_deref().map(left_half_of_hash);
            let code_hash = code.map(left_half_of_hash);
            let login = LoginClaims {
                access_token_hash: access_token_hash.as_deref(),
                code_hash: code_hash.as_deref(),
                ..wanted.login
            };
            self.id_token_at_authorize(&TokensFor { login, ..wanted }, response_type, &keyring)
                .await?
        } else {
            None
        };
        Ok(FrontChannelTokens {
            access_token,
            expires_in: wanted.issuance.token_lifetime(wanted.api),
            id_token,
        })
    }

    async fn id_token_at_authorize(
        &self,
        wanted: &TokensFor<'_>,
        response_type: ResponseType,
        keyring: &Keyring,
    ) -> Result<Option<String>, Error> {
        let Issuance {
            client, pipeline, ..
        } = wanted.issuance;
        let algorithm = client.id_token_algorithm(pipeline, !response_type.code);
        let set = self.claim_set(pipeline).await?;
        let set = if response_type.code || response_type.token {
            set.beside_an_access_token()
        } else {
            set
        };
        self.id_token(wanted, set, algorithm, keyring).await
    }

    /// Creates an ID token for the target of a delegation ([Auth0's delegation tokens]). The issuance's client is the
    /// target.
    ///
    /// [Auth0's delegation tokens]: https://auth0.com/docs/secure/tokens/delegation-tokens
    pub async fn mint_for_delegation(&self, wanted: TokensFor<'_>) -> Result<String, Error> {
        let keyring = self.keyring().await;
        let algorithm = wanted.issuance.client.delegation_algorithm();
        let set = self.claim_set(wanted.issuance.pipeline).await?;
        self.id_token(&wanted, set, algorithm, &keyring)
            .await?
            .ok_or_else(|| Failure::internal("a delegation without openid").into())
    }

    /// The claims about users in this pipeline.
    pub async fn claim_set(&self, pipeline: Pipeline) -> Result<ClaimSet, Error> {
        Ok(pipeline.claim_set(&*self.settings().await?))
    }

    async fn access_token(
        &self,
        wanted: &TokensFor<'_>,
        keyring: &Keyring,
    ) -> Result<String, Error> {
        let Some(api) = wanted.api else {
            return opaque_token(wanted, keyring);
        };
        let Issuance { client, scope, .. } = wanted.issuance;
        if matches!(wanted.issuance.subject, Subject::User(_)) {
            // The check is here so that no grant can omit it.
            open_to_users(client, api, scope)?;
        }
        let claims = WithCustomClaims {
            claims: wanted.issuance.access_token(api),
            custom: wanted
                .issuance
                .custom_claims
                .map(|custom| &custom.access_token),
        };
        let typ = if api.token_dialect.is_rfc9068() {
            JwtType::AccessToken
        } else {
            JwtType::Jwt
        };
        let secret = api_secret(api, keyring)?;
        let key = signing_key(api.signing_alg, secret.as_ref())?;
        Ok(self
            .signer()
            .await
            .sign(&self.key_service, key, typ, &claims, wanted.issuance.now)
            .await?)
    }

    async fn id_token(
        &self,
        wanted: &TokensFor<'_>,
        set: ClaimSet,
        algorithm: SigningAlgorithm,
        keyring: &Keyring,
    ) -> Result<Option<String>, Error> {
        let Some(claims) = wanted.issuance.id_token(wanted.login, set) else {
            return Ok(None);
        };
        let claims = WithCustomClaims {
            claims,
            custom: wanted.issuance.custom_claims.map(|custom| &custom.id_token),
        };
        let client = wanted.issuance.client;
        let secret = client_secret(client, algorithm, keyring)?;
        let key = signing_key(algorithm, secret.as_ref())?;
        Ok(Some(
            self.signer()
                .await
                .sign(
                    &self.key_service,
                    key,
                    JwtType::Jwt,
                    &claims,
                    wanted.issuance.now,
                )
                .await?,
        ))
    }
}

fn opaque_token(wanted: &TokensFor<'_>, keyring: &Keyring) -> Result<String, Error> {
    let issuance = wanted.issuance;
    let Issuance {
        subject,
        client,
        scope,
        now,
        ..
    } = issuance;
    let Subject::User(user) = subject else {
        return Err(Denial::NoAudience.into());
    };
    let token = OpaqueToken {
        user_id: user.user_id.clone(),
        client_id: client.client_id.clone(),
        scope: Scope::clone(scope),
        expires_at: now.plus(issuance.token_lifetime(None)),
        pipeline: issuance.pipeline,
        claims: claims_for_userinfo(issuance.custom_claims),
        issued_in: user.valid_from.now(),
        ends_with: wanted.ends_with,
    };
    Ok(keyring.seal_value(keyring.active(now), random(), &token)?)
}

/// The custom claims of an opaque token, which a header must be able to carry: larger ones are in the ID token only.
fn claims_for_userinfo(custom: Option<&CustomClaims>) -> Map<String, Value> {
    let claims = custom.map(|custom| custom.id_token.clone());
    claims
        .filter(|claims| {
            serde_json::to_vec(claims).is_ok_and(|text| text.len() <= MAX_USERINFO_CLAIMS)
        })
        .unwrap_or_default()
}
