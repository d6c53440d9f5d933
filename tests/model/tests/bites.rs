//! Each fault of another server breaks an invariant, and the checker finds the shortest trace to it.

use ratchet_model::{
    World, check,
    history::Broken::{self, *},
    scenario::Scenario,
    variant::Variant,
};

const ONCE: Scenario = Scenario {
    refreshes: 1,
    ..Scenario::QUIET
};
const TWICE: Scenario = Scenario {
    faults: 1,
    ..Scenario::QUIET
};
const TABS: Scenario = Scenario {
    tabs: 2,
    ..Scenario::QUIET
};

#[track_caller]
fn finds(variant: Variant, scenario: Scenario, broken: Broken, trace: &[&str]) {
    let found = check(World { scenario, variant }, 1);
    let expected = trace.iter().map(|step| (*step).to_owned()).collect();
    assert_eq!(found.violation, Some((broken, expected)));
    let variant = Variant::Product;
    assert_eq!(check(World { scenario, variant }, 1).violation, None);
}

#[test]
fn a_write_without_a_condition() {
    finds(
        Variant::UnconditionalWrite,
        TABS,
        TwoTextsForOneGeneration,
        &[
            "client presents token 0 (call 1)",
            "client presents token 0 (call 2)",
            "call 1 loads and decides",
            "call 1 signs",
            "call 2 loads and decides",
            "call 2 signs",
            "call 2 commits generation 1",
            "call 1 commits generation 1",
            "call 2 answers with token 1",
            "call 1 answers with token 1",
        ],
    );
}

#[test]
fn a_leeway_that_slides_with_each_replay() {
    let scenario = Scenario {
        seconds: 6,
        refreshes: 3,
        faults: 2,
        ..TWICE
    };
    finds(
        Variant::SlidingLeeway,
        scenario,
        HonouredOutsideTheLeeway,
        &[
            "client presents token 0 (call 1)",
            "call 1 loads and decides",
            "call 1 signs",
            "call 1 commits generation 1",
            "call 1 answers with token 1: the answer is lost",
            "a second passes",
            "client presents token 0 (call 2)",
            "call 2 loads and decides",
            "call 2 signs: the function crashes first",
            "a second passes",
            "a second passes",
            "a second passes",
            "client presents token 0 (call 3)",
            "call 3 loads and decides",
            "call 3 signs",
            "call 3 answers with token 1",
        ],
    );
}

#[test]
fn a_parent_that_is_honoured_for_ever() {
    let scenario = Scenario {
        seconds: 4,
        ..TWICE
    };
    finds(
        Variant::ParentForever,
        scenario,
        HonouredOutsideTheLeeway,
        &[
            "client presents token 0 (call 1)",
            "call 1 loads and decides",
            "call 1 signs",
            "call 1 commits generation 1",
            "call 1 answers with token 1: the answer is lost",
            "a second passes",
            "a second passes",
            "a second passes",
            "a second passes",
            "client presents token 0 (call 2)",
            "call 2 loads and decides",
            "call 2 signs",
            "call 2 answers with token 1",
        ],
    );
}

#[test]
fn two_siblings_of_one_parent() {
    finds(
        Variant::TwoSiblings,
        TWICE,
        TwoTextsForOneGeneration,
        &[
            "client presents token 0 (call 1)",
            "call 1 loads and decides",
            "call 1 signs",
            "call 1 commits generation 1",
            "call 1 answers with token 1: the answer is lost",
            "client presents token 0 (call 2)",
            "call 2 loads and decides",
            "call 2 signs",
            "call 2 answers with token 1",
        ],
    );
}

#[test]
fn a_token_that_is_used_before_its_successor_exists() {
    finds(
        Variant::UsedBeforeSuccessor,
        TWICE,
        RetryWasPunished,
        &[
            "client presents token 0 (call 1)",
            "call 1 loads and decides",
            "call 1 signs",
            "call 1 commits generation 1: the answer is lost",
            "call 1 fences its write off",
            "call 1 answers 503",
            "client presents token 0 (call 2)",
            "call 2 loads and decides",
        ],
    );
}

#[test]
fn an_error_after_the_commit() {
    let scenario = Scenario {
        leeway: 0,
        faults: 1,
        ..ONCE
    };
    finds(
        Variant::ErrorAfterCommit,
        scenario,
        FailureBurnedTheToken,
        &[
            "client presents token 0 (call 1)",
            "call 1 loads and decides",
            "call 1 signs",
            "call 1 commits generation 1: the answer is lost",
            "call 1 answers 503",
        ],
    );
}

