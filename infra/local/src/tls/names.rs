//! The names that a server's certificate and its authority are for.

use std::net::IpAddr;

use rcgen::{CidrSubnet, GeneralSubtree};

/// Top-level domains that no public certificate authority certifies: RFC 2606, RFC 6762, RFC 8375, and
/// ICANN's reservation of `internal`.
const PRIVATE_DOMAINS: [&str; 7] = [
    "localhost",
    "test",
    "example",
    "invalid",
    "local",
    "internal",
    "home.arpa",
];

/// Loopback, RFC 1918, RFC 3927, RFC 6598, RFC 4193 and RFC 4291 (link-local).
const PRIVATE_NETWORKS: [(IpAddr, u8); 9] = [
    (v4(127, 0), 8),
    (v4(10, 0), 8),
    (v4(172, 16), 12),
    (v4(192, 168), 16),
    (v4(169, 254), 16),
    (v4(100, 64), 10),
    (IpAddr::V6(std::net::Ipv6Addr::LOCALHOST), 128),
    (v6(0xfc00), 7),
    (v6(0xfe80), 10),
];

const fn v4(first: u8, second: u8) -> IpAddr {
    IpAddr::V4(std::net::Ipv4Addr::new(first, second, 0, 0))
}

const fn v6(first: u16) -> IpAddr {
    IpAddr::V6(std::net::Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0))
}

/// Names of the server: the issuer's host and the names of loopback.
#[derive(Debug)]
pub(crate) struct Names(Vec<String>);

impl Names {
    /// Names for the host of a URL, where an IPv6 address is in brackets.
    pub(crate) fn of(host: &str) -> Self {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut names = vec![host.to_owned()];
        for name in ["localhost", "127.0.0.1", "::1"] {
            if name != host {
                names.push(name.to_owned());
            }
        }
        Self(names)
    }

    /// The host; `None` if it is on private networks only.
    pub(crate) fn public(&self) -> Option<&str> {
        let host = self.0.first()?;
        let private = match host.parse::<IpAddr>() {
            Ok(address) => PRIVATE_NETWORKS
                .iter()
                .any(|network| contains(*network, address)),
            Err(_) => PRIVATE_DOMAINS.iter().any(|domain| {
                let rest = host.strip_suffix(domain);
                rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }),
        };
        (!private).then_some(host)
    }

    /// All of them, the host first.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &String> {
        self.0.iter()
    }

    /// Names that an authority may certify: private names, and this host if it is public.
    pub(super) fn permitted(&self) -> Vec<GeneralSubtree> {
        let domains = PRIVATE_DOMAINS.map(|domain| GeneralSubtree::DnsName(domain.to_owned()));
        let networks = PRIVATE_NETWORKS.map(|(address, prefix)| subnet(address, prefix));
        let mut permitted: Vec<_> = domains.into_iter().chain(networks).collect();
        permitted.extend(self.public().map(|host| match host.parse::<IpAddr>() {
            Ok(address) => subnet(address, if address.is_ipv4() { 32 } else { 128 }),
            Err(_) => GeneralSubtree::DnsName(host.to_owned()),
        }));
        permitted
    }
}

fn subnet(address: IpAddr, prefix: u8) -> GeneralSubtree {
    GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, prefix))
}

/// True if an address belongs to a network, given as an address and its number of significant bits.
fn contains((network, prefix): (IpAddr, u8), address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (network.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(prefix)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            (network.to_bits() ^ address.to_bits()).leading_zeros() >= u32::from(prefix)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_host_has_a_certificate_authority_of_its_own() {
        for private in [
            "localhost",
            "a.localhost",
            "login.test",
            "10.1.2.3",
            "172.31.0.1",
        ] {
            assert_eq!(Names::of(private).public(), None, "{private}");
        }
        for public in [
            "login.example.com",
            "latest",
            "notlocalhost",
            "172.32.0.1",
            "::2",
        ] {
            assert_eq!(Names::of(public).public(), Some(public));
        }
    }
}
