//! The invariants of a family over random histories, and over every interleaving of a few requests.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::HashMap;

use proptest::prelude::*;
use ratchet_domain::{
    client::{RefreshTokenPolicy, Rotation},
    family::{EndReason, Ended, Exchange, Family, Login, Redemption},
    ids::{ClientId, FamilyId, Generation, RequestId, UserId},
    scope::Scope,
    sealed::KeyId,
    time::{Lifetime, Timestamp},
    valid_from::Epoch,
};

const START: u64 = 1_000;

fn policy(leeway: u64, absolute: Option<u64>, idle: Option<u64>) -> RefreshTokenPolicy {
    RefreshTokenPolicy {
        rotation: Rotation::Rotating,
        leeway: Lifetime::from_secs(leeway),
        token_lifetime: absolute.map(Lifetime::from_secs),
        idle_token_lifetime: idle.map(Lifetime::from_secs),
        rate_limit: None,
    }
}

fn exchange(request: u8, now: u64) -> Exchange {
    Exchange {
        request: RequestId::from_bytes([request; 16]),
        from: None,
        active_key: KeyId::new(1),
        now: Timestamp::from_secs(now),
    }
}

fn begin(policy: &RefreshTokenPolicy) -> Family {
    let login = Login {
        user_id: UserId::parse("auth0|ada").unwrap(),
        client_id: ClientId::parse("app").unwrap(),
        audience: None,
        scope: Scope::parse("openid offline_access"),
        valid_from: Epoch::default(),
        auth_time: Timestamp::from_secs(START),
        tells_auth_time: false,
        session_id: None,
        device: None,
    };
    Family::begin(
        FamilyId::from_bytes([7; 16]),
        login,
        policy,
        exchange(0, START),
    )
}

#[derive(Debug, Clone)]
enum Step {
    /// A client presents the token `back` generations before the live one, `after` seconds later.
    Present {
        back: u32,
        after: u64,
    },
    Revoke {
        after: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (prop_oneof![4 => Just(0_u32), 2 => Just(1), 1 => 2_u32..5], 0_u64..40)
            .prop_map(|(back, after)| Step::Present { back, after }),
        1 => (0_u64..40).prop_map(|after| Step::Revoke { after }),
    ]
}

proptest! {
    #[test]
    fn any_history_keeps_the_invariants(
        leeway in 0_u64..20,
        absolute in proptest::option::of(50_u64..400),
        idle in proptest::option::of(10_u64..100),
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let policy = policy(leeway, absolute, idle);
        let mut family = begin(&policy);
        let expires_at = family.expires_at;
        let mut now = START;
        let mut replaced_at: HashMap<Generation, u64> = HashMap::new();
        for step in steps {
            let (Step::Present { after, .. } | Step::Revoke { after }) = step;
            now += after;
            let dead = !family.is_live(Timestamp::from_secs(now));
            match step {
                Step::Revoke { .. } => {
                    let at = Timestamp::from_secs(now);
                    family.end(Ended { at, reason: EndReason::Revoked });
                }
                Step::Present { back, .. } => {
                    let live = family.generation;
                    let presented = Generation::new(live.number().saturating_sub(back));
                    let redemption = family.redeem(presented, &policy, exchange(1, now));
                    // Equal arguments have equal results.
                    prop_assert_eq!(&redemption, &family.redeem(presented, &policy, exchange(1, now)));
                    match redemption {
                        Redemption::Exchange { next, reveal } => {
                            // I1: only the live token is exchanged, for exactly one successor.
                            prop_assert!(!dead && presented == live && reveal);
                            prop_assert_eq!(next.generation, live.next());
                            // I7, I8.
                            prop_assert_eq!(next.expires_at, expires_at);
                            prop_assert_eq!(&next.scope, &family.scope);
                            replaced_at.insert(live, now);
                            family = *next;
                        }
                        Redemption::Replay => {
                            // I2: the immediate parent, inside a leeway that began with its replacement, and nothing
                            // changes.
                            prop_assert!(!dead && presented.next() == live);
                            prop_assert!(now <= replaced_at[&presented] + leeway);
                        }
                        Redemption::Reuse(ended) => {
                            // I3, and never for the live token.
                            prop_assert!(!dead && presented < live);
                            prop_assert!(
                                presented.next() < live || leeway == 0
                                    || now > replaced_at[&presented] + leeway
                            );
                            family.end(ended);
                        }
                        // I4: an ended family stays ended, and only its tokens are rejected.
                        Redemption::Refuse(_) => prop_assert!(dead),
                    }
                }
            }
            // It can be stored and read again.
            let stored = family.clone().into_parts();
            prop_assert_eq!(Family::try_from(stored), Ok(family.clone()));
        }
    }
}

