//! The observations of an observer of everything, and the invariants that it checks. No part of the service reads it.

use std::collections::{BTreeMap, BTreeSet};

use ratchet_domain::time::Timestamp;

use crate::{
    scenario::{SKEW, Scenario},
    state::{Answer, Token},
    table::{Item, Table, Write},
};

/// An invariant that did not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Broken {
    /// I1: two answers for one generation had different texts.
    TwoTextsForOneGeneration,
    /// A family returned to an earlier generation.
    WentBack,
    /// I2: an honest retry inside the leeway was punished.
    RetryWasPunished,
    /// I2: a failure burned the token that its client has to present again.
    FailureBurnedTheToken,
    /// I3, I7: a superseded token was honoured outside its leeway.
    HonouredOutsideTheLeeway,
    /// I3: a reused token was refused, and its family lived on.
    RefusedAndLivedOn,
    /// I4, I10: a token yielded something after its end had been acknowledged.
    YieldedAfterItsEnd,
    /// I7: the absolute end moved.
    AbsoluteEndMoved,
    /// I9: a token was refused for ever without a cause.
    RefusedWithoutCause,
    /// I9: a token that had been refused for ever worked again.
    WorkedAfterRefusal,
}

impl Broken {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::TwoTextsForOneGeneration,
        Self::WentBack,
        Self::RetryWasPunished,
        Self::FailureBurnedTheToken,
        Self::HonouredOutsideTheLeeway,
        Self::RefusedAndLivedOn,
        Self::YieldedAfterItsEnd,
        Self::AbsoluteEndMoved,
        Self::RefusedWithoutCause,
        Self::WorkedAfterRefusal,
    ];
}

/// A refresh as the observer knows it.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The number of the call.
    pub call: u8,
    /// The generation of the presented token.
    pub generation: u32,
    /// The true time of its arrival.
    pub arrived_at: u8,
}

/// All observations so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct History {
    /// The first text that was issued for each generation.
    texts: BTreeMap<u32, Token>,
    /// The absolute end of the family, in seconds.
    absolute_end: Option<u64>,
    /// The true time at which the write was sent that superseded a generation.
    superseded: BTreeMap<u32, u8>,
    /// The generations that a device has presented.
    presented: BTreeSet<u32>,
    /// The generations whose exchange has an outcome that no function knows.
    in_doubt: BTreeSet<u32>,
    /// The calls that were answered with 503 and whose writes are known not to have been applied.
    unavailable: BTreeSet<u8>,
    /// True once a revocation, an eviction or a detected reuse has ended the family.
    has_ended: bool,
    /// The first call after the acknowledgement of a revocation or an eviction.
    acknowledged: Option<u8>,
    /// The first call after `invalid_grant` for a generation.
    refused: BTreeMap<u32, u8>,
    /// True once the table was restored.
    restored: bool,
    /// The first invariant that did not hold.
    broken: Option<Broken>,
}

impl History {
    /// The history that begins with a login.
    pub fn after_login(first: Token, absolute_end: Option<u64>) -> Self {
        Self {
            texts: BTreeMap::from([(first.generation, first)]),
            absolute_end,
            ..Self::default()
        }
    }

    /// The first invariant that did not hold.
    pub fn broken(&self) -> Option<Broken> {
        self.broken
    }

    /// A device presents a token.
    pub fn presents(&mut self, token: Token) {
        self.presented.insert(token.generation);
    }

    /// The table is restored: everything that was observed of the lost items is void.
    pub fn restores(&mut self) {
        *self = Self {
            has_ended: self.has_ended,
            broken: self.broken,
            restored: true,
            ..Self::default()
        };
    }

    /// A function answers without knowing the outcome of its write: with the next fault, the token may be burned.
    pub fn doubts(&mut self, asked: Asked) {
        self.in_doubt.insert(asked.generation);
    }

    /// The family ends.
    pub fn ends(&mut self) {
        self.has_ended = true;
    }

    /// A revocation or an eviction is acknowledged.
    pub fn acknowledged(&mut self, next_call: u8, table: &Table) {
        if self.restored {
            return;
        }
        self.acknowledged.get_or_insert(next_call);
        let lives = table.load().is_some_and(|family| family.ended.is_none());
        self.breaks_if(lives, Broken::YieldedAfterItsEnd);
    }

