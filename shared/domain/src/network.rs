//! Ranges of IP addresses, and loopback hosts.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

/// An IP address, or a range of them in CIDR notation (RFC 4632): `203.0.113.9`, `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressRange {
    first: IpAddr,
    prefix: u8,
}

/// The text is not a range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an IP address or a range like `10.0.0.0/8`")]
pub struct InvalidRange;

impl AddressRange {
    /// Reads an address, or an address and the length of its prefix in bits.
    pub fn parse(text: &str) -> Result<Self, InvalidRange> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let first: IpAddr = address.trim().parse().map_err(|_| InvalidRange)?;
        let longest = bits(first);
        let prefix = match prefix {
            Some(prefix) => prefix.trim().parse().map_err(|_| InvalidRange)?,
            None => longest,
        };
        if prefix > longest {
            return Err(InvalidRange);
        }
        Ok(Self { first, prefix })
    }

    /// True if the address is in the range.
    pub fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4()
            && leading(address, self.prefix) == leading(self.first, self.prefix)
    }
}

/// True if the host of a URL is this machine, which no DNS server can change: `localhost`, or a loopback address, of
/// IPv6 in brackets.
pub fn is_loopback_host(host: &str) -> bool {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match bare.unwrap_or(host).parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

const fn bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The leading bits of an address as a number.
fn leading(address: IpAddr, prefix: u8) -> u128 {
    let all = match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    all.checked_shr(u32::from(bits(address).saturating_sub(prefix)))
        .unwrap_or_default()
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

impl TryFrom<String> for AddressRange {
    type Error = InvalidRange;

    fn try_from(text: String) -> Result<Self, InvalidRange> {
        Self::parse(&text)
    }
}

impl From<AddressRange> for String {
    fn from(range: AddressRange) -> Self {
        range.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_holds_the_addresses_that_begin_like_it() {
        for (range, inside, outside) in [
            ("203.0.113.9", "203.0.113.9", "203.0.113.10"),
            ("203.0.113.9", "::ffff:203.0.113.9", "::203.0.113.9"),
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("::/0", "2001:db8::1", "10.0.0.1"),
        ] {
            let range = AddressRange::parse(range).unwrap();
            assert!(range.contains(address(inside)), "{range} {inside}");
            assert!(!range.contains(address(outside)), "{range} {outside}");
            assert_eq!(AddressRange::try_from(String::from(range)), Ok(range));
        }
    }

    #[test]
    fn loopback_is_localhost_and_its_addresses_alone() {
        for host in ["localhost", "LocalHost", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in [
            "",
            "localhost.",
            "a.localhost",
            "0.0.0.0",
            "[::]",
            "127.0.0.1.example",
        ] {
            assert!(!is_loopback_host(host), "{host}");
        }
    }

    #[test]
    fn other_texts_are_no_ranges() {
        for text in [
            "",
            "localhost",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "1.2.3.4/-1",
            "/8",
        ] {
            assert_eq!(AddressRange::parse(text), Err(InvalidRange), "{text}");
        }
    }
}
