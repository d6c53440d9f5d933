//! The ID token of a delegation, with the effects of the tenant's scripts.

use ratchet_core::{App, EndsWith, ScriptedLogin, TokensFor};
use ratchet_domain::{
    claims::{Chain, LoginClaims, Subject},
    error::Error,
    login_flow::Effects,
    pipeline::Pipeline,
    scope::{OFFLINE_ACCESS, OPENID, Scope},
    user::User,
};
use ratchet_scripts::objects::Protocol;

use super::Delegation;

impl Delegation<'_> {
    /// Scopes whose claims the ID token contains: the requested ones, otherwise those of the presented token. They
    /// restrict nothing: in the legacy pipeline `/userinfo` returns all claims for any scope.
    fn scope(&self, shown: &Scope) -> Scope {
        of_id_token(self.scope.as_ref().unwrap_or(shown))
    }

    /// Runs the scripts. They see no refresh token, because none is exchanged.
    pub(super) async fn run_scripts(
        &self,
        app: &App,
        user: &User,
        shown: &Scope,
    ) -> Result<Effects, Error> {
        let (scope, protocol) = (self.scope(shown), Protocol::Delegation);
        let login = ScriptedLogin::without_browser(
            protocol,
            user,
            &self.caller,
            &scope,
            self.request,
            self.at,
        );
        app.login_effects(login).await
    }

    pub(super) async fn sign(
        &self,
        app: &App,
        user: &User,
        shown: &Scope,
        effects: &Effects,
        chain: Option<Chain>,
    ) -> Result<String, Error> {
        let scope = of_id_token(&effects.granted(&self.scope(shown)));
        let user = effects.user(user);
        let caller = &self.caller.client_id;
        let issuance = app
            .issuance(
                &self.target,
                Subject::User(&user),
                &scope,
                Pipeline::Legacy,
                self.at,
            )
            .with_effects(effects);
        let login = LoginClaims {
            chain,
            authorized_party: (self.target.client_id != *caller).then_some(caller.as_str()),
            ..LoginClaims::default()
        };
        app.mint_for_delegation(TokensFor {
            issuance,
            api: None,
            login,
            ends_with: EndsWith::default(),
        })
        .await
    }
}

/// The scope with `openid`, because the answer is an ID token only, and without `offline_access`.
fn of_id_token(scope: &Scope) -> Scope {
    let openid: Scope = [OPENID].into_iter().collect();
    openid.union(&scope.without(OFFLINE_ACCESS))
}