/// A request in flight: the family that it read, or its response.
#[derive(Debug, Clone)]
enum Flight {
    Waiting,
    Read(Box<Family>),
    Got(Generation),
    Refused,
}

/// The store and all of its clients. A rotation happens only if the family is still the one that was read: the
/// condition of the real write.
#[derive(Debug, Clone)]
struct World {
    family: Family,
    flights: Vec<Flight>,
    revocation: Revocation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Revocation {
    Never,
    Pending,
    Acknowledged,
}

/// Runs every order in which the flights can read, write and get their responses, and the revocation can happen in
/// between, and calls `check` on every finished world.
fn explore(world: &World, policy: &RefreshTokenPolicy, check: &mut impl FnMut(&World)) {
    let mut finished = true;
    for index in 0..world.flights.len() {
        if let Some(next) = advance(world, index, policy) {
            finished = false;
            explore(&next, policy, check);
        }
    }
    if world.revocation == Revocation::Pending {
        finished = false;
        let mut next = world.clone();
        next.revocation = Revocation::Acknowledged;
        let ended = Ended {
            at: Timestamp::from_secs(START),
            reason: EndReason::Revoked,
        };
        next.family.end(ended);
        explore(&next, policy, check);
    }
    if finished {
        check(world);
    }
}

fn advance(world: &World, index: usize, policy: &RefreshTokenPolicy) -> Option<World> {
    let mut next = world.clone();
    let at = exchange(u8::try_from(index).unwrap() + 1, START);
    next.flights[index] = match &world.flights[index] {
        Flight::Waiting => Flight::Read(Box::new(world.family.clone())),
        Flight::Read(read) => match read.redeem(Generation::FIRST, policy, at) {
            Redemption::Exchange { next: rotated, .. } => {
                let unchanged =
                    world.family.generation == read.generation && world.family.ended.is_none();
                if unchanged {
                    // I4: nothing is rotated once the revocation is acknowledged, whenever it was read.
                    assert_ne!(world.revocation, Revocation::Acknowledged);
                    next.family = *rotated;
                    Flight::Got(next.family.generation)
                } else {
                    // A conflict: the request reads again.
                    Flight::Waiting
                }
            }
            Redemption::Replay => Flight::Got(read.generation),
            Redemption::Reuse(ended) => {
                next.family.end(ended);
                Flight::Refused
            }
            Redemption::Refuse(_) => Flight::Refused,
        },
        Flight::Got(_) | Flight::Refused => return None,
    };
    Some(next)
}

fn race(leeway: u64, revocation: Revocation) -> Vec<World> {
    let policy = policy(leeway, None, None);
    let world = World {
        family: begin(&policy),
        flights: vec![Flight::Waiting; 3],
        revocation,
    };
    let mut worlds = Vec::new();
    explore(&world, &policy, &mut |world| worlds.push(world.clone()));
    assert!(!worlds.is_empty());
    worlds
}

fn successes(world: &World) -> Vec<Generation> {
    let got = |flight: &Flight| match flight {
        Flight::Got(generation) => Some(*generation),
        _ => None,
    };
    world.flights.iter().filter_map(got).collect()
}

#[test]
fn racing_requests_inside_the_leeway_all_get_the_same_successor() {
    for world in race(10, Revocation::Never) {
        assert_eq!(successes(&world), [Generation::new(1); 3], "{world:?}");
        assert!(world.family.ended.is_none());
    }
}

#[test]
fn racing_requests_without_leeway_leave_one_winner_and_no_family() {
    for world in race(0, Revocation::Never) {
        assert_eq!(successes(&world), [Generation::new(1)], "{world:?}");
        assert_eq!(world.family.ended.unwrap().reason, EndReason::ReuseDetected);
    }
}

#[test]
fn after_a_revocation_nothing_is_rotated_however_the_requests_interleave() {
    for leeway in [0, 10] {
        for world in race(leeway, Revocation::Pending) {
            assert!(world.family.ended.is_some(), "{world:?}");
            assert!(
                successes(&world)
                    .iter()
                    .all(|got| *got == Generation::new(1))
            );
        }
    }
}
