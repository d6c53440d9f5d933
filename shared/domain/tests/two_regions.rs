//! The effect on a family of two Regions that both write. Replicas of a table resolve conflicts by item: the last writer
//! wins. `infra/docs/REGIONS.md` therefore allows one active Region.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use ratchet_domain::{
    client::{RefreshTokenPolicy, Rotation},
    family::{EndReason, Ended, Exchange, Family, Login, Redemption},
    ids::{ClientId, FamilyId, Generation, RequestId, UserId},
    scope::Scope,
    sealed::KeyId,
    time::{Lifetime, Timestamp},
    valid_from::Epoch,
};

const POLICY: RefreshTokenPolicy = RefreshTokenPolicy {
    rotation: Rotation::Rotating,
    leeway: Lifetime::from_secs(0),
    token_lifetime: None,
    idle_token_lifetime: None,
    rate_limit: None,
};

fn at(second: u64) -> Exchange {
    Exchange {
        request: RequestId::from_bytes([1; 16]),
        from: None,
        active_key: KeyId::new(1),
        now: Timestamp::from_secs(second),
    }
}

fn begin() -> Family {
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
    Family::begin(FamilyId::from_bytes([7; 16]), login, &POLICY, at(0))
}

/// The family after the exchange of a token; `None` if it is not exchanged.
fn exchanged(region: &Family, generation: Generation, second: u64) -> Option<Family> {
    match region.redeem(generation, &POLICY, at(second)) {
        Redemption::Exchange { next, .. } => Some(*next),
        _ => None,
    }
}

fn exchange(region: &Family, generation: Generation, second: u64) -> Family {
    exchanged(region, generation, second).unwrap()
}

#[test]
fn a_region_that_lags_behind_takes_a_stolen_token_for_the_live_one() {
    let stolen = Generation::FIRST;
    let behind = begin();
    let ahead = exchange(&begin(), stolen, 1);
    assert!(matches!(
        ahead.redeem(stolen, &POLICY, at(2)),
        Redemption::Reuse(_)
    ));
    assert!(exchanged(&behind, stolen, 2).is_some());
}

#[test]
fn the_last_writer_undoes_a_revocation() {
    let mut revoked = begin();
    revoked.end(Ended {
        at: Timestamp::from_secs(1),
        reason: EndReason::Revoked,
    });
    assert!(exchanged(&revoked, Generation::FIRST, 3).is_none());
    // The other Region has not received the revocation, and its item replaces the revoked one.
    let last = exchange(&begin(), Generation::FIRST, 2);
    assert!(last.is_live(Timestamp::from_secs(3)));
    assert!(exchanged(&last, last.generation, 3).is_some());
}

#[test]
fn after_a_failover_the_users_token_from_the_lost_region_stays_valid() {
    let replicated = begin();
    let lost = exchange(
        &exchange(&begin(), Generation::FIRST, 1),
        Generation::new(1),
        2,
    );
    let next = exchange(&replicated, lost.generation, 60);
    assert_eq!(next.generation, Generation::new(3));
}
