//! Query parameters of a URL, read as the URL standard says
//! ([`application/x-www-form-urlencoded`](https://url.spec.whatwg.org/#application/x-www-form-urlencoded)). Existing
//! parts of a URL stay as they are written.

use url::form_urlencoded;

/// Appends an encoded query to the query of a URL, before its fragment.
pub fn with_query(address: &str, query: &str) -> String {
    if query.is_empty() {
        return address.to_owned();
    }
    let (base, fragment) = cut_fragment(address);
    let separator = match (base.contains('?'), base.ends_with(['?', '&'])) {
        (_, true) => "",
        (true, false) => "&",
        (false, false) => "?",
    };
    format!("{base}{separator}{query}{fragment}")
}

/// Removes every query parameter with this decoded name from a URL. The fragment stays: a browser does not send it.
pub fn without_parameter(address: &str, name: &str) -> String {
    let (base, fragment) = cut_fragment(address);
    let Some((path, query)) = base.split_once('?') else {
        return address.to_owned();
    };
    let is_other =
        |part: &&str| !form_urlencoded::parse(part.as_bytes()).any(|(decoded, _)| decoded == name);
    let kept: Vec<_> = query.split('&').filter(is_other).collect();
    let separator = if kept.is_empty() { "" } else { "?" };
    format!("{path}{separator}{}{fragment}", kept.join("&"))
}

/// The URL without its fragment, and the fragment with its `#`.
fn cut_fragment(address: &str) -> (&str, &str) {
    address.split_at(address.find('#').unwrap_or(address.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_appended_to_an_existing_one() {
        for (address, joined) in [
            ("https://a/cb", "https://a/cb?q=1"),
            ("https://a/cb?x=1", "https://a/cb?x=1&q=1"),
            ("https://a/cb?", "https://a/cb?q=1"),
            ("https://a/cb?x=1&", "https://a/cb?x=1&q=1"),
            ("https://a/cb#top?x", "https://a/cb?q=1#top?x"),
            ("app:cb", "app:cb?q=1"),
        ] {
            assert_eq!(with_query(address, "q=1"), joined);
            assert_eq!(with_query(address, ""), address);
        }
    }

    #[test]
    fn a_parameter_goes_by_its_decoded_name_and_the_rest_stays_as_it_is_written() {
        for (address, left) in [
            ("https://a/?state=1", "https://a/"),
            ("https://a/?state", "https://a/"),
            ("https://a/?%73tat%65=1&state=2", "https://a/"),
            ("https://a/?x=%20+&state=1&x=2", "https://a/?x=%20+&x=2"),
            ("https://a/?&state=1&", "https://a/?&"),
            ("https://a/?state=1#state=2", "https://a/#state=2"),
        ] {
            assert_eq!(without_parameter(address, "state"), left);
        }
        for address in [
            "https://a/state=1",
            "https://a/?",
            "https://a/?State=1&%2573tate=2&x=state&state%5B%5D=3",
            "https://a/#?state=1",
        ] {
            assert_eq!(without_parameter(address, "state"), address);
        }
    }
}
