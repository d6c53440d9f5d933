//! Families of refresh tokens: all tokens that descend from one login, and the decision about a token that a client
//! presents. This is the heart of the service.
//!
//! A family moves in one direction only. It is *live* at a generation `n`; an exchange makes `n + 1` the live one. The
//! token of generation `n` has one text, so a client that presents its parent inside the leeway gets that same text
//! again. An older token, or the parent outside its leeway, is a stolen copy, and *ends* the family. An ended family
//! stays ended.
//!
//! This module is pure: equal arguments have equal results. It follows RFC 6749 section 6, RFC 9700 section 4.14.2, and
//! Auth0's pages on [rotation] and [expiration].
//!
//! [rotation]: https://auth0.com/docs/secure/tokens/refresh-tokens/refresh-token-rotation
//! [expiration]: https://auth0.com/docs/secure/tokens/refresh-tokens/configure-refresh-token-expiration

use std::ops::Deref;

use super::{
    client::{RefreshTokenPolicy, Rotation},
    ids::{
        Audience, ClientId, DeviceName, FamilyId, Generation, KeyId, RequestId, SessionId, UserId,
    },
    inconsistent::Inconsistent,
    pipeline::Pipeline,
    scope::Scope,
    sender::{Difference, Sender},
    throttle::{Bucket, Buckets, Origin},
    time::{Lifetime, Timestamp},
    user::User,
    valid_from::{Epoch, ValidFrom},
};

pub use super::family_parts::{EndReason, Ended, FamilyParts, Rotated};

/// Maximum number of live families of one user with one application; the next login ends the oldest.
pub const MAX_LIVE_PER_USER_AND_CLIENT: usize = 200;

/// A refresh token family. Its [`FamilyParts`] can be read. Its methods are the only decisions about it: by them no
/// generation comes back, no absolute end moves to a later time, and an ended family stays ended. `TryFrom` is for the
/// store, which reads what functions have written, and rejects parts that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family(FamilyParts);

/// For reading: there is no `DerefMut`.
impl Deref for Family {
    type Target = FamilyParts;

    fn deref(&self) -> &FamilyParts {
        &self.0
    }
}

/// For a family that was stored.
impl TryFrom<FamilyParts> for Family {
    type Error = Inconsistent;

    fn try_from(parts: FamilyParts) -> Result<Self, Inconsistent> {
        parts.check()?;
        Ok(Self(parts))
    }
}

/// The result of a login, from which a family begins.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user who logged in.
    pub user_id: UserId,
    /// The client.
    pub client_id: ClientId,
    /// The requested API.
    pub audience: Option<Audience>,
    /// The granted scope.
    pub scope: Scope,
    /// The epoch of the user's refresh tokens, as the login read it.
    pub valid_from: Epoch,
    /// The user's authentication time.
    pub auth_time: Timestamp,
    /// True if the ID token of the login contains `auth_time`.
    pub tells_auth_time: bool,
    /// The browser session.
    pub session_id: Option<SessionId>,
    /// The device, in the legacy pipeline; it makes the family a legacy one.
    pub device: Option<DeviceName>,
}

impl Login {
    /// A login outside the browser sessions and without a named device, whose ID token contains no `auth_time`.
    pub fn new(
        user: &User,
        client_id: &ClientId,
        audience: Option<&Audience>,
        scope: &Scope,
        auth_time: Timestamp,
    ) -> Self {
        Self {
            user_id: user.user_id.clone(),
            client_id: client_id.clone(),
            audience: audience.cloned(),
            scope: scope.clone(),
            valid_from: user.valid_from.refresh_tokens,
            auth_time,
            tells_auth_time: false,
            session_id: None,
            device: None,
        }
    }
}

/// The inputs of a decision that the shell generates or reads.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// The request that presents the token.
    pub request: RequestId,
    /// The key that seals new tokens.
    pub active_key: KeyId,
    /// The sender of the request, if it is to be stored.
    pub from: Option<Sender>,
    /// The time.
    pub now: Timestamp,
}

