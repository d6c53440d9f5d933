//! Tokens straight from `/authorize`: the implicit and the hybrid flow (RFC 6749 section 4.2, `OpenID`
//! Connect Core sections 3.2 and 3.3). Never a refresh token, whatever the scope says.

use std::borrow::Cow;

use shared::{
    app::{App, FrontChannelTokens, Moment, TokensFor},
    domain::{
        authorization::AuthorizationRequest,
        claims::{Issuance, LoginClaims, Subject},
        denial::Denial,
        scope::OFFLINE_ACCESS,
        user::User,
    },
};

use crate::resume::Granted;

/// Makes the tokens that the response type names; `None` for a code alone.
pub(crate) async fn tokens(
    app: &App,
    granted: &Granted<'_>,
    user: &User,
    code: Option<&str>,
    at: Moment,
) -> Result<Option<FrontChannelTokens>, Denial> {
    let Granted {
        checked,
        parties,
        session,
        ..
    } = granted;
    if !checked.response_type.gives_tokens() {
        return Ok(None);
    }
    let scope = checked.scope.clone().without(OFFLINE_ACCESS);
    let session_id = session.id.to_string();
    let auth_time = session.session.authenticated_at;
    let wanted = TokensFor {
        issuance: Issuance {
            issuer: app.issuer.as_str(),
            client: &parties.client,
            subject: Subject::User(user),
            scope: &scope,
            request: at.request,
            gty: None,
            via_browser: true,
            now: at.now,
        },
        api: parties.api.as_deref(),
        login: LoginClaims {
            nonce: checked.nonce.as_deref(),
            session_id: Some(&session_id),
            auth_time: checked.tells_auth_time().then_some(auth_time),
            ..LoginClaims::default()
        },
    };
    app.mint_at_authorize(wanted, checked.response_type, code)
        .await
        .map(Some)
}

/// What the application is sent, in the order of the specifications. `scope` goes with an access token.
pub(crate) fn parameters<'a>(
    checked: &'a AuthorizationRequest,
    code: Option<&'a str>,
    tokens: Option<&'a FrontChannelTokens>,
) -> Vec<(&'static str, Cow<'a, str>)> {
    let mut given = Vec::new();
    if let Some(code) = code {
        given.push(("code", code.into()));
    }
    let Some(tokens) = tokens else { return given };
    if let Some(access_token) = &tokens.access_token {
        let scope = checked.scope.clone().without(OFFLINE_ACCESS);
        given.push(("access_token", access_token.into()));
        given.push(("expires_in", tokens.expires_in.as_secs().to_string().into()));
        given.push(("token_type", "Bearer".into()));
        given.push(("scope", scope.to_string().into()));
    }
    if let Some(id_token) = &tokens.id_token {
        given.push(("id_token", id_token.into()));
    }
    given
}
