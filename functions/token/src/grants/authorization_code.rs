//! `grant_type=authorization_code` (RFC 6749 section 4.1.3, RFC 7636): exchanges a code for tokens, and with
//! `offline_access` for the first refresh token of a new family. One transaction uses up the code and creates the
//! family. A code that its own client presents again ends that family and revokes its access token at `/userinfo`
//! (RFC 6749 section 4.1.2).

use ratchet_core::{App, AuthenticatedClient, Moment, Tokens, issued_access_token};
use ratchet_domain::{
    authorization::still_grantable,
    claims::{LoginClaims, Subject},
    client::Client,
    code::{AuthorizationCode, CodeRefusal, Presented, Redeemed},
    denial::Denial,
    error::Error,
    family::{EndReason, Ended, Family, Login},
    family_key::FamilyKey,
    ids::{CodeId, SessionId, UserId},
    resource,
    resource_server::ResourceServer,
    scope::Scope,
    sealed::{Owned, Purpose},
    user::User,
};
use ratchet_protocol::params::Params;
use ratchet_store::{CodeExchange, CommitError, NotCommitted};
use ratchet_telemetry::event;

use super::issue::{Commit, Issuable, issue};
use crate::response::TokenAnswer;

pub(super) async fn redeem(
    app: &App,
    client: &AuthenticatedClient,
    params: &Params,
    at: Moment,
) -> Result<TokenAnswer, Error> {
    let text = params.required("code")?;
    let presented = Presented {
        client_id: &client.client_id,
        client_is_public: client.is_public(),
        redirect_uri: params.text("redirect_uri")?,
        verifier: params.text("code_verifier")?,
    };
    let opened = app
        .keyring()
        .await
        .open(Purpose::AuthorizationCode, "", text);
    let owned = opened.and_then(|opened| Owned::from_bytes(&opened.plaintext));
    let Owned { user_id, id } = owned.ok_or(Denial::Code("not sealed by us"))?;
    let id = CodeId::from_bytes(id);
    let code = app
        .store
        .load_code(&user_id, id)
        .await?
        .ok_or(Denial::Code("unknown"))?;
    if let Err(refusal) = code.redeem(presented, at.now) {
        return Err(refuse(app, client, &code, refusal, at).await?.into());
    }
    let (user, session) = login_of(app, client, &code).await?;
    exchange(app, client, id, &code, (&user, session), at).await
}

/// Loads the user and the session of the login, in one round trip. The code is valid only as long as both are.
async fn login_of(
    app: &App,
    client: &Client,
    code: &AuthorizationCode,
) -> Result<(User, SessionId), Error> {
    let refuse = |reason| {
        let refusal = Denial::Code(reason);
        log_refusal(client, &code.user_id, &refusal);
        refusal
    };
    let id = app.session_of(&code.session_id).await;
    let id = id.ok_or_else(|| refuse("its session is unknown"))?;
    let state = app.store.load_session_state(&code.user_id, id).await?;
    let user = state.user.ok_or_else(|| refuse("the user is gone"))?;
    user.active()?;
    if !user.valid_from.honours(code.issued_in) {
        let reason = "the user was logged out or all grants were deleted since it was issued";
        return Err(refuse(reason).into());
    }
    if state.session.is_none() {
        return Err(refuse("its session has ended").into());
    }
    Ok((user, id))
}

/// Signs, then commits: a failure in between leaves the code unused. The scripts ran at `/authorize`, and their
/// effects are stored in the code.
async fn exchange(
    app: &App,
    client: &Client,
    id: CodeId,
    code: &AuthorizationCode,
    (user, session): (&User, SessionId),
    at: Moment,
) -> Result<TokenAnswer, Error> {
    let audience = code.audience.as_ref();
    let api = app.api_for(audience).await?;
    let scope = scope(client, api.as_deref(), user, code)?;
    let user = code.effects.user(user);
    let issuable = Issuable {
        issuance: app
            .issuance(client, Subject::User(&user), &scope, code.pipeline, at)
            .with_effects(&code.effects),
        api: api.as_deref(),
        claims: LoginClaims {
            nonce: code.nonce.as_deref(),
            session_id: Some(&code.session_id),
            auth_time: code.tells_auth_time.then_some(code.auth_time),
            ..LoginClaims::default()
        },
        login: Login {
            tells_auth_time: code.tells_auth_time,
            session_id: Some(session),
            device: code.device.clone(),
            ..Login::new(&user, &client.client_id, audience, &scope, code.auth_time)
        },
        ends: code.effects.refresh_token,
        session: Some(session),
        basis: code.basis,
    };
    issue(app, issuable, &Code { id, code }, at).await
}

