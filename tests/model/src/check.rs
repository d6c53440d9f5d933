//! The check of one world: breadth-first, so that a trace to a violation is as short as any.

use stateright::{Checker, Model};

use crate::{World, history::Broken, narration};

/// The result of a check.
#[derive(Debug)]
pub struct Found {
    /// Number of different states.
    pub states: usize,
    /// Number of actions on the longest path.
    pub depth: usize,
    /// The states that the model has to reach and did not, by the names of the properties.
    pub unreached: Vec<&'static str>,
    /// The invariant that does not hold, with the trace to its violation.
    pub violation: Option<(Broken, Vec<String>)>,
}

/// Visits every state of the world, or those up to the first violation.
pub fn check(world: World, threads: usize) -> Found {
    let reachable: Vec<_> = world
        .properties()
        .into_iter()
        .filter(|property| property.expectation == stateright::Expectation::Sometimes)
        .map(|property| property.name)
        .collect();
    let checker = world.checker().threads(threads).spawn_bfs().join();
    let violation = checker.discovery(crate::HOLDS).and_then(|path| {
        let broken = path.last_state().history.broken()?;
        let steps = path.into_vec().into_iter();
        let trace = steps.filter_map(|(state, action)| Some(narration::line(&state, &action?)));
        Some((broken, trace.collect()))
    });
    Found {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        unreached: reachable
            .into_iter()
            .filter(|name| checker.discovery(name).is_none())
            .collect(),
        violation,
    }
}
