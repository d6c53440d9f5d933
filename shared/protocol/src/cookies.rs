//! Cookies (RFC 6265).

use http::{HeaderValue, header::COOKIE};
use ratchet_domain::time::Lifetime;

use super::Request;

/// All values that the browser sent for a cookie name, in its order. There may be several: other hosts of our domain
/// and, without TLS, other ports of our host can set cookies that reach us. The caller checks which of them is ours.
/// Cookies of such neighbours may contain any bytes, so each is read by itself.
pub fn all<'a>(request: &'a Request, name: &str) -> impl Iterator<Item = &'a str> {
    request
        .headers()
        .get_all(COOKIE)
        .iter()
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(move |(known, value)| (known == name).then_some(value))
}

/// The name of a cookie at an issuer. Over HTTPS the prefix `__Host-` (RFC 6265bis section 4.1.3.2) keeps every other
/// host from setting it. Cookies ignore ports, so the port is part of the name: services on other ports of the same
/// host have their own cookies.
pub fn name(base: &str, https: bool, port: Option<u16>) -> String {
    let prefix = if https { "__Host-" } else { "" };
    match port {
        Some(port) => format!("{prefix}{base}_{port}"),
        None => format!("{prefix}{base}"),
    }
}

/// The lifetime of a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieLifetime {
    /// The browser deletes the cookie when it closes.
    Browser,
    /// This time after the response, whether the browser closes or not (`Max-Age`).
    For(Lifetime),
    /// No longer: the browser deletes the cookie.
    Gone,
}

/// The requests with which a browser sends a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// Those from our own pages, and links to them from other sites.
    Own,
    /// Also those from our pages in frames of other sites, which silent authentication needs. Only over HTTPS: browsers
    /// would reject such a cookie over plain HTTP, on a laptop.
    Any,
}

/// A `Set-Cookie` header for a cookie that scripts cannot read.
pub fn set(
    name: &str,
    value: &str,
    lifetime: CookieLifetime,
    site: Site,
    https: bool,
) -> Option<HeaderValue> {
    let max_age = match lifetime {
        CookieLifetime::Browser => String::new(),
        CookieLifetime::For(lifetime) => format!("; Max-Age={}", lifetime.as_secs()),
        CookieLifetime::Gone => "; Max-Age=0".to_owned(),
    };
    let site = match (site, https) {
        (Site::Any, true) => "; Secure; SameSite=None",
        (Site::Own, true) => "; Secure; SameSite=Lax",
        (_, false) => "; SameSite=Lax",
    };
    HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly{max_age}{site}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cookie_of_a_name_is_found_among_others() {
        let request = http::Request::builder()
            .header(COOKIE, "a=1; auth0=foreign; b=2; auth0=se1_x")
            .header(COOKIE, "auth0=third")
            .body(bytes::Bytes::new())
            .unwrap();
        let found: Vec<_> = all(&request, "auth0").collect();
        assert_eq!(found, ["foreign", "se1_x", "third"]);
        assert_eq!(all(&request, "auth").count(), 0);
    }

    #[test]
    fn a_cookie_in_any_bytes_hides_no_other() {
        for foreign in ["city=Z\u{fc}rich".as_bytes(), b"city=Z\xfcrich", b"Z\xfc=1"] {
            let header = [b"a=1; ", foreign, b"; auth0=se1_x"].concat();
            let request = http::Request::builder()
                .header(COOKIE, header)
                .body(bytes::Bytes::new())
                .unwrap();
            assert_eq!(all(&request, "auth0").collect::<Vec<_>>(), ["se1_x"]);
        }
    }

    #[test]
    fn a_name_belongs_to_one_host_and_one_port() {
        assert_eq!(name("auth0", true, None), "__Host-auth0");
        assert_eq!(name("auth0", true, Some(8443)), "__Host-auth0_8443");
        assert_eq!(name("auth0", false, Some(3000)), "auth0_3000");
    }

    #[test]
    fn a_cookie_is_secure_wherever_it_can_be() {
        let lifetime = CookieLifetime::For(Lifetime::from_secs(60));
        let cookie = set("auth0", "x", lifetime, Site::Any, true).unwrap();
        assert_eq!(
            cookie,
            "auth0=x; Path=/; HttpOnly; Max-Age=60; Secure; SameSite=None"
        );
        let cookie = set("auth0", "x", CookieLifetime::Gone, Site::Any, false).unwrap();
        assert_eq!(cookie, "auth0=x; Path=/; HttpOnly; Max-Age=0; SameSite=Lax");
    }
}
