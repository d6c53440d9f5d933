//! I10 over every interleaving: sessions and tokens that began before an eviction of their user are invalid once it has
//! been acknowledged, and nothing that begins after it is rejected. The model runs the product's own decisions; its
//! requests read the profile at one moment and write at another, and their clocks differ arbitrarily.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use ratchet_domain::{
    client::RefreshTokenPolicy,
    family::{Exchange, Family, Login, Redemption},
    ids::{ClientId, FamilyId, Generation, RequestId, UserId},
    scope::Scope,
    sealed::KeyId,
    time::Timestamp,
    valid_from::{Epoch, Eviction, IssuedIn, RefreshTokensThen, ValidFrom},
};

/// A login between a correct password and a refresh token, with the clock of its current function.
#[derive(Debug, Clone)]
enum Flight {
    /// The password has been compared with the profile, and the session contains the profile's epoch.
    LoggedIn(ValidFrom),
    /// `/authorize` has read the profile with the session, and has not stored the code yet.
    Issuing(IssuedIn),
    /// The code was issued in the session.
    Code(IssuedIn),
    /// The code's exchange has read the profile and validated the code, and has not been committed yet.
    Exchanging(ValidFrom),
    /// The family is stored.
    Holds(Box<Family>),
    Refused,
}

#[derive(Debug, Clone)]
struct World {
    profile: ValidFrom,
    flight: Flight,
    /// True if the flight began after the last eviction was acknowledged.
    began_after: bool,
    /// The remaining evictions, the next one last.
    evictions: Vec<(Eviction, Timestamp)>,
    /// The acknowledged evictions before which the current flight had begun.
    acknowledged: Vec<Eviction>,
}

fn family(epoch: Epoch, now: Timestamp) -> Family {
    let login = Login {
        user_id: UserId::parse("auth0|ada").unwrap(),
        client_id: ClientId::parse("app").unwrap(),
        audience: None,
        scope: Scope::parse("openid offline_access"),
        valid_from: epoch,
        auth_time: now,
        tells_auth_time: false,
        session_id: None,
        device: None,
    };
    let id = FamilyId::from_bytes([7; 16]);
    Family::begin(id, login, &RefreshTokenPolicy::ROTATING, at(now))
}

fn at(now: Timestamp) -> Exchange {
    Exchange {
        request: RequestId::from_bytes([1; 16]),
        active_key: KeyId::new(1),
        from: None,
        now,
    }
}

fn is_good(family: &Family, profile: &ValidFrom, now: Timestamp) -> bool {
    let family = family.clone().under(profile);
    let redeemed = family.redeem(Generation::FIRST, &RefreshTokenPolicy::ROTATING, at(now));
    matches!(redeemed, Redemption::Exchange { .. })
}

fn step(world: &World, now: Timestamp) -> Option<World> {
    let mut next = world.clone();
    next.flight = match &world.flight {
        // The session is compared with the profile, which is read with it.
        Flight::LoggedIn(seen) if seen.sessions != world.profile.sessions => Flight::Refused,
        Flight::LoggedIn(seen) => Flight::Issuing(IssuedIn {
            sessions: seen.sessions,
            ..world.profile.now()
        }),
        Flight::Issuing(issued) => Flight::Code(*issued),
        Flight::Code(issued) if !world.profile.honours(*issued) => Flight::Refused,
        Flight::Code(_) => Flight::Exchanging(world.profile),
        Flight::Exchanging(seen) => Flight::Holds(Box::new(family(seen.refresh_tokens, now))),
        Flight::Holds(_) | Flight::Refused => return None,
    };
    Some(next)
}

fn evict(world: &World) -> Option<World> {
    let mut next = world.clone();
    let (eviction, now) = next.evictions.pop()?;
    next.profile = next.profile.after(eviction, now);
    // A session survives the deletion of all grants, and its further flight begins with the next read.
    let is_session = matches!(next.flight, Flight::LoggedIn(_));
    if !(is_session && eviction == Eviction::GrantsDeleted) {
        next.acknowledged.push(eviction);
        next.began_after = false;
    }
    Some(next)
}