/// The decision about a presented refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redemption {
    /// The token is valid. Tokens may be issued once `next` is committed; with `reveal` they include the live refresh
    /// token of `next`. There is nothing to commit if `next` equals the current family.
    Exchange {
        /// The family after the exchange.
        next: Box<Family>,
        /// True if the client gets a refresh token.
        reveal: bool,
    },
    /// A legitimate retry: the client gets the live refresh token again, and nothing changes.
    Replay,
    /// A superseded token outside its leeway: the family ends before the token is rejected.
    Reuse(Ended),
    /// The family has ended or expired; nothing changes.
    Refuse(Refusal),
}

/// The reason why a token that we sealed is no longer valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The family ended earlier.
    Ended(EndReason),
    /// The idle or the absolute lifetime is over.
    Expired,
}

impl Family {
    /// The family that a login begins.
    pub fn begin(id: FamilyId, login: Login, policy: &RefreshTokenPolicy, at: Exchange) -> Self {
        let policy = policy_for(login.device.as_ref(), policy);
        Self(FamilyParts {
            id,
            user_id: login.user_id,
            client_id: login.client_id,
            audience: login.audience,
            scope: login.scope,
            rotation: policy.rotation,
            generation: Generation::FIRST,
            key_id: at.active_key,
            rotated: None,
            valid_from: login.valid_from,
            created_at: at.now,
            idle_expires_at: policy.idle_token_lifetime.map(|idle| at.now.plus(idle)),
            expires_at: policy.token_lifetime.map(|lifetime| at.now.plus(lifetime)),
            auth_time: login.auth_time,
            tells_auth_time: login.tells_auth_time,
            session_id: login.session_id,
            device: login.device,
            buckets: Buckets::default(),
            fence: 0,
            ended: None,
        })
    }

    /// The parts, as they are stored.
    pub fn into_parts(self) -> FamilyParts {
        self.0
    }

    /// The family in the epochs of its user: one that began before an eviction of the user has ended, even if the store
    /// does not say so.
    #[must_use]
    pub fn under(mut self, valid_from: &ValidFrom) -> Self {
        if self.valid_from != valid_from.refresh_tokens {
            self.end(Ended {
                at: valid_from.refresh_tokens.begin(),
                reason: EndReason::Revoked,
            });
        }
        self
    }

    /// Ends the family. The first end counts.
    pub fn end(&mut self, ended: Ended) {
        self.0.ended.get_or_insert(ended);
    }

    /// Decides about a presented token of a generation.
    ///
    /// A generation ahead of the family's own cannot be forged: it means that the table was restored to an earlier
    /// point in time. The token is then the newest known one and counts as live, so that a restore logs no user out.
    pub fn redeem(
        &self,
        presented: Generation,
        policy: &RefreshTokenPolicy,
        at: Exchange,
    ) -> Redemption {
        if let Some(ended) = self.ended {
            return Redemption::Refuse(Refusal::Ended(ended.reason));
        }
        if self.is_expired(at.now) {
            return Redemption::Refuse(Refusal::Expired);
        }
        if presented >= self.generation {
            return self.exchange(presented, &policy_for(self.device.as_ref(), policy), at);
        }
        if presented.is_parent_of(self.generation) && self.within_leeway(policy.leeway, at.now) {
            return Redemption::Replay;
        }
        Redemption::Reuse(Ended {
            at: at.now,
            reason: EndReason::ReuseDetected,
        })
    }

    /// The pipeline of the family.
    pub fn pipeline(&self) -> Pipeline {
        match self.device {
            Some(_) => Pipeline::Legacy,
            None => Pipeline::Conformant,
        }
    }

    /// The end of the idle or the absolute lifetime, whichever is first; `None` if it has neither.
    pub fn ends_at(&self) -> Option<Timestamp> {
        let ends = [self.idle_expires_at, self.expires_at];
        ends.into_iter().flatten().min()
    }

