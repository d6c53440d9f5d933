//! `grant_type=refresh_token` (RFC 6749 section 6, [Auth0's rotation]): the path that the product
//! exists for. Open, load, decide, sign, commit, answer, in this order. The decision is
//! [`Family::redeem`]; here is only what carries it out.
//!
//! Signing comes before the commit: whatever fails until then leaves the family as it was, and the
//! client's token still works. A commit that lost a race is decided again on what is there now.
//!
//! [Auth0's rotation]: https://auth0.com/docs/secure/tokens/refresh-tokens/refresh-token-rotation

use shared::{
    adapters::dynamo::CommitError,
    app::{App, AuthenticatedClient, Moment, Tokens, TokensFor, seal_refresh_token},
    domain::{
        claims::{Issuance, LoginClaims, Subject},
        client::Client,
        denial::Denial,
        family::{EndReason, Ended, Exchange, Family, Redemption, Refusal},
        ids::Audience,
        resource::{self, PolicyUsed, Wish},
        scope::Scope,
        sealed::{Purpose, RefreshToken},
        user::User,
    },
    http::params::Params,
    sealing::Keyring,
    telemetry::event,
};

use crate::response::TokenAnswer;

/// How often a decision is made before the client is asked to come back: lost races are rare, and
/// the second decision sees who won.
const ATTEMPTS: usize = 3;

pub(super) async fn redeem(
    app: &App,
    client: &AuthenticatedClient,
    params: &Params,
    at: Moment,
) -> Result<TokenAnswer, Denial> {
    let text = params.required("refresh_token")?;
    let wish = wish(app, params).await?;
    let keyring = app.keyring().await;
    let token = keyring
        .open(Purpose::RefreshToken, client.client_id.as_str(), text)
        .and_then(|opened| RefreshToken::from_bytes(&opened.plaintext))
        .ok_or(Denial::RefreshToken("not sealed by us for this client"))?;
    for _ in 0..ATTEMPTS {
        match attempt(app, client, &keyring, &token, &wish, at).await {
            Err(Failure::Conflict) => {}
            Err(Failure::Denied(denial)) => {
                log_refusal(client, &token, &denial);
                return Err(denial);
            }
            Ok(answer) => return Ok(answer),
        }
    }
    Err(Denial::Unavailable("the family kept changing".to_owned()))
}

/// Why an attempt gave no answer.
enum Failure {
    /// The family changed since it was read.
    Conflict,
    Denied(Denial),
}

impl<E: Into<Denial>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Denied(error.into())
    }
}

async fn attempt(
    app: &App,
    client: &Client,
    keyring: &Keyring,
    token: &RefreshToken,
    wish: &Wish,
    at: Moment,
) -> Result<TokenAnswer, Failure> {
    let state = app
        .store
        .load_refresh_state(&token.user_id, token.family_id)
        .await?;
    let family = state.family.ok_or(Denial::RefreshToken("unknown family"))?;
    let active_key = keyring.active(at.now);
    let exchange = Exchange {
        request: at.request,
        active_key,
        now: at.now,
    };
    match family.redeem(token.generation, &client.refresh_token, exchange) {
        Redemption::Refuse(Refusal::Ended(reason)) => {
            Err(Denial::RefreshToken(reason.as_str()).into())
        }
        Redemption::Refuse(Refusal::Expired) => Err(Denial::RefreshToken("expired").into()),
        Redemption::Reuse(ended) => Err(end(app, &family, &ended).await?.into()),
        Redemption::Replay => {
            let user = good(state.user)?;
            let signed = sign(app, client, &family, &user, wish, at).await?;
            let refresh_token = Some(seal_refresh_token(keyring, &family)?);
            log_exchange(&family, wish, &signed, "leeway");
            Ok(signed.with(refresh_token))
        }
        Redemption::Exchange { next, reveal } => {
            let user = good(state.user)?;
            let signed = sign(app, client, &next, &user, wish, at).await?;
            let refresh_token = if reveal {
                Some(seal_refresh_token(keyring, &next)?)
            } else {
                None
            };
            commit(app, &family, &next, at).await?;
            log_exchange(&next, wish, &signed, "exchange");
            Ok(signed.with(refresh_token))
        }
    }
}

