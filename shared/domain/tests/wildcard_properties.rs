//! Wildcard matches as browsers read them: one label more than the wildcard's domain has, and the rest as registered.

#![expect(clippy::expect_used, reason = "a test may fail")]

use proptest::prelude::*;
use ratchet_domain::redirect_uri;
use url::Url;

const DOMAIN: &str = "tenants.example.com";

/// Pieces of a host that texts and browsers may split into labels differently.
const PIECES: [&str; 30] = [
    "a",
    "evil",
    "B",
    "-",
    "_",
    "0",
    ".",
    "%2E",
    "%2e",
    "%252E",
    "\u{3002}",
    "\u{ff0e}",
    "\u{ff61}",
    "%E3%80%82",
    "\u{ad}",
    "%C2%AD",
    "\u{200b}",
    "xn--",
    "xn--bcher-kva",
    "\u{df}",
    "\u{fc}",
    "%61",
    "@",
    ":",
    ":443",
    "%40",
    "*",
    "[",
    "\u{2488}",
    "\u{2025}",
];

fn host() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(PIECES.as_slice());
    let any = prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => any, 1 => "[a-zA-Z0-9_-]{1,8}"]
}

/// The separator between a label and the domain, and the domain itself.
fn tail() -> impl Strategy<Value = String> {
    let dot = prop::sample::select(vec![".", ".", ".", "\u{3002}", "\u{ff0e}", "%2E", ""]);
    let domain = prop::sample::select(vec![
        DOMAIN,
        DOMAIN,
        "TENANTS.example.com",
        "tenants\u{3002}example.com",
        "tenants%2Eexample.com",
        "tenants.ex%61mple.com",
        "tenants.example.com.",
        "tenants.example.com:443",
        "tenants.example.com.evil.example",
    ]);
    (dot, domain).prop_map(|(dot, domain)| format!("{dot}{domain}"))
}

/// Asserts that a browser reads an admitted address as one label below the domain.
fn assert_one_label_more(admitted: &str) {
    let url = Url::parse(admitted).expect("a browser goes nowhere else");
    let host = url.host_str().unwrap_or_default();
    let label = host.strip_suffix(DOMAIN);
    let label = label.and_then(|label| label.strip_suffix('.'));
    let label = label.unwrap_or_else(|| panic!("{admitted} goes to {host}"));
    assert!(
        !label.is_empty() && !label.contains('.'),
        "{admitted} goes to {host}"
    );
    assert_eq!((url.scheme(), url.port()), ("https", None), "{admitted}");
    assert!(
        url.username().is_empty() && url.password().is_none(),
        "{admitted}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn a_wildcard_admits_one_label_more_than_its_domain_has(host in host(), tail in tail()) {
        let page = format!("https://{host}{tail}/callback");
        let origin = format!("https://{host}{tail}");
        let pages = [format!("https://*.{DOMAIN}/callback")];
        let origins = [format!("https://*.{DOMAIN}")];
        for admitted in [
            redirect_uri::is_allowed_logout_url(&pages, &page),
            redirect_uri::is_post_logout_redirect_uri(&pages, &page),
            redirect_uri::is_allowed_callback(&pages, &page),
        ] {
            if admitted {
                assert_one_label_more(&page);
            }
        }
        if redirect_uri::is_allowed_origin(origins.iter(), &origin) {
            assert_one_label_more(&origin);
        }
    }

    #[test]
    fn a_wildcard_admits_every_label_of_ascii(label in "[a-z0-9]{1,4}(-[a-z0-9]{1,4})?") {
        let pages = [format!("https://*.{DOMAIN}/callback")];
        let page = format!("https://{label}.{DOMAIN}/callback");
        prop_assert!(redirect_uri::is_allowed_callback(&pages, &page));
        prop_assert!(redirect_uri::is_allowed_logout_url(&pages, &page));
        prop_assert!(redirect_uri::is_post_logout_redirect_uri(&pages, &page));
        let origin = format!("https://{label}.{DOMAIN}");
        let origins = [format!("https://*.{DOMAIN}")];
        prop_assert!(redirect_uri::is_allowed_origin(origins.iter(), &origin));
    }
}
