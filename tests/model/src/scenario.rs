//! The bounds of a run: the settings of the client, the actors, and how often each of them may act.

use ratchet_domain::{
    client::{RefreshTokenPolicy, Rotation},
    time::Lifetime,
};

/// Largest difference between the clocks of two environments, in seconds.
pub const SKEW: u8 = 2;

/// The bounds of one run.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name, for the report.
    pub name: &'static str,
    /// `leeway` of the client, in seconds.
    pub leeway: u8,
    /// `token_lifetime` in seconds; `None` never ends.
    pub lifetime: Option<u8>,
    /// Seconds that the clock advances.
    pub seconds: u8,
    /// True if the clocks of environments may differ by [`SKEW`].
    pub skew: bool,
    /// Requests that the honest client sends at once: more than one are browser tabs that share their storage.
    pub tabs: u8,
    /// Refresh requests of the honest client in all.
    pub refreshes: u8,
    /// Refresh requests of a thief, who copies the client's token once, at any moment.
    pub stolen: u8,
    /// Calls of AWS services that fail, answers that they lose, writes that they apply late, answers to clients that the
    /// network loses, and functions that crash.
    pub faults: u8,
    /// Revocations of the client's token.
    pub revocations: u8,
    /// Times that an operator logs the user out everywhere.
    pub evictions: u8,
    /// Changes of `rotation_type`.
    pub type_changes: u8,
    /// New sealing keys.
    pub new_keys: u8,
    /// Restores of the table to its state at a moment that the run chooses.
    pub restores: u8,
}

impl Scenario {
    /// One client that nothing happens to.
    pub const QUIET: Self = Self {
        name: "quiet",
        leeway: 3,
        lifetime: None,
        seconds: 0,
        skew: false,
        tabs: 1,
        refreshes: 2,
        stolen: 0,
        faults: 0,
        revocations: 0,
        evictions: 0,
        type_changes: 0,
        new_keys: 0,
        restores: 0,
    };

    /// The scenarios of a run.
    pub const ALL: [Self; 9] = [
        Self {
            name: "two tabs and failures",
            refreshes: 4,
            tabs: 2,
            faults: 2,
            ..Self::QUIET
        },
        Self {
            name: "two tabs and failures, without a leeway",
            leeway: 0,
            refreshes: 4,
            tabs: 2,
            faults: 2,
            ..Self::QUIET
        },
        Self {
            name: "clocks that differ",
            seconds: 6,
            skew: true,
            refreshes: 3,
            faults: 1,
            ..Self::QUIET
        },
        Self {
            name: "a thief",
            seconds: 4,
            refreshes: 2,
            stolen: 1,
            faults: 1,
            ..Self::QUIET
        },
        Self {
            name: "a revocation",
            refreshes: 3,
            tabs: 2,
            faults: 1,
            revocations: 1,
            ..Self::QUIET
        },
        Self {
            name: "a log-out everywhere",
            refreshes: 3,
            tabs: 2,
            faults: 1,
            evictions: 1,
            ..Self::QUIET
        },
        Self {
            name: "another rotation type and a new key",
            refreshes: 3,
            tabs: 2,
            faults: 1,
            type_changes: 1,
            new_keys: 1,
            ..Self::QUIET
        },
        Self {
            name: "an absolute lifetime",
            lifetime: Some(4),
            seconds: 5,
            refreshes: 3,
            tabs: 2,
            faults: 1,
            ..Self::QUIET
        },
        Self {
            name: "a restore",
            refreshes: 3,
            faults: 1,
            new_keys: 1,
            restores: 1,
            ..Self::QUIET
        },
    ];

    /// The same actors with so many more refresh requests and failures.
    #[must_use]
    pub fn larger(self, by: u8) -> Self {
        Self {
            refreshes: self.refreshes.saturating_add(by),
            faults: self.faults.saturating_add(by),
            ..self
        }
    }

    /// The client's settings.
    pub fn policy(&self, rotates: bool) -> RefreshTokenPolicy {
        RefreshTokenPolicy {
            rotation: if rotates {
                Rotation::Rotating
            } else {
                Rotation::NonRotating
            },
            leeway: Lifetime::from_secs(self.leeway.into()),
            token_lifetime: self.lifetime.map(|secs| Lifetime::from_secs(secs.into())),
            idle_token_lifetime: None,
            rate_limit: None,
        }
    }
}
