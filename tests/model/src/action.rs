//! The possible next events.

/// The outcome of a step of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It succeeds; an answer reaches the client.
    Succeeds,
    /// It fails and has no effect.
    Fails,
    /// It takes effect and its answer is lost.
    LosesAnswer,
    /// It fails, and takes effect at a later time or never.
    AppliesLater,
    /// The function crashes before it.
    Crashes,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Succeeds,
        Self::Fails,
        Self::LosesAnswer,
        Self::AppliesLater,
        Self::Crashes,
    ];
}

/// The next event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Action {
    /// A device presents its refresh token to an environment whose clock is so many seconds ahead.
    Present {
        /// The device.
        device: usize,
        /// Seconds.
        ahead: u8,
    },
    /// A call does its next step.
    Step {
        /// Its place among the calls in progress.
        call: usize,
        /// The outcome of the step.
        outcome: Outcome,
    },
    /// A write whose request has given up is applied.
    ApplyLate(usize),
    /// A second passes.
    Second,
    /// The thief copies the client's token.
    Steal,
    /// The client's token is revoked.
    Revoke,
    /// An operator logs the user out everywhere.
    Evict,
    /// An administrator changes `rotation_type`.
    ChangeType,
    /// A new sealing key becomes active.
    NewKey,
    /// The state of the table to which a restore will return.
    BackUp,
    /// The table is restored.
    Restore,
}
