//! The hosts that a tenant's scripts may send requests to. Without a list, none.
//!
//! The comparison uses the host as the URL standard reads it: in lower case, in Punycode, an IPv4 address in four
//! decimals, regardless of the spelling. The request is sent to exactly that form, so that no other reading applies.

use std::fmt;

use url::{Host, Url};

/// An HTTP request, as a script describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of HTTP")]
pub struct ScriptRequest {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
}

/// The hosts that scripts may send requests to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<AllowedHost>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct AllowedHost {
    scheme: &'static str,
    host: Pattern,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// This host alone, without its subdomains.
    Exactly(Host),
    /// Every name below this one.
    Below(String),
}

/// An entry of the list is not a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{entry}` {reason}")]
pub struct InvalidHost {
    entry: String,
    reason: &'static str,
}

/// Scripts may not send requests to this address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForbiddenAddress {
    /// The address is not a URL of an http or https host.
    #[error("`{0}` is no address of an http or https host")]
    NotHttp(String),
    /// The URL has a user before the host, a common trick of lookalike URLs.
    #[error("an address must not name a user before its host; send an Authorization header")]
    Userinfo,
    /// The host is not on the list.
    #[error(
        "{0} is not a host that scripts may reach; the operator can allow it \
         (ScriptHosts of the stack, --script-hosts on the command line)"
    )]
    NotListed(String),
}

impl AllowedHosts {
    /// Reads a list, separated by commas or white space: `api.example.com`, or `*.example.com` for all names below it,
    /// either with a port. The scheme is HTTPS unless the entry begins with `http://`. An IP address or `localhost` is
    /// allowed only if the list names it.
    pub fn parse(text: &str) -> Result<Self, InvalidHost> {
        text.split([',', ' ', '\n', '\t'])
            .filter(|entry| !entry.is_empty())
            .map(AllowedHost::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// True if the list is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The URL of a request; an error if scripts may not send it.
    pub fn permit(&self, address: &str) -> Result<Url, ForbiddenAddress> {
        let unread = || ForbiddenAddress::NotHttp(address.chars().take(200).collect());
        let url = Url::parse(address).map_err(|_| unread())?;
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(unread());
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(unread());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ForbiddenAddress::Userinfo);
        }
        let fits = |allowed: &AllowedHost| {
            allowed.scheme == url.scheme() && allowed.port == port && allowed.host.covers(&host)
        };
        if self.0.iter().any(fits) {
            return Ok(url);
        }
        Err(ForbiddenAddress::NotListed(
            url.origin().ascii_serialization(),
        ))
    }
}

impl AllowedHost {
    fn parse(entry: &str) -> Result<Self, InvalidHost> {
        let wrong = |reason| InvalidHost {
            entry: entry.to_owned(),
            reason,
        };
        let (scheme, rest) = match entry.split_once("://") {
            Some(("http", rest)) => ("http", rest),
            Some(("https", rest)) => ("https", rest),
            Some(_) => return Err(wrong("begins with neither https:// nor http://")),
            None => ("https", entry),
        };
        let (is_below, name) = match rest.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, rest),
        };
        if name.contains(['/', '\\', '?', '#', '@', '*', '%']) {
            return Err(wrong(
                "is more than a host: leave out user, path, query and further asterisks",
            ));
        }
        let url = Url::parse(&format!("{scheme}://{name}/")).map_err(|_| wrong("is no host"))?;
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(wrong("is no host"));
        };
        let host = match (is_below, host.to_owned()) {
            (_, Host::Domain(name)) if name.ends_with('.') => {
                return Err(wrong("ends with a dot: leave it out"));
            }
            (true, Host::Domain(name)) if name.contains('.') => Pattern::Below(name),
            (true, _) => return Err(wrong("is too wide: name two labels after the asterisk")),
            (false, host) => Pattern::Exactly(host),
        };
        Ok(Self { scheme, host, port })
    }
}

impl Pattern {
    fn covers(&self, host: &Host<&str>) -> bool {
        match self {
            Self::Exactly(allowed) => allowed == host,
            Self::Below(parent) => {
                let Host::Domain(name) = host else {
                    return false;
                };
                name.strip_suffix(parent.as_str())
                    .and_then(|below| below.strip_suffix('.'))
                    .is_some_and(|below| !below.is_empty())
            }
        }
    }
}

impl fmt::Display for AllowedHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, AllowedHost { scheme, host, port }) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            match host {
                Pattern::Exactly(host) => write!(f, "{comma}{scheme}://{host}:{port}")?,
                Pattern::Below(name) => write!(f, "{comma}{scheme}://*.{name}:{port}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(list: &str, address: &str) -> bool {
        AllowedHosts::parse(list).unwrap().permit(address).is_ok()
    }

    #[test]
    fn a_host_is_reached_by_https_on_its_port_alone() {
        let list = "good.example, other.example:8443";
        for (address, expected) in [
            ("https://good.example/a?b", true),
            ("https://good.example:443/", true),
            ("https://GOOD.Example/", true),
            ("https://other.example:8443/", true),
            ("http://good.example/", false),
            ("https://good.example:8443/", false),
            ("https://other.example/", false),
            ("https://www.good.example/", false),
            ("ftp://good.example/", false),
            ("file:///etc/passwd", false),
            ("data:text/plain,x", false),
            ("good.example", false),
            ("//good.example/", false),
            ("", false),
        ] {
            assert_eq!(permits(list, address), expected, "{address}");
        }
        assert!(!permits("", "https://good.example/"));
    }

