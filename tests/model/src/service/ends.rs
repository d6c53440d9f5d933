//! The ends of a family by a revocation or by a log-out everywhere.

use super::{Progress, Service};
use crate::{
    action::Outcome,
    state::{End, State, Token},
    table::{Item, epoch},
    variant::Variant,
};

impl Service<'_> {
    pub(super) fn end(
        &self,
        state: &mut State,
        end: &End,
        outcome: Outcome,
    ) -> Option<Progress<End>> {
        if matches!(outcome, Outcome::Crashes | Outcome::Fails) {
            return Some(Progress::Over);
        }
        let next = match end {
            End::Revoke(token) => {
                self.revoke(state, *token);
                End::Acknowledge
            }
            End::BeginEpoch => {
                state.table.epoch += 1;
                state.history.ends();
                match self.variant {
                    Variant::EvictTheEpochAlone => End::Acknowledge,
                    _ => End::DeleteFamilies,
                }
            }
            End::DeleteFamilies => {
                let epoch = epoch(state.table.epoch);
                let is_over = |Item(family): &mut Item| family.valid_from != epoch;
                state.table.family.take_if(is_over);
                End::Acknowledge
            }
            End::Acknowledge if outcome == Outcome::Succeeds => {
                state.history.acknowledged(state.next_call, &state.table);
                return Some(Progress::Over);
            }
            End::Acknowledge => return None,
        };
        match outcome {
            Outcome::Succeeds => Some(Progress::On(next)),
            // The function answers with an error.
            Outcome::LosesAnswer => Some(Progress::Over),
            _ => None,
        }
    }

    fn revoke(&self, state: &mut State, token: Token) {
        let is_live = |Item(family): &mut Item| family.generation.number() == token.generation;
        match self.variant {
            Variant::RevokeTheLiveTokenAlone => {
                state.table.family.take_if(is_live);
            }
            _ => state.table.family = None,
        }
        state.history.ends();
    }
}