    /// The write of a rotation was applied.
    pub fn stored(&mut self, before: Option<&Item>, write: &Write, after: Option<&Item>) {
        let (Some(Item(after)), false) = (after, self.restored) else {
            return;
        };
        let first = before.map_or(0, |Item(before)| before.generation.number());
        for generation in first..after.generation.number() {
            self.superseded.entry(generation).or_insert(write.sent_at);
        }
        let end = after.expires_at.map(Timestamp::as_secs);
        self.breaks_if(end != self.absolute_end, Broken::AbsoluteEndMoved);
        self.breaks_if(after.generation.number() < first, Broken::WentBack);
        // The client has 503 and presents its token whenever it likes.
        let is_late = self.unavailable.contains(&write.call);
        self.breaks_if(is_late, Broken::FailureBurnedTheToken);
        let revived = before.is_none() || self.acknowledged.is_some();
        self.breaks_if(revived, Broken::YieldedAfterItsEnd);
    }

    /// A function decides that a token was reused.
    pub fn punishes(&mut self, asked: Asked, scenario: &Scenario) {
        if self.restored {
            return;
        }
        let honest = match self.superseded.get(&asked.generation) {
            None => true,
            Some(superseded) => {
                scenario.leeway > 0
                    && asked.arrived_at + skew(scenario) <= superseded + scenario.leeway
                    && !self.presented.contains(&(asked.generation + 1))
                    && !self.in_doubt.contains(&asked.generation)
            }
        };
        self.breaks_if(honest && !self.has_ended, Broken::RetryWasPunished);
    }

    /// A function answers a refresh.
    pub fn answered(
        &mut self,
        asked: Asked,
        answer: Answer,
        table: &Table,
        now: u8,
        next_call: u8,
        scenario: &Scenario,
    ) {
        match answer {
            Answer::Tokens(token) => self.issues(asked, token, scenario),
            Answer::InvalidGrant => self.refuses(asked, table, now, next_call, scenario),
            Answer::Unavailable => {
                let rotated = crate::table::was_rotated_by(table.family.as_ref(), asked.call);
                let is_in_doubt = self.in_doubt.contains(&asked.generation);
                let burned = rotated && scenario.leeway == 0 && !is_in_doubt;
                self.breaks_if(burned, Broken::FailureBurnedTheToken);
                if !is_in_doubt {
                    self.unavailable.insert(asked.call);
                }
            }
        }
    }

    fn issues(&mut self, asked: Asked, token: Option<Token>, scenario: &Scenario) {
        if let Some(token) = token {
            let first = *self.texts.entry(token.generation).or_insert(token);
            let differs = first != token && !self.restored;
            self.breaks_if(differs, Broken::TwoTextsForOneGeneration);
        }
        let is_after = |first: Option<&u8>| first.is_some_and(|first| asked.call >= *first);
        self.breaks_if(
            is_after(self.acknowledged.as_ref()),
            Broken::YieldedAfterItsEnd,
        );
        self.breaks_if(
            is_after(self.refused.get(&asked.generation)),
            Broken::WorkedAfterRefusal,
        );
        let outside = self
            .superseded
            .get(&asked.generation)
            .is_some_and(|at| asked.arrived_at > at + scenario.leeway + skew(scenario));
        self.breaks_if(outside, Broken::HonouredOutsideTheLeeway);
    }

    fn refuses(
        &mut self,
        asked: Asked,
        table: &Table,
        now: u8,
        next_call: u8,
        scenario: &Scenario,
    ) {
        let latest = u64::from(now + skew(scenario));
        let is_over = |end: u64| end <= latest;
        let expired = self.absolute_end.is_some_and(is_over)
            || table
                .family
                .as_ref()
                .and_then(|Item(family)| family.ends_at())
                .is_some_and(|end| is_over(end.as_secs()));
        self.breaks_if(
            !self.has_ended && !expired && !self.restored,
            Broken::RefusedWithoutCause,
        );
        let lives = table.load().is_some_and(|family| family.ended.is_none());
        self.breaks_if(
            lives && !expired && !self.restored,
            Broken::RefusedAndLivedOn,
        );
        if !self.restored {
            self.refused.entry(asked.generation).or_insert(next_call);
        }
    }

    fn breaks_if(&mut self, is_broken: bool, invariant: Broken) {
        if is_broken {
            self.broken.get_or_insert(invariant);
        }
    }
}

/// The largest difference between the clocks of two environments, in seconds.
fn skew(scenario: &Scenario) -> u8 {
    if scenario.skew { SKEW } else { 0 }
}
