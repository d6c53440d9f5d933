//! Comparison of redirect URIs, logout URLs and origins with the registered ones.
//!
//! Redirect URIs are compared exactly, with three allowances: scheme and host ignore case, `*` may replace the leftmost
//! label of a registered host ([Auth0's wildcard rule]), and the loopback callback of a native application may use any
//! port (RFC 8252 section 7.3).
//!
//! [Auth0's wildcard rule]: https://auth0.com/docs/get-started/applications/wildcards-for-subdomains

use url::{Host, Url};

use super::client::{AppType, Client};

/// True if the client registered this redirect URI.
pub fn is_registered(client: &Client, presented: &str) -> bool {
    is_listed(
        &client.callbacks,
        presented,
        client.app_type == AppType::Native,
    )
}

/// True if a list of registered callbacks admits this one, without the allowance for native applications.
pub fn is_allowed_callback(callbacks: &[String], presented: &str) -> bool {
    is_listed(callbacks, presented, false)
}

fn is_listed(callbacks: &[String], presented: &str, any_loopback_port: bool) -> bool {
    let Some(presented) = Parts::parse(presented) else {
        return false;
    };
    callbacks
        .iter()
        .filter_map(|registered| Parts::parse(registered))
        .any(|registered| registered.admits(&presented, any_loopback_port))
}

/// True if a list of registered URLs admits this one, regardless of query and fragment: the rule of `returnTo` at
/// `/v2/logout`. Control characters are rejected everywhere: they have no place in a URL.
pub fn is_allowed_logout_url(allowed: &[String], presented: &str) -> bool {
    if presented.chars().any(char::is_control) {
        return false;
    }
    let path_only = |url: &str| url.split(['?', '#']).next().map(str::to_owned);
    let Some(presented) = path_only(presented) else {
        return false;
    };
    let Some(presented) = Parts::parse(&presented) else {
        return false;
    };
    allowed
        .iter()
        .filter_map(|url| path_only(url))
        .filter_map(|url| Parts::parse(&url).map(|registered| registered.admits(&presented, false)))
        .any(|admitted| admitted)
}

/// True if a list of registered URLs has this one, query included and letter by letter, except for a wildcard: the rule
/// of `post_logout_redirect_uri` (`OpenID` Connect RP-Initiated Logout section 3).
pub fn is_post_logout_redirect_uri(allowed: &[String], presented: &str) -> bool {
    let Some(parts) = Parts::parse(presented) else {
        return false;
    };
    allowed.iter().any(|registered| {
        let wildcard = Parts::parse(registered).filter(|url| url.authority.starts_with("*."));
        match wildcard {
            Some(wildcard) => wildcard.admits(&parts, false),
            None => registered == presented,
        }
    })
}

/// True if an `Origin` header is the origin of one of these URLs. The scheme may be any that gives its pages an origin,
/// as `capacitor` and `chrome-extension` do; `*` replaces one label of a web host. The opaque origin `null` is never
/// allowed.
pub fn is_allowed_origin<'a>(urls: impl Iterator<Item = &'a String>, origin: &str) -> bool {
    urls.filter_map(|url| self::origin(url)).any(|registered| {
        match registered.split_once("://*.") {
            Some((scheme, domain)) => origin
                .strip_prefix(scheme)
                .and_then(|rest| rest.strip_prefix("://"))
                .and_then(|host| host.split_once('.'))
                .is_some_and(|(label, rest)| {
                    // A host that browsers reject is not the origin of a page.
                    is_label(label) && rest == domain && self::origin(origin).is_some()
                }),
            None => registered == origin,
        }
    })
}

/// The origin of a page at this URL, as browsers write it (RFC 6454 section 6.2): for `http` and `https` with an ASCII
/// host and no default port, otherwise scheme and authority to the letter. `None` for URLs whose pages have the opaque
/// origin `null`.
pub fn origin(url: &str) -> Option<String> {
    let wildcard = url.contains(WILDCARD);
    let parsed = Url::parse(&url.replacen(WILDCARD, STAND_IN, 1)).ok()?;
    if parsed.origin().is_tuple() {
        let origin = parsed.origin().ascii_serialization();
        return Some(if wildcard {
            origin.replacen(STAND_IN, WILDCARD, 1)
        } else {
            origin
        });
    }
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_authority = !authority.is_empty() && !authority.contains(['@', '*', '\\', ' ']);
    (is_authority && parsed.has_host()).then(|| format!("{scheme}://{authority}"))
}

/// Beginning of the host in a registered URL that admits any leftmost label.
const WILDCARD: &str = "://*.";
/// Replacement of [`WILDCARD`] for a URL parser, which accepts no `*`.
const STAND_IN: &str = "://wildcard-label.";

