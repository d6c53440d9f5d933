//! Cookies (RFC 6265).

use http::{HeaderValue, header::COOKIE};

use super::Request;
use crate::domain::time::Lifetime;

/// The value of a cookie that the browser sent.
pub fn get<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request
        .headers()
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(known, value)| (known == name).then_some(value))
}

/// How long a cookie stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// Until the browser closes.
    Browser,
    /// So long.
    For(Lifetime),
    /// Not at all: the browser forgets it now.
    Gone,
}

/// Which pages a cookie is sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// Ours alone, and links to them.
    Own,
    /// Also frames of other sites, which silent authentication needs. Only over HTTPS: over plain
    /// HTTP, on a laptop, browsers would refuse the cookie.
    Any,
}

/// A `Set-Cookie` header for a cookie that scripts cannot read.
pub fn set(name: &str, value: &str, stay: Stay, site: Site, https: bool) -> Option<HeaderValue> {
    let stay = match stay {
        Stay::Browser => String::new(),
        Stay::For(lifetime) => format!("; Max-Age={}", lifetime.as_secs()),
        Stay::Gone => "; Max-Age=0".to_owned(),
    };
    let site = match (site, https) {
        (Site::Any, true) => "; Secure; SameSite=None",
        (Site::Own, true) => "; Secure; SameSite=Lax",
        (_, false) => "; SameSite=Lax",
    };
    HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly{stay}{site}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let request = http::Request::builder()
            .header(COOKIE, "a=1; auth0=se1_x; b=2")
            .body(bytes::Bytes::new())
            .unwrap();
        assert_eq!(get(&request, "auth0"), Some("se1_x"));
        assert_eq!(get(&request, "auth"), None);
    }

    #[test]
    fn a_cookie_is_secure_wherever_it_can_be() {
        let stay = Stay::For(Lifetime::from_secs(60));
        let cookie = set("auth0", "x", stay, Site::Any, true).unwrap();
        assert_eq!(
            cookie,
            "auth0=x; Path=/; HttpOnly; Max-Age=60; Secure; SameSite=None"
        );
        let cookie = set("auth0", "x", Stay::Gone, Site::Any, false).unwrap();
        assert_eq!(cookie, "auth0=x; Path=/; HttpOnly; Max-Age=0; SameSite=Lax");
    }
}
