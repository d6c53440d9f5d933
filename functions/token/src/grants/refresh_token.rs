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
    app::{App, AuthenticatedClient, Moment, seal_refresh_token},
    domain::{
        client::Client,
        denial::Denial,
        family::{EndReason, Ended, Exchange, Family, Redemption, Refusal},
        resource::Wish,
        sealed::{Purpose, RefreshToken},
        user::User,
    },
    http::params::Params,
    sealing::Keyring,
    telemetry::event,
};

use super::{
    refresh_limit::Share,
    refresh_signing::{log_exchange, sign, wish},
};
use crate::response::TokenAnswer;

/// How often a decision is made before the client is asked to come back: lost races are rare, and
/// the second decision sees who won.
pub(crate) const ATTEMPTS: usize = 3;

pub(super) async fn redeem(
    app: &App,
    client: &AuthenticatedClient,
    params: &Params,
    at: Moment,
) -> Result<TokenAnswer, Denial> {
    let text = params.required("refresh_token")?;
    let keyring = app.keyring().await;
    // A token that we did not seal ends here, before anything is read for it.
    let token = keyring
        .open(Purpose::RefreshToken, client.client_id.as_str(), text)
        .and_then(|opened| RefreshToken::from_bytes(&opened.plaintext))
        .ok_or(Denial::RefreshToken("not sealed by us for this client"))?;
    let presented = Presented {
        app,
        client,
        keyring: &keyring,
        token,
        wish: wish(app, params).await?,
        at,
    };
    let mut share = Share::of(app, client).await?;
    for _ in 0..ATTEMPTS {
        match presented.attempt(&mut share).await {
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
    client: &'a Client,
    keyring: &'a Keyring,
    token: RefreshToken,
    wish: Wish,
    at: Moment,
}

impl Presented<'_> {
    async fn attempt(&self, share: &mut Share) -> Result<TokenAnswer, Failure> {
        let state = self
            .app
            .store
            .load_refresh_state(&self.token.user_id, self.token.family_id)
            .await?;
        let family = state.family.ok_or(Denial::RefreshToken("unknown family"))?;
        let exchange = Exchange {
            request: self.at.request,
            active_key: self.keyring.active(self.at.now),
            now: self.at.now,
        };
        match family.redeem(self.token.generation, &self.client.refresh_token, exchange) {
            Redemption::Refuse(Refusal::Ended(reason)) => {
                Err(Denial::RefreshToken(reason.as_str()).into())
            }
            Redemption::Refuse(Refusal::Expired) => Err(Denial::RefreshToken("expired").into()),
            Redemption::Reuse(ended) => Err(end(self.app, &family, &ended).await?.into()),
            Redemption::Replay => self.replay(&family, &good(state.user)?, share).await,
            Redemption::Exchange { next, reveal } => {
                let user = good(state.user)?;
                self.exchange(&family, *next, reveal, &user, share).await
            }
        }
    }

    /// The live token once more. Nothing is written.
    async fn replay(
        &self,
        family: &Family,
        user: &User,
        share: &mut Share,
    ) -> Result<TokenAnswer, Failure> {
        let quota = share.take(self.app, family, self.at)?;
        let signed = sign(self.app, self.client, family, user, &self.wish, self.at).await?;
        let refresh_token = seal_refresh_token(self.keyring, family)?;
        log_exchange(family, &self.wish, &signed, "leeway");
        Ok(signed.with(Some(refresh_token), Some(quota)))
    }

    /// Signs, then commits.
    async fn exchange(
        &self,
        family: &Family,
        mut next: Family,
        reveal: bool,
        user: &User,
        share: &mut Share,
    ) -> Result<TokenAnswer, Failure> {
        let quota = share.take(self.app, family, self.at)?;
        if next != *family {
            share.ride_on(&mut next, self.at);
        }
        let signed = sign(self.app, self.client, &next, user, &self.wish, self.at).await?;
        let refresh_token = if reveal {
            Some(seal_refresh_token(self.keyring, &next)?)
        } else {
            None
        };
        commit(self.app, family, &next, self.at).await?;
        log_exchange(&next, &self.wish, &signed, "exchange");
        Ok(signed.with(refresh_token, Some(quota)))
    }
}

/// Makes the exchange real. With an unknown outcome the family itself says whose rotation it holds.
pub(crate) async fn commit(
    app: &App,
    family: &Family,
    next: &Family,
    at: Moment,
) -> Result<(), Failure> {
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
            && sibling.pipeline() == family.pipeline()
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
pub(crate) async fn end(app: &App, family: &Family, ended: &Ended) -> Result<Denial, Denial> {
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

/// The user, if there still is one who may have tokens.
pub(crate) fn good(user: Option<User>) -> Result<User, Denial> {
    match user {
        None => Err(Denial::UserGone),
        Some(user) if user.blocked => Err(Denial::UserBlocked),
        Some(user) => Ok(user),
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
