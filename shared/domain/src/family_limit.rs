//! The enforcement of [`MAX_LIVE_PER_USER_AND_CLIENT`] at logins without a read of the existing families: a separate
//! item counts them, and only a login over the limit reads any.
//!
//! A family is counted after it has begun, so that failed logins count nothing. For sequential logins the count is
//! exact as long as all families of an application have the same lifetime. It is too large after an end whose response
//! was lost, and while it includes a family whose end a script brought forward. The oldest families then end early,
//! until a recount at the first login over the limit after at most an hour. Each login over the limit ends one family
//! itself, so that concurrent logins end no more families than there are logins. Among so many concurrent logins that
//! some recount, each of the others may end one family within the limit, up to `AT_ONCE` in total. Concurrent logins,
//! in any order, never leave more families than the limit allows.

use super::{
    family::{Family, MAX_LIVE_PER_USER_AND_CLIENT},
    time::{Lifetime, Timestamp},
};

/// Maximum time between two recounts, provided that a login exceeds the limit.
const RECOUNT_AFTER: Lifetime = Lifetime::from_secs(3_600);

/// Maximum number of concurrent logins over the limit that end one family each; beyond it they recount.
const AT_ONCE: usize = 25;

/// Maximum number of families that one recount ends.
const MOST_ENDED: usize = 200;

/// The count of the families of one user and application, including the one that has just begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyCount {
    /// Stored families, including those that have expired since the last recount.
    pub present: usize,
    /// Time from which on some of them may have expired; the epoch if there was no recount yet.
    pub recount_at: Timestamp,
    /// Number of changes of the count. It distinguishes two counts of the same number.
    pub revision: u64,
}

/// The action after a family has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// There is nothing to do.
    Enough,
    /// The oldest family ends. None of the counted families can have expired. Other logins may be about to end the same
    /// family; then the next oldest ends, so that each login ends one.
    EndOldest {
        /// Number of families over the limit.
        over: usize,
    },
    /// The families are read and counted: [`recount`].
    Recount,
}

impl FamilyCount {
    /// The action after the last counted family has begun.
    pub fn room(self, now: Timestamp) -> Room {
        match self.present.checked_sub(MAX_LIVE_PER_USER_AND_CLIENT) {
            None | Some(0) => Room::Enough,
            Some(over) if self.recount_at <= now || over > AT_ONCE => Room::Recount,
            Some(over) => Room::EndOldest { over },
        }
    }
}

/// The result of a recount of the families of one user and application.
#[derive(Debug, PartialEq, Eq)]
pub struct Recounted {
    /// The live families, oldest first.
    pub live: Vec<Family>,
    /// Number of live families that end because they exceed the limit.
    pub over: usize,
    /// The families that have expired or ended, of which only the items remain.
    pub gone: Vec<Family>,
    /// Time from which on some of the remaining families may have expired.
    pub recount_at: Timestamp,
}

impl Recounted {
    /// Number of remaining families.
    pub fn present(&self) -> usize {
        self.live.len() - self.over
    }
}

