//! The client's address behind proxies. The front reports the address of its peer. A proxy before it appends the
//! address of its own peer to `X-Forwarded-For`; but the front's own name is public, and a client that bypasses the
//! proxy can append any address. A hop is therefore believed only if it proves itself: by a secret header, which the
//! outermost proxy adds, or by its address.

use std::net::IpAddr;

use super::network::{AddressRange, InvalidRange};

/// The proxies before the front, and their proofs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    hops: usize,
    secrets: Vec<SecretDigest>,
    ranges: Vec<AddressRange>,
    are_required: bool,
}

/// SHA-256 of a secret that a proxy sends. The secret itself, which is long and random, is stored only at the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretDigest([u8; 32]);

/// Most secrets in use at a time: a new one beside the one that it replaces.
const MAX_SECRETS: usize = 2;

/// The configuration of the proxies is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProxies {
    /// Nothing proves that a request came through the proxies.
    #[error(
        "needs PROXY_SECRET_DIGESTS or PROXY_ADDRESSES: without either, a caller who goes round the proxies chooses the \
         address that is believed"
    )]
    Unproved,
    /// Requests have to come through proxies, and there are none.
    #[error("needs TRUSTED_PROXIES: without a proxy, every request would be rejected")]
    None,
    /// The text is not a list of digests.
    #[error("must be one or two SHA-256 digests of 64 hexadecimal digits, separated by a comma")]
    Digests,
    /// The text is not a list of ranges.
    #[error(transparent)]
    Ranges(#[from] InvalidRange),
}

impl SecretDigest {
    /// Reads 64 hexadecimal digits.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            let is_hex = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
            *byte = u8::from_str_radix(pair, 16).ok().filter(|_| is_hex)?;
        }
        Some(Self(bytes))
    }

    /// The 32 bytes of the SHA-256 digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Reads digests that are separated by commas.
pub fn parse_digests(text: &str) -> Result<Vec<SecretDigest>, InvalidProxies> {
    let digests: Option<Vec<_>> = entries(text).map(SecretDigest::parse).collect();
    let digests = digests.ok_or(InvalidProxies::Digests)?;
    if digests.len() > MAX_SECRETS {
        return Err(InvalidProxies::Digests);
    }
    Ok(digests)
}

/// Reads addresses and ranges that are separated by commas.
pub fn parse_ranges(text: &str) -> Result<Vec<AddressRange>, InvalidProxies> {
    let ranges: Result<_, InvalidRange> = entries(text).map(AddressRange::parse).collect();
    Ok(ranges?)
}

fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
}

impl TrustedProxies {
    /// This many proxies, proved by one of these secrets or by an address in these ranges.
    pub fn new(
        hops: usize,
        secrets: Vec<SecretDigest>,
        ranges: Vec<AddressRange>,
    ) -> Result<Self, InvalidProxies> {
        if hops > 0 && secrets.is_empty() && ranges.is_empty() {
            return Err(InvalidProxies::Unproved);
        }
        Ok(Self {
            hops,
            secrets,
            ranges,
            are_required: false,
        })
    }

    /// The same proxies, with every request that bypasses them rejected.
    pub fn required(self) -> Result<Self, InvalidProxies> {
        match self.hops {
            0 => Err(InvalidProxies::None),
            _ => Ok(Self {
                are_required: true,
                ..self
            }),
        }
    }

