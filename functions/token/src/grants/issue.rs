//! Issues the tokens of a login, for every grant type that presents one: creates a family if a refresh token is due,
//! signs, commits, enforces the limit of families, logs, answers.
//!
//! Signing comes before the commit, so that a failure in between does not use up what the client presented.

use ratchet_core::{App, EndsWith, Moment, NewFamily, Tokens, TokensFor};
use ratchet_domain::{
    claims::{Issuance, LoginClaims},
    consent::Basis,
    error::Error,
    family::{Family, Login},
    ids::SessionId,
    login_flow::RefreshTokenEnds,
    resource_server::ResourceServer,
    scope::OFFLINE_ACCESS,
};

use crate::response::TokenAnswer;

/// A login that has passed all checks: its client gets tokens.
pub(super) struct Issuable<'a> {
    /// User and scopes, after the scripts' changes.
    pub(super) issuance: Issuance<'a>,
    /// The API; `None` for `/userinfo` alone.
    pub(super) api: Option<&'a ResourceServer>,
    /// The ID token's claims about the login.
    pub(super) claims: LoginClaims<'a>,
    /// The login that a family starts with, if the scope has `offline_access`.
    pub(super) login: Login,
    /// Expiry times that scripts set for the family.
    pub(super) ends: RefreshTokenEnds,
    /// The session that an access token for `/userinfo` ends with; `None` if it ends with none.
    pub(super) session: Option<SessionId>,
    /// The consent that the tokens rest on.
    pub(super) basis: Basis,
}

/// The code or other credential that a client exchanges for tokens.
pub(super) trait Commit {
    /// Auth0's event of a successful exchange.
    const EVENT: &'static str;
    /// True if the event names the scopes.
    const LOGS_SCOPE: bool = false;

    /// Uses up what the client presented and stores the new family: both or neither.
    async fn commit(
        &self,
        app: &App,
        tokens: &Tokens,
        family: Option<&Family>,
        at: Moment,
    ) -> Result<(), Error>;
}

/// Issues the tokens of a login.
pub(super) async fn issue<C: Commit>(
    app: &App,
    issuable: Issuable<'_>,
    presented: &C,
    at: Moment,
) -> Result<TokenAnswer, Error> {
    let (client, scope) = (issuable.issuance.client, issuable.issuance.scope);
    let user_id = issuable.login.user_id.clone();
    let new = new_family(app, issuable.issuance, issuable.login, issuable.ends, at).await?;
    let family = new.as_ref().map(|new| &new.family);
    let family_id = family.map(|family| family.id);
    let tokens = app
        .mint(TokensFor {
            issuance: issuable.issuance,
            api: issuable.api,
            login: issuable.claims,
            ends_with: EndsWith::login(family_id, issuable.session, issuable.basis),
        })
        .await?;
    presented.commit(app, &tokens, family, at).await?;
    if let Some(family) = family {
        app.keep_to_limit(family, at).await;
    }
    tracing::info!(
        r#type = C::EVENT,
        client_id = %client.client_id,
        %user_id,
        family_id = family_id.map(|id| id.to_string()),
        scope = C::LOGS_SCOPE.then(|| tracing::field::display(scope)),
    );
    Ok(TokenAnswer {
        tokens,
        scope: scope.clone(),
        refresh_token: new.map(|new| new.refresh_token),
        quota: None,
    })
}

/// The family of the login's refresh token, not stored yet; `None` without `offline_access`.
async fn new_family(
    app: &App,
    issuance: Issuance<'_>,
    login: Login,
    ends: RefreshTokenEnds,
    at: Moment,
) -> Result<Option<NewFamily>, Error> {
    if !issuance.scope.contains(OFFLINE_ACCESS) {
        return Ok(None);
    }
    let mut new = app.new_family(login, issuance.client, at).await?;
    ends.apply(&mut new.family);
    Ok(Some(new))
}
