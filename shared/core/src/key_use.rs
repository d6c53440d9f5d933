//! The operations of a process on keys.

/// The operations of a process on keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// It signs, and generates keys that are missing or due.
    SignAndRotate,
    /// It signs, and generates no keys.
    Sign,
    /// It signs only logout tokens: it generates no keys and runs no scripts.
    SignLogoutTokens,
    /// It verifies or publishes; private keys stay wrapped, and it generates none.
    Verify,
    /// It generates and replaces keys; private ones stay wrapped.
    Rotate,
}

impl KeyUse {
    /// True if it signs tokens of any kind.
    pub(super) fn signs(self) -> bool {
        matches!(
            self,
            Self::SignAndRotate | Self::Sign | Self::SignLogoutTokens
        )
    }

    /// True if the process logs users in, and runs the tenant's scripts for that.
    pub(super) fn runs_scripts(self) -> bool {
        matches!(self, Self::SignAndRotate | Self::Sign)
    }

    /// True if it generates keys that are missing or due.
    pub(super) fn rotates(self) -> bool {
        matches!(self, Self::SignAndRotate | Self::Rotate)
    }
}