/// The code's scopes under the tenant's current configuration. Scopes that scripts chose are final, except for the
/// one that asks for a refresh token.
fn scope(
    client: &Client,
    api: Option<&ResourceServer>,
    user: &User,
    code: &AuthorizationCode,
) -> Result<Scope, Denial> {
    let granted = resource::granted(client, api, user, &code.scope)?;
    let scope = match &code.effects.scope {
        None => &granted,
        Some(_) => &code.scope,
    };
    let device = code.device.as_ref();
    Ok(still_grantable(client, api, code.pipeline, device, scope))
}

/// A code that is being exchanged.
struct Code<'a> {
    id: CodeId,
    code: &'a AuthorizationCode,
}

impl Commit for Code<'_> {
    const EVENT: &'static str = event::CODE_EXCHANGED;

    async fn commit(
        &self,
        app: &App,
        tokens: &Tokens,
        family: Option<&Family>,
        at: Moment,
    ) -> Result<(), Error> {
        let expires_at = at.now.plus(tokens.expires_in);
        let redeemed = Redeemed {
            at: at.now,
            by: at.request,
            family_id: family.map(|family| family.id),
            access_token: Some(issued_access_token(&tokens.access_token, expires_at)),
        };
        let exchange = CodeExchange {
            user_id: &self.code.user_id,
            code_id: self.id,
            redeemed: &redeemed,
            family,
            rests_on: &self.code.rests_on(),
        };
        let exchanged = app.store.exchange_code(exchange).await;
        let Err(NotCommitted { failure, found }) = exchanged else {
            return Ok(());
        };
        match (found.and_then(|code| code.into_parts().redeemed), failure) {
            (Some(first), _) => {
                revoke_tokens_of(app, self.code, &first, at).await?;
                Err(Denial::Code("used by another request at the same time").into())
            }
            (None, CommitError::Conflict) => Err(Denial::Code("it or its grant is gone").into()),
            (None, CommitError::Store(error)) => Err(error.into()),
        }
    }
}

/// The error for a rejected code. A code that its own client reuses first ends the tokens that it was exchanged for.
async fn refuse(
    app: &App,
    client: &Client,
    code: &AuthorizationCode,
    refusal: CodeRefusal,
    at: Moment,
) -> Result<Denial, Error> {
    let denial = match refusal {
        CodeRefusal::Reused(redeemed) => {
            revoke_tokens_of(app, code, &redeemed, at).await?;
            Denial::Code("used before")
        }
        CodeRefusal::Invalid => Denial::Code("expired, or for another client or redirect URI"),
        CodeRefusal::Verifier => Denial::CodeVerifier,
        CodeRefusal::Unproven => Denial::ClientAuthentication("a public client without PKCE"),
    };
    log_refusal(client, &code.user_id, &denial);
    Ok(denial)
}

fn log_refusal(client: &Client, user_id: &UserId, denial: &Denial) {
    tracing::warn!(
        r#type = event::CODE_REFUSED,
        client_id = %client.client_id,
        %user_id,
        reason = %denial,
    );
}

/// Ends the tokens that a code was exchanged for: the family, and the access token at `/userinfo`.
async fn revoke_tokens_of(
    app: &App,
    code: &AuthorizationCode,
    redeemed: &Redeemed,
    at: Moment,
) -> Result<(), Error> {
    if let Some(family) = redeemed.family_id {
        let ended = Ended {
            at: at.now,
            reason: EndReason::CodeReused,
        };
        let family = FamilyKey::named(code.user_id.clone(), code.client_id.clone(), family);
        app.store.end_family(&family, &ended).await?;
    }
    if let Some(token) = &redeemed.access_token {
        app.store
            .put_revoked_access_token(&code.user_id, token)
            .await?;
    }
    Ok(())
}
