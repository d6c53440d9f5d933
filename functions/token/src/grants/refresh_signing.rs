//! What a refresh is answered with: for which API, with which scopes, signed. The decision is
//! [`Wish::choose`]; nothing is written here.

use std::sync::Arc;

use shared::{
    app::{App, EndsWith, Moment, Tokens, TokensFor},
    domain::{
        claims::{LoginClaims, Subject},
        client::Client,
        denial::Denial,
        family::Family,
        ids::Audience,
        login_flow::Effects,
        pipeline::Pipeline,
        resource::{self, PolicyUsed, Wish},
        resource_server::ResourceServer,
        scope::{OPENID, Scope},
        throttle::Quota,
        user::User,
    },
    http::params::Params,
    telemetry::event,
};

use crate::response::TokenAnswer;

/// What was signed, and for which API.
pub(super) struct Signed {
    tokens: Tokens,
    audience: Option<Audience>,
    scope: Scope,
    policy: PolicyUsed,
}

impl Signed {
    /// As an answer.
    pub(super) fn with(self, refresh_token: Option<String>, quota: Option<Quota>) -> TokenAnswer {
        TokenAnswer {
            tokens: self.tokens,
            scope: self.scope,
            refresh_token,
            quota,
        }
    }
}

/// What an answer is for, before scripts have their say.
pub(super) struct Plan {
    api: Option<Arc<ResourceServer>>,
    pub(super) audience: Option<Audience>,
    pub(super) scope: Scope,
    policy: PolicyUsed,
}

/// Looks up whatever API the wish comes to, and what may be had there.
pub(super) async fn plan(
    app: &App,
    client: &Client,
    family: &Family,
    user: &User,
    wish: &Wish,
) -> Result<Plan, Denial> {
    let own = app.api_for(family.audience.as_ref()).await?;
    let elsewhere = app.api_for(wish.elsewhere(family)).await?;
    let choice = wish.choose(client, family, own.as_deref(), elsewhere.as_deref());
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

/// Makes the tokens of an answer.
pub(super) async fn sign(
    app: &App,
    client: &Client,
    family: &Family,
    user: &User,
    plan: Plan,
    effects: &Effects,
    at: Moment,
) -> Result<Signed, Denial> {
    let granted = (plan.audience == family.audience).then_some(&family.scope);
    let scope = effects.refreshed(&plan.scope, granted);
    let user = effects.user(user);
    // What a legacy token is good for beside `/userinfo` is had at `/delegation`: no ID token here.
    let signed_scope = match family.pipeline() {
        Pipeline::Conformant => scope.clone(),
        Pipeline::Legacy => scope.without(OPENID),
    };
    let issuance = app
        .issuance(
            client,
            Subject::User(&user),
            &signed_scope,
            family.pipeline(),
            at,
        )
        .under("refresh_token")
        .with_effects(effects);
    let login = LoginClaims {
        auth_time: family.tells_auth_time.then_some(family.auth_time),
        ..LoginClaims::default()
    };
    let tokens = app
        .mint(TokensFor {
            issuance,
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

/// Reads what the client asks for. `<issuer>userinfo` names no API: every token that may go there is good for it anyway.
pub(super) async fn wish(app: &App, params: &Params) -> Result<Wish, Denial> {
    let named = app.named_audience(params).await?;
    let audience = named
        .filter(|name| *name != app.issuer.join("userinfo"))
        .map(|name| Audience::parse(name).map_err(|_| Denial::UnknownAudience(name.to_owned())))
        .transpose()?;
    Ok(Wish {
        scope: params.scope()?.map(|text| Scope::parse(&text)),
        audience,
    })
}

/// Auth0's event of a good exchange, with what was asked and what it rests on.
pub(super) fn log_exchange(family: &Family, wish: &Wish, signed: &Signed, outcome: &'static str) {
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
        requested_audience = text(&wish.audience),
        requested_scope = wish.scope.as_ref().map(ToString::to_string),
        outcome,
    );
}