    /// True if a request may be handled: it came through the proxies, or may bypass them. `peer` is the address that the
    /// front saw.
    pub fn admit(&self, peer: Option<IpAddr>, has_secret: bool) -> bool {
        let is_proved = || has_secret || peer.is_some_and(|peer| self.contains(peer));
        !self.are_required || is_proved()
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(address))
    }

    /// Digests of the secrets that a proxy may send; empty if there are no proxies.
    pub fn secrets(&self) -> &[SecretDigest] {
        match self.hops {
            0 => &[],
            _ => &self.secrets,
        }
    }

    /// The client's address. `seen` are the addresses from the front outwards: its peer first, then the entry that
    /// each further hop appended. `has_secret` is true if the request has a valid secret.
    pub fn caller(
        &self,
        seen: impl IntoIterator<Item = IpAddr>,
        has_secret: bool,
    ) -> Option<IpAddr> {
        let mut seen = seen.into_iter();
        let mut caller = seen.next()?;
        for _ in 0..self.hops {
            let is_proved = has_secret || self.contains(caller);
            let Some(next) = seen.next().filter(|_| is_proved) else {
                break;
            };
            caller = next;
        }
        Some(caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn proxies(hops: usize, digests: &str, ranges: &str) -> Result<TrustedProxies, InvalidProxies> {
        TrustedProxies::new(hops, parse_digests(digests)?, parse_ranges(ranges)?)
    }

    fn caller(proxies: &TrustedProxies, seen: &[&str], has_secret: bool) -> String {
        let seen = seen.iter().map(|address| address.parse().unwrap());
        proxies.caller(seen, has_secret).unwrap().to_string()
    }

    const CHAIN: [&str; 3] = ["192.0.2.1", "198.51.100.7", "203.0.113.9"];

    #[test]
    fn proxies_that_prove_nothing_are_not_trusted() {
        assert_eq!(proxies(1, "", ""), Err(InvalidProxies::Unproved));
        assert_eq!(proxies(1, " , ", ","), Err(InvalidProxies::Unproved));
        assert!(proxies(0, "", "").is_ok());
        assert!(proxies(1, DIGEST, "").is_ok());
        assert!(proxies(1, "", "192.0.2.0/24").is_ok());
    }

    #[test]
    fn two_secrets_and_no_third_are_known_at_a_time() {
        let two = format!("{DIGEST}, {}", DIGEST.to_uppercase());
        assert_eq!(proxies(1, &two, "").unwrap().secrets().len(), 2);
        for text in [
            "secret".to_owned(),
            format!("{DIGEST}0"),
            format!("+{}", &DIGEST[1..]),
            format!("{two},{DIGEST}"),
        ] {
            assert_eq!(
                proxies(1, &text, ""),
                Err(InvalidProxies::Digests),
                "{text}"
            );
        }
        assert_eq!(
            proxies(1, "", "here"),
            Err(InvalidProxies::Ranges(InvalidRange))
        );
    }

    #[test]
    fn with_the_secret_as_many_entries_are_believed_as_there_are_proxies() {
        for (hops, expected) in [(0, CHAIN[0]), (1, CHAIN[1]), (2, CHAIN[2]), (9, CHAIN[2])] {
            let proxies = proxies(hops, DIGEST, "").unwrap();
            assert_eq!(caller(&proxies, &CHAIN, true), expected);
            // A client that bypasses the proxies has the address that the front saw.
            assert_eq!(caller(&proxies, &CHAIN, false), CHAIN[0]);
        }
        assert!(proxies(0, DIGEST, "").unwrap().secrets().is_empty());
    }

    #[test]
    fn required_proxies_admit_only_requests_that_came_through_them() {
        let peer = |address: &str| Some(address.parse().unwrap());
        let optional = proxies(1, DIGEST, "192.0.2.0/24").unwrap();
        assert!(optional.admit(peer("203.0.113.9"), false) && optional.admit(None, false));
        let required = optional.required().unwrap();
        assert!(required.admit(peer("203.0.113.9"), true));
        assert!(required.admit(peer("192.0.2.1"), false));
        assert!(!required.admit(peer("203.0.113.9"), false));
        assert!(!required.admit(None, false));
        let none = proxies(0, DIGEST, "192.0.2.0/24").unwrap();
        assert_eq!(none.required(), Err(InvalidProxies::None));
    }

    #[test]
    fn an_entry_counts_where_the_hop_that_appended_it_is_in_a_range() {
        let nearest = proxies(2, "", "192.0.2.0/24").unwrap();
        assert_eq!(caller(&nearest, &CHAIN, false), CHAIN[1]);
        let both = proxies(2, "", "192.0.2.0/24,198.51.100.7").unwrap();
        assert_eq!(caller(&both, &CHAIN, false), CHAIN[2]);
        let one = proxies(1, "", "192.0.2.0/24,198.51.100.7").unwrap();
        assert_eq!(caller(&one, &CHAIN, false), CHAIN[1]);
        let other = proxies(2, "", "10.0.0.0/8").unwrap();
        assert_eq!(caller(&other, &CHAIN, false), CHAIN[0]);
        assert_eq!(other.caller([], true), None);
    }
}
