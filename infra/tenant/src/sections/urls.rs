//! URLs in a tenant file: callbacks, logout URLs, origins and pictures.

use url::{Host, Url};

use crate::yaml::path::{Checked, Fault, Notes, Path};

/// Schemes whose "location" is a program: a redirect to it would run the program in one of our pages.
const SCRIPT_SCHEMES: [&str; 5] = ["about", "blob", "data", "javascript", "vbscript"];

/// Checks every element of the list at a key.
pub(crate) fn each(
    at: &Path,
    key: &str,
    given: Option<Vec<String>>,
    check: impl Fn(&Path, &str) -> Checked<String>,
) -> Checked<Vec<String>> {
    let at = at.key(key);
    let given = given.unwrap_or_default();
    given
        .iter()
        .enumerate()
        .map(|(index, text)| check(&at.index(index), text))
        .collect()
}

/// Checks that a list has at most `limit` entries.
pub(crate) fn at_most(
    limit: usize,
    at: &Path,
    key: &str,
    given: Option<Vec<String>>,
) -> Checked<Option<Vec<String>>> {
    match given.as_ref().map(Vec::len) {
        Some(length) if length > limit => {
            let message = format!("has {length} entries; at most {limit} are allowed");
            Err(Fault::new(at.key(key), message))
        }
        _ => Ok(given),
    }
}

/// Callback, which `/authorize` may redirect to: any scheme except those that run programs, no fragment
/// (RFC 6749 section 3.1.2), `*` only as the whole leftmost label of a host.
pub(crate) fn callback(at: &Path, text: &str) -> Checked<String> {
    let url = parse(at, text)?;
    if url.fragment().is_some() {
        return Err(Fault::new(at.clone(), "must not have a fragment"));
    }
    Ok(text.to_owned())
}

/// Logout URL, which `/v2/logout` may redirect to. Queries and fragments do not count there.
pub(crate) fn logout_url(at: &Path, text: &str) -> Checked<String> {
    parse(at, text).map(|_| text.to_owned())
}

/// Login route: a page of the application that starts a login and gets our issuer as `iss` (`OpenID` Connect Core
/// section 4). Queries and fragments are kept ([Auth0's login routes]); an empty text means none.
///
/// [Auth0's login routes]: https://auth0.com/docs/authenticate/login/auth0-universal-login/configure-default-login-routes
pub(crate) fn login_route(at: &Path, text: Option<String>) -> Checked<Option<String>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    secure(at, &text)?;
    Ok(Some(text))
}

/// Destination of logout tokens: HTTPS and no fragment (`OpenID` Connect Back-Channel Logout section 2.2). HTTP is
/// allowed on the same machine, such as a laptop.
pub(crate) fn backchannel(at: &Path, text: &str) -> Checked<String> {
    if secure(at, text)?.fragment().is_some() {
        return Err(Fault::new(at.clone(), "must not have a fragment"));
    }
    Ok(text.to_owned())
}

/// An HTTPS URL without a wildcard; HTTP only on this machine.
fn secure(at: &Path, text: &str) -> Checked<Url> {
    let url = parse(at, text)?;
    let fault = |message: &str| Err(Fault::new(at.clone(), message));
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return fault("must be an https URL; http only on this machine");
    }
    if text.contains("://*.") {
        return fault("must not contain a wildcard");
    }
    Ok(url)
}

/// A browser's origin. Paths and a final slash, which often remain when people copy a URL, are cut off.
pub(crate) fn origin(at: &Path, text: &str) -> Checked<String> {
    let url = parse(at, text)?;
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
        return Err(Fault::new(
            at.clone(),
            "must be an origin like `https://app.example.com`",
        ));
    };
    let host = host.replacen(WILDCARD_STAND_IN, "*", 1);
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    Ok(format!("{}://{host}{port}", url.scheme()))
}

/// Parameters that responses add to an address (RFC 6749 sections 4.1.2 and 4.2.2, RFC 9207, and the hybrid flow).
pub(crate) const OF_ANSWERS: [&str; 12] = [
    "access_token",
    "code",
    "error",
    "error_description",
    "error_uri",
    "expires_in",
    "id_token",
    "iss",
    "refresh_token",
    "scope",
    "state",
    "token_type",
];

/// Parameters that Ratchet adds to a login route (`OpenID` Connect Core section 4).
pub(crate) const OF_LOGIN_ROUTES: [&str; 1] = ["iss"];

/// Warns of an address whose own query has one of these parameters: the address is sent with both, and the application
/// may read either.
pub(crate) fn warn_of_our_parameters(
    at: &Path,
    text: &str,
    parameters: &[&str],
    notes: &mut Notes,
) {
    let Ok(url) = parse(at, text) else { return };
    if let Some((name, _)) = url
        .query_pairs()
        .find(|(name, _)| parameters.contains(&&**name))
    {
        let message = format!("has `{name}` in its query, which Ratchet adds, too");
        notes.warn(at.clone(), message);
    }
}

/// Checks the URL of a picture on a page.
pub(crate) fn picture(at: &Path, text: Option<String>) -> Checked<Option<String>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let url = parse(at, &text)?;
    if !matches!(url.scheme(), "http" | "https") || text.contains('*') {
        return Err(Fault::new(at.clone(), "must be an http or https URL"));
    }
    Ok(Some(url.into()))
}

/// Replaces `*`, because the URL parser requires a host; too long to be a label of a real domain.
const WILDCARD_STAND_IN: &str = "wildcard-label-of-a-tenant-file";

