//! How a login keeps to [`MAX_LIVE_PER_USER_AND_CLIENT`] without reading the families that there are: they are counted
//! in an item of their own, and only a login that goes over the limit looks at any.
//!
//! A family is counted when it has begun, so that a login that fails counts nothing. For one login after the other the
//! count is exact as long as families of one application live equally long. It is too large after an end whose answer was
//! lost, and while a family whose end a script brought forward is counted: the oldest families then end early, until the
//! families are counted one by one, at the first login over the limit after an hour at most. Each login over the limit ends
//! one family itself, so that logins at once end no more than there are of them. Where so many meet that some count one by
//! one, the others may end a family each, up to `AT_ONCE`, that was within the limit. In no order do logins at once
//! leave more families than the limit allows.

use super::{
    family::{Family, MAX_LIVE_PER_USER_AND_CLIENT},
    time::{Lifetime, Timestamp},
};

/// After how long families are counted again at the latest.
const RECOUNT_AFTER: Lifetime = Lifetime::from_secs(3_600);

/// How many logins at once over the limit end a family each; more than these have families counted one by one.
const AT_ONCE: usize = 25;

/// How many families a login ends at most.
const MOST_ENDED: usize = 200;

/// The families of one user and application, as they are counted: the one that has just begun among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyCount {
    /// How many there are.
    pub present: usize,
    /// From when on some of them may have expired; the epoch if they have never been counted one by one.
    pub recount_at: Timestamp,
    /// How many times the count has changed. It tells two counts of one number apart.
    pub revision: u64,
}

/// What has to happen when a family has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Nothing.
    Enough,
    /// The oldest family ends. None of those that are counted can have expired. So many are over the limit: other
    /// logins may be about to end that one, too, and then the next oldest ends, so that each login ends one.
    EndOldest {
        /// How many more there are than allowed.
        over: usize,
    },
    /// The families are read and counted: [`recount`].
    Recount,
}

impl FamilyCount {
    /// What has to happen when the family has begun that is counted last.
    pub fn room(self, now: Timestamp) -> Room {
        match self.present.checked_sub(MAX_LIVE_PER_USER_AND_CLIENT) {
            None | Some(0) => Room::Enough,
            Some(over) if self.recount_at <= now || over > AT_ONCE => Room::Recount,
            Some(over) => Room::EndOldest { over },
        }
    }
}

/// The families of one user and application, counted one by one.
#[derive(Debug, PartialEq, Eq)]
pub struct Recounted {
    /// The live ones, the oldest first.
    pub live: Vec<Family>,
    /// How many of them end because there are too many.
    pub over: usize,
    /// Those that have expired or ended: nothing is left of them but their items.
    pub gone: Vec<Family>,
    /// From when on some of those that remain may have expired.
    pub recount_at: Timestamp,
}

impl Recounted {
    /// How many remain.
    pub fn present(&self) -> usize {
        self.live.len() - self.over
    }
}

/// Counts families one by one.
pub fn recount(families: Vec<Family>, now: Timestamp) -> Recounted {
    let (mut live, gone): (Vec<_>, Vec<_>) =
        families.into_iter().partition(|family| family.is_live(now));
    live.sort_by_key(|family| (family.created_at, family.id));
    let excess = live.len().saturating_sub(MAX_LIVE_PER_USER_AND_CLIENT);
    let over = excess.min(MOST_ENDED);
    // The next login goes on with those that are left.
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
    use crate::domain::{
        client::RefreshTokenPolicy,
        family::{EndReason, Ended, Exchange, Login},
        ids::{ClientId, FamilyId, RequestId, UserId},
        scope::Scope,
        sealed::KeyId,
        valid_from::Epoch,
    };

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    /// A family that began so many seconds ago and ends in so many.
    fn family(age: u64, left: Option<u64>) -> Family {
        let began = Timestamp::from_secs(NOW.as_secs() - age);
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
        Family {
            idle_expires_at: left.map(|left| NOW.plus(Lifetime::from_secs(left))),
            expires_at: None,
            ..Family::begin(
                FamilyId::new(began, [0; 16]),
                login,
                &RefreshTokenPolicy::ROTATING,
                at,
            )
        }
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
    fn nothing_is_looked_at_up_to_the_limit() {
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
        families[100].idle_expires_at = Some(NOW.plus(Lifetime::from_secs(60)));
        families.push(family(500, Some(0)));
        let ended = Ended {
            at: NOW,
            reason: EndReason::Revoked,
        };
        families.push(Family {
            ended: Some(ended),
            ..family(600, None)
        });
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

        /// One login after the other, with time between them: at no time more live families than allowed, none
        /// ends while there is room, and always the oldest.
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
                let new = Family {
                    id: FamilyId::new(now, (n as u128).to_be_bytes()),
                    created_at: now,
                    idle_expires_at: lifetime.map(|left| now.plus(Lifetime::from_secs(left))),
                    ..family(0, None)
                };
                stored.push(new);
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

    /// What is stored of one user and application while many log in at once; families are numbers in the order in
    /// which they begin.
    struct Stored {
        families: BTreeSet<u32>,
        count: FamilyCount,
    }

    /// What a login does next. Each step is one request to the store.
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

        /// Logins at once, their steps in any order: never more families than allowed when all are done, all new ones
        /// among them, and the count is not too small. They are exactly as many as allowed where none counts one by one.
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
