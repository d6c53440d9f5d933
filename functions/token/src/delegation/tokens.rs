//! Delegation by the token that a client presents: verifies it, finds its user and signs the answer.

use ratchet_core::{App, EffectsOnce, PresentedIdToken};
use ratchet_domain::{
    claims::Chain,
    delegation::{with_claims, without_claims},
    denial::Denial,
    error::Error,
    family::{Exchange, Redemption},
    ids::UserId,
    scope::Scope,
    sealed::RefreshToken,
    throttle::Quota,
    time::Lifetime,
};

use super::Delegation;
use crate::{
    refresh_family::{AttemptError, commit, end, kept_changing, load, open, refuse},
    request::ATTEMPTS,
};

/// Result of a delegation, for the answer and the log.
pub(super) struct Delegated {
    pub(super) id_token: String,
    pub(super) expires_in: Lifetime,
    pub(super) user_id: UserId,
    pub(super) quota: Quota,
}

/// Delegates by an ID token of the caller. The token is verified before anything is read for it.
pub(super) async fn by_id_token(
    app: &App,
    delegation: &Delegation<'_>,
    token: &str,
) -> Result<Delegated, Error> {
    let now = delegation.at.now;
    let PresentedIdToken {
        user_id,
        source,
        claims,
    } = app.verify_id_token(&delegation.caller, token, now).await?;
    source.permit(&delegation.caller, &delegation.target)?;
    let session_lifetime = app.settings().await?.session_lifetime;
    let chain = Chain {
        first_issued_at: source.first_issued_at,
        ends_at: source.chain_end(session_lifetime, now)?,
    };
    let quota = delegation.throttle(app, &user_id).await?;
    let record = app.store.load_user(&user_id).await?;
    let record = record.ok_or(Denial::IdToken("The user does not exist"))?;
    let user = record.user.active()?;
    if user.valid_from.sessions.is_after(source.first_issued_at) {
        return Err(Denial::IdToken("The user was logged out").into());
    }
    let shown = Scope::default();
    let seen = with_claims(user, &claims);
    let effects = delegation.run_scripts(app, &seen, &shown).await?;
    let effects = without_claims(effects, user, &claims);
    let id_token = delegation
        .sign(app, user, &shown, &effects, Some(chain))
        .await?;
    Ok(Delegated {
        id_token,
        expires_in: delegation
            .lifetime()
            .min(Lifetime::from_secs(chain.ends_at.since(now).as_secs())),
        user_id,
        quota,
    })
}

/// Delegates by a refresh token of the caller. A forged token is rejected before anything is read for it.
pub(super) async fn by_refresh_token(
    app: &App,
    delegation: &Delegation<'_>,
    text: &str,
) -> Result<Delegated, Error> {
    let keyring = app.keyring().await;
    let token = open(&keyring, &delegation.caller, text)?;
    let quota = delegation.throttle(app, &token.user_id).await?;
    let shown = Shown {
        app,
        delegation,
        token,
        effects: EffectsOnce::default(),
    };
    for _ in 0..ATTEMPTS {
        match shown.attempt().await {
            Err(AttemptError::Conflict) => {}
            Err(AttemptError::Final(error)) => return Err(error),
            Ok(id_token) => {
                return Ok(Delegated {
                    id_token,
                    expires_in: delegation.lifetime(),
                    user_id: shown.token.user_id,
                    quota,
                });
            }
        }
    }
    Err(kept_changing())
}

/// A refresh token presented for a delegation: the same for every attempt.
struct Shown<'a> {
    app: &'a App,
    delegation: &'a Delegation<'a>,
    token: RefreshToken,
    effects: EffectsOnce,
}

impl Shown<'_> {
    /// Loads, decides, runs the scripts (once), signs and commits, as at the token endpoint. The commit changes only
    /// the family's idle expiry.
    async fn attempt(&self) -> Result<String, AttemptError> {
        let (app, delegation, at) = (self.app, self.delegation, self.delegation.at);
        let (family, user) = load(app, &delegation.caller, &self.token).await?;
        let exchange = Exchange {
            request: at.request,
            active_key: family.key_id,
            from: None,
            now: at.now,
        };
        let policy = &delegation.caller.refresh_token;
        let next = match family.redeem(self.token.generation, policy, exchange) {
            Redemption::Refuse(refusal) => return Err(refuse(refusal).into()),
            // A reused token proves no theft here: without the client's secret a thief could not exchange it either.
            Redemption::Reuse(_) if !delegation.caller_is_proved => {
                let reason = "superseded, and the client has not authenticated";
                return Err(Denial::RefreshToken(reason).into());
            }
            Redemption::Reuse(ended) => return Err(end(app, &family, &ended).await?.into()),
            // Tokens of conformant clients are exchanged at the token endpoint only.
            Redemption::Replay => return Err(Denial::ConformantRefreshToken.into()),
            Redemption::Exchange { .. } if !family.pipeline().is_legacy() => {
                return Err(Denial::ConformantRefreshToken.into());
            }
            Redemption::Exchange { next, .. } => next,
        };
        let (user, scope) = (user.active()?, &family.scope);
        let run = || delegation.run_scripts(app, user, scope);
        let effects = self.effects.get_or_run(run).await?;
        let id_token = delegation.sign(app, user, scope, effects, None).await?;
        commit(app, &family, &next, at).await?;
        Ok(id_token)
    }
}