    /// True if the idle or the absolute lifetime is over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.ends_at().is_some_and(|end| end <= now)
    }

    /// True if a token of the family can still be exchanged.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && !self.is_expired(now)
    }

    /// True if this request made the live generation.
    pub fn was_rotated_by(&self, request: RequestId) -> bool {
        self.rotated.is_some_and(|rotated| rotated.by == request)
    }

    /// The difference between the sender of a replay and that of the exchange that made the live generation: inside the
    /// leeway, where replays succeed, it is the only trace of a thief.
    pub fn replayed_from_elsewhere(&self, from: Sender) -> Option<Difference> {
        self.rotated?.from?.difference(from)
    }

    /// Begins the leeway of the parent now instead of at the arrival of the request. The shell calls it before the commit:
    /// scripts and signatures may have taken longer than the leeway, and a client that lost the answer would have none
    /// left.
    pub fn begin_leeway(&mut self, request: RequestId, now: Timestamp) {
        if let Some(rotated) = &mut self.0.rotated
            && rotated.by == request
        {
            rotated.at = rotated.at.max(now);
        }
    }

    /// Brings the lifetimes' ends forward. An end that is later than the current one changes nothing (I7).
    pub fn end_sooner(
        &mut self,
        expires_at: Option<Timestamp>,
        idle_expires_at: Option<Timestamp>,
    ) {
        self.0.expires_at = earlier(self.expires_at, expires_at);
        self.0.idle_expires_at = earlier(self.idle_expires_at, idle_expires_at);
    }

    /// Stores the rest of a request's bucket. Another request may have taken more from it since the family was read.
    pub fn record_bucket(&mut self, origin: Origin, left: Bucket, now: Timestamp) {
        let left = left.max(self.buckets.of(origin));
        self.0.buckets = self.buckets.with(origin, left, now);
    }

    fn exchange(
        &self,
        presented: Generation,
        policy: &RefreshTokenPolicy,
        at: Exchange,
    ) -> Redemption {
        // INVARIANT (I7): an absolute expiry, once set, never moves. A new absolute lifetime in the policy applies to
        // families without one from their next exchange.
        let mut next = FamilyParts {
            generation: presented,
            idle_expires_at: policy.idle_token_lifetime.map(|idle| at.now.plus(idle)),
            expires_at: self
                .expires_at
                .or_else(|| policy.token_lifetime.map(|lifetime| at.now.plus(lifetime))),
            ..self.0.clone()
        };
        let replaces = policy.rotation == Rotation::Rotating || self.rotation != policy.rotation;
        if replaces {
            next.generation = presented.next();
            next.rotation = policy.rotation;
            next.key_id = at.active_key;
            next.rotated = Some(Rotated {
                at: at.now,
                by: at.request,
                from: at.from,
            });
        }
        Redemption::Exchange {
            next: Box::new(Self(next)),
            reveal: replaces,
        }
    }

    fn within_leeway(&self, leeway: Lifetime, now: Timestamp) -> bool {
        leeway > Lifetime::default()
            && self
                .rotated
                .is_some_and(|rotated| now <= rotated.at.plus(leeway))
    }
}

fn earlier(was: Option<Timestamp>, asked: Option<Timestamp>) -> Option<Timestamp> {
    match (was, asked) {
        (Some(was), Some(asked)) => Some(was.min(asked)),
        (was, asked) => was.or(asked),
    }
}