/// Decides which families end: those over the limit, the oldest first, and those that are no longer live.
pub fn recount(families: Vec<Family>, now: Timestamp) -> Recounted {
    let (mut live, gone): (Vec<_>, Vec<_>) =
        families.into_iter().partition(|family| family.is_live(now));
    live.sort_by_key(|family| (family.created_at, family.id));
    let excess = live.len().saturating_sub(MAX_LIVE_PER_USER_AND_CLIENT);
    let over = excess.min(MOST_ENDED);
    // The next login ends the rest.
    let latest = if over < excess {
        now
    } else {
        now.plus(RECOUNT_AFTER)
    };
    let kept = live.iter().skip(over);
    let recount_at = kept.filter_map(Family::ends_at).fold(latest, Ord::min);
    Recounted {
        live,
        over,
        gone,
        recount_at,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        client::RefreshTokenPolicy,
        family::{EndReason, Ended, Exchange, Login},
        ids::{ClientId, FamilyId, RequestId, UserId},
        scope::Scope,
        sealed::KeyId,
        valid_from::Epoch,
    };

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    /// A family of this age and remaining lifetime, in seconds.
    fn family(age: u64, left: Option<u64>) -> Family {
        let began = Timestamp::from_secs(NOW.as_secs() - age);
        let idle = left.map(|left| Lifetime::from_secs(age + left));
        begun(FamilyId::new(began, [0; 16]), began, idle)
    }

    /// A family with this idle lifetime and without an absolute one.
    fn begun(id: FamilyId, began: Timestamp, idle: Option<Lifetime>) -> Family {
        let login = Login {
            user_id: UserId::parse("auth0|ada").unwrap(),
            client_id: ClientId::parse("app").unwrap(),
            audience: None,
            scope: Scope::parse("openid offline_access"),
            valid_from: Epoch::default(),
            auth_time: began,
            tells_auth_time: false,
            session_id: None,
            device: None,
        };
        let at = Exchange {
            request: RequestId::from_bytes([1; 16]),
            active_key: KeyId::new(1),
            from: None,
            now: began,
        };
        let policy = RefreshTokenPolicy {
            token_lifetime: None,
            idle_token_lifetime: idle,
            ..RefreshTokenPolicy::ROTATING
        };
        Family::begin(id, login, &policy, at)
    }

    fn live_ids(families: &[Family], now: Timestamp) -> Vec<FamilyId> {
        let live = families.iter().filter(|family| family.is_live(now));
        live.map(|family| family.id).collect()
    }

    fn count(present: usize, recount_at: Timestamp) -> FamilyCount {
        FamilyCount {
            present,
            recount_at,
            revision: 0,
        }
    }

    #[test]
    fn no_family_is_read_up_to_the_limit() {
        for present in [1, 199, 200] {
            assert_eq!(count(present, Timestamp::default()).room(NOW), Room::Enough);
        }
        assert_eq!(count(201, Timestamp::default()).room(NOW), Room::Recount);
        assert_eq!(count(201, NOW).room(NOW), Room::Recount);
        let later = NOW.plus(Lifetime::from_secs(1));
        assert_eq!(count(203, later).room(NOW), Room::EndOldest { over: 3 });
        assert_eq!(count(225, later).room(NOW), Room::EndOldest { over: 25 });
        assert_eq!(count(226, later).room(NOW), Room::Recount);
    }

    #[test]
    fn the_oldest_live_ones_go_and_those_that_are_over_do_not_count() {
        let mut families: Vec<_> = (0..=203).map(|age| family(age, Some(7_200))).collect();
        families[100].end_sooner(None, Some(NOW.plus(Lifetime::from_secs(60))));
        families.push(family(500, Some(0)));
        let ended = Ended {
            at: NOW,
            reason: EndReason::Revoked,
        };
        let mut over = family(600, None);
        over.end(ended);
        families.push(over);
        let counted = recount(families, NOW);
        assert_eq!(counted.present(), 200);
        let Recounted {
            live,
            over,
            gone,
            recount_at,
        } = counted;
        let ages = |families: &[Family]| -> Vec<_> {
            let ages = families.iter().map(|f| NOW.since(f.created_at).as_secs());
            ages.collect()
        };
        assert_eq!(ages(&live[..over]), [203, 202, 201, 200]);
        assert_eq!(ages(&gone), [500, 600]);
        assert_eq!(recount_at, NOW.plus(Lifetime::from_secs(60)));
    }

    #[test]
    fn a_login_ends_two_hundred_families_at_most_and_the_next_goes_on() {
        let families: Vec<_> = (0..1_000).map(|age| family(age, Some(7_200))).collect();
        let counted = recount(families, NOW);
        assert_eq!(counted.over, 200);
        assert_eq!((counted.present(), counted.recount_at), (800, NOW));
        assert_eq!(count(801, NOW).room(NOW), Room::Recount);
    }

    #[test]
    fn families_without_an_end_are_counted_again_after_an_hour() {
        let counted = recount(vec![family(1, None), family(0, None)], NOW);
        assert_eq!(counted.recount_at, NOW.plus(RECOUNT_AFTER));
        assert_eq!(counted.present(), 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        /// Sequential logins with time between them: there are never more live families than allowed, none ends within
        /// the limit, and the oldest always ends first.
        #[test]
        fn logins_in_a_row_leave_exactly_the_newest(
            lifetime in prop::option::of(1_u64..9_000),
            gaps in prop::collection::vec(0_u64..40, 210..420),
        ) {
            let mut now = NOW;
            let mut stored: Vec<Family> = Vec::new();
            let mut counted = count(0, Timestamp::default());
            for (n, gap) in gaps.into_iter().enumerate() {
                now = now.plus(Lifetime::from_secs(gap));
                let id = FamilyId::new(now, (n as u128).to_be_bytes());
                stored.push(begun(id, now, lifetime.map(Lifetime::from_secs)));
                let mut expected = live_ids(&stored, now);
                let over = expected.len().saturating_sub(MAX_LIVE_PER_USER_AND_CLIENT);
                expected.drain(..over);
                counted.present += 1;
                match counted.room(now) {
                    Room::Enough => {}
                    Room::EndOldest { over } => {
                        prop_assert_eq!(over, 1);
                        stored.remove(0);
                        counted.present -= 1;
                    }
                    Room::Recount => {
                        let recounted = recount(stored.clone(), now);
                        let ending = recounted.live[..recounted.over].iter().chain(&recounted.gone);
                        let ending: Vec<_> = ending.map(|family| family.id).collect();
                        stored.retain(|family| !ending.contains(&family.id));
                        counted = count(recounted.present(), recounted.recount_at);
                    }
                }
                prop_assert_eq!(live_ids(&stored, now), expected);
                prop_assert!(stored.len() <= MAX_LIVE_PER_USER_AND_CLIENT);
            }
        }
    }

    /// The stored families and count of one user and application during concurrent logins; families are numbered in the
    /// order in which they begin.
    struct Stored {
        families: BTreeSet<u32>,
        count: FamilyCount,
    }

    /// The next step of a login. Each step is one request to the store.
    enum Step {
        Begin,
        Count,
        Read(FamilyCount),
        Remove(FamilyCount, Vec<u32>, usize),
        Commit(FamilyCount, usize),
        ReadOldest(usize),
        End(Vec<u32>, usize),
        Uncount,
    }

    impl Stored {
        fn take(&mut self, step: Step, family: u32) -> Option<Step> {
            let limit = MAX_LIVE_PER_USER_AND_CLIENT;
            match step {
                Step::Begin => {
                    self.families.insert(family);
                    Some(Step::Count)
                }
                Step::Count => {
                    self.count.present += 1;
                    self.count.revision += 1;
                    match self.count.room(NOW) {
                        Room::Enough => None,
                        Room::EndOldest { over } => Some(Step::ReadOldest(over)),
                        Room::Recount => Some(Step::Read(self.count)),
                    }
                }
                Step::Read(seen) => {
                    let over = self.families.len().saturating_sub(limit);
                    let oldest = self.families.iter().copied().take(over).collect();
                    Some(Step::Remove(seen, oldest, self.families.len() - over))
                }
                Step::Remove(seen, oldest, left) => {
                    self.families.retain(|family| !oldest.contains(family));
                    Some(Step::Commit(seen, left))
                }
                Step::Commit(seen, left) => {
                    if self.count.revision == seen.revision {
                        self.count = FamilyCount {
                            present: left,
                            recount_at: NOW.plus(RECOUNT_AFTER),
                            revision: seen.revision + 1,
                        };
                    }
                    None
                }
                Step::ReadOldest(over) => {
                    let oldest = self.families.iter().rev().copied();
                    let oldest: Vec<_> = oldest
                        .skip(self.families.len().saturating_sub(over))
                        .collect();
                    Some(Step::End(oldest, over))
                }
                Step::End(mut oldest, over) => match oldest.pop() {
                    None => Some(Step::ReadOldest(over)),
                    Some(next) if self.families.remove(&next) => Some(Step::Uncount),
                    Some(_) => Some(Step::End(oldest, over)),
                },
                Step::Uncount => {
                    self.count.present -= 1;
                    self.count.revision += 1;
                    None
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

        /// Concurrent logins with their steps in any order: in the end there are no more families than allowed, all new
        /// ones are among them, and the count is not too small. There are exactly as many as allowed if no login
        /// recounts.
        #[test]
        fn logins_at_once_leave_no_more_than_allowed(
            counted_before in any::<bool>(),
            order in prop::collection::vec(0_usize..8, 0..96),
        ) {
            let allowed = u32::try_from(MAX_LIVE_PER_USER_AND_CLIENT).unwrap();
            let recount_at = if counted_before { NOW.plus(RECOUNT_AFTER) } else { Timestamp::default() };
            let mut stored = Stored {
                families: (0..allowed).collect(),
                count: count(MAX_LIVE_PER_USER_AND_CLIENT, recount_at),
            };
            let mut steps: Vec<_> = (0..8).map(|_| Some(Step::Begin)).collect();
            let rest = (0..8).flat_map(|login| std::iter::repeat_n(login, 4 * 8 * 8));
            for login in order.into_iter().chain(rest) {
                if let Some(step) = steps[login].take() {
                    let family = allowed + u32::try_from(login).unwrap();
                    steps[login] = stored.take(step, family);
                }
            }
            prop_assert!(steps.iter().all(Option::is_none));
            let left = stored.families.len();
            prop_assert!(left <= MAX_LIVE_PER_USER_AND_CLIENT);
            prop_assert!((allowed..allowed + 8).all(|new| stored.families.contains(&new)));
            prop_assert!(stored.count.present >= left);
            if counted_before {
                prop_assert_eq!(left, MAX_LIVE_PER_USER_AND_CLIENT);
            }
        }
    }
}
