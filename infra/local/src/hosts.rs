//! Host names of a server. A page whose own name resolves to loopback (DNS rebinding) has the same origin as a server
//! there; only the host in its requests differs.

use http::{
    StatusCode,
    header::{HOST, HeaderValue},
    request::Parts,
    uri::Authority,
};
use ratchet_core::config::Issuer;
use ratchet_domain::network::is_loopback_host;
use ratchet_protocol::{Response, response};

/// The hosts that a server answers for: the names of loopback, the issuer's host, and those of `--allow-host`. Any
/// port is accepted, because ports are forwarded.
#[derive(Debug, Clone)]
pub(crate) struct Hosts(Vec<AllowedHost>);

/// A host without its port, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AllowedHost(String);

/// A text that is not a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a host without a port, such as `tunnel.example.com`")]
pub(crate) struct InvalidHost;

impl AllowedHost {
    /// Parses a host name or an address; an IPv6 address is in brackets.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidHost> {
        let authority: Authority = text.parse().map_err(|_| InvalidHost)?;
        let is_host = !text.is_empty() && authority.host() == text && !text.contains('*');
        if is_host {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(InvalidHost)
        }
    }
}

impl Hosts {
    /// The hosts of a server with this issuer.
    pub(crate) fn new(issuer: &Issuer, allowed: &[AllowedHost]) -> Self {
        let own = AllowedHost(issuer.host().to_ascii_lowercase());
        let all = allowed.iter().cloned().chain([own]);
        Self(all.collect())
    }

    /// Rejects a request for another host: 421 (RFC 9110 section 15.5.20), or 400 if it names no host or several
    /// (RFC 9112 section 3.2).
    pub(crate) fn refusal(&self, parts: &Parts) -> Option<Response> {
        let Some(named) = named(parts) else {
            let text = "the request has to name one host\n";
            return Some(response::text(StatusCode::BAD_REQUEST, text));
        };
        let is_answered = |authority: &Authority| self.answers(authority);
        (!named.iter().all(is_answered)).then(|| {
            let text = "this server does not answer for that host; --allow-host adds one\n";
            response::text(StatusCode::MISDIRECTED_REQUEST, text)
        })
    }

    fn answers(&self, authority: &Authority) -> bool {
        let host = authority.host();
        is_loopback_host(host)
            || self
                .0
                .iter()
                .any(|allowed| allowed.0.eq_ignore_ascii_case(host))
    }
}

/// True if a request came by a name of loopback.
pub(crate) fn is_loopback(parts: &Parts) -> bool {
    named(parts).is_some_and(|named| named.iter().all(|name| is_loopback_host(name.host())))
}

/// The hosts that a request names: in `Host`, and in its target if that is absolute. `None` unless there is exactly one
/// `Host` and it is valid.
fn named(parts: &Parts) -> Option<Vec<Authority>> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let host = hosts.next()?;
    if hosts.next().is_some() {
        return None;
    }
    let mut named = vec![authority(host)?];
    named.extend(parts.uri.authority().cloned());
    named
        .iter()
        .all(|authority| !authority.as_str().contains('@'))
        .then_some(named)
}

fn authority(value: &HeaderValue) -> Option<Authority> {
    value.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(hosts: &Hosts, target: &str, named: &[&str]) -> u16 {
        let mut request = http::Request::get(target);
        for host in named {
            request = request.header(HOST, *host);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let refusal = hosts.refusal(&parts);
        refusal.map_or(200, |refusal| refusal.status().as_u16())
    }

    #[test]
    fn a_request_is_answered_for_loopback_the_issuer_and_what_is_allowed() {
        let issuer = Issuer::parse("https://login.example.com:8443/").unwrap();
        let allowed = AllowedHost::parse("Tunnel.example.net").unwrap();
        let hosts = Hosts::new(&issuer, &[allowed]);
        for host in [
            "localhost:3000",
            "127.0.0.1",
            "127.1.2.3:3000",
            "[::1]:3000",
            "[::ffff:127.0.0.1]",
            "login.example.com",
            "login.example.com:1",
            "tunnel.example.net:443",
        ] {
            assert_eq!(status(&hosts, "/", &[host]), 200, "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "localhost.",
            "a.localhost",
            "0.0.0.0",
            "192.168.0.1:3000",
            "a.login.example.com",
            "127.0.0.1.evil.example",
        ] {
            assert_eq!(status(&hosts, "/", &[host]), 421, "{host}");
        }
    }

    #[test]
    fn a_request_names_one_host_and_its_target_no_other() {
        let issuer = Issuer::parse("http://127.0.0.1:3000/").unwrap();
        let hosts = Hosts::new(&issuer, &[]);
        for none in [
            &[][..],
            &["localhost", "localhost"],
            &["a b"],
            &["x@localhost"],
        ] {
            assert_eq!(status(&hosts, "/", none), 400, "{none:?}");
        }
        let absolute = "http://evil.example/demo";
        assert_eq!(status(&hosts, absolute, &["localhost"]), 421);
        assert_eq!(status(&hosts, "http://localhost/demo", &["localhost"]), 200);
    }

    #[test]
    fn an_option_adds_a_host_and_nothing_else() {
        for text in ["", "*", "a:80", "http://a", "a/b", "a@b", "*.example.com"] {
            let parsed = AllowedHost::parse(text);
            assert_eq!(parsed, Err(InvalidHost), "{text}");
        }
        for text in ["host.docker.internal", "172.17.0.1", "[2001:db8::1]"] {
            assert!(AllowedHost::parse(text).is_ok(), "{text}");
        }
    }
}
