//! The calls of DynamoDB that one request of the model makes, to compare them with those of the token function.

use stateright::Model;

use crate::{
    World,
    action::{Action, Outcome},
    state::{RefreshStep, State, Work},
};

/// A call of DynamoDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreCall {
    /// Reads family and user.
    Load,
    /// Writes the next family.
    Commit,
    /// Fences a commit of unknown outcome off.
    Fence,
    /// Reads the family after a fence of unknown outcome.
    Reread,
    /// Ends the consent of a reused token.
    EndConsent,
    /// Deletes the family of a reused token.
    EndFamily,
}

/// The calls of requests that the client sends one after the other, each with the outcomes of its steps; `None` if a
/// request of the model cannot end like this.
pub fn of_requests(world: &World, requests: &[&[Outcome]]) -> Option<Vec<Vec<StoreCall>>> {
    let mut state = world.init_states().pop()?;
    let mut calls = Vec::new();
    for outcomes in requests {
        let present = Action::Present {
            device: 0,
            ahead: 0,
        };
        state = world.next_state(&state, present)?;
        let mut made = Vec::new();
        for outcome in *outcomes {
            made.extend(next(&state));
            let step = Action::Step {
                call: 0,
                outcome: *outcome,
            };
            state = world.next_state(&state, step)?;
        }
        if !state.calls.is_empty() {
            return None;
        }
        calls.push(made);
    }
    Some(calls)
}

/// The call of the next step, if it calls DynamoDB.
fn next(state: &State) -> Option<StoreCall> {
    let Work::Refresh(refresh) = &state.calls.first()?.work else {
        return None;
    };
    match &refresh.step {
        RefreshStep::Load => Some(StoreCall::Load),
        RefreshStep::Commit(write, _) => (write.current != write.next).then_some(StoreCall::Commit),
        RefreshStep::Fence(_) => Some(StoreCall::Fence),
        RefreshStep::Reread(_) => Some(StoreCall::Reread),
        RefreshStep::EndConsent(_) => Some(StoreCall::EndConsent),
        RefreshStep::EndFamily(_) => Some(StoreCall::EndFamily),
        RefreshStep::Sign(..)
        | RefreshStep::SignReplay(_)
        | RefreshStep::Afterwards(..)
        | RefreshStep::Answer(_) => None,
    }
}
