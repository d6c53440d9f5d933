//! Tokens issued directly by `/authorize`: the implicit and the hybrid flow (RFC 6749 section 4.2, `OpenID` Connect
//! Core sections 3.2 and 3.3). They include a refresh token only in the legacy pipeline, for a named device; in the
//! conformant one never, even with `offline_access` in the scope.

use ratchet_core::{EndsWith, FrontChannelTokens, NewFamily, TokensFor};
use ratchet_domain::{
    authorization::AuthorizationRequest,
    claims::{LoginClaims, Subject},
    error::Error,
    family::Login,
    scope::{OFFLINE_ACCESS, Scope},
};

use super::approved::{Approved, Issuable};
use crate::visit::Visit;

/// Signs the tokens that the response type names; `None` for a code alone.
pub(crate) async fn tokens(
    visit: &Visit<'_>,
    login: &Issuable,
    code: Option<&str>,
    new: Option<&NewFamily>,
) -> Result<Option<FrontChannelTokens>, Error> {
    let Approved {
        asked,
        both,
        session,
        basis,
        ..
    } = &login.approved;
    if !asked.response_type.gives_tokens() {
        return Ok(None);
    }
    let scope = scope_of_tokens(asked);
    let auth_time = session.stored.authenticated_at;
    let wanted = TokensFor {
        issuance: visit
            .app
            .issuance(
                &both.client,
                Subject::User(&login.user),
                &scope,
                asked.pipeline,
                visit.at,
            )
            .with_effects(&login.effects)
            .via_browser(),
        api: both.api.as_deref(),
        login: LoginClaims {
            nonce: asked.nonce.as_deref(),
            session_id: Some(session.sid()),
            auth_time: asked.tells_auth_time().then_some(auth_time),
            ..LoginClaims::default()
        },
        ends_with: EndsWith::login(new.map(|new| new.family.id), Some(session.id), *basis),
    };
    visit
        .app
        .mint_at_authorize(wanted, asked.response_type, code)
        .await
        .map(Some)
}

/// The family of an implicit answer's refresh token, not stored yet. The family of a code is created at its exchange.
pub(crate) async fn new_family(
    visit: &Visit<'_>,
    login: &Issuable,
) -> Result<Option<NewFamily>, Error> {
    let Approved {
        asked,
        both,
        session,
        ..
    } = &login.approved;
    if !gives_refresh_token(asked) {
        return Ok(None);
    }
    let begun = Login {
        user_id: session.user_id().clone(),
        client_id: asked.client_id.clone(),
        audience: None,
        scope: asked.scope.clone(),
        valid_from: session.user.valid_from.refresh_tokens,
        auth_time: session.stored.authenticated_at,
        tells_auth_time: asked.tells_auth_time(),
        session_id: Some(session.id),
        device: asked.device.clone(),
    };
    let mut new = visit.app.new_family(begun, &both.client, visit.at).await?;
    login.effects.refresh_token.apply(&mut new.family);
    Ok(Some(new))
}

fn gives_refresh_token(asked: &AuthorizationRequest) -> bool {
    asked.pipeline.is_legacy()
        && asked.device.is_some()
        && asked.scope.contains(OFFLINE_ACCESS)
        && !asked.response_type.code
}

/// The scopes of the tokens in the answer.
fn scope_of_tokens(asked: &AuthorizationRequest) -> Scope {
    if gives_refresh_token(asked) {
        asked.scope.clone()
    } else {
        asked.scope.without(OFFLINE_ACCESS)
    }
}

/// The parameters for the client, in the order of the specifications. `scope` accompanies an access token.
pub(crate) fn parameters(
    asked: &AuthorizationRequest,
    code: Option<String>,
    tokens: Option<FrontChannelTokens>,
    refresh_token: Option<String>,
) -> Vec<(&'static str, String)> {
    let mut given: Vec<_> = code.map(|code| ("code", code)).into_iter().collect();
    let Some(tokens) = tokens else { return given };
    if let Some(access_token) = tokens.access_token {
        given.push(("access_token", access_token));
        given.push(("expires_in", tokens.expires_in.as_secs().to_string()));
        given.push(("token_type", "Bearer".to_owned()));
        given.push(("scope", scope_of_tokens(asked).to_string()));
    }
    given.extend(tokens.id_token.map(|id_token| ("id_token", id_token)));
    given.extend(refresh_token.map(|token| ("refresh_token", token)));
    given
}
