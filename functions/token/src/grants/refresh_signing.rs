//! The API and scopes of a refresh, and its signed tokens. [`RequestedAccess::choose`] decides; nothing is stored here.

use std::sync::Arc;

use ratchet_core::{App, EndsWith, Tokens, TokensFor};
use ratchet_domain::{
    claims::{LoginClaims, Subject},
    denial::Denial,
    error::Error,
    family::Family,
    ids::Audience,
    login_flow::Effects,
    pipeline::Pipeline,
    resource::{self, PolicyUsed, RequestedAccess},
    resource_server::ResourceServer,
    scope::{OPENID, Scope},
    throttle::Quota,
    user::User,
};
use ratchet_telemetry::event;

use super::GrantRequest;
use crate::response::TokenAnswer;

/// A client's refresh request: the same for every attempt.
pub(super) struct RefreshRequest<'a> {
    pub(super) app: &'a App,
    pub(super) asked: GrantRequest<'a>,
    requested: RequestedAccess,
}

/// The signed tokens with their API and scopes.
pub(super) struct Signed {
    tokens: Tokens,
    audience: Option<Audience>,
    scope: Scope,
    policy: PolicyUsed,
}

impl Signed {
    /// The answer to the client.
    pub(super) fn into_answer(
        self,
        refresh_token: Option<String>,
        quota: Option<Quota>,
    ) -> TokenAnswer {
        TokenAnswer {
            tokens: self.tokens,
            scope: self.scope,
            refresh_token,
            quota,
        }
    }
}

/// API and scopes of an answer, before the scripts run.
pub(super) struct Plan {
    api: Option<Arc<ResourceServer>>,
    pub(super) audience: Option<Audience>,
    pub(super) scope: Scope,
    policy: PolicyUsed,
}

impl<'a> RefreshRequest<'a> {
    /// Reads the client's request. An audience `<issuer>userinfo` is ignored, because every token for `/userinfo` is
    /// valid there anyway.
    pub(super) async fn parse(app: &'a App, asked: GrantRequest<'a>) -> Result<Self, Error> {
        let named = app.named_audience(asked.params).await?;
        let audience = named
            .filter(|name| *name != app.issuer.join("userinfo"))
            .map(|name| Audience::parse(name).map_err(|_| Denial::UnknownAudience(name.to_owned())))
            .transpose()?;
        let requested = RequestedAccess {
            scope: asked.params.scope()?.map(|text| Scope::parse(&text)),
            audience,
        };
        Ok(Self {
            app,
            asked,
            requested,
        })
    }

    /// Looks up the API of the answer, and the scopes that the client and the user have there.
    pub(super) async fn plan(&self, family: &Family, user: &User) -> Result<Plan, Error> {
        let (app, client) = (self.app, self.asked.client);
        let own = app.api_for(family.audience.as_ref()).await?;
        let elsewhere = app.api_for(self.requested.elsewhere(family)).await?;
        let choice = self
            .requested
            .choose(client, family, own.as_deref(), elsewhere.as_deref());
        let api = if choice.audience == family.audience {
            own
        } else {
            elsewhere
        };
        let scope = resource::granted(client, api.as_deref(), user, &choice.scope)?;
        Ok(Plan {
            api,
            audience: choice.audience,
            scope,
            policy: choice.policy,
        })
    }

    /// Signs the tokens of the answer.
    pub(super) async fn sign(
        &self,
        family: &Family,
        user: &User,
        plan: Plan,
        effects: &Effects,
    ) -> Result<Signed, Error> {
        let GrantRequest { client, at, .. } = self.asked;
        let granted = (plan.audience == family.audience).then_some(&family.scope);
        let scope = effects.refreshed(&plan.scope, granted);
        let user = effects.user(user);
        let pipeline = family.pipeline();
        // No ID token in the legacy pipeline: clients get one at `/delegation`.
        let signed_scope = match pipeline {
            Pipeline::Conformant => scope.clone(),
            Pipeline::Legacy => scope.without(OPENID),
        };
        let subject = Subject::User(&user);
        let issuance = self
            .app
            .issuance(client, subject, &signed_scope, pipeline, at);
        let login = LoginClaims {
            auth_time: family.tells_auth_time.then_some(family.auth_time),
            ..LoginClaims::default()
        };
        let tokens = self
            .app
            .mint(TokensFor {
                issuance: issuance.under("refresh_token").with_effects(effects),
                api: plan.api.as_deref(),
                login,
                ends_with: EndsWith {
                    family: Some(family.id),
                    ..EndsWith::default()
                },
            })
            .await?;
        Ok(Signed {
            tokens,
            audience: plan.audience,
            scope,
            policy: plan.policy,
        })
    }

    /// Logs Auth0's event of a successful exchange, with the client's request and the policy that allowed it.
    pub(super) fn log_exchange(&self, family: &Family, signed: &Signed, outcome: &'static str) {
        let text = |audience: &Option<Audience>| audience.as_ref().map(ToString::to_string);
        tracing::info!(
            r#type = event::REFRESH_EXCHANGED,
            client_id = %family.client_id,
            user_id = %family.user_id,
            family_id = %family.id,
            token_counter = family.generation.number(),
            audience = text(&signed.audience),
            scope = %signed.scope,
            policy_used = signed.policy.as_str(),
            requested_audience = text(&self.requested.audience),
            requested_scope = self.requested.scope.as_ref().map(ToString::to_string),
            outcome,
        );
    }
}
