//! Every invariant holds in every state of every scenario.

use ratchet_model::{World, check, scenario::Scenario, variant::Variant};

#[test]
fn every_invariant_holds_in_every_state() {
    for scenario in Scenario::ALL {
        let variant = Variant::Product;
        let found = check(World { scenario, variant }, 2);
        println!(
            "{}: {} states, depth {}",
            scenario.name, found.states, found.depth
        );
        assert_eq!(found.violation, None, "{}", scenario.name);
        // A model in which nothing happens would hold, too.
        assert!(
            found.unreached.is_empty(),
            "{}: {:?}",
            scenario.name,
            found.unreached
        );
    }
}
