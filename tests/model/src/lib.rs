//! A model of the rotation of refresh tokens, for a checker that visits every state within bounds.
//!
//! The deciding function is the product's own: [`ratchet_domain::family::Family::redeem`]. Around it the model has what
//! may come between two calls of AWS: other requests, lost answers, writes of unknown outcome, crashes, clocks that
//! differ, a thief, revocations, evictions, changes of the settings, new keys, and restores.

mod check;

pub mod action;
pub mod calls;
pub mod history;
pub mod narration;
pub mod scenario;
pub mod service;
pub mod state;
pub mod table;
pub mod variant;

use stateright::{Model, Property};

pub use check::{Found, check};

use crate::{
    action::{Action, Outcome},
    scenario::{SKEW, Scenario},
    service::Service,
    state::{Call, End, HONEST, Refresh, RefreshStep, State, THIEF, Work},
    variant::Variant,
};

/// The property of all invariants.
const HOLDS: &str = "every invariant holds";

/// A scenario with one variant of the service.
#[derive(Debug, Clone, Copy)]
pub struct World {
    /// The bounds and settings.
    pub scenario: Scenario,
    /// The service.
    pub variant: Variant,
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::after_login(&self.scenario)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        // The trace to a violation ends there.
        if state.history.broken().is_some() {
            return;
        }
        for (index, device) in state.devices.iter().enumerate() {
            let at_once = if index == HONEST {
                self.scenario.tabs
            } else {
                1
            };
            if device.token.is_some()
                && device.left > 0
                && device.waits_for.len() < usize::from(at_once)
            {
                actions.push(Action::Present {
                    device: index,
                    ahead: 0,
                });
                if self.scenario.skew {
                    actions.push(Action::Present {
                        device: index,
                        ahead: SKEW,
                    });
                }
            }
        }
        for call in 0..state.calls.len() {
            for outcome in Outcome::ALL {
                if outcome == Outcome::Succeeds || state.left.faults > 0 {
                    actions.push(Action::Step { call, outcome });
                }
            }
        }
        for late in 0..state.table.late.len() {
            actions.push(Action::ApplyLate(late));
        }
        if state.now < self.scenario.seconds {
            actions.push(Action::Second);
        }
        let honest = state.devices.get(HONEST).and_then(|device| device.token);
        let thief = state.devices.get(THIEF);
        if honest.is_some() && thief.is_some_and(|thief| thief.token.is_none()) {
            actions.push(Action::Steal);
        }
        let left = &state.left;
        let possible = [
            (left.revocations > 0 && honest.is_some(), Action::Revoke),
            (left.evictions > 0, Action::Evict),
            (left.type_changes > 0, Action::ChangeType),
            (left.new_keys > 0, Action::NewKey),
            (left.restores > 0 && state.backup.is_none(), Action::BackUp),
            (left.restores > 0 && state.backup.is_some(), Action::Restore),
        ];
        actions.extend(
            possible
                .into_iter()
                .filter_map(|(may, action)| may.then_some(action)),
        );
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        let service = Service {
            scenario: &self.scenario,
            variant: self.variant,
        };
        match action {
            Action::Present { device, ahead } => present(&mut state, device, ahead)?,
            Action::Step { call, outcome } => {
                if outcome != Outcome::Succeeds {
                    state.left.faults -= 1;
                }
                service.step(&mut state, call, outcome)?;
            }
            Action::ApplyLate(index) => {
                let write = state.table.late.remove(index);
                service.apply(&mut state, &write);
            }
            Action::Second => state.now += 1,
            Action::Steal => {
                let token = state.devices.get(HONEST)?.token;
                state.devices.get_mut(THIEF)?.token = token;
            }
            Action::Revoke => {
                state.left.revocations -= 1;
                let token = state.devices.get(HONEST)?.token?;
                begin(&mut state, Work::End(End::Revoke(token)));
            }
            Action::Evict => {
                state.left.evictions -= 1;
                begin(&mut state, Work::End(End::BeginEpoch));
            }
            Action::ChangeType => {
                state.left.type_changes -= 1;
                state.rotates = !state.rotates;
            }
            Action::NewKey => {
                state.left.new_keys -= 1;
                state.key += 1;
            }
            Action::BackUp => {
                state.backup = Some(Box::new((state.table.family.clone(), state.table.epoch)));
            }
            Action::Restore => {
                state.left.restores -= 1;
                let (family, epoch) = *state.backup.take()?;
                state.table.family = family;
                state.table.epoch = epoch;
                state.table.late.clear();
                state.history.restores();
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties: Vec<Property<Self>> = vec![Property::sometimes(
            "the client rotates its token",
            |_, state: &State| {
                let mut devices = state.devices.iter();
                devices.any(|device| device.token.is_some_and(|token| token.generation > 0))
            },
        )];
        if self.scenario.leeway > 0 {
            let replay = "a replay gets the live token";
            properties.push(Property::sometimes(replay, |_, state: &State| {
                refreshes(state).any(|refresh| matches!(refresh.step, RefreshStep::SignReplay(_)))
            }));
        }
        properties.push(Property::always(HOLDS, |_, state: &State| {
            state.history.broken().is_none()
        }));
        properties
    }
}

fn refreshes(state: &State) -> impl Iterator<Item = &Refresh> {
    state.calls.iter().filter_map(|call| match &call.work {
        Work::Refresh(refresh) => Some(refresh),
        Work::End(_) => None,
    })
}

fn begin(state: &mut State, work: Work) -> u8 {
    let id = state.next_call;
    state.next_call += 1;
    state.calls.push(Call { id, work });
    id
}

fn present(state: &mut State, device: usize, ahead: u8) -> Option<()> {
    let presented = state.devices.get(device)?.token?;
    state.history.presents(presented);
    let refresh = Refresh {
        device,
        presented,
        ahead,
        rotates: state.rotates,
        lost_races: 0,
        arrived_at: state.now,
        step: RefreshStep::Load,
    };
    let id = begin(state, Work::Refresh(refresh));
    let device = state.devices.get_mut(device)?;
    device.left -= 1;
    device.waits_for.push(id);
    Some(())
}