/// Makes the exchange real. With an unknown outcome the family itself says whose rotation it holds.
async fn commit(app: &App, family: &Family, next: &Family, at: Moment) -> Result<(), Failure> {
    if next == family {
        return Ok(());
    }
    match app.store.commit_family(family, next, at.request).await {
        Ok(()) => {}
        Err(CommitError::Conflict) => return Err(Failure::Conflict),
        Err(CommitError::Store(error)) => {
            let now_there = app.store.load_family(&family.user_id, family.id).await?;
            if !now_there.is_some_and(|there| there.was_rotated_by(at.request)) {
                return Err(error.into());
            }
        }
    }
    if next.rotation != family.rotation {
        end_siblings(app, family, at).await?;
    }
    Ok(())
}

/// A change of rotation type lets one family through and ends the others of the old type
/// ([Auth0's rule](https://auth0.com/docs/secure/tokens/refresh-tokens/configure-refresh-token-rotation)).
async fn end_siblings(app: &App, family: &Family, at: Moment) -> Result<(), Denial> {
    let ended = Ended {
        at: at.now,
        reason: EndReason::RotationChanged,
    };
    for sibling in app.store.load_families(&family.user_id).await? {
        if sibling.id != family.id
            && sibling.client_id == family.client_id
            && sibling.audience == family.audience
            && sibling.rotation == family.rotation
            && sibling.is_live(at.now)
        {
            app.store
                .end_family(&sibling.user_id, sibling.id, &ended)
                .await?;
        }
    }
    Ok(())
}

/// A copy is in the wrong hands: the family ends, and with it what the user agreed to, before
/// anybody hears of it.
async fn end(app: &App, family: &Family, ended: &Ended) -> Result<Denial, Denial> {
    let Family {
        user_id,
        client_id,
        audience,
        ..
    } = family;
    app.store.end_family(user_id, family.id, ended).await?;
    app.store
        .delete_grant(user_id, client_id, audience.as_ref())
        .await?;
    Ok(Denial::RefreshTokenReused)
}

fn good(user: Option<User>) -> Result<User, Denial> {
    match user {
        None => Err(Denial::UserGone),
        Some(user) if user.blocked => Err(Denial::UserBlocked),
        Some(user) => Ok(user),
    }
}

/// What was signed, and for which API.
struct Signed {
    tokens: Tokens,
    audience: Option<Audience>,
    scope: Scope,
    policy: PolicyUsed,
}

impl Signed {
    fn with(self, refresh_token: Option<String>) -> TokenAnswer {
        TokenAnswer {
            tokens: self.tokens,
            scope: self.scope,
            refresh_token,
        }
    }
}

async fn sign(
    app: &App,
    client: &Client,
    family: &Family,
    user: &User,
    wish: &Wish,
    at: Moment,
) -> Result<Signed, Denial> {
    let own = app.api_for(family.audience.as_ref()).await?;
    let elsewhere = app.api_for(wish.elsewhere(family)).await?;
    let choice = wish.choose(client, family, own.as_deref(), elsewhere.as_deref());
    let api = if choice.audience == family.audience {
        own
    } else {
        elsewhere
    };
    let scope = resource::granted(client, api.as_deref(), user, &choice.scope)?;
    let issuance = Issuance {
        issuer: app.issuer.as_str(),
        client,
        subject: Subject::User(user),
        scope: &scope,
        request: at.request,
        gty: Some("refresh_token"),
        via_browser: false,
        now: at.now,
    };
    let login = LoginClaims {
        auth_time: Some(family.auth_time),
        ..LoginClaims::default()
    };
    let tokens = app
        .mint(TokensFor {
            issuance,
            api: api.as_deref(),
            login,
        })
        .await?;
    Ok(Signed {
        tokens,
        audience: choice.audience,
        scope,
        policy: choice.policy,
    })
}

/// `<issuer>userinfo` names no API: every token that may go there is good for it anyway.
async fn wish(app: &App, params: &Params) -> Result<Wish, Denial> {
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

fn log_exchange(family: &Family, wish: &Wish, signed: &Signed, outcome: &'static str) {
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

fn log_refusal(client: &Client, token: &RefreshToken, denial: &Denial) {
    let reuse = Denial::RefreshToken(EndReason::ReuseDetected.as_str());
    let code = if *denial == reuse {
        event::REUSE_DETECTED
    } else {
        event::REFRESH_REFUSED
    };
    tracing::warn!(
        r#type = code,
        client_id = %client.client_id,
        user_id = %token.user_id,
        family_id = %token.family_id,
        token_counter = token.generation.number(),
        reason = %denial,
    );
}