/// True if refresh tokens survive an eviction.
fn spares_refresh_tokens(eviction: Eviction) -> bool {
    matches!(
        eviction,
        Eviction::Blocked | Eviction::PasswordChanged(RefreshTokensThen::Stay)
    )
}

fn explore(world: &World, clock: Timestamp, finished: &mut usize) {
    if let Flight::Holds(family) = &world.flight {
        let ended = world
            .acknowledged
            .iter()
            .any(|e| !spares_refresh_tokens(*e));
        let good = is_good(family, &world.profile, clock);
        if world.began_after || world.acknowledged.is_empty() {
            assert!(good, "an honest login is refused: {world:?}");
        } else if ended {
            assert!(!good, "what was over before yields something: {world:?}");
        }
    }
    if matches!(world.flight, Flight::Refused) {
        let hit = !world.acknowledged.is_empty();
        assert!(hit, "an honest login is refused: {world:?}");
    }
    let mut over = true;
    for next in [step(world, clock), evict(world)].into_iter().flatten() {
        over = false;
        explore(&next, clock, finished);
    }
    if over {
        *finished += 1;
    }
}

const EVICTIONS: [Eviction; 5] = [
    Eviction::LoggedOut,
    Eviction::GrantsDeleted,
    Eviction::PasswordChanged(RefreshTokensThen::End),
    Eviction::PasswordChanged(RefreshTokensThen::Stay),
    Eviction::Blocked,
];

/// The clocks of the flight and of the two evicting functions: equal, behind and ahead.
const CLOCKS: [(u64, u64, u64); 5] = [
    (1_000, 1_000, 1_000),
    (9_000, 1_000, 1_001),
    (1_000, 9_000, 1_000),
    (1_000, 1, 2),
    (1, 5_000, 4_000),
];

fn world(first: (Eviction, u64), second: (Eviction, u64)) -> World {
    let profile = ValidFrom::created(Timestamp::from_millis(500), None);
    let due = |(eviction, now)| (eviction, Timestamp::from_millis(now));
    World {
        profile,
        flight: Flight::LoggedIn(profile),
        began_after: false,
        evictions: vec![due(second), due(first)],
        acknowledged: Vec::new(),
    }
}

#[test]
fn an_eviction_ends_earlier_logins_under_every_clock_skew() {
    let mut finished = 0;
    for first in EVICTIONS {
        for second in EVICTIONS {
            for (flight, one, two) in CLOCKS {
                let world = world((first, one), (second, two));
                explore(&world, Timestamp::from_millis(flight), &mut finished);
            }
        }
    }
    assert!(finished > 500, "{finished} histories");
}

#[test]
fn a_login_after_an_eviction_is_valid_under_every_clock_skew() {
    let mut finished = 0;
    for eviction in EVICTIONS {
        for (flight, one, two) in CLOCKS {
            let mut world = world((eviction, one), (Eviction::LoggedOut, two));
            world = evict(&evict(&world).unwrap()).unwrap();
            world.flight = Flight::LoggedIn(world.profile);
            world.began_after = true;
            explore(&world, Timestamp::from_millis(flight), &mut finished);
        }
    }
    assert!(finished >= 20, "{finished} histories");
}

#[test]
fn a_recreated_user_honours_no_earlier_login() {
    for (flight, one, two) in CLOCKS {
        let clock = Timestamp::from_millis;
        let first = ValidFrom::created(clock(flight), None);
        let held = family(first.refresh_tokens, clock(flight));
        let deleted = first.at_deletion(clock(one));
        let again = ValidFrom::created(clock(two), Some(deleted));
        assert_ne!(again.sessions, first.sessions);
        assert!(!is_good(&held, &again, clock(flight)));
    }
}
