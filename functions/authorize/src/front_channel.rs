//! Tokens straight from `/authorize`: the implicit and the hybrid flow (RFC 6749 section 4.2, `OpenID`
//! Connect Core sections 3.2 and 3.3). A refresh token only in the legacy pipeline, for a named device;
//! in the conformant one never, whatever the scope says.

use std::borrow::Cow;

use shared::{
    app::{EndsWith, FrontChannelTokens, NewFamily, TokensFor},
    domain::{
        authorization::AuthorizationRequest,
        claims::{LoginClaims, Subject},
        denial::Denial,
        family::Login,
        scope::{OFFLINE_ACCESS, Scope},
    },
};

use crate::issue::{Decided, Granted};
use crate::visit::Visit;

/// Makes the tokens that the response type names; `None` for a code alone.
pub(crate) async fn tokens(
    visit: &Visit<'_>,
    login: &Decided<'_>,
    code: Option<&str>,
    new: Option<&NewFamily>,
) -> Result<Option<FrontChannelTokens>, Denial> {
    let Granted {
        checked,
        parties,
        session,
        basis,
        ..
    } = &login.granted;
    if !checked.response_type.gives_tokens() {
        return Ok(None);
    }
    let scope = told_scope(checked);
    let auth_time = session.session.authenticated_at;
    let wanted = TokensFor {
        issuance: visit
            .app
            .issuance(
                &parties.client,
                Subject::User(&login.user),
                &scope,
                checked.pipeline,
                visit.at,
            )
            .with_effects(&login.effects)
            .via_browser(),
        api: parties.api.as_deref(),
        login: LoginClaims {
            nonce: checked.nonce.as_deref(),
            session_id: Some(&session.session.session_id),
            auth_time: checked.tells_auth_time().then_some(auth_time),
            ..LoginClaims::default()
        },
        ends_with: EndsWith::login(new.map(|new| new.family.id), Some(session.id), *basis),
    };
    visit
        .app
        .mint_at_authorize(wanted, checked.response_type, code)
        .await
        .map(Some)
}

/// The family of an implicit answer's refresh token, not written down yet. A code gets its own when it is
/// exchanged.
pub(crate) async fn new_family(
    visit: &Visit<'_>,
    login: &Decided<'_>,
) -> Result<Option<NewFamily>, Denial> {
    let Granted {
        checked,
        parties,
        session,
        ..
    } = &login.granted;
    if !gives_refresh_token(checked) {
        return Ok(None);
    }
    let begun = Login {
        user_id: session.session.user_id.clone(),
        client_id: checked.client_id.clone(),
        audience: None,
        scope: checked.scope.clone(),
        valid_from: session.user.valid_from.refresh_tokens,
        auth_time: session.session.authenticated_at,
        tells_auth_time: checked.tells_auth_time(),
        session_id: Some(session.id),
        device: checked.device.clone(),
    };
    let mut new = visit
        .app
        .new_family(begun, &parties.client, visit.at)
        .await?;
    login.effects.refresh_token.apply(&mut new.family);
    Ok(Some(new))
}

fn gives_refresh_token(checked: &AuthorizationRequest) -> bool {
    checked.pipeline.is_legacy()
        && checked.device.is_some()
        && checked.scope.contains(OFFLINE_ACCESS)
        && !checked.response_type.code
}

/// What the tokens of the answer are good for.
fn told_scope(checked: &AuthorizationRequest) -> Scope {
    if gives_refresh_token(checked) {
        checked.scope.clone()
    } else {
        checked.scope.without(OFFLINE_ACCESS)
    }
}

/// What the application is sent, in the order of the specifications. `scope` goes with an access token.
pub(crate) fn parameters<'a>(
    checked: &'a AuthorizationRequest,
    code: Option<&'a str>,
    tokens: Option<&'a FrontChannelTokens>,
    refresh_token: Option<&'a str>,
) -> Vec<(&'static str, Cow<'a, str>)> {
    let mut given = Vec::new();
    if let Some(code) = code {
        given.push(("code", code.into()));
    }
    let Some(tokens) = tokens else { return given };
    if let Some(access_token) = &tokens.access_token {
        let scope = told_scope(checked);
        given.push(("access_token", access_token.into()));
        given.push(("expires_in", tokens.expires_in.as_secs().to_string().into()));
        given.push(("token_type", "Bearer".into()));
        given.push(("scope", scope.to_string().into()));
    }
    if let Some(id_token) = &tokens.id_token {
        given.push(("id_token", id_token.into()));
    }
    if let Some(refresh_token) = refresh_token {
        given.push(("refresh_token", refresh_token.into()));
    }
    given
}
