//! Variants of the service with a fault that another server has had. The checker has to find each of them.

/// The service that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variant {
    /// Ratchet.
    Product,
    /// Check-then-act: the write of a rotation has no condition.
    UnconditionalWrite,
    /// Each replay within the leeway begins the leeway anew.
    SlidingLeeway,
    /// The parent is honoured without a time limit.
    ParentForever,
    /// A replay gets a sibling of its own, a second live token.
    TwoSiblings,
    /// The old token is marked as used before the successor is stored.
    UsedBeforeSuccessor,
    /// A failure after the commit is answered with an error, and the client has to present the token that it has burned.
    ErrorAfterCommit,
    /// A refresh writes the family even if a revocation has deleted it.
    RefreshCreatesTheItem,
    /// The tokens are signed after the commit.
    SignAfterCommit,
    /// The condition names the family and not the generation: two exchanges of one token succeed.
    ConditionOnTheFamily,
    /// A revocation with the token that was just exchanged does nothing.
    RevokeTheLiveTokenAlone,
    /// "Log out everywhere" moves the epoch and leaves the families: a refresh in flight commits after it.
    EvictTheEpochAlone,
    /// The leeway begins at the arrival of the request and not at the commit, which scripts and signatures delay.
    LeewayFromArrival,
    /// A write of unknown outcome is not fenced off: it is applied after its client got 503.
    LateWrite,
    /// The time since the exchange is an unsigned difference: negative between clocks that differ, and therefore huge.
    UnsignedClockDifference,
}

impl Variant {
    /// All variants with a fault.
    pub const FAULTY: [Self; 14] = [
        Self::UnconditionalWrite,
        Self::SlidingLeeway,
        Self::ParentForever,
        Self::TwoSiblings,
        Self::UsedBeforeSuccessor,
        Self::ErrorAfterCommit,
        Self::RefreshCreatesTheItem,
        Self::SignAfterCommit,
        Self::ConditionOnTheFamily,
        Self::RevokeTheLiveTokenAlone,
        Self::EvictTheEpochAlone,
        Self::LeewayFromArrival,
        Self::LateWrite,
        Self::UnsignedClockDifference,
    ];
}
