//! The service: the steps of a refresh, a revocation and an eviction, each between two calls of AWS. Another request may
//! do its own steps between them.
//!
//! [`Family::redeem`] of the product decides. The order of the steps is that of `functions/token`.

mod ends;
mod writes;

use ratchet_domain::{
    client::RefreshTokenPolicy,
    family::{EndReason, Ended, Exchange, Family, FamilyParts, Redemption, Rotated},
    ids::{Generation, KeyId},
    time::Timestamp,
};

use writes::reread;

use crate::{
    action::Outcome,
    history::Asked,
    scenario::Scenario,
    state::{Answer, Call, EndedByReuse, Refresh, RefreshStep as Step, State, Token, Work},
    table::{Item, Write, request_id},
    variant::Variant,
};

/// Attempts of one refresh, as in `functions/token/src/request.rs`.
const ATTEMPTS: u8 = 3;

/// The inputs of a decision.
pub fn exchange(request: u8, active_key: KeyId, now: u8) -> Exchange {
    Exchange {
        request: request_id(request),
        active_key,
        from: None,
        now: Timestamp::from_secs(now.into()),
    }
}

/// The result of a step of a call.
enum Progress<T> {
    /// The call goes on.
    On(T),
    /// It is over.
    Over,
}

/// The service of one variant.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    /// The bounds and settings.
    pub scenario: &'a Scenario,
    /// The variant.
    pub variant: Variant,
}

