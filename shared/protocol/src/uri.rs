//! URLs as headers need them. Registered URLs are stored and compared as the tenant wrote them, in any alphabet. A
//! `Location` contains a URI (RFC 9110 section 10.2.2), which is ASCII only (RFC 3986).

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Host;

/// The ASCII characters that no URI contains (RFC 3986 section 2), except `%`.
const NOT_IN_A_URI: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A URL as a URI: characters that a URI cannot contain are percent-encoded, and a host beyond ASCII is written as in
/// DNS (RFC 3987 section 3.1). A URL that is already a URI stays unchanged.
pub fn to_uri(address: &str) -> String {
    let (start, authority, rest) = cut(address);
    let authority = host_in_ascii(start, authority).unwrap_or_else(|| encode(authority));
    format!("{}{authority}{}", encode(start), encode(rest))
}

/// `scheme://`, the authority, the rest. The first two are empty if there is no authority.
fn cut(address: &str) -> (&str, &str, &str) {
    let Some(start) = address.find("://").map(|at| at + "://".len()) else {
        return ("", "", address);
    };
    let (start, rest) = address.split_at(start);
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    (start, authority, rest)
}

/// The authority in ASCII, for an `http` or `https` URL with a host beyond ASCII; otherwise `None`. Hosts of other
/// schemes are not names in DNS.
fn host_in_ascii(start: &str, authority: &str) -> Option<String> {
    let web = ["http://", "https://"]
        .iter()
        .any(|web| start.eq_ignore_ascii_case(web));
    if authority.is_ascii() || !web {
        return None;
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port)),
        _ => (authority, None),
    };
    let host = Host::parse(host).ok()?;
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{host}{port}"))
}

fn encode(text: &str) -> String {
    let mut parts = text.split('%');
    let mut encoded =
        utf8_percent_encode(parts.next().unwrap_or_default(), NOT_IN_A_URI).to_string();
    for part in parts {
        let digits = part.as_bytes().first_chunk::<2>();
        let escapes = digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        encoded.push_str(if escapes { "%" } else { "%25" });
        encoded.extend(utf8_percent_encode(part, NOT_IN_A_URI));
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_stays_as_it_is() {
        for uri in [
            "https://app.example.com:8443/cb?x=%C3%AB&y=[1]&z=a'b(c)*!$,;:@/?#top",
            "http://[::1]:3000/cb",
            "com.example.app://callback/%zz"
                .replace("zz", "aF")
                .as_str(),
            "mailto:ada@example.com",
            "/u/login?state=tx1_x",
            "",
        ] {
            assert_eq!(to_uri(uri), uri);
        }
    }

    #[test]
    fn characters_outside_of_uris_are_percent_encoded() {
        for (address, uri) in [
            (
                "https://a/\u{eb} x?\"<>\\^`{|}#\u{1f600}",
                "https://a/%C3%AB%20x?%22%3C%3E%5C%5E%60%7B%7C%7D#%F0%9F%98%80",
            ),
            (
                "https://a/?x=100%&y=%4&z=%",
                "https://a/?x=100%25&y=%254&z=%25",
            ),
            (
                "https://a/?\r\n\t\0\u{7f}\u{85}",
                "https://a/?%0D%0A%09%00%7F%C2%85",
            ),
            ("app://\u{fc}ber/\u{fc}", "app://%C3%BCber/%C3%BC"),
        ] {
            assert_eq!(to_uri(address), uri);
        }
    }

    #[test]
    fn a_host_of_the_web_is_written_as_dns_knows_it() {
        for (address, uri) in [
            (
                "https://b\u{fc}cher.example/\u{fc}",
                "https://xn--bcher-kva.example/%C3%BC",
            ),
            (
                "HTTP://b\u{fc}cher.example:8080?x",
                "HTTP://xn--bcher-kva.example:8080?x",
            ),
            (
                "https://a.example/?next=https://b\u{fc}cher.example",
                "https://a.example/?next=https://b%C3%BCcher.example",
            ),
        ] {
            assert_eq!(to_uri(address), uri);
        }
    }
}
