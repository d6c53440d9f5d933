//! `grant_type=refresh_token` (RFC 6749 section 6, [Auth0's rotation]): the path that the product
//! exists for. Open, load, decide, run the tenant's scripts, sign, commit, answer, in this order. The
//! decision is [`Family::redeem`]; here is only what carries it out.
//!
//! Scripts and signing come before the commit: whatever fails until then leaves the family as it was,
//! and the client's token still works. A commit that lost a race is decided again on what is there now.
//!
//! [Auth0's rotation]: https://auth0.com/docs/secure/tokens/refresh-tokens/refresh-token-rotation

use shared::{
    app::{App, ScriptedLogin, seal_refresh_token},
    domain::{
        client::Client,
        denial::Denial,
        family::{Exchange, Family, Redemption, Refusal},
        login_flow::{Effects, Protocol, RefreshTokenEnds, Verdict},
        resource::Wish,
        sealed::{Purpose, RefreshToken},
        user::User,
    },
    sealing::Keyring,
    telemetry::event,
};

use super::{
    GrantRequest,
    refresh_family::{commit, end, revoke},
    refresh_limit::Share,
    refresh_sender::{log_replay, sender},
    refresh_signing::{Plan, Signed, log_exchange, plan, sign, wish},
};
use crate::response::TokenAnswer;

/// How often a decision is made before the client is asked to come back: lost races are rare, and
/// the second decision sees who won.
pub(crate) const ATTEMPTS: usize = 3;

pub(super) async fn redeem(app: &App, asked: GrantRequest<'_>) -> Result<TokenAnswer, Denial> {
    let GrantRequest { client, params, .. } = asked;
    let text = params.required("refresh_token")?;
    let keyring = app.keyring().await;
    // A token that we did not seal ends here, before anything is read for it.
    let token = keyring
        .open(Purpose::RefreshToken, client.client_id.as_str(), text)
        .and_then(|opened| RefreshToken::from_bytes(&opened.plaintext))
        .ok_or(Denial::RefreshToken("not sealed by us for this client"))?;
    let mut presented = Presented {
        app,
        asked,
        keyring: &keyring,
        token,
        wish: wish(app, params).await?,
        share: Share::of(app, client).await?,
        effects: None,
    };
    for _ in 0..ATTEMPTS {
        match presented.attempt().await {
            Err(Failure::Conflict) => {}
            Err(Failure::Denied(denial)) => {
                log_refusal(client, &presented.token, &denial);
                return Err(denial);
            }
            Ok(answer) => return Ok(answer),
        }
    }
    Err(Denial::Unavailable("the family kept changing".to_owned()))
}

/// Why an attempt gave no answer.
pub(crate) enum Failure {
    /// The family changed since it was read.
    Conflict,
    Denied(Denial),
}

impl<E: Into<Denial>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Denied(error.into())
    }
}

/// A refresh token that is presented, and what is asked with it: the same at every attempt.
struct Presented<'a> {
    app: &'a App,
    asked: GrantRequest<'a>,
    keyring: &'a Keyring,
    token: RefreshToken,
    wish: Wish,
    share: Share,
    /// What the scripts said. They run once per request, for what they do to the world cannot be taken
    /// back; a lost race changes nothing that they are told but when the token was last exchanged.
    effects: Option<Effects>,
}

impl Presented<'_> {
    async fn attempt(&mut self) -> Result<TokenAnswer, Failure> {
        let GrantRequest { client, at, .. } = self.asked;
        let state = self
            .app
            .store
            .load_refresh_state(&self.token.family_of(&client.client_id))
            .await?;
        // Also of a family that ended with its user.
        let user = state.user.ok_or(Denial::UserGone)?;
        let family = state.family.ok_or(Denial::RefreshToken("unknown family"))?;
        let active_key = self.keyring.active(at.now);
        let exchange = Exchange {
            request: at.request,
            active_key,
            from: Some(sender(self.keyring, active_key, family.id, self.asked)?),
            now: at.now,
        };
        match family.redeem(self.token.generation, &client.refresh_token, exchange) {
            Redemption::Refuse(Refusal::Ended(reason)) => {
                Err(Denial::RefreshToken(reason.as_str()).into())
            }
            Redemption::Refuse(Refusal::Expired) => Err(Denial::RefreshToken("expired").into()),
            Redemption::Reuse(ended) => Err(end(self.app, &family, &ended).await?.into()),
            Redemption::Replay => self.replay(&family, user.active()?).await,
            Redemption::Exchange { next, reveal } => {
                let user = user.active()?;
                self.exchange(&family, *next, reveal, user).await
            }
        }
    }

    /// The live token once more. Nothing is written.
    async fn replay(&mut self, family: &Family, user: &User) -> Result<TokenAnswer, Failure> {
        let quota = self.share.take(self.app, family, self.asked.at)?;
        let (signed, _) = self.sign(family, user).await?;
        let refresh_token = seal_refresh_token(self.keyring, family)?;
        log_exchange(family, &self.wish, &signed, "leeway");
        log_replay(self.keyring, family, self.asked)?;
        Ok(signed.with(Some(refresh_token), Some(quota)))
    }

    /// Signs, then commits.
    async fn exchange(
        &mut self,
        family: &Family,
        mut next: Family,
        reveal: bool,
        user: &User,
    ) -> Result<TokenAnswer, Failure> {
        let at = self.asked.at;
        let quota = self.share.take(self.app, family, at)?;
        let (signed, ends) = self.sign(family, user).await?;
        ends.apply(&mut next);
        if next != *family {
            self.share.ride_on(&mut next, at);
        }
        let refresh_token = if reveal {
            Some(seal_refresh_token(self.keyring, &next)?)
        } else {
            None
        };
        commit(self.app, family, &next, at).await?;
        log_exchange(&next, &self.wish, &signed, "exchange");
        Ok(signed.with(refresh_token, Some(quota)))
    }

    /// Makes the tokens as the scripts want them, and says how much earlier these want the family to end.
    async fn sign(
        &mut self,
        family: &Family,
        user: &User,
    ) -> Result<(Signed, RefreshTokenEnds), Denial> {
        let GrantRequest { client, at, .. } = self.asked;
        let plan = plan(self.app, client, family, user, &self.wish).await?;
        let effects = match self.effects.take() {
            Some(effects) => effects,
            None => self.run_scripts(family, user, &plan).await?,
        };
        let signed = sign(self.app, client, family, user, plan, &effects, at).await?;
        let ends = effects.refresh_token;
        self.effects = Some(effects);
        Ok((signed, ends))
    }

    async fn run_scripts(
        &self,
        family: &Family,
        user: &User,
        plan: &Plan,
    ) -> Result<Effects, Denial> {
        let login = ScriptedLogin {
            audience: plan.audience.as_ref(),
            family: Some(family),
            ..self.asked.login(Protocol::RefreshToken, user, &plan.scope)
        };
        match self.app.login_flow(login).await? {
            Verdict::Continue(effects) => Ok(*effects),
            Verdict::Redirect(_) => Err(Denial::InteractionRequired),
            Verdict::RevokeRefreshToken(reason) => {
                revoke(self.app, family, self.asked.at).await?;
                Err(Denial::AccessDenied(reason))
            }
        }
    }
}

fn log_refusal(client: &Client, token: &RefreshToken, denial: &Denial) {
    let code = match denial {
        Denial::RefreshTokenReused => event::REUSE_DETECTED,
        Denial::Throttled(_) => event::RATE_LIMITED,
        _ => event::REFRESH_REFUSED,
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