/// True for one label in ASCII. IDNA reads some other characters as dots or drops them.
fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// True if another program could receive a response at this callback: no certificate vouches for a custom scheme, for
/// plain HTTP, or for a name of the user's own machine (RFC 6761 section 6.3).
pub fn is_non_verifiable(redirect_uri: &str) -> bool {
    Url::parse(redirect_uri).map_or(true, |url| {
        url.scheme() != "https" || is_loopback(&url) || is_localhost(&url)
    })
}

/// A URI, split into the parts that ignore case and the rest. The text is kept as given: a parser that normalizes would
/// make two different URIs equal.
struct Parts {
    scheme: String,
    /// Host and port; empty for URIs without an authority.
    authority: String,
    /// The host that browsers visit: percent-decoded, in ASCII (IDNA).
    host: String,
    rest: String,
    loopback: bool,
}

impl Parts {
    fn parse(text: &str) -> Option<Self> {
        if text
            .chars()
            .any(|c| c.is_control() || c == ' ' || c == '\\')
        {
            return None;
        }
        // A URL parser does not accept a wildcard as a host.
        let parsed = Url::parse(&text.replacen(WILDCARD, STAND_IN, 1)).ok()?;
        if parsed.fragment().is_some() || !parsed.username().is_empty() {
            return None;
        }
        let (scheme, rest) = text.split_once(':')?;
        let (authority, rest) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
            None => ("", rest),
        };
        if authority.contains('@') {
            return None;
        }
        Some(Self {
            scheme: scheme.to_ascii_lowercase(),
            authority: authority.to_ascii_lowercase(),
            host: parsed.host_str().unwrap_or_default().to_owned(),
            rest: rest.to_owned(),
            loopback: parsed.scheme() == "http" && is_loopback(&parsed),
        })
    }

    fn admits(&self, presented: &Self, any_loopback_port: bool) -> bool {
        self.scheme == presented.scheme
            && self.rest == presented.rest
            && (self.admits_authority(presented)
                || (any_loopback_port
                    && self.loopback
                    && presented.loopback
                    && host_of(&self.authority) == host_of(&presented.authority)))
    }

    /// Compares the authorities. A wildcard must replace one label twice: in the text, whose rest is as registered, and
    /// in the host that browsers visit, which may have more dots than the text.
    fn admits_authority(&self, presented: &Self) -> bool {
        let Some(domain) = self.authority.strip_prefix("*.") else {
            return self.authority == presented.authority;
        };
        let written = presented.authority.strip_suffix(domain);
        let written = written.and_then(|label| label.strip_suffix('.'));
        let domain = self.host.split_once('.').map(|(_, domain)| domain);
        let visited = presented.host.split_once('.');
        written.is_some_and(is_label)
            && visited.is_some_and(|(label, rest)| is_label(label) && Some(rest) == domain)
    }
}

/// The host of `host:port`, with the brackets of IPv6.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        _ => false,
    }
}