fn parse(at: &Path, text: &str) -> Checked<Url> {
    let fault = |message: &str| Err(Fault::new(at.clone(), message));
    if text
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || c == '\\')
    {
        return fault("must not contain blanks, backslashes or control characters");
    }
    let Ok(url) = Url::parse(&text.replacen("://*.", &format!("://{WILDCARD_STAND_IN}."), 1))
    else {
        return fault("must be an absolute URL");
    };
    if SCRIPT_SCHEMES.contains(&url.scheme()) {
        return fault("must not use a scheme that runs programs");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return fault("must not contain a user name or password");
    }
    if !wildcard_is_fine(text, &url) {
        return fault("`*` may only be the whole leftmost label, as in `https://*.example.com`");
    }
    Ok(url)
}

/// Allows `https://*.example.com`; `https://*.com` would be half the world. A `*` after the host is an ordinary
/// character.
fn wildcard_is_fine(text: &str, url: &Url) -> bool {
    let authority = text.split_once("://").map_or("", |(_, rest)| {
        rest.split(['/', '?', '#']).next().unwrap_or(rest)
    });
    match authority.strip_prefix("*.") {
        None => !authority.contains('*'),
        Some(domain) => {
            matches!(url.scheme(), "http" | "https")
                && matches!(url.host(), Some(Host::Domain(_)))
                && !domain.contains('*')
                && domain.trim_end_matches('.').contains('.')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault<T: std::fmt::Debug>(checked: Checked<T>) -> String {
        checked.unwrap_err().message
    }

    #[test]
    fn callbacks_of_every_kind_of_application_are_taken_as_they_are() {
        for text in [
            "https://App.example.com/callback?x=1",
            "https://*.example.com/callback",
            "http://127.0.0.1/callback",
            "http://[::1]:8080/callback",
            "com.example.demo://callback",
            "demo://login.example.com/android/com.example.demo/callback",
            "https://app.example.com/*/star-behind-the-host",
        ] {
            assert_eq!(callback(&Path::root(), text), Ok(text.to_owned()));
        }
    }

    #[test]
    fn callbacks_that_cannot_work_or_must_not_are_refused() {
        let wildcard = "`*` may only be the whole leftmost label, as in `https://*.example.com`";
        for (text, message) in [
            ("https://app.example.com/cb#top", "must not have a fragment"),
            ("https://app.example.com/cb#", "must not have a fragment"),
            ("/callback", "must be an absolute URL"),
            ("", "must be an absolute URL"),
            ("https://", "must be an absolute URL"),
            (
                "https://a.example.com, https://b.example.com",
                "must not contain blanks, backslashes or control characters",
            ),
            (
                "javascript:alert(1)",
                "must not use a scheme that runs programs",
            ),
            (
                "https://ada@app.example.com/cb",
                "must not contain a user name or password",
            ),
            ("https://app-*.example.com/cb", wildcard),
            ("https://*.*.example.com/cb", wildcard),
            ("https://a.*.example.com/cb", wildcard),
            ("https://*.com/cb", wildcard),
            ("demo://*.example.com/cb", wildcard),
        ] {
            assert_eq!(fault(callback(&Path::root(), text)), message, "{text}");
        }
    }

    #[test]
    fn an_address_with_a_parameter_of_an_answer_is_a_warning() {
        let warned = |text: &str| {
            let mut notes = Notes::default();
            warn_of_our_parameters(&Path::root(), text, &OF_ANSWERS, &mut notes);
            notes.into_faults().len()
        };
        for name in OF_ANSWERS {
            assert_eq!(warned(&format!("https://a.example.com/cb?x=1&{name}=y")), 1);
        }
        assert_eq!(warned("https://*.example.com/cb?%63ode=1"), 1);
        assert_eq!(warned("com.example.app://cb?state"), 1);
        assert_eq!(
            warned("https://a.example.com/code?tenant=a&statement=b#code=c"),
            0
        );
    }

    #[test]
    fn an_origin_is_cut_to_what_browsers_send() {
        let origin = |text| origin(&Path::root(), text);
        assert_eq!(
            origin("https://App.example.com/").unwrap(),
            "https://app.example.com"
        );
        assert_eq!(
            origin("https://app.example.com:443/x").unwrap(),
            "https://app.example.com"
        );
        assert_eq!(
            origin("http://localhost:3000").unwrap(),
            "http://localhost:3000"
        );
        assert_eq!(
            origin("https://*.example.com").unwrap(),
            "https://*.example.com"
        );
        assert_eq!(
            origin("capacitor://localhost").unwrap(),
            "capacitor://localhost"
        );
        assert_eq!(
            fault(origin("mailto:ada@example.com")),
            "must be an origin like `https://app.example.com`"
        );
    }

    #[test]
    fn a_picture_comes_over_http() {
        let picture = |text: &str| picture(&Path::root(), Some(text.to_owned()));
        assert_eq!(picture(""), Ok(None));
        assert_eq!(
            picture("https://example.com/a b.png")
                .map_err(|fault| fault.message)
                .unwrap_err(),
            "must not contain blanks, backslashes or control characters"
        );
        assert_eq!(
            picture("https://example.com/\"x").unwrap().as_deref(),
            Some("https://example.com/%22x")
        );
        assert_eq!(
            fault(picture("ftp://example.com/x")),
            "must be an http or https URL"
        );
    }
}