/// The policy of a family: a legacy one never rotates, even if the client's conformant families do.
fn policy_for(device: Option<&DeviceName>, policy: &RefreshTokenPolicy) -> RefreshTokenPolicy {
    match device {
        Some(_) => policy.without_rotation(),
        None => *policy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::valid_from::Eviction;

    const KEY: KeyId = KeyId::new(1);
    const DAY: u64 = 86_400;

    const fn request(n: u8) -> RequestId {
        RequestId::from_bytes([n; 16])
    }

    fn at(secs: u64) -> Exchange {
        Exchange {
            request: request(1),
            active_key: KEY,
            from: None,
            now: Timestamp::from_secs(secs),
        }
    }

    fn policy(rotation: Rotation, leeway: u64) -> RefreshTokenPolicy {
        RefreshTokenPolicy {
            rotation,
            leeway: Lifetime::from_secs(leeway),
            token_lifetime: Some(Lifetime::from_secs(30 * DAY)),
            idle_token_lifetime: Some(Lifetime::from_secs(15 * DAY)),
            rate_limit: None,
        }
    }

    fn family(policy: &RefreshTokenPolicy) -> Family {
        let login = Login {
            user_id: UserId::parse("auth0|ada").unwrap(),
            client_id: ClientId::parse("app").unwrap(),
            audience: None,
            scope: Scope::parse("openid offline_access"),
            valid_from: Epoch::default(),
            auth_time: Timestamp::from_secs(0),
            tells_auth_time: false,
            session_id: None,
            device: None,
        };
        Family::begin(FamilyId::from_bytes([1; 16]), login, policy, at(0))
    }

    fn exchanged(redemption: Redemption) -> (Family, bool) {
        match redemption {
            Redemption::Exchange { next, reveal } => (*next, reveal),
            other => panic!("not exchanged: {other:?}"),
        }
    }

    fn reuse(secs: u64) -> Redemption {
        let reason = EndReason::ReuseDetected;
        Redemption::Reuse(Ended {
            at: Timestamp::from_secs(secs),
            reason,
        })
    }

    #[test]
    fn a_family_from_before_its_user_was_put_out_is_over_and_stays_as_it_ended() {
        let policy = policy(Rotation::Rotating, 10);
        let same = ValidFrom::default();
        assert_eq!(family(&policy).under(&same), family(&policy));
        let moved = same.after(Eviction::LoggedOut, Timestamp::from_secs(5));
        let over = family(&policy).under(&moved);
        for back in [0, 1] {
            let mut over = over.clone();
            over.0.generation = Generation::new(back);
            let refused = Redemption::Refuse(Refusal::Ended(EndReason::Revoked));
            assert_eq!(over.redeem(Generation::FIRST, &policy, at(6)), refused);
        }
        let ended = Ended {
            at: Timestamp::from_secs(1),
            reason: EndReason::CodeReused,
        };
        let mut before = family(&policy);
        before.end(ended);
        assert_eq!(before.under(&moved).ended, Some(ended));
        let blocked = same.after(Eviction::Blocked, Timestamp::from_secs(5));
        assert_eq!(family(&policy).under(&blocked).ended, None);
    }

    #[test]
    fn the_live_token_is_replaced_by_its_successor() {
        let policy = policy(Rotation::Rotating, 0);
        let (next, reveal) = exchanged(family(&policy).redeem(Generation::FIRST, &policy, at(10)));
        assert!(reveal);
        assert_eq!(next.generation, Generation::new(1));
        assert!(next.was_rotated_by(request(1)));
        assert!(!next.was_rotated_by(request(2)));
    }

    #[test]
    fn the_parent_gets_the_same_successor_until_the_leeway_is_over() {
        let policy = policy(Rotation::Rotating, 3);
        let (next, _) = exchanged(family(&policy).redeem(Generation::FIRST, &policy, at(100)));
        assert_eq!(
            next.redeem(Generation::FIRST, &policy, at(103)),
            Redemption::Replay
        );
        assert_eq!(next.redeem(Generation::FIRST, &policy, at(104)), reuse(104));
    }

    #[test]
    fn a_replay_from_another_sender_is_detected_by_the_difference() {
        let policy = policy(Rotation::Rotating, 3);
        let sender = |address: u8, user_agent: u8| Sender {
            address: [address; 4],
            user_agent: [user_agent; 4],
        };
        let from = |from| Exchange { from, ..at(100) };
        let first = family(&policy);
        assert_eq!(first.replayed_from_elsewhere(sender(1, 1)), None);
        let exchange = from(Some(sender(1, 1)));
        let (next, _) = exchanged(first.redeem(Generation::FIRST, &policy, exchange));
        for (replay, differs) in [
            (sender(1, 1), None),
            (sender(2, 1), Some(Difference::Address)),
            (sender(1, 2), Some(Difference::UserAgent)),
            (sender(2, 2), Some(Difference::Both)),
        ] {
            assert_eq!(next.replayed_from_elsewhere(replay), differs);
        }
        // A family of an earlier version has no sender.
        let (old, _) = exchanged(first.redeem(Generation::FIRST, &policy, from(None)));
        assert_eq!(old.replayed_from_elsewhere(sender(2, 2)), None);
    }

    #[test]
    fn a_grandparent_ends_the_family_even_inside_its_leeway() {
        let policy = policy(Rotation::Rotating, 3);
        let (first, _) = exchanged(family(&policy).redeem(Generation::FIRST, &policy, at(100)));
        let (second, _) = exchanged(first.redeem(Generation::new(1), &policy, at(101)));
        assert_eq!(
            second.redeem(Generation::FIRST, &policy, at(102)),
            reuse(102)
        );
    }

    #[test]
    fn without_leeway_the_second_exchange_ends_the_family() {
        let policy = policy(Rotation::Rotating, 0);
        let (next, _) = exchanged(family(&policy).redeem(Generation::FIRST, &policy, at(100)));
        assert_eq!(next.redeem(Generation::FIRST, &policy, at(100)), reuse(100));
    }

    #[test]
    fn rotation_moves_the_idle_end_and_never_the_absolute_one() {
        let policy = policy(Rotation::Rotating, 0);
        let (next, _) = exchanged(family(&policy).redeem(Generation::FIRST, &policy, at(10 * DAY)));
        assert_eq!(next.expires_at, Some(Timestamp::from_secs(30 * DAY)));
        assert_eq!(next.idle_expires_at, Some(Timestamp::from_secs(25 * DAY)));
        let expired = Redemption::Refuse(Refusal::Expired);
        assert_eq!(
            next.redeem(Generation::new(1), &policy, at(25 * DAY)),
            expired
        );
        assert_eq!(
            family(&policy).redeem(Generation::FIRST, &policy, at(15 * DAY)),
            expired
        );
    }

    #[test]
    fn an_ended_family_stays_ended() {
        let policy = policy(Rotation::Rotating, 10);
        let ended = Ended {
            at: Timestamp::from_secs(1),
            reason: EndReason::Revoked,
        };
        let mut family = family(&policy);
        family.end(ended);
        family.end(Ended {
            reason: EndReason::CodeReused,
            ..ended
        });
        let refused = Redemption::Refuse(Refusal::Ended(EndReason::Revoked));
        assert_eq!(family.redeem(Generation::FIRST, &policy, at(2)), refused);
    }

    #[test]
    fn a_non_rotating_token_is_good_again_and_again() {
        let policy = policy(Rotation::NonRotating, 0);
        let (next, reveal) = exchanged(family(&policy).redeem(Generation::FIRST, &policy, at(10)));
        assert!(!reveal);
        let (next, reveal) = exchanged(next.redeem(Generation::FIRST, &policy, at(20)));
        assert!(!reveal);
        assert_eq!(next.generation, Generation::FIRST);
    }

    #[test]
    fn a_token_that_never_expires_costs_no_write() {
        let policy = RefreshTokenPolicy::NON_ROTATING;
        let family = family(&policy);
        let (next, _) = exchanged(family.redeem(Generation::FIRST, &policy, at(10)));
        assert_eq!(next, family);
    }

    #[test]
    fn a_change_of_rotation_type_replaces_the_token_once() {
        let (off, on) = (
            policy(Rotation::NonRotating, 0),
            policy(Rotation::Rotating, 0),
        );
        let (rotating, reveal) = exchanged(family(&off).redeem(Generation::FIRST, &on, at(10)));
        assert!(reveal);
        assert_eq!(
            (rotating.generation, rotating.rotation),
            (Generation::new(1), on.rotation)
        );
        let (fixed, reveal) = exchanged(rotating.redeem(Generation::new(1), &off, at(20)));
        assert!(reveal);
        let (again, reveal) = exchanged(fixed.redeem(Generation::new(2), &off, at(30)));
        assert!(!reveal);
        assert_eq!(again.generation, Generation::new(2));
    }

    #[test]
    fn a_lifetime_that_appears_later_starts_with_the_next_exchange() {
        let (without, with) = (
            RefreshTokenPolicy::NON_ROTATING,
            policy(Rotation::NonRotating, 0),
        );
        let (next, _) = exchanged(family(&without).redeem(Generation::FIRST, &with, at(DAY)));
        assert_eq!(next.expires_at, Some(Timestamp::from_secs(31 * DAY)));
        let (later, _) = exchanged(next.redeem(Generation::FIRST, &without, at(2 * DAY)));
        assert_eq!(later.expires_at, next.expires_at);
        assert_eq!(later.idle_expires_at, None);
    }

    #[test]
    fn after_a_restore_the_newest_token_counts_as_live() {
        let policy = policy(Rotation::Rotating, 0);
        let (next, _) = exchanged(family(&policy).redeem(Generation::new(7), &policy, at(10)));
        assert_eq!(next.generation, Generation::new(8));
    }

    #[test]
    fn no_first_generation_has_an_exchange() {
        let policy = policy(Rotation::Rotating, 0);
        let (next, _) = exchanged(family(&policy).redeem(Generation::FIRST, &policy, at(10)));
        let parts = FamilyParts {
            generation: Generation::FIRST,
            ..next.clone().into_parts()
        };
        assert!(Family::try_from(parts).is_err());
        assert_eq!(Family::try_from(next.clone().into_parts()), Ok(next));
    }

    #[test]
    fn what_a_restored_table_or_a_script_leaves_is_read_again() {
        let policy = policy(Rotation::NonRotating, 0);
        let (mut ahead, _) = exchanged(family(&policy).redeem(Generation::new(7), &policy, at(10)));
        assert_eq!(
            (ahead.generation, ahead.rotated),
            (Generation::new(7), None)
        );
        assert_eq!(
            Family::try_from(ahead.clone().into_parts()),
            Ok(ahead.clone())
        );
        let begin = ahead.created_at;
        ahead.end_sooner(Some(begin), Some(begin));
        assert_eq!(Family::try_from(ahead.clone().into_parts()), Ok(ahead));
    }

    #[test]
    fn a_legacy_family_keeps_its_token_and_still_moves_its_idle_end() {
        let policy = policy(Rotation::Rotating, 0);
        let login = Login {
            user_id: UserId::parse("auth0|ada").unwrap(),
            client_id: ClientId::parse("app").unwrap(),
            audience: None,
            scope: Scope::parse("openid offline_access"),
            valid_from: Epoch::default(),
            auth_time: Timestamp::from_secs(0),
            tells_auth_time: false,
            session_id: None,
            device: Some(DeviceName::parse("phone").unwrap()),
        };
        let legacy = Family::begin(FamilyId::from_bytes([1; 16]), login, &policy, at(0));
        assert_eq!(legacy.pipeline(), Pipeline::Legacy);
        assert_eq!(legacy.rotation, Rotation::NonRotating);
        let (next, reveal) = exchanged(legacy.redeem(Generation::FIRST, &policy, at(DAY)));
        assert!(!reveal);
        assert_eq!(next.generation, Generation::FIRST);
        assert_eq!(next.idle_expires_at, Some(Timestamp::from_secs(16 * DAY)));
        assert_eq!(family(&policy).pipeline(), Pipeline::Conformant);
    }

    #[test]
    fn an_end_only_ever_comes_forward() {
        let at = Timestamp::from_secs;
        assert_eq!(earlier(Some(at(10)), Some(at(20))), Some(at(10)));
        assert_eq!(earlier(Some(at(10)), Some(at(5))), Some(at(5)));
        assert_eq!(earlier(None, Some(at(5))), Some(at(5)));
        assert_eq!(earlier(Some(at(10)), None), Some(at(10)));
    }
}
