//! A state of the world: the clock, the table, the calls in progress, the devices, and what has been observed.

use ratchet_domain::{family::Ended, time::Timestamp};

use crate::{
    history::History,
    scenario::Scenario,
    table::{Item, Table, Write},
};

/// The text of a refresh token. It follows from the generation and the key that sealed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token {
    /// The generation within the family.
    pub generation: u32,
    /// The key that sealed it.
    pub key: u32,
    /// The number that distinguishes siblings; always 0, except in variants that issue them.
    pub sibling: u8,
}

/// An answer of the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// 200, with the new refresh token, if there is one.
    Tokens(Option<Token>),
    /// 403 `invalid_grant`.
    InvalidGrant,
    /// 503: the client may present the token again.
    Unavailable,
}

/// A refresh in progress.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Refresh {
    /// The device that waits for the answer.
    pub device: usize,
    /// The token that it presented.
    pub presented: Token,
    /// Seconds by which the clock of this environment is ahead.
    pub ahead: u8,
    /// `rotation_type` as this environment has cached it.
    pub rotates: bool,
    /// Attempts that lost a race.
    pub lost_races: u8,
    /// The true time of its arrival. The function draws its own time once, then.
    pub arrived_at: u8,
    /// The next step.
    pub step: RefreshStep,
}

/// The steps of a refresh, in the order of `grants/refresh_token.rs`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RefreshStep {
    /// Read family and user.
    Load,
    /// Sign the tokens of an exchange.
    Sign(Box<Write>, Option<Token>),
    /// Sign the tokens of a replay; some variants write, too.
    SignReplay(Option<Token>),
    /// Write the next family.
    Commit(Box<Write>, Option<Token>),
    /// Fence the write off, because its outcome is unknown, and read what is stored.
    Fence(Option<Token>),
    /// Read what is stored, because the outcome of the fence is unknown, too.
    Reread(Option<Token>),
    /// A variant's second write or signature after the commit.
    Afterwards(Box<Write>, Option<Token>),
    /// End the consent of a reused token.
    EndConsent(EndedByReuse),
    /// Delete the family of a reused token.
    EndFamily(EndedByReuse),
    /// Send the answer.
    Answer(Answer),
}

/// The end of a family whose token was reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedByReuse(pub Ended);

impl std::hash::Hash for EndedByReuse {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.at.as_millis().hash(state);
    }
}

/// A revocation or an eviction in progress.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum End {
    /// `POST /oauth/revoke`: delete the family of this token.
    Revoke(Token),
    /// Log out everywhere: begin a new epoch.
    BeginEpoch,
    /// Then delete the families of earlier epochs.
    DeleteFamilies,
    /// Then acknowledge.
    Acknowledge,
}

/// A call in progress.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Call {
    /// Its number: later calls have greater ones.
    pub id: u8,
    /// Its work.
    pub work: Work,
}

/// The work of a call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Work {
    /// A refresh.
    Refresh(Refresh),
    /// The end of the family.
    End(End),
}

/// A client's device, or a thief's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Device {
    /// The refresh token that it stores.
    pub token: Option<Token>,
    /// The calls whose answers it waits for.
    pub waits_for: Vec<u8>,
    /// Refresh requests that it may still send.
    pub left: u8,
}

/// The events that the scenario still allows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Left {
    /// Failures of AWS or the network.
    pub faults: u8,
    /// Revocations.
    pub revocations: u8,
    /// Evictions.
    pub evictions: u8,
    /// Changes of the rotation type.
    pub type_changes: u8,
    /// New sealing keys.
    pub new_keys: u8,
    /// Restores.
    pub restores: u8,
}

/// A state of the world.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// The true time, in seconds.
    pub now: u8,
    /// The table.
    pub table: Table,
    /// The table at the moment that a restore returns to.
    pub backup: Option<Box<(Option<Item>, u64)>>,
    /// The active sealing key.
    pub key: u32,
    /// `rotation_type` of the client: true for `rotating`.
    pub rotates: bool,
    /// Number of the next call.
    pub next_call: u8,
    /// The calls in progress, in the order in which they began.
    pub calls: Vec<Call>,
    /// The honest client, and the thief, if there is one.
    pub devices: Vec<Device>,
    /// The events that may still happen.
    pub left: Left,
    /// All observations so far.
    pub history: History,
}

/// The honest client among the devices.
pub const HONEST: usize = 0;
/// The thief among the devices.
pub const THIEF: usize = 1;

impl State {
    /// The state after the login of the honest client.
    pub fn after_login(scenario: &Scenario) -> Self {
        let first = Token {
            generation: 0,
            key: 1,
            sibling: 0,
        };
        let device = |token, left| Device {
            token,
            waits_for: Vec::new(),
            left,
        };
        let mut devices = vec![device(Some(first), scenario.refreshes)];
        if scenario.stolen > 0 {
            devices.push(device(None, scenario.stolen));
        }
        let table = Table::after_login(scenario);
        let expires_at = table
            .family
            .as_ref()
            .and_then(|Item(family)| family.expires_at);
        Self {
            now: 0,
            table,
            backup: None,
            key: 1,
            rotates: true,
            next_call: 1,
            calls: Vec::new(),
            devices,
            left: Left {
                faults: scenario.faults,
                revocations: scenario.revocations,
                evictions: scenario.evictions,
                type_changes: scenario.type_changes,
                new_keys: scenario.new_keys,
                restores: scenario.restores,
            },
            history: History::after_login(first, expires_at.map(Timestamp::as_secs)),
        }
    }
}