#[test]
fn a_refresh_that_wins_over_a_revocation() {
    let scenario = Scenario {
        revocations: 1,
        ..ONCE
    };
    finds(
        Variant::RefreshCreatesTheItem,
        scenario,
        YieldedAfterItsEnd,
        &[
            "client revokes its token (call 1)",
            "client presents token 0 (call 2)",
            "call 2 loads and decides",
            "call 1 deletes the family",
            "call 1 acknowledges",
            "call 2 signs",
            "call 2 commits generation 1",
        ],
    );
}

#[test]
fn a_signature_after_the_commit() {
    let scenario = Scenario {
        leeway: 0,
        faults: 1,
        ..ONCE
    };
    finds(
        Variant::SignAfterCommit,
        scenario,
        FailureBurnedTheToken,
        &[
            "client presents token 0 (call 1)",
            "call 1 loads and decides",
            "call 1 commits generation 1",
            "call 1 does what is left after the commit: it fails",
            "call 1 answers 503",
        ],
    );
}

#[test]
fn a_condition_on_the_family_and_not_on_the_generation() {
    finds(
        Variant::ConditionOnTheFamily,
        TABS,
        TwoTextsForOneGeneration,
        &[
            "client presents token 0 (call 1)",
            "client presents token 0 (call 2)",
            "call 1 loads and decides",
            "call 1 signs",
            "call 2 loads and decides",
            "call 2 signs",
            "call 2 commits generation 1",
            "call 1 commits generation 1",
            "call 2 answers with token 1",
            "call 1 answers with token 1",
        ],
    );
}

#[test]
fn a_revocation_of_the_live_token_alone() {
    let scenario = Scenario {
        revocations: 1,
        ..ONCE
    };
    finds(
        Variant::RevokeTheLiveTokenAlone,
        scenario,
        YieldedAfterItsEnd,
        &[
            "client revokes its token (call 1)",
            "client presents token 0 (call 2)",
            "call 2 loads and decides",
            "call 2 signs",
            "call 2 commits generation 1",
            "call 1 deletes the family",
            "call 2 answers with token 1",
            "call 1 acknowledges",
        ],
    );
}

#[test]
fn an_eviction_that_a_refresh_in_flight_outlives() {
    let scenario = Scenario {
        evictions: 1,
        ..ONCE
    };
    finds(
        Variant::EvictTheEpochAlone,
        scenario,
        YieldedAfterItsEnd,
        &[
            "operator logs the user out (call 1)",
            "client presents token 0 (call 2)",
            "call 2 loads and decides",
            "call 1 begins a new epoch",
            "call 1 acknowledges",
            "call 2 signs",
            "call 2 commits generation 1",
        ],
    );
}

#[test]
fn a_leeway_from_the_arrival_of_the_request() {
    let scenario = Scenario {
        seconds: 4,
        ..TWICE
    };
    finds(
        Variant::LeewayFromArrival,
        scenario,
        RetryWasPunished,
        &[
            "client presents token 0 (call 1)",
            "call 1 loads and decides",
            "call 1 signs",
            "a second passes",
            "a second passes",
            "a second passes",
            "a second passes",
            "call 1 commits generation 1",
            "call 1 answers with token 1: the function crashes first",
            "client presents token 0 (call 2)",
            "call 2 loads and decides",
        ],
    );
}

#[test]
fn a_write_after_the_answer() {
    let scenario = Scenario { faults: 1, ..ONCE };
    finds(
        Variant::LateWrite,
        scenario,
        FailureBurnedTheToken,
        &[
            "client presents token 0 (call 1)",
            "call 1 loads and decides",
            "call 1 signs",
            "call 1 commits generation 1: it times out and is still on its way",
            "call 1 fences its write off",
            "call 1 answers 503",
            "DynamoDB applies a write whose call has given up",
        ],
    );
}

#[test]
fn clocks_that_differ_by_more_than_the_time_since_the_exchange() {
    let scenario = Scenario {
        skew: true,
        ..TWICE
    };
    finds(
        Variant::UnsignedClockDifference,
        scenario,
        RetryWasPunished,
        &[
            "client presents token 0 to an environment whose clock is 2 s ahead (call 1)",
            "call 1 loads and decides",
            "call 1 signs",
            "call 1 commits generation 1",
            "call 1 answers with token 1: the function crashes first",
            "client presents token 0 (call 2)",
            "call 2 loads and decides",
        ],
    );
}