fn is_localhost(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let host = host.strip_suffix('.').unwrap_or(host);
        host == "localhost" || host.ends_with(".localhost")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(registered: &str, presented: &str, native: bool) -> bool {
        match (Parts::parse(registered), Parts::parse(presented)) {
            (Some(registered), Some(presented)) => registered.admits(&presented, native),
            _ => false,
        }
    }

    #[test]
    fn comparison_is_exact_but_for_the_case_of_scheme_and_host() {
        let registered = "https://App.example.com/callback";
        assert!(admits(
            registered,
            "HTTPS://app.EXAMPLE.com/callback",
            false
        ));
        for other in [
            "https://app.example.com/Callback",
            "https://app.example.com/callback/",
            "https://app.example.com/callback?x=1",
            "https://app.example.com:444/callback",
            "https://app.example.com/callback/../callback",
            "https://app.example.com/callback#fragment",
            "https://user@app.example.com/callback",
            "https://app.example.com\\@evil.example/callback",
            "http://app.example.com/callback",
        ] {
            assert!(!admits(registered, other, false), "{other}");
        }
    }

    #[test]
    fn a_wildcard_stands_for_one_leftmost_label() {
        let registered = "https://*.example.com/cb";
        assert!(admits(registered, "https://a.example.com/cb", false));
        for other in [
            "https://example.com/cb",
            "https://.example.com/cb",
            "https://*.example.com/cb",
            "https://a.b.example.com/cb",
            "https://a\u{3002}b.example.com/cb",
            "https://a\u{ff0e}b.example.com/cb",
            "https://\u{ad}.example.com/cb",
            "https://evil%2Ea.example.com/cb",
            "https://evil%2ea.example.com/cb",
            "https://%61.example.com/cb",
            "https://evil-example.com/cb",
            "https://evil.com/.example.com/cb",
            "https://evil.com:443.example.com/cb",
        ] {
            assert!(!admits(registered, other, false), "{other}");
        }
    }

    #[test]
    fn native_applications_may_use_any_loopback_port() {
        assert!(admits(
            "http://127.0.0.1/cb",
            "http://127.0.0.1:51004/cb",
            true
        ));
        assert!(admits("http://[::1]/cb", "http://[::1]:51004/cb", true));
        assert!(!admits(
            "http://127.0.0.1/cb",
            "http://127.0.0.1:51004/cb",
            false
        ));
        assert!(!admits(
            "http://127.0.0.1/cb",
            "http://127.0.0.2:51004/cb",
            true
        ));
        assert!(!admits(
            "http://127.0.0.1/cb",
            "http://127.0.0.1:51004/other",
            true
        ));
        assert!(!admits(
            "https://app.example/cb",
            "https://app.example:51004/cb",
            true
        ));
    }

    #[test]
    fn custom_schemes_compare_as_text() {
        assert!(admits(
            "com.example.app://callback",
            "com.example.app://callback",
            true
        ));
        assert!(!admits(
            "com.example.app://callback",
            "com.example.app://callback2",
            true
        ));
    }

    #[test]
    fn a_callback_is_verifiable_if_a_certificate_vouches_for_its_host() {
        for uri in [
            "com.example.app://callback",
            "com.example.app:/callback",
            "http://localhost:3000/cb",
            "http://app.localhost:3000/cb",
            "http://localhost.:3000/cb",
            "http://127.0.0.1/cb",
            "http://127.1/cb",
            "http://[::1]:51004/cb",
            "https://localhost/cb",
            "https://127.0.0.2/cb",
            "http://app.example/cb",
            "no address",
        ] {
            assert!(is_non_verifiable(uri), "{uri}");
        }
        for uri in ["https://app.example/cb", "https://localhost.example/cb"] {
            assert!(!is_non_verifiable(uri), "{uri}");
        }
    }

    #[test]
    fn an_origin_is_that_of_a_registered_url() {
        let urls = [
            "https://app.example/cb",
            "https://*.example.com",
            "https://Bücher.example:443/cb",
            "com.example.app:/callback",
        ];
        let urls = urls.map(str::to_owned);
        let allowed = |origin| is_allowed_origin(urls.iter(), origin);
        for origin in [
            "https://app.example",
            "https://a.example.com",
            "https://xn--bcher-kva.example",
        ] {
            assert!(allowed(origin), "{origin}");
        }
        for origin in [
            "http://app.example",
            "https://app.example/",
            "https://app.example:8443",
            "https://example.com",
            "https://.example.com",
            "https://a.b.example.com",
            "https://*.example.com",
            "https://evil.com:443.example.com",
            "https://user@a.example.com",
            "com.example.app:/callback",
            "com.example.app://",
            "null",
            "",
        ] {
            assert!(!allowed(origin), "{origin}");
        }
    }

    #[test]
    fn the_origin_of_an_apps_page_is_compared_to_the_letter() {
        let urls = [
            "capacitor://localhost",
            "tauri://localhost/index.html",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            "app://-",
            "file:///index.html",
            "null",
        ];
        let urls = urls.map(str::to_owned);
        let allowed = |origin| is_allowed_origin(urls.iter(), origin);
        for origin in [
            "capacitor://localhost",
            "tauri://localhost",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            "app://-",
        ] {
            assert!(allowed(origin), "{origin}");
        }
        for origin in [
            "capacitor://localhost/",
            "capacitor://localhost:8080",
            "capacitor://LOCALHOST",
            "CAPACITOR://localhost",
            "capacitor://",
            "capacitor:localhost",
            "ionic://localhost",
            "tauri://localhost/index.html",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnoq",
            "file://",
            "null",
        ] {
            assert!(!allowed(origin), "{origin}");
        }
    }

    #[test]
    fn post_logout_redirect_uris_are_compared_letter_by_letter_query_included() {
        let registered = ["https://app.example/bye?x=1", "https://*.example.com/bye"];
        let registered = registered.map(str::to_owned);
        let allowed = |url| is_post_logout_redirect_uri(&registered, url);
        assert!(allowed("https://app.example/bye?x=1"));
        assert!(allowed("https://a.example.com/bye"));
        for other in [
            "https://app.example/bye",
            "https://app.example/bye?x=1&y=2",
            "https://app.example/bye?x=1#y",
            "https://APP.example/bye?x=1",
            "https://a.b.example.com/bye",
            "https://*.example.com/bye",
            "https://a.example.com/bye?x=1",
            "",
        ] {
            assert!(!allowed(other), "{other}");
        }
    }

    #[test]
    fn logout_urls_ignore_query_and_fragment() {
        let allowed = vec!["https://app.example/bye?registered=1".to_owned()];
        assert!(is_allowed_logout_url(
            &allowed,
            "https://app.example/bye?x=1#y"
        ));
        assert!(!is_allowed_logout_url(&allowed, "https://app.example/Bye"));
        for control in ["\r\n", "\t", "\0", "\u{7f}", "\u{85}"] {
            for place in ["?x=", "#"] {
                let url = format!("https://app.example/bye{place}{control}");
                assert!(!is_allowed_logout_url(&allowed, &url), "{url:?}");
            }
        }
    }
}
