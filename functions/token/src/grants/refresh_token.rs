//! `grant_type=refresh_token` (RFC 6749 section 6, [Auth0's rotation]): the main path of the product. Open, load,
//! decide, run the tenant's scripts, sign, commit, answer, in this order. [`Family::redeem`] decides; this file
//! carries the decision out.
//!
//! Scripts and signing come before the commit: a failure until then leaves the family unchanged, and the client's
//! token still works. After a lost race the request is decided again on the current state.
//!
//! [Auth0's rotation]: https://auth0.com/docs/secure/tokens/refresh-tokens/refresh-token-rotation

use ratchet_core::{App, EffectsOnce, ScriptedLogin, seal_refresh_token};
use ratchet_domain::{
    client::Client,
    denial::Denial,
    error::Error,
    family::{Exchange, Family, Redemption},
    login_flow::{Effects, RefreshTokenEnds, Verdict},
    sealed::RefreshToken,
    user::User,
};
use ratchet_keys::sealing::Keyring;
use ratchet_scripts::objects::Protocol;
use ratchet_telemetry::event;

use super::{
    GrantRequest,
    refresh_limit::RateLimitTicket,
    refresh_sender::{log_replay, sender},
    refresh_signing::{Plan, RefreshRequest, Signed},
};
use crate::{
    refresh_family::{AttemptError, commit, end, kept_changing, load, open, refuse, revoke},
    request::ATTEMPTS,
    response::TokenAnswer,
};

pub(super) async fn redeem(app: &App, asked: GrantRequest<'_>) -> Result<TokenAnswer, Error> {
    let GrantRequest { client, params, .. } = asked;
    let text = params.required("refresh_token")?;
    let keyring = app.keyring().await;
    let opened = open(&keyring, client, text).map_err(Error::from);
    let token = opened.inspect_err(|reason| log_refusal(client, None, reason))?;
    let redeemed = attempts(app, asked, &keyring, &token).await;
    redeemed.inspect_err(|reason| log_refusal(client, Some(&token), reason))
}

async fn attempts(
    app: &App,
    asked: GrantRequest<'_>,
    keyring: &Keyring,
    token: &RefreshToken,
) -> Result<TokenAnswer, Error> {
    let client = asked.client;
    let mut presented = Presented {
        request: RefreshRequest::parse(app, asked).await?,
        keyring,
        token,
        ticket: RateLimitTicket::of(app, client).await?,
        effects: EffectsOnce::default(),
    };
    for _ in 0..ATTEMPTS {
        match presented.attempt().await {
            Err(AttemptError::Conflict) => {}
            Err(AttemptError::Final(error)) => return Err(error),
            Ok(answer) => return Ok(answer),
        }
    }
    Err(kept_changing())
}

/// A presented refresh token and the request with it: the same for every attempt.
struct Presented<'a> {
    request: RefreshRequest<'a>,
    keyring: &'a Keyring,
    token: &'a RefreshToken,
    ticket: RateLimitTicket,
    /// Effects of the scripts, which run once: after a lost race their input would differ only in the time of the
    /// token's last exchange.
    effects: EffectsOnce,
}

impl Presented<'_> {
    async fn attempt(&mut self) -> Result<TokenAnswer, AttemptError> {
        let RefreshRequest { app, asked, .. } = self.request;
        let GrantRequest { client, at, .. } = asked;
        let (family, user) = load(app, client, self.token).await?;
        let active_key = self.keyring.active(at.now);
        let exchange = Exchange {
            request: at.request,
            active_key,
            from: Some(sender(self.keyring, active_key, family.id, asked)?),
            now: at.now,
        };
        match family.redeem(self.token.generation, &client.refresh_token, exchange) {
            Redemption::Refuse(refusal) => Err(refuse(refusal).into()),
            Redemption::Reuse(ended) => Err(end(app, &family, &ended).await?.into()),
            Redemption::Replay => self.replay(&family, user.active()?).await,
            Redemption::Exchange { next, reveal } => {
                let user = user.active()?;
                self.exchange(&family, *next, reveal, user).await
            }
        }
    }

    /// Answers a replay within the leeway with the live token. Nothing is written.
    async fn replay(&mut self, family: &Family, user: &User) -> Result<TokenAnswer, AttemptError> {
        let RefreshRequest { app, asked, .. } = self.request;
        let quota = self.ticket.take(app, family, asked.at)?;
        let (signed, _) = self.sign(family, user).await?;
        let refresh_token = seal_refresh_token(self.keyring, family)?;
        self.request.log_exchange(family, &signed, "leeway");
        log_replay(self.keyring, family, asked)?;
        Ok(signed.into_answer(Some(refresh_token), Some(quota)))
    }

    /// Answers an exchange: signs, then commits.
    async fn exchange(
        &mut self,
        family: &Family,
        mut next: Family,
        reveal: bool,
        user: &User,
    ) -> Result<TokenAnswer, AttemptError> {
        let (app, at) = (self.request.app, self.request.asked.at);
        let quota = self.ticket.take(app, family, at)?;
        let (signed, ends) = self.sign(family, user).await?;
        ends.apply(&mut next);
        if next != *family {
            self.ticket.record_on(&mut next, at);
        }
        let refresh_token = if reveal {
            Some(seal_refresh_token(self.keyring, &next)?)
        } else {
            None
        };
        next.begin_leeway(at.request, app.clock.now());
        commit(app, family, &next, at).await?;
        self.request.log_exchange(&next, &signed, "exchange");
        Ok(signed.into_answer(refresh_token, Some(quota)))
    }

    /// Signs the tokens with the scripts' effects. Also returns the expiry times that scripts set for the family.
    async fn sign(
        &self,
        family: &Family,
        user: &User,
    ) -> Result<(Signed, RefreshTokenEnds), Error> {
        let plan = self.request.plan(family, user).await?;
        let run = || self.run_scripts(family, user, &plan);
        let effects = self.effects.get_or_run(run).await?;
        let signed = self.request.sign(family, user, plan, effects).await?;
        Ok((signed, effects.refresh_token))
    }

    async fn run_scripts(
        &self,
        family: &Family,
        user: &User,
        plan: &Plan,
    ) -> Result<Effects, Error> {
        let RefreshRequest { app, asked, .. } = self.request;
        let login = ScriptedLogin {
            audience: plan.audience.as_ref(),
            family: Some(family),
            ..asked.login(Protocol::RefreshToken, user, &plan.scope)
        };
        match app.login_flow(login).await? {
            Verdict::Continue(effects) => Ok(*effects),
            Verdict::Redirect(_) => Err(Denial::InteractionRequired.into()),
            Verdict::RevokeRefreshToken(reason) => {
                revoke(app, family, asked.at).await?;
                Err(Denial::AccessDenied(reason).into())
            }
        }
    }
}

/// Logs that a refresh token was rejected, or could not be exchanged. `token` is `None` if it is not one of ours.
fn log_refusal(client: &Client, token: Option<&RefreshToken>, reason: &Error) {
    let code = match reason {
        Error::Denied(Denial::RefreshTokenReused) => event::REUSE_DETECTED,
        Error::Denied(Denial::Throttled(_)) => event::RATE_LIMITED,
        _ => event::REFRESH_REFUSED,
    };
    tracing::warn!(
        r#type = code,
        client_id = %client.client_id,
        user_id = token.map(|token| tracing::field::display(&token.user_id)),
        family_id = token.map(|token| tracing::field::display(&token.family_id)),
        token_counter = token.map(|token| token.generation.number()),
        %reason,
    );
}
