//! The commit of a rotation, with the outcomes that it may have.

use ratchet_domain::{family::Family, time::Timestamp};

use super::{ATTEMPTS, Service, asked};
use crate::{
    action::Outcome,
    state::{Answer, Refresh, RefreshStep as Step, State, Token},
    table::{Item, Write, request_id, was_rotated_by},
    variant::Variant,
};

impl Service<'_> {
    pub(super) fn commit(
        &self,
        state: &mut State,
        id: u8,
        refresh: &mut Refresh,
        write: Box<Write>,
        token: Option<Token>,
        outcome: Outcome,
    ) -> Option<Step> {
        let mut write = write;
        write.sent_at = state.now;
        if self.variant != Variant::LeewayFromArrival {
            let now = Timestamp::from_secs((state.now + refresh.ahead).into());
            write.next.0.begin_leeway(request_id(id), now);
        }
        if write.current == write.next {
            return (outcome == Outcome::Succeeds).then_some(Step::Answer(Answer::Tokens(token)));
        }
        match outcome {
            Outcome::Succeeds => {
                if self.apply(state, &write) || was_rotated_by(state.table.family.as_ref(), id) {
                    return Some(match self.variant {
                        Variant::SignAfterCommit | Variant::UsedBeforeSuccessor => {
                            Step::Afterwards(write, token)
                        }
                        _ => Step::Answer(Answer::Tokens(token)),
                    });
                }
                refresh.lost_races += 1;
                Some(if refresh.lost_races < ATTEMPTS {
                    Step::Load
                } else {
                    Step::Answer(Answer::Unavailable)
                })
            }
            Outcome::LosesAnswer => {
                self.apply(state, &write);
                Some(match self.variant {
                    Variant::ErrorAfterCommit => Step::Answer(Answer::Unavailable),
                    _ => Step::Fence(token),
                })
            }
            Outcome::AppliesLater => {
                state.table.late.push(*write);
                Some(Step::Fence(token))
            }
            Outcome::Fails => Some(Step::Fence(token)),
            Outcome::Crashes => None,
        }
    }

    /// Fences a write of unknown outcome off, and learns from the same call whether it was applied.
    pub(super) fn fence(
        &self,
        state: &mut State,
        id: u8,
        token: Option<Token>,
        outcome: Outcome,
    ) -> Option<Step> {
        let takes_effect = matches!(outcome, Outcome::Succeeds | Outcome::LosesAnswer);
        if takes_effect && self.variant != Variant::LateWrite {
            state.table.fence();
        }
        match outcome {
            Outcome::Succeeds if was_rotated_by(state.table.family.as_ref(), id) => {
                Some(Step::Answer(Answer::Tokens(token)))
            }
            Outcome::Succeeds => Some(Step::Answer(Answer::Unavailable)),
            Outcome::Fails | Outcome::LosesAnswer => Some(Step::Reread(token)),
            Outcome::AppliesLater | Outcome::Crashes => None,
        }
    }

    /// Applies the write of a rotation, as [`crate::table::Table::apply`] does.
    pub fn apply(&self, state: &mut State, write: &Write) -> bool {
        let mut write = write.clone();
        if self.variant == Variant::UsedBeforeSuccessor {
            write.next = Item(mark_incomplete(&write.next.0));
        }
        let before = state.table.family.clone();
        let applied = state.table.apply(&write, self.variant);
        if applied {
            state
                .history
                .stored(before.as_ref(), &write, state.table.family.as_ref());
        }
        applied
    }

    /// The steps of variants after the commit.
    pub(super) fn afterwards(
        &self,
        state: &mut State,
        write: &Write,
        token: Option<Token>,
        outcome: Outcome,
    ) -> Option<Step> {
        match outcome {
            Outcome::Succeeds => {
                if self.variant == Variant::UsedBeforeSuccessor {
                    state.table.family = Some(write.next.clone());
                }
                Some(Step::Answer(Answer::Tokens(token)))
            }
            Outcome::Fails => Some(Step::Answer(Answer::Unavailable)),
            _ => None,
        }
    }
}

/// Learns whether the write was applied that could not be fenced off.
pub(super) fn reread(
    state: &mut State,
    id: u8,
    refresh: &Refresh,
    token: Option<Token>,
    outcome: Outcome,
) -> Option<Step> {
    match outcome {
        Outcome::Succeeds if was_rotated_by(state.table.family.as_ref(), id) => {
            Some(Step::Answer(Answer::Tokens(token)))
        }
        Outcome::Succeeds | Outcome::Fails => {
            state.history.doubts(asked(refresh, id));
            Some(Step::Answer(Answer::Unavailable))
        }
        Outcome::LosesAnswer | Outcome::AppliesLater | Outcome::Crashes => None,
    }
}

/// In [`Variant::UsedBeforeSuccessor`]: a family whose successor is not stored yet has no exchange.
fn mark_incomplete(family: &Family) -> Family {
    let mut parts = family.clone().into_parts();
    parts.rotated = None;
    Family::try_from(parts).unwrap_or_else(|_| family.clone())
}