impl Service<'_> {
    /// Takes a call out of the state, does its next step with this outcome, and puts it back unless it is over. `None`
    /// if the step cannot end like this.
    pub fn step(&self, state: &mut State, index: usize, outcome: Outcome) -> Option<()> {
        let call = state.calls.remove(index);
        let work = match call.work {
            Work::Refresh(refresh) => match self.refresh(state, call.id, refresh, outcome)? {
                Progress::On(refresh) => Work::Refresh(refresh),
                Progress::Over => return Some(()),
            },
            Work::End(end) => match self.end(state, &end, outcome)? {
                Progress::On(end) => Work::End(end),
                Progress::Over => return Some(()),
            },
        };
        state.calls.insert(index, Call { id: call.id, work });
        Some(())
    }

    fn refresh(
        &self,
        state: &mut State,
        id: u8,
        refresh: Refresh,
        outcome: Outcome,
    ) -> Option<Progress<Refresh>> {
        let mut refresh = refresh;
        let step = std::mem::replace(&mut refresh.step, Step::Load);
        let next = match (step, outcome) {
            (Step::Answer(answer), Outcome::Succeeds) => {
                self.observe(state, id, &refresh, answer);
                deliver(state, id, &refresh, answer);
                return Some(Progress::Over);
            }
            (Step::Answer(answer), Outcome::LosesAnswer) => {
                self.observe(state, id, &refresh, answer);
                stop_waiting(state, id, &refresh);
                return Some(Progress::Over);
            }
            (_, Outcome::Crashes) => {
                stop_waiting(state, id, &refresh);
                return Some(Progress::Over);
            }
            (Step::Load, Outcome::Succeeds) => self.load(state, id, &mut refresh),
            (Step::Sign(write, token), Outcome::Succeeds) => Step::Commit(write, token),
            (Step::SignReplay(token), Outcome::Succeeds) => Step::Answer(Answer::Tokens(token)),
            (Step::Commit(write, token), outcome) => {
                self.commit(state, id, &mut refresh, write, token, outcome)?
            }
            (Step::Fence(token), outcome) => self.fence(state, id, token, outcome)?,
            (Step::Reread(token), outcome) => reread(state, id, &refresh, token, outcome)?,
            (Step::Afterwards(write, token), outcome) => {
                self.afterwards(state, &write, token, outcome)?
            }
            (Step::EndConsent(ended), Outcome::Succeeds) => Step::EndFamily(ended),
            (Step::EndFamily(_), Outcome::Succeeds) => {
                state.history.ends();
                state.table.family = None;
                Step::Answer(Answer::InvalidGrant)
            }
            (Step::EndFamily(_), Outcome::LosesAnswer) => {
                state.history.ends();
                state.table.family = None;
                Step::Answer(Answer::Unavailable)
            }
            (
                Step::Load
                | Step::Sign(..)
                | Step::SignReplay(_)
                | Step::EndConsent(_)
                | Step::EndFamily(_),
                Outcome::Fails,
            ) => Step::Answer(Answer::Unavailable),
            _ => return None,
        };
        refresh.step = next;
        Some(Progress::On(refresh))
    }

    fn observe(&self, state: &mut State, id: u8, refresh: &Refresh, answer: Answer) {
        let (now, next_call) = (state.now, state.next_call);
        let asked = asked(refresh, id);
        let table = &state.table;
        state
            .history
            .answered(asked, answer, table, now, next_call, self.scenario);
    }

    /// Reads the family and decides.
    fn load(&self, state: &mut State, id: u8, refresh: &mut Refresh) -> Step {
        let Some(family) = state.table.load() else {
            return Step::Answer(Answer::InvalidGrant);
        };
        let presented = Generation::new(refresh.presented.generation);
        let at = exchange(
            id,
            KeyId::new(state.key),
            refresh.arrived_at + refresh.ahead,
        );
        let policy = self.scenario.policy(refresh.rotates);
        match self.decide(&family, presented, at, policy) {
            Redemption::Exchange { next, reveal } => {
                let token = reveal.then(|| self.text(&next));
                let write = Box::new(Write {
                    current: Item(family),
                    next: Item(*next),
                    call: id,
                    sent_at: state.now,
                });
                match self.variant {
                    Variant::SignAfterCommit => Step::Commit(write, token),
                    _ => Step::Sign(write, token),
                }
            }
            Redemption::Replay => self.replay(state, id, &family, at),
            Redemption::Reuse(ended) => {
                state.history.punishes(asked(refresh, id), self.scenario);
                Step::EndConsent(EndedByReuse(ended))
            }
            Redemption::Refuse(_) => Step::Answer(Answer::InvalidGrant),
        }
    }

    /// The decision of the product, and what a variant changes of it.
    fn decide(
        &self,
        family: &Family,
        presented: Generation,
        at: Exchange,
        policy: RefreshTokenPolicy,
    ) -> Redemption {
        let decision = family.redeem(presented, &policy, at);
        let is_parent = presented.next() == family.generation;
        match (self.variant, &decision) {
            (Variant::ParentForever, Redemption::Reuse(_)) if is_parent => Redemption::Replay,
            (Variant::UnsignedClockDifference, Redemption::Replay)
                if family.rotated.is_some_and(|rotated| at.now < rotated.at) =>
            {
                Redemption::Reuse(Ended {
                    at: at.now,
                    reason: EndReason::ReuseDetected,
                })
            }
            _ => decision,
        }
    }

    fn replay(&self, state: &mut State, id: u8, family: &Family, at: Exchange) -> Step {
        let mut token = self.text(family);
        match self.variant {
            Variant::SlidingLeeway => {
                let mut parts: FamilyParts = family.clone().into_parts();
                parts.rotated = parts.rotated.map(|rotated| Rotated {
                    at: at.now,
                    ..rotated
                });
                if let Ok(family) = Family::try_from(parts) {
                    state.table.family = Some(Item(family));
                }
            }
            Variant::TwoSiblings => token.sibling = id,
            _ => {}
        }
        Step::SignReplay(Some(token))
    }

    /// The text of the family's live token. It follows from the family alone, except in variants whose servers draw a
    /// token for each exchange.
    fn text(&self, family: &Family) -> Token {
        let drawn = family.rotated.map_or(0, |rotated| rotated.by.as_bytes()[0]);
        Token {
            generation: family.generation.number(),
            key: family.key_id.number(),
            sibling: match self.variant {
                Variant::UnconditionalWrite | Variant::ConditionOnTheFamily => drawn,
                _ => 0,
            },
        }
    }
}

fn asked(refresh: &Refresh, id: u8) -> Asked {
    Asked {
        call: id,
        generation: refresh.presented.generation,
        arrived_at: refresh.arrived_at,
    }
}

fn deliver(state: &mut State, id: u8, refresh: &Refresh, answer: Answer) {
    stop_waiting(state, id, refresh);
    if let (Answer::Tokens(Some(token)), Some(device)) =
        (answer, state.devices.get_mut(refresh.device))
    {
        device.token = Some(token);
    }
    if let (Answer::InvalidGrant, Some(device)) = (answer, state.devices.get_mut(refresh.device))
        && device.token == Some(refresh.presented)
    {
        device.token = None;
    }
}

fn stop_waiting(state: &mut State, id: u8, refresh: &Refresh) {
    if let Some(device) = state.devices.get_mut(refresh.device) {
        device.waits_for.retain(|waiting| *waiting != id);
    }
}
