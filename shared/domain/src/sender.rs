//! The sender of a token, in the form that a family stores: short keyed digests of IP address and user agent. They show
//! whether two requests have the same address and program, and reveal neither.

use std::fmt;

/// Bytes of a digest: two different senders have the same once in four billion.
const TAG: usize = 4;

/// Digests of the address and the user agent of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// Digest of the address, or of the first half of an IPv6 address.
    pub address: [u8; TAG],
    /// Digest of the `User-Agent` header; an absent header counts as empty.
    pub user_agent: [u8; TAG],
}

/// Difference between two senders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The address alone: a phone that changes networks, but also a thief who copies the user agent.
    Address,
    /// The user agent alone: another program at the same address.
    UserAgent,
    /// Address and user agent: most likely another device.
    Both,
}

impl Sender {
    /// Bytes of the stored form.
    pub const BYTES: usize = 2 * TAG;

    /// Reads the stored form; `None` for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (address, user_agent) = bytes.split_at_checked(TAG)?;
        Some(Self {
            address: address.try_into().ok()?,
            user_agent: user_agent.try_into().ok()?,
        })
    }

    /// The stored form: both digests, [`Self::BYTES`] bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        [self.address, self.user_agent].concat()
    }

    /// Difference from another sender; `None` if they are equal.
    pub fn difference(self, other: Self) -> Option<Difference> {
        match (
            self.address == other.address,
            self.user_agent == other.user_agent,
        ) {
            (true, true) => None,
            (false, true) => Some(Difference::Address),
            (true, false) => Some(Difference::UserAgent),
            (false, false) => Some(Difference::Both),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Difference {
    /// The name in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::UserAgent => "user_agent",
            Self::Both => "address+user_agent",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn sender(address: u8, user_agent: u8) -> Sender {
        Sender {
            address: [address; TAG],
            user_agent: [user_agent; TAG],
        }
    }

    #[test]
    fn the_stored_form_is_read_back() {
        let stored = sender(1, 2).to_bytes();
        assert_eq!(stored.len(), Sender::BYTES);
        assert_eq!(Sender::from_bytes(&stored), Some(sender(1, 2)));
        for length in [0, 3, 7, 9] {
            assert_eq!(Sender::from_bytes(&vec![0; length]), None, "{length}");
        }
    }

    #[test]
    fn a_difference_names_what_differs() {
        let here = sender(1, 1);
        assert_eq!(here.difference(here), None);
        for (other, word) in [
            (sender(2, 1), "address"),
            (sender(1, 2), "user_agent"),
            (sender(2, 2), "address+user_agent"),
        ] {
            assert_eq!(here.difference(other).map(Difference::as_str), Some(word));
        }
    }
}