    #[test]
    fn lookalikes_are_other_hosts() {
        for address in [
            "https://good.example@evil.example/",
            "https://good.example:443@evil.example/",
            "https://good.example%40evil.example/",
            "https://evil.example\\@good.example/",
            "https://evil.example/@good.example/",
            "https://evil.example#good.example",
            "https://evil.example?.good.example",
            "https://good.example.evil.example/",
            "https://good.example./",
            "https://evilgood.example/",
            "https://good.exаmple/", // a Cyrillic letter
            "https://good。example.evil.example/",
            "https://user@good.example/",
            "https://:pw@good.example/",
        ] {
            assert!(
                !permits("good.example, *.good.example", address),
                "{address}"
            );
        }
        // Other spellings of the host itself.
        for address in [
            "https://good。example/",
            "https:good.example",
            "https:\\\\good.example",
            "https://go%6Fd.example/",
        ] {
            let url = AllowedHosts::parse("good.example")
                .unwrap()
                .permit(address)
                .unwrap();
            assert_eq!(url.as_str(), "https://good.example/");
        }
        // A backslash ends the host, and the sent URL shows it.
        let url = AllowedHosts::parse("good.example")
            .unwrap()
            .permit("https://good.example\\@evil.example/");
        assert_eq!(url.unwrap().as_str(), "https://good.example/@evil.example/");
    }

    #[test]
    fn an_asterisk_stands_for_names_below() {
        for (address, expected) in [
            ("https://a.good.example/", true),
            ("https://a.b.good.example/", true),
            ("https://good.example/", false),
            ("https://.good.example/", false),
            ("https://agood.example/", false),
            ("https://a.good.example.evil.example/", false),
        ] {
            assert_eq!(permits("*.good.example", address), expected, "{address}");
        }
    }

    #[test]
    fn addresses_of_machines_are_named_or_not_reached() {
        for address in [
            "http://127.0.0.1/",
            "http://localhost/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://169.254.169.254/latest/meta-data/",
        ] {
            assert!(
                !permits("*.good.example, good.example", address),
                "{address}"
            );
        }
        let list = "http://127.0.0.1:8080, http://localhost:8080, [::1], http://[::1]:81";
        for (address, expected) in [
            ("http://127.0.0.1:8080/", true),
            ("http://0x7f.1:8080/", true),
            ("http://localhost:8080/", true),
            ("https://[0:0:0:0:0:0:0:1]/", true),
            ("http://[::1]:81/", true),
            ("http://127.0.0.1/", false),
            ("https://127.0.0.1:8080/", false),
            ("http://127.0.0.2:8080/", false),
            ("http://[::1]/", false),
        ] {
            assert_eq!(permits(list, address), expected, "{address}");
        }
    }

    #[test]
    fn names_are_compared_in_punycode() {
        for (list, address) in [
            ("bücher.example", "https://xn--bcher-kva.example/"),
            ("xn--bcher-kva.example", "https://BÜCHER.example/"),
            ("*.bücher.example", "https://a.xn--bcher-kva.example/"),
        ] {
            assert!(permits(list, address), "{address}");
        }
    }

    #[test]
    fn an_invalid_host_is_named_in_the_error() {
        for (entry, reason) in [
            (
                "*",
                "`*` is more than a host: leave out user, path, query and further asterisks",
            ),
            (
                "*.com",
                "`*.com` is too wide: name two labels after the asterisk",
            ),
            (
                "*.127.0.0.1",
                "`*.127.0.0.1` is too wide: name two labels after the asterisk",
            ),
            (
                "a.*.example",
                "`a.*.example` is more than a host: leave out user, path, query and further asterisks",
            ),
            (
                "https://a.example/",
                "`https://a.example/` is more than a host: leave out user, path, query and further asterisks",
            ),
            (
                "user@a.example",
                "`user@a.example` is more than a host: leave out user, path, query and further asterisks",
            ),
            (
                "ftp://a.example",
                "`ftp://a.example` begins with neither https:// nor http://",
            ),
            ("a.example.", "`a.example.` ends with a dot: leave it out"),
            ("a.example:99999", "`a.example:99999` is no host"),
            ("[::1", "`[::1` is no host"),
        ] {
            let error = AllowedHosts::parse(&format!("good.example,{entry}")).unwrap_err();
            assert_eq!(error.to_string(), reason);
        }
    }

    #[test]
    fn a_refusal_says_what_may_be_done() {
        let refusal = AllowedHosts::default()
            .permit("https://user.example/a?secret")
            .unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "https://user.example is not a host that scripts may reach; the operator can allow it \
             (ScriptHosts of the stack, --script-hosts on the command line)"
        );
        let list = AllowedHosts::parse("a.example *.b.example:1 http://[::1]").unwrap();
        assert_eq!(
            list.to_string(),
            "https://a.example:443, https://*.b.example:1, http://[::1]:80"
        );
    }
}
